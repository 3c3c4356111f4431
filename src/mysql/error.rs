//! What can go wrong on a connection, and whether it survives.

use std::{fmt, io};

/// `ER_DUP_ENTRY`: a unique key holds this value already.
const ER_DUP_ENTRY: u16 = 1062;
/// `ER_TRUNCATED_WRONG_VALUE_FOR_FIELD`: for text, a character that the column cannot hold.
const ER_TRUNCATED_WRONG_VALUE_FOR_FIELD: u16 = 1366;
/// `ER_CANT_AGGREGATE_2COLLATIONS`, `..._3COLLATIONS`, `..._NCOLLATIONS` and
/// `ER_CANNOT_CONVERT_STRING`: text that cannot be compared with a column.
const INCOMPARABLE: [u16; 4] = [1267, 1270, 1271, 3854];

/// An error of the client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream failed or ended.
    #[error("connection to MySQL: {0}")]
    Io(#[from] io::Error),
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

    /// Whether a statement compared a column with characters that its character set lacks.
    #[must_use]
    pub fn is_incomparable(&self) -> bool {
        self.code().is_some_and(|code| INCOMPARABLE.contains(&code))
    }

    /// The column that cannot hold a character of its new value.
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

    /// The name of the unique key that already holds the value, for `ER_DUP_ENTRY` (1062).
    ///
    /// MySQL 8 and newer put the table's name before it (`user.email`); it is cut off.
    #[must_use]
    pub fn duplicate_key(&self) -> Option<&str> {
        let Self::Server(error) = self else {
            return None;
        };
        if error.code != ER_DUP_ENTRY {
            return None;
        }
        // The value comes first and may hold anything, so the name is looked for from the end.
        let quoted = error.message.trim_end().strip_suffix('\'')?;
        let (_, name) = quoted.rsplit_once('\'')?;
        Some(name.rsplit_once('.').map_or(name, |(_, key)| key))
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
/// schema. The others quote the statement or its values, which belong in no log.
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
            || self.message.contains("Hyperdrive");
        if harmless {
            write!(f, ": {}", self.message.escape_default())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duplicate(message: &str) -> Error {
        Error::Server(ServerError {
            code: 1062,
            state: Some("23000".into()),
            message: message.into(),
        })
    }

    #[test]
    fn the_key_of_a_duplicate_entry_is_named_as_mariadb_and_as_mysql_name_it() {
        let mariadb = duplicate("Duplicate entry 'a@b.example' for key 'email'");
        assert_eq!(mariadb.duplicate_key(), Some("email"));
        let mysql = duplicate("Duplicate entry 'a@b.example' for key 'user.email'");
        assert_eq!(mysql.duplicate_key(), Some("email"));
    }

    #[test]
    fn a_value_cannot_pass_itself_off_as_the_name_of_the_key() {
        let error = duplicate("Duplicate entry 'x' for key 'PRIMARY'' for key 'email'");
        assert_eq!(error.duplicate_key(), Some("email"));
    }

    #[test]
    fn the_column_of_an_unstorable_character_is_named_as_mariadb_and_as_mysql_name_it() {
        for message in [
            r"Incorrect string value: '\xF0\x9F\x91\xA9' for column `app`.`user`.`name` at row 1",
            r"Incorrect string value: '\xF0\x9F\x91\xA9' for column 'name' at row 1",
        ] {
            let error = Error::Server(ServerError {
                code: 1366,
                state: None,
                message: message.into(),
            });
            assert_eq!(error.unstorable_column(), Some("name"), "{message}");
        }
    }

    #[test]
    fn only_the_servers_own_errors_leave_the_connection_intact() {
        assert!(!duplicate("").is_fatal());
        assert!(Error::Protocol("x").is_fatal());
        assert!(Error::Broken.is_fatal());
    }

    #[test]
    fn an_err_packet_is_read_with_and_without_a_sqlstate() {
        let with = ServerError::parse(b"\xff\x15\x04#28000Access denied").unwrap();
        assert_eq!((with.code, with.state.as_deref()), (1045, Some("28000")));
        let without = ServerError::parse(b"\xff\x10\x04Too many connections").unwrap();
        assert_eq!((without.code, without.state), (1040, None));
        assert_eq!(without.message, "Too many connections");
        assert!(ServerError::parse(b"\xff\x10").is_err());
    }

    #[test]
    fn what_is_shown_of_an_error_never_quotes_a_value() {
        let error = ServerError {
            code: 1064,
            state: Some("42000".into()),
            message: "near '_utf8mb4 X'736563726574''".into(),
        };
        assert_eq!(error.to_string(), "error 1064 (42000)");
    }
}
