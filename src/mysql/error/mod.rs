//! Errors of the MySQL client, and which of them leave the connection usable.

use std::{fmt, io};

/// `ER_DUP_ENTRY`: a unique key already holds this value.
const ER_DUP_ENTRY: u16 = 1062;
/// `ER_TRUNCATED_WRONG_VALUE_FOR_FIELD`: for text, a character that the column cannot hold.
const ER_TRUNCATED_WRONG_VALUE_FOR_FIELD: u16 = 1366;
/// `ER_BAD_NULL_ERROR`, `WARN_DATA_TRUNCATED`, `ER_TRUNCATED_WRONG_VALUE_FOR_FIELD`,
/// `ER_DATA_TOO_LONG` and `ER_DATA_OUT_OF_RANGE`: the column cannot hold the value.
const UNFIT: [u16; 5] = [
    1048,
    1265,
    ER_TRUNCATED_WRONG_VALUE_FOR_FIELD,
    1406,
    ER_DATA_OUT_OF_RANGE,
];
const ER_DATA_OUT_OF_RANGE: u16 = 1690;
/// `ER_ROW_IS_REFERENCED` and `ER_ROW_IS_REFERENCED_2`: a foreign key of another table refuses to
/// delete a row. The first one is for accounts that may not know of the other table.
const REFERENCED: [u16; 2] = [1217, 1451];
/// `ER_CANT_AGGREGATE_2COLLATIONS`, `..._3COLLATIONS`, `..._NCOLLATIONS` and
/// `ER_CANNOT_CONVERT_STRING`: the text cannot be compared with a column.
const INCOMPARABLE: [u16; 4] = [1267, 1270, 1271, 3854];

/// An error of the MySQL client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream failed or ended.
    #[error("connection to MySQL: {0}")]
    Io(#[from] io::Error),
    /// The server broke the protocol or sent more than the limits allow.
    #[error("MySQL protocol: {0}")]
    Protocol(&'static str),
    /// The server asks for something that this client does not implement. An unknown user can cause
    /// this too, because MySQL picks an authentication plugin at random for it.
    #[error("MySQL server asks for {0}, which is not supported")]
    Unsupported(String),
    /// The platform could not encrypt the password, as with a key that it refuses.
    #[error("RSA encryption of the password: {0}")]
    Encryption(io::Error),
    /// The server refused the connection or the statement.
    #[error("MySQL server: {0}")]
    Server(#[from] ServerError),
    /// The reply to an earlier command on this connection was not read to its end.
    #[error("the connection was abandoned in the middle of a reply")]
    Broken,
}

impl Error {
    /// Returns true if the connection can no longer be used. Only an error that the server itself
    /// reported in reply to a statement leaves the connection usable.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Server(_))
    }

    /// The error number, if the server reported the error.
    fn code(&self) -> Option<u16> {
        match self {
            Self::Server(error) => Some(error.code),
            _ => None,
        }
    }

    /// Returns true if a statement compared a column with characters that the column's character
    /// set lacks.
    #[must_use]
    pub fn is_incomparable(&self) -> bool {
        self.code().is_some_and(|code| INCOMPARABLE.contains(&code))
    }

    /// Returns true if a computed value is out of the range of its type (`ER_DATA_OUT_OF_RANGE`).
    #[must_use]
    pub fn is_out_of_range(&self) -> bool {
        self.code() == Some(ER_DATA_OUT_OF_RANGE)
    }

    /// Returns true if a foreign key of another table refuses to delete a row.
    #[must_use]
    pub fn is_referenced(&self) -> bool {
        self.code().is_some_and(|code| REFERENCED.contains(&code))
    }

    /// Returns true if a column cannot hold its new value.
    #[must_use]
    pub fn is_unfit(&self) -> bool {
        self.code().is_some_and(|code| UNFIT.contains(&code))
    }

    /// The name of the column whose character set lacks a character of its new value. `None` for
    /// any other error, and for a message that cannot be parsed, as on a server whose messages are
    /// not in English.
    #[must_use]
    pub fn unstorable_column(&self) -> Option<&str> {
        let Self::Server(error) = self else {
            return None;
        };
        if error.code != ER_TRUNCATED_WRONG_VALUE_FOR_FIELD {
            return None;
        }
        // MariaDB: "for column `db`.`user`.`name` at row 1"; MySQL: "for column 'name' at row 1".
        let (_, column) = error.message.rsplit_once(" for column ")?;
        let (column, _) = column.split_once(" at row ")?;
        let (_, name) = column.rsplit_once('.').unwrap_or(("", column));
        Some(name.trim_matches(['`', '\'']))
    }

    /// Returns true if a unique key or the primary key already holds the value.
    ///
    /// The name of the key is not available: only the message has it, and its wording depends on
    /// the server and its language.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.code() == Some(ER_DUP_ENTRY)
    }
}

/// An ERR packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ServerError {
    /// The error number (see the MySQL Server Error Message Reference).
    pub code: u16,
    /// The five characters of the SQLSTATE; `None` if the server sent none, as before the
    /// capabilities are negotiated.
    pub state: Option<String>,
    /// The server's message, which may quote values of the statement.
    pub message: String,
}

impl ServerError {
    /// Reads the payload of an ERR packet, whose first byte is 0xff.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Error> {
        let [0xff, low, high, rest @ ..] = payload else {
            return Err(Error::Protocol("an ERR packet that is too short"));
        };
        // Before capabilities are negotiated, servers omit the SQLSTATE and its marker.
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

/// Writes the error number and the SQLSTATE. The message is added only if it is about the
/// connection, the transaction or the schema, or comes from Hyperdrive, and is cut at the first
/// literal of a statement: other messages quote the statement or its values, which must not be
/// logged.
impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.as_deref().unwrap_or("-----");
        write!(f, "error {} ({})", self.code, state.escape_default())?;
        let harmless = matches!(
            self.code,
            1036 | 1040
                ..=1049
                    | 1053
                    | 1129
                    | 1130
                    | 1142
                    | 1143
                    | 1146
                    | 1180
                    | 1203
                    | 1205
                    | 1213
                    | 1226
                    | 1290
                    | 1317
                    | 1451
                    | 1792
                    | 1836
                    | 1927
                    | 3032
                    | 3101
        ) || state == "58000"
            || self.message.starts_with("Hyperdrive does not ");
        if harmless {
            let mut message = &*self.message;
            // The literals of this client, and what Vitess adds to an error of its servers.
            for mark in ["_utf8mb4", "X'", "Sql:", "BindVars"] {
                message = message.split(mark).next().unwrap_or_default();
            }
            let message: String = message.chars().take(MAX_SHOWN).collect();
            write!(f, ": {}", message.escape_default())?;
        }
        Ok(())
    }
}

/// The largest number of a message's characters that are shown.
const MAX_SHOWN: usize = 200;

#[cfg(test)]
mod tests;
