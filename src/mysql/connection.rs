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
/// The largest reply that is taken, in bytes over all its packets.
const MAX_REPLY: usize = 4 << 20;

/// What a statement without a result set did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Affected {
    /// Rows that were changed. An UPDATE to the values that a row has already counts none.
    pub rows: u64,
    /// The value of the `AUTO_INCREMENT` column of the row that was inserted, or 0.
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
    Affected(Affected),
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
            Reply::Affected(_) => Err(Error::Protocol("no result set for a query")),
        }
    }

    /// Runs a statement that changes rows.
    ///
    /// # Errors
    /// As [`Connection::query`]. After a fatal one the change may have happened or not.
    pub async fn execute(&mut self, statement: &Statement) -> Result<Affected, Error> {
        match self.run(statement).await? {
            Reply::Affected(affected) => Ok(affected),
            Reply::Rows(_) => Err(Error::Protocol("a result set for a change")),
        }
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
    pub async fn close(mut self) -> Result<(), Error> {
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
        self.packets.write(&command).await?;

        let first = self.packets.read().await?;
        match first.first() {
            Some(0x00) => parse_ok(&first).map(Reply::Affected),
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
            if !is_eof(&end) {
                return Err(Error::Protocol("no EOF after the column definitions"));
            }
        }
        let mut rows = Vec::new();
        loop {
            let payload = self.read_part(&mut size).await?;
            match payload.first() {
                Some(0xff) => return Err(ServerError::parse(&payload)?.into()),
                Some(0xfe) if deprecate_eof && payload.len() < 0xff_ffff => {
                    parse_ok(&payload)?;
                    return Ok(rows);
                }
                Some(0xfe) if !deprecate_eof && is_eof(&payload) => {
                    return no_more_results(&payload, 3).map(|()| rows);
                }
                _ => rows.push(Row::parse(&payload, columns)?),
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

fn is_eof(payload: &[u8]) -> bool {
    payload.first() == Some(&0xfe) && payload.len() == 5
}

/// Reads an OK packet, with the header of either kind (0x00 or, ending rows, 0xfe).
fn parse_ok(payload: &[u8]) -> Result<Affected, Error> {
    const MALFORMED: Error = Error::Protocol("a malformed OK packet");
    let mut rest = ParseBuf(payload);
    rest.checked_eat_u8().ok_or(MALFORMED)?;
    let rows = rest.checked_eat_lenenc_int().ok_or(MALFORMED)?;
    let last_insert_id = rest.checked_eat_lenenc_int().ok_or(MALFORMED)?;
    no_more_results(rest.0, 0)?;
    Ok(Affected {
        rows,
        last_insert_id,
    })
}

/// Checks the status flags, two bytes at `offset`: a second result would be read as the reply to
/// the next statement.
fn no_more_results(payload: &[u8], offset: usize) -> Result<(), Error> {
    match payload.get(offset..offset + 2) {
        Some(&[low, high]) => {
            let status = StatusFlags::from_bits_truncate(u16::from_le_bytes([low, high]));
            if status.contains(StatusFlags::SERVER_MORE_RESULTS_EXISTS) {
                return Err(Error::Protocol("more than one result"));
            }
            Ok(())
        }
        _ => Err(Error::Protocol("a reply without status flags")),
    }
}
