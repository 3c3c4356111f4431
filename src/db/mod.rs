//! The database as the handlers see it: a session for one request, with deadlines.

/// SQL for a text column as UTF-8, whatever the connection's character set. A server may ignore the
/// one of the handshake (`character_set_client_handshake`, `init_connect`), and `SET NAMES` would be
/// a statement more for every connection. What is binary comes as it is.
macro_rules! utf8 {
    ($column:literal) => {
        concat!("CAST(CONVERT(`", $column, "` USING utf8mb4) AS BINARY)")
    };
}

pub mod login_throttle;
pub mod schema;
pub mod user;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::mysql::{self, Affected, Connection, Row, Statement};
use crate::platform::{self, Runtime, Services, Stream};

/// Why the database did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It took too long.
    #[error("no answer within {} s while {purpose}", limit.as_secs())]
    Timeout {
        /// What was under way.
        purpose: &'static str,
        /// The time it had.
        limit: Duration,
    },
    /// The client or the server failed.
    #[error("while {purpose}: {source}")]
    Failed {
        /// What was under way.
        purpose: &'static str,
        /// What happened.
        source: mysql::Error,
    },
    /// The table is not as it must be.
    #[error("{0}")]
    Schema(String),
}

impl Error {
    /// What the client says of it, if it is the client's.
    #[must_use]
    pub fn as_mysql(&self) -> Option<&mysql::Error> {
        match self {
            Self::Failed { source, .. } => Some(source),
            Self::Timeout { .. } | Self::Schema(_) => None,
        }
    }

    /// Whether the connection was lost while it was made, or before any of a reply had come.
    fn is_unanswered(&self) -> bool {
        let lost = |source: &mysql::Error| match source {
            mysql::Error::Unanswered(_) => true,
            mysql::Error::Io(_) => matches!(
                self,
                Self::Failed {
                    purpose: CONNECTING,
                    ..
                }
            ),
            _ => false,
        };
        self.as_mysql().is_some_and(lost)
    }
}

/// The purpose of a connection, for the log.
const CONNECTING: &str = "connecting";

/// How long `COM_QUIT` may take; it is a few bytes into a buffer.
const QUIT_TIMEOUT: Duration = Duration::from_millis(100);

/// How long the database may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To make a connection.
    pub connect: Duration,
    /// To run a statement.
    pub statement: Duration,
}

/// Where the database is and how long it may take.
pub struct Database {
    services: Arc<dyn Services>,
    runtime: Arc<dyn Runtime>,
    timeouts: Timeouts,
}

impl Database {
    /// The database that the services reach.
    #[must_use]
    pub fn new(services: Arc<dyn Services>, runtime: Arc<dyn Runtime>, timeouts: Timeouts) -> Self {
        Self {
            services,
            runtime,
            timeouts,
        }
    }

    /// Does work on a connection of its own and closes it. Do everything else first: the connection
    /// is held until the work is done.
    ///
    /// The work is done once more, on another connection, if this one is lost before any of a reply
    /// has come and before anything has been written: a pool between here and there may have held
    /// one that had died. What was late is not tried again; the time is used up.
    ///
    /// # Errors
    /// [`Error`] when no connection can be made within the connect timeout; those of the work.
    pub async fn run<'a, T, E, F>(&'a self, work: impl Fn(Session<'a>) -> F) -> Result<T, E>
    where
        E: From<Error>,
        F: Future<Output = Result<T, E>>,
    {
        let mut is_last = false;
        loop {
            let result = match self.open().await {
                Ok(session) => {
                    let lease = session.lease.clone();
                    let result = work(session).await;
                    (result, self.close(lease).await)
                }
                Err(error) => {
                    let is_repeatable = error.is_unanswered();
                    (Err(error.into()), is_repeatable)
                }
            };
            match result {
                (Err(_), true) if !is_last => is_last = true,
                (result, _) => return result,
            }
        }
    }

    /// Opens a connection. Boxed, like all that does not depend on the work: the code of [`run`]
    /// is made for each work anew.
    ///
    /// [`run`]: Self::run
    fn open(&self) -> BoxFuture<'_, Result<Session<'_>, Error>> {
        Box::pin(async {
            let connect = async {
                let (stream, credentials) = self.services.connect().await?;
                Connection::connect(stream, &credentials).await
            };
            let connection = self.within(self.timeouts.connect, CONNECTING, connect);
            let lease = Lease {
                connection: Some(connection.await?),
                has_written: false,
                is_unanswered: false,
            };
            Ok(Session {
                database: self,
                lease: Arc::new(Mutex::new(lease)),
            })
        })
    }

    /// Closes a connection; says whether the work on it may be done again if it failed.
    fn close(&self, lease: Arc<Mutex<Lease>>) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let connection = lock(&lease).connection.take();
            if let Some(mut connection) = connection {
                // A failure loses nothing, so it is not reported, and the answer does not wait for
                // a peer that will not hear.
                let close = connection.close();
                let _ = self.within(QUIT_TIMEOUT, "closing", close).await;
            }
            let lease = lock(&lease);
            lease.is_unanswered && !lease.has_written
        })
    }

    /// Runs something against the clock. What is late is dropped, and its connection with it.
    async fn within<T>(
        &self,
        limit: Duration,
        purpose: &'static str,
        work: impl Future<Output = Result<T, mysql::Error>>,
    ) -> Result<T, Error> {
        match platform::within(limit, &*self.runtime, work).await {
            Some(Ok(value)) => Ok(value),
            Some(Err(source)) => Err(Error::Failed { purpose, source }),
            None => Err(Error::Timeout { purpose, limit }),
        }
    }
}

