//! The errors of database access.

use std::time::Duration;

use crate::mysql;

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The timeout passed.
    #[error("no answer within {} s while {purpose}", limit.as_secs())]
    Timeout {
        /// The operation that failed.
        purpose: &'static str,
        /// The timeout.
        limit: Duration,
    },
    /// The connection failed, or the server reported an error.
    #[error("while {purpose}: {source}")]
    Failed {
        /// The operation that failed.
        purpose: &'static str,
        /// The cause.
        source: mysql::Error,
    },
    /// The tables lack something that is needed.
    #[error("{0}")]
    Schema(String),
}

impl Error {
    /// Returns the error of the MySQL client, if that is the cause.
    #[must_use]
    pub fn as_mysql(&self) -> Option<&mysql::Error> {
        match self {
            Self::Failed { source, .. } => Some(source),
            Self::Timeout { .. } | Self::Schema(_) => None,
        }
    }

    /// Returns whether the connection was lost before the first byte of a reply.
    pub(super) fn is_unanswered(&self) -> bool {
        matches!(self.as_mysql(), Some(mysql::Error::Unanswered(_)))
    }

    /// Returns whether the connection itself failed.
    pub(super) fn is_io(&self) -> bool {
        matches!(self.as_mysql(), Some(mysql::Error::Io(_)))
    }
}
