//! Serves the connection of a Worker from the handshake to its end.

use std::io;
use std::sync::Arc;

use mysql_async::consts::StatusFlags;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::counters::add;
use crate::handshake::handshake;
use crate::origin::{Lease, NoLease};
use crate::reply::{Reply, status};
use crate::statement::Statement;
use crate::wire::{Wire, error, pool_exhausted};
use crate::{Shared, lock, url};

const COM_QUIT: u8 = 0x01;
const COM_QUERY: u8 = 0x03;
const COM_STMT_SEND_LONG_DATA: u8 = 0x18;
const COM_STMT_CLOSE: u8 = 0x19;

/// The names of MySQL's commands, indexed by number, for the messages that refuse them.
const COMMANDS: [&str; 32] = [
    "COM_SLEEP",
    "COM_QUIT",
    "COM_INIT_DB",
    "COM_QUERY",
    "COM_FIELD_LIST",
    "COM_CREATE_DB",
    "COM_DROP_DB",
    "COM_REFRESH",
    "COM_SHUTDOWN",
    "COM_STATISTICS",
    "COM_PROCESS_INFO",
    "COM_CONNECT",
    "COM_PROCESS_KILL",
    "COM_DEBUG",
    "COM_PING",
    "COM_TIME",
    "COM_DELAYED_INSERT",
    "COM_CHANGE_USER",
    "COM_BINLOG_DUMP",
    "COM_TABLE_DUMP",
    "COM_CONNECT_OUT",
    "COM_REGISTER_SLAVE",
    "COM_STMT_PREPARE",
    "COM_STMT_EXECUTE",
    "COM_STMT_SEND_LONG_DATA",
    "COM_STMT_CLOSE",
    "COM_STMT_RESET",
    "COM_SET_OPTION",
    "COM_STMT_FETCH",
    "COM_DAEMON",
    "COM_BINLOG_DUMP_GTID",
    "COM_RESET_CONNECTION",
];