/// A connection while some work is done on it.
pub struct Session<'a> {
    database: &'a Database,
    lease: Arc<Mutex<Lease>>,
}

/// A connection, and what has become of it so far.
struct Lease {
    /// None while a statement is under way on it, and after one that was dropped half-way.
    connection: Option<Connection<Box<dyn Stream>>>,
    /// Whether a statement was sent that changes rows.
    has_written: bool,
    /// Whether it was lost before any of a reply had come.
    is_unanswered: bool,
}

impl Session<'_> {
    /// Runs a statement that returns rows, and reads each.
    ///
    /// # Errors
    /// [`Error`], within the statement timeout.
    pub async fn query<T>(
        &self,
        statement: &Statement,
        read: impl Fn(&Row) -> Result<T, mysql::Error>,
    ) -> Result<Vec<T>, Error> {
        let failed = |source| Error::Failed {
            purpose: statement.purpose(),
            source,
        };
        let mut values = Vec::new();
        for row in &self.rows(statement).await? {
            values.push(read(row).map_err(failed)?);
        }
        Ok(values)
    }

    fn rows<'s>(&'s self, statement: &'s Statement) -> BoxFuture<'s, Result<Vec<Row>, Error>> {
        Box::pin(async move {
            let mut connection = self.take(statement)?;
            let rows = self.within(statement, connection.query(statement)).await;
            let mut lease = lock(&self.lease);
            lease.connection = Some(connection);
            rows.inspect_err(|error| lease.is_unanswered = error.is_unanswered())
        })
    }

    /// Runs a statement that changes rows.
    ///
    /// # Errors
    /// [`Error`], within the statement timeout; the change may have happened nevertheless.
    pub async fn execute(&self, statement: &Statement) -> Result<Affected, Error> {
        let execute: BoxFuture<'_, _> = Box::pin(async {
            let mut connection = self.take(statement)?;
            lock(&self.lease).has_written = true;
            let done = self.within(statement, connection.execute(statement)).await;
            lock(&self.lease).connection = Some(connection);
            done
        });
        execute.await
    }

    /// Takes the connection for a statement.
    fn take(&self, statement: &Statement) -> Result<Connection<Box<dyn Stream>>, Error> {
        let connection = lock(&self.lease).connection.take();
        connection.ok_or(Error::Failed {
            purpose: statement.purpose(),
            source: mysql::Error::Broken,
        })
    }

    async fn within<T>(
        &self,
        statement: &Statement,
        work: impl Future<Output = Result<T, mysql::Error>>,
    ) -> Result<T, Error> {
        let limit = self.database.timeouts.statement;
        self.database.within(limit, statement.purpose(), work).await
    }
}

fn lock(lease: &Mutex<Lease>) -> MutexGuard<'_, Lease> {
    // Nothing panics while it holds the lock.
    lease.lock().unwrap_or_else(PoisonError::into_inner)
}
