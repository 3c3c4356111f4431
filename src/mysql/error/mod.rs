//! What can go wrong on a connection, and whether it survives.

use std::{fmt, io};

/// `ER_DUP_ENTRY`: a unique key holds this value already.
const ER_DUP_ENTRY: u16 = 1062;
/// `ER_LOCK_DEADLOCK`: the transaction was rolled back so that another could go on.
const ER_LOCK_DEADLOCK: u16 = 1213;
/// `ER_TRUNCATED_WRONG_VALUE_FOR_FIELD`: for text, a character that the column cannot hold.
const ER_TRUNCATED_WRONG_VALUE_FOR_FIELD: u16 = 1366;
/// `ER_BAD_NULL_ERROR`, `WARN_DATA_TRUNCATED`, the one above, `ER_DATA_TOO_LONG` and
/// `ER_DATA_OUT_OF_RANGE`: a value that is not for its column.
const UNFIT: [u16; 5] = [
    1048,
    1265,
    ER_TRUNCATED_WRONG_VALUE_FOR_FIELD,
    1406,
    ER_DATA_OUT_OF_RANGE,
];
const ER_DATA_OUT_OF_RANGE: u16 = 1690;
/// `ER_CANT_AGGREGATE_2COLLATIONS`, `..._3COLLATIONS`, `..._NCOLLATIONS` and
/// `ER_CANNOT_CONVERT_STRING`: text that cannot be compared with a column.
const INCOMPARABLE: [u16; 4] = [1267, 1270, 1271, 3854];

/// An error of the client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream failed or ended.
    #[error("connection to MySQL: {0}")]
    Io(#[from] io::Error),
    /// The stream failed or ended before the first byte of the reply to a statement.
    #[error("connection to MySQL, before any reply: {0}")]
    Unanswered(io::Error),
    /// The server broke the protocol, or sent more than the limits allow.
    #[error("MySQL protocol: {0}")]
    Protocol(&'static str),
    /// The server asks for something that this client does not do. MySQL also asks users that it
    /// does not know for an authentication plugin at random.
    #[error("MySQL server asks for {0}, which is not supported")]
    Unsupported(String),
    /// The server refused the connection or the statement.
    #[error("MySQL server: {0}")]
    Server(#[from] ServerError),
    /// An earlier command on this connection never saw the end of its reply.
    #[error("the connection was abandoned in the middle of a reply")]
    Broken,
}

impl Error {
    /// Whether the connection is of no more use.
    ///
    /// Only an error that the server itself reported, in reply to a statement, leaves it intact.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Server(_))
    }

    /// The number of the server's error, if it is one.
    fn code(&self) -> Option<u16> {
        match self {
            Self::Server(error) => Some(error.code),
            _ => None,
        }
    }

    /// Whether the server undid the statement's transaction to end a deadlock: it may be run again.
    #[must_use]
    pub fn is_deadlock(&self) -> bool {
        self.code() == Some(ER_LOCK_DEADLOCK)
    }

    /// Whether a statement compared a column with characters that its character set lacks.
    #[must_use]
    pub fn is_incomparable(&self) -> bool {
        self.code().is_some_and(|code| INCOMPARABLE.contains(&code))
    }

    /// Whether a value that was computed is beyond its type (`ER_DATA_OUT_OF_RANGE`).
    #[must_use]
    pub fn is_out_of_range(&self) -> bool {
        self.code() == Some(ER_DATA_OUT_OF_RANGE)
    }

    /// Whether a column cannot hold its new value.
    #[must_use]
    pub fn is_unfit(&self) -> bool {
        self.code().is_some_and(|code| UNFIT.contains(&code))
    }

    /// The column whose character set lacks a character of its new value, where that is what the
    /// error is and its message can be read: servers may speak other languages than English.
    #[must_use]
    pub fn unstorable_column(&self) -> Option<&str> {
        let Self::Server(error) = self else {
            return None;
        };
        if error.code != ER_TRUNCATED_WRONG_VALUE_FOR_FIELD {
            return None;
        }
        // MariaDB: for column `db`.`user`.`name` at row 1; MySQL: for column 'name' at row 1.
        let (_, column) = error.message.rsplit_once(" for column ")?;
        let (column, _) = column.split_once(" at row ")?;
        let (_, name) = column.rsplit_once('.').unwrap_or(("", column));
        Some(name.trim_matches(['`', '\'']))
    }

    /// Whether a unique key, or the primary key, already holds the value.
    ///
    /// Which key is not asked: only the server's words tell, and they differ from server to server
    /// and from language to language.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.code() == Some(ER_DUP_ENTRY)
    }
}

/// An ERR packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ServerError {
    /// The error number of the MySQL manual.
    pub code: u16,
    /// The five characters of the SQLSTATE; none before the handshake is complete.
    pub state: Option<String>,
    /// The server's words. They may quote what the statement held.
    pub message: String,
}

impl ServerError {
    /// Reads the payload of an ERR packet, whose first byte is 0xff.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Error> {
        let [0xff, low, high, rest @ ..] = payload else {
            return Err(Error::Protocol("an ERR packet that is too short"));
        };
        // Before capabilities are agreed on, servers leave the SQLSTATE and its marker out.
        let (state, message) = match rest {
            [b'#', rest @ ..] => match rest.split_at_checked(5) {
                Some((state, message)) => {
                    (Some(String::from_utf8_lossy(state).into_owned()), message)
                }
                None => (None, rest),
            },
            message => (None, message),
        };
        Ok(Self {
            code: u16::from_le_bytes([*low, *high]),
            state,
            message: String::from_utf8_lossy(message).into_owned(),
        })
    }
}

/// The number and the SQLSTATE always; the message only where it speaks of the connection or the
/// schema, or comes from Hyperdrive, and up to the first thing that could be of a statement. The
/// others quote the statement or its values, which belong in no log.
impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.as_deref().unwrap_or("-----");
        write!(f, "error {} ({})", self.code, state.escape_default())?;
        let harmless = matches!(
            self.code,
            1040..=1049
                | 1053
                | 1129
                | 1130
                | 1142
                | 1143
                | 1146
                | 1203
                | 1205
                | 1213
                | 1226
                | 1290
                | 1317
                | 1836
        ) || state == "58000"
            || self.message.starts_with("Hyperdrive does not ");
        if harmless {
            let message = self.message.split("_utf8mb4").next().unwrap_or_default();
            let message: String = message.chars().take(MAX_SHOWN).collect();
            write!(f, ": {}", message.escape_default())?;
        }
        Ok(())
    }
}

/// The most characters of a message that are shown.
const MAX_SHOWN: usize = 200;

#[cfg(test)]
mod tests;
