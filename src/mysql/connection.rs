//! Commands on an authenticated connection.

use mysql_common::constants::{CapabilityFlags, StatusFlags};
use mysql_common::io::ParseBuf;
use tokio::io::{AsyncRead, AsyncWrite};

use super::handshake::handshake;
use super::packet::Packets;
use super::{Credentials, Error, Row, ServerError, Statement};

const COM_QUIT: u8 = 0x01;
const COM_QUERY: u8 = 0x03;

/// The most columns a table can have, and so a reply.
const MAX_COLUMNS: u64 = 4096;
/// The largest reply that is taken, in bytes of all its packets and of the values made of them.
const MAX_REPLY: usize = 4 << 20;

/// What a statement without a result set did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Affected {
    /// Rows that were changed. An UPDATE to the values that a row has already counts none.
    pub rows: u64,
    /// The value of the `AUTO_INCREMENT` column of the row that was inserted, or that of
    /// `LAST_INSERT_ID(expr)`, or 0.
    pub last_insert_id: u64,
}

/// A connection to MySQL: one statement at a time, whole replies only.
///
/// From before a command is sent until its reply has been read to the end the connection counts
/// as broken, so a future that is dropped half-way (a deadline) leaves nothing behind that the
/// next statement could take for its own reply.
pub struct Connection<S> {
    packets: Packets<S>,
    negotiated: CapabilityFlags,
    broken: bool,
}

enum Reply {
    Affected(Affected, StatusFlags),
    Rows(Vec<Row>),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Connects over a stream that is already open.
    ///
    /// # Errors
    /// [`Error::Server`] when the server refuses, any other when the conversation fails.
    pub async fn connect(stream: S, credentials: &Credentials) -> Result<Self, Error> {
        let mut packets = Packets::new(stream);
        let negotiated = handshake(&mut packets, credentials).await?;
        Ok(Self {
            packets,
            negotiated,
            broken: false,
        })
    }

    /// Runs a statement that returns rows.
    ///
    /// # Errors
    /// [`Error::Server`] when the server refuses the statement (the connection stays usable), any
    /// other when the conversation fails (it does not).
    pub async fn query(&mut self, statement: &Statement) -> Result<Vec<Row>, Error> {
        match self.run(statement).await? {
            Reply::Rows(rows) => Ok(rows),
            Reply::Affected(..) => Err(self.out_of_step("no result set for a query")),
        }
    }

    /// Runs a statement that changes rows. The change is committed when this returns.
    ///
    /// # Errors
    /// As [`Connection::query`]. After a fatal one the change may have happened or not.
    pub async fn execute(&mut self, statement: &Statement) -> Result<Affected, Error> {
        let Reply::Affected(affected, status) = self.run(statement).await? else {
            return Err(self.out_of_step("a result set for a change"));
        };
        if status.contains(StatusFlags::SERVER_STATUS_IN_TRANS) {
            // The server does not commit by itself (`autocommit=0`), so what we vouch for would be
            // rolled back with the connection.
            self.run(&Statement::new("committing", "COMMIT")).await?;
        }
        Ok(affected)
    }

    /// A reply of the other kind than the statement's: the two sides mean different statements.
    fn out_of_step(&mut self, what: &'static str) -> Error {
        self.broken = true;
        Error::Protocol(what)
    }

    /// Whether no further statement can be run.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Says goodbye (`COM_QUIT`) and closes the stream, so that the server need not count the
    /// connection as aborted. There is no reply to wait for.
    ///
    /// # Errors
    /// [`Error::Io`] when the stream fails; nothing is lost by that.
    pub async fn close(&mut self) -> Result<(), Error> {
        if !self.broken {
            self.packets.start_command();
            self.packets.write(&[COM_QUIT]).await?;
        }
        self.packets.shutdown().await
    }

    async fn run(&mut self, statement: &Statement) -> Result<Reply, Error> {
        if self.broken {
            return Err(Error::Broken);
        }
        self.broken = true;
        let reply = self.send_and_read(statement).await;
        self.broken = reply.as_ref().is_err_and(Error::is_fatal);
        reply
    }