/// Accepts connections until the future is dropped.
pub(crate) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropping the set aborts all sessions.
    let mut sessions = JoinSet::new();
    loop {
        while sessions.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                add(&shared.counters.connections, 1);
                sessions.spawn(serve(stream, shared.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "accept");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Nagle's algorithm would delay small packets that follow each other.
    stream.set_nodelay(true).ok();
    let mut session = Session {
        wire: Wire::new(stream, shared.clone()),
        shared: shared.clone(),
        transaction: None,
    };
    if let Err(error) = session.run().await {
        tracing::debug!(%error, "connection ended");
    }
    // The reset in the pool rolls back an abandoned transaction.
    if let Some(lease) = session.transaction.take() {
        give_back(&shared, lease);
    }
}

struct Session {
    wire: Wire,
    shared: Arc<Shared>,
    /// The origin connection of an open transaction.
    transaction: Option<Lease>,
}

impl Session {
    async fn run(&mut self) -> io::Result<()> {
        let Some(negotiated) = handshake(&mut self.wire, &self.shared).await? else {
            return Ok(());
        };
        while let Some(command) = self.wire.read_command().await? {
            let reply = match command.split_first() {
                Some((&COM_QUIT, _)) => return Ok(()),
                Some((&COM_QUERY, sql)) => self.query(sql).await,
                // These two have no reply.
                Some((&(COM_STMT_CLOSE | COM_STMT_SEND_LONG_DATA), _)) => {
                    add(&self.shared.counters.refused, 1);
                    continue;
                }
                Some((&other, _)) => {
                    let name = COMMANDS
                        .get(usize::from(other))
                        .copied()
                        .unwrap_or("unknown");
                    self.refuse(&format!(
                        "Hyperdrive does not currently support MySQL {name} messages"
                    ))
                }
                None => self.refuse("Malformed communication packet"),
            };
            for (stages, packet) in reply.packets(negotiated.deprecate_eof) {
                self.wire.write(stages, &packet).await?;
            }
        }
        Ok(())
    }

    fn refuse(&self, message: &str) -> Reply {
        add(&self.shared.counters.refused, 1);
        tracing::warn!(message, "refused");
        Reply::Refused(error(1105, "58000", message))
    }

    async fn query(&mut self, sql: &[u8]) -> Reply {
        let Ok(sql) = std::str::from_utf8(sql) else {
            return self
                .refuse("Hyperdrive does not currently support non-UTF-8 characters in queries");
        };
        let statement = match Statement::read(sql) {
            Ok(statement) => statement,
            Err(refusal) => return self.refuse(refusal.0),
        };
        let refuse = self.shared.options.refuse;
        if let Some(message) = refuse.and_then(|refuse| refuse(sql, &statement.shape)) {
            return self.refuse(&message);
        }
        add(&self.shared.counters.statements, 1);
        tracing::info!(shape = statement.shape, "statement");
        if self.shared.options.keep_statements {
            lock(&self.shared.statements).push(sql.to_owned());
        }
        let cacheable =
            self.shared.options.caching && statement.cacheable && self.transaction.is_none();
        if let Some(reply) = self.shared.cache.get(sql).filter(|_| cacheable) {
            add(&self.shared.counters.cached, 1);
            return reply;
        }
        if self.shared.faults.refuse() {
            add(&self.shared.counters.faults, 1);
            return Reply::Refused(pool_exhausted());
        }
        let reply = self.ask_origin(sql).await;
        if cacheable {
            self.shared.cache.put(sql, &reply);
        }
        reply
    }

    /// Runs a statement on the connection of the open transaction, or on one from the pool.
    async fn ask_origin(&mut self, sql: &str) -> Reply {
        let open = self.transaction.take();
        let was_open = open.is_some();
        let mut lease = match open {
            Some(lease) => lease,
            None => match self.shared.pool.lease().await {
                Ok(lease) => lease,
                Err(NoLease::Exhausted) => return Reply::Refused(pool_exhausted()),
                Err(NoLease::Failed(failed)) => {
                    let reason = url::reason(&failed);
                    tracing::error!("{}", url::unreachable(&self.shared.options.origin, &reason));
                    return Reply::Refused(origin_failed(&failed));
                }
            },
        };
        let limit = self.shared.options.statement_timeout;
        match tokio::time::timeout(limit, Reply::of(&mut lease.conn, sql)).await {
            Ok(Ok(reply)) => {
                // An ERR packet has no status flags. An open transaction stays open.
                let open = match reply {
                    Reply::Refused(_) => was_open,
                    _ => status(&lease.conn).contains(StatusFlags::SERVER_STATUS_IN_TRANS),
                };
                if open {
                    self.transaction = Some(lease);
                } else {
                    give_back(&self.shared, lease);
                }
                reply
            }
            // Dropping the lease closes the connection.
            Ok(Err(failed)) => Reply::Refused(origin_failed(&failed)),
            Err(_) => {
                self.shared.pool.kill(&lease).await;
                let message =
                    "Query execution was interrupted, maximum statement execution time exceeded";
                Reply::Refused(error(3024, "HY000", message))
            }
        }
    }
}

/// Returns a connection to the pool in the background, so that the reply need not wait for a reset.
fn give_back(shared: &Arc<Shared>, lease: Lease) {
    let shared = shared.clone();
    tokio::spawn(async move { shared.pool.give_back(lease).await });
}

fn origin_failed(failed: &mysql_async::Error) -> Vec<u8> {
    match failed {
        mysql_async::Error::Server(refusal) => {
            error(refusal.code, &refusal.state, &refusal.message)
        }
        mysql_async::Error::Io(io) if io.to_string().contains("refused") => error(
            1105,
            "58000",
            "Server connection attempt failed: connection_refused",
        ),
        _ => error(1105, "58000", "Internal error."),
    }
}
