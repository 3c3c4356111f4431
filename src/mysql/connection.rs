//! Commands on an authenticated connection.

use mysql_common::constants::{CapabilityFlags, StatusFlags};
use mysql_common::io::ParseBuf;
use tokio::io::{AsyncRead, AsyncWrite};

use super::handshake::handshake;
use super::packet::Packets;
use super::{Credentials, Error, Row, RsaOaep, ServerError, Statement};

const COM_QUIT: u8 = 0x01;
const COM_QUERY: u8 = 0x03;

/// The largest number of columns accepted in a reply: MySQL's limit for a table.
const MAX_COLUMNS: u64 = 4096;
/// The largest reply accepted, in bytes: its packets, and the memory overhead of its rows.
const MAX_REPLY: usize = 4 << 20;

/// The result of a statement that returns no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Affected {
    /// The number of rows changed. A row that an UPDATE sets to its present values is not counted.
    pub rows: u64,
    /// The inserted row's `AUTO_INCREMENT` value, or the value of `LAST_INSERT_ID(expr)`, or 0.
    pub last_insert_id: u64,
}

/// An authenticated connection that runs one statement at a time and reads each reply as a whole.
///
/// The connection is marked as broken before a command is sent, until its reply has been read to
/// the end. So if the future is dropped halfway, as at a deadline, no later statement can mistake
/// the rest of that reply for its own.
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
    /// Performs the handshake over a stream that is already open. `rsa` encrypts the password where
    /// the server asks for that.
    ///
    /// # Errors
    /// [`Error::Server`] if the server refuses the connection, another variant if the handshake
    /// fails.
    pub async fn connect(
        stream: S,
        credentials: &Credentials,
        rsa: &dyn RsaOaep,
    ) -> Result<Self, Error> {
        let mut packets = Packets::new(stream);
        let negotiated = handshake(&mut packets, credentials, rsa).await?;
        Ok(Self {
            packets,
            negotiated,
            broken: false,
        })
    }

    /// Runs a statement that returns rows.
    ///
    /// # Errors
    /// [`Error::Server`] if the server refuses the statement; the connection stays usable. After
    /// any other error the connection is broken.
    pub async fn query(&mut self, statement: &Statement) -> Result<Vec<Row>, Error> {
        let Reply::Rows(rows) = self.run(statement).await? else {
            return Err(self.out_of_step("a query was answered without a result set"));
        };
        Ok(rows)
    }

    /// Runs a statement that changes rows, and commits the change.
    ///
    /// # Errors
    /// As for [`Connection::query`]. After a fatal error it is unknown whether the change was made.
    pub async fn execute(&mut self, statement: &Statement) -> Result<Affected, Error> {
        let Reply::Affected(affected, status) = self.run(statement).await? else {
            return Err(self.out_of_step("a change was answered with a result set"));
        };
        if status.contains(StatusFlags::SERVER_STATUS_IN_TRANS) {
            // The server runs with `autocommit=0` and would roll the change back when the
            // connection ends.
            self.run(&Statement::new("committing", "COMMIT")).await?;
        }
        Ok(affected)
    }

    /// Marks the connection as broken: a reply of the wrong kind belongs to another statement.
    fn out_of_step(&mut self, what: &'static str) -> Error {
        self.broken = true;
        Error::Protocol(what)
    }

    /// Returns true if no further statement can be run on this connection.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Sends `COM_QUIT`, without which the server would count the connection as aborted. Closes a
    /// broken connection.
    ///
    /// # Errors
    /// [`Error::Io`] if the stream fails. It can be ignored: the connection has ended either way.
    pub async fn close(&mut self) -> Result<(), Error> {
        if self.broken {
            return self.packets.shutdown().await;
        }
        self.packets.start_command();
        self.packets.write(&[COM_QUIT]).await
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
                    _ => Err(Error::Protocol("an invalid number of columns")),
                }
            }
            None => Err(Error::Protocol("an empty reply")),
        }
    }

    /// Reads the rest of a result set after the column count: the column definitions, which are
    /// skipped because each statement names its columns in order, and then the rows. An EOF packet
    /// ends either part, unless `CLIENT_DEPRECATE_EOF` was negotiated.
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
                    // Memory that a row takes in addition to its bytes.
                    size += columns * size_of::<Option<Vec<u8>>>();
                    rows.push(Row::parse(&payload, columns)?);
                }
            }
        }
    }

    async fn read_part(&mut self, size: &mut usize) -> Result<Vec<u8>, Error> {
        let payload = self.packets.read().await?;
        // The four bytes of the header count too, or empty packets would be free.
        *size += payload.len() + 4;
        if *size > MAX_REPLY {
            return Err(Error::Protocol("a reply over the size limit"));
        }
        Ok(payload)
    }
}

/// Reads an OK packet, whose header is 0x00, or 0xfe at the end of a result set.
///
/// All of its fixed fields must be present. Otherwise a five-byte EOF packet would pass as an OK
/// packet and end the result set before its first row.
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

/// Reads the status flags and refuses `SERVER_MORE_RESULTS_EXISTS`: a second result would be taken
/// for the reply to the next statement.
fn only_result(status: u16) -> Result<StatusFlags, Error> {
    let status = StatusFlags::from_bits_truncate(status);
    if status.contains(StatusFlags::SERVER_MORE_RESULTS_EXISTS) {
        return Err(Error::Protocol("more than one result"));
    }
    Ok(status)
}

/// The status flags of an EOF packet, or `None` for any other packet.
fn eof_status(payload: &[u8]) -> Option<u16> {
    match payload {
        [0xfe, _, _, low, high] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    }
}