    async fn send_and_read(&mut self, statement: &Statement) -> Result<Reply, Error> {
        let sql = statement.as_str().as_bytes();
        let mut command = Vec::with_capacity(sql.len() + 1);
        command.push(COM_QUERY);
        command.extend_from_slice(sql);
        self.packets.start_command();
        let first = match self.packets.write(&command).await {
            Ok(()) => self.packets.read().await,
            Err(error) => Err(error),
        };
        let first = first.map_err(|error| match error {
            Error::Io(error) if !self.packets.has_begun() => Error::Unanswered(error),
            error => error,
        })?;
        match first.first() {
            Some(0x00) => {
                parse_ok(&first).map(|(affected, status)| Reply::Affected(affected, status))
            }
            Some(0xff) => Err(ServerError::parse(&first)?.into()),
            Some(0xfb) => Err(Error::Unsupported("LOCAL INFILE".into())),
            Some(_) => {
                let mut rest = ParseBuf(&first);
                let columns = rest.checked_eat_lenenc_int().filter(|_| rest.is_empty());
                match columns {
                    Some(columns @ 1..=MAX_COLUMNS) => self
                        .read_rows(usize::try_from(columns).unwrap_or(0))
                        .await
                        .map(Reply::Rows),
                    _ => Err(Error::Protocol("an impossible number of columns")),
                }
            }
            None => Err(Error::Protocol("an empty reply")),
        }
    }

    /// Reads what follows the column count: definitions (of no interest: statements name their
    /// columns, in order), then rows, each part ended by an EOF packet unless the server agreed
    /// to leave those out.
    async fn read_rows(&mut self, columns: usize) -> Result<Vec<Row>, Error> {
        let deprecate_eof = self
            .negotiated
            .contains(CapabilityFlags::CLIENT_DEPRECATE_EOF);
        let mut size = 0;
        for _ in 0..columns {
            let definition = self.read_part(&mut size).await?;
            if definition.first() == Some(&0xff) {
                return Err(ServerError::parse(&definition)?.into());
            }
        }
        if !deprecate_eof {
            let end = self.read_part(&mut size).await?;
            if eof_status(&end).is_none() {
                return Err(Error::Protocol("no EOF after the column definitions"));
            }
        }
        let mut rows = Vec::new();
        loop {
            let payload = self.read_part(&mut size).await?;
            let eof = eof_status(&payload).filter(|_| !deprecate_eof);
            match (payload.first(), eof) {
                (Some(0xff), _) => return Err(ServerError::parse(&payload)?.into()),
                (Some(0xfe), _) if deprecate_eof && payload.len() < 0xff_ffff => {
                    return parse_ok(&payload).map(|_| rows);
                }
                (_, Some(status)) => return only_result(status).map(|_| rows),
                _ => {
                    // What a row takes in memory beyond its bytes.
                    size += columns * size_of::<Option<Vec<u8>>>();
                    rows.push(Row::parse(&payload, columns)?);
                }
            }
        }
    }

    async fn read_part(&mut self, size: &mut usize) -> Result<Vec<u8>, Error> {
        let payload = self.packets.read().await?;
        // An empty packet still costs its header.
        *size += payload.len() + 4;
        if *size > MAX_REPLY {
            return Err(Error::Protocol("a reply over the size limit"));
        }
        Ok(payload)
    }
}

/// Reads an OK packet, with the header of either kind (0x00 or, ending rows, 0xfe).
///
/// All of its fixed fields must be there: the five bytes of an EOF packet, read as an OK packet,
/// would end the rows before the first.
fn parse_ok(payload: &[u8]) -> Result<(Affected, StatusFlags), Error> {
    const MALFORMED: Error = Error::Protocol("a malformed OK packet");
    let mut rest = ParseBuf(payload);
    rest.checked_eat_u8().ok_or(MALFORMED)?;
    let rows = rest.checked_eat_lenenc_int().ok_or(MALFORMED)?;
    let last_insert_id = rest.checked_eat_lenenc_int().ok_or(MALFORMED)?;
    let status = rest.checked_eat_u16_le().ok_or(MALFORMED)?;
    let _warnings = rest.checked_eat_u16_le().ok_or(MALFORMED)?;
    let status = only_result(status)?;
    let affected = Affected {
        rows,
        last_insert_id,
    };
    Ok((affected, status))
}

/// Checks the status flags: a second result would be read as the reply to the next statement.
fn only_result(status: u16) -> Result<StatusFlags, Error> {
    let status = StatusFlags::from_bits_truncate(status);
    if status.contains(StatusFlags::SERVER_MORE_RESULTS_EXISTS) {
        return Err(Error::Protocol("more than one result"));
    }
    Ok(status)
}

/// The status flags of an EOF packet; none if it is not one.
fn eof_status(payload: &[u8]) -> Option<u16> {
    match payload {
        [0xfe, _, _, low, high] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    }
}
