//! The errors of database access.

use std::time::Duration;

use super::retry;
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
    /// What was written was not what was read: behind the connection are servers that do not have the
    /// same rows.
    #[error("while {purpose}: the servers behind the connection do not have the same rows")]
    Disagreement {
        /// The operation that failed.
        purpose: &'static str,
    },
    /// The tables lack something that is needed.
    #[error("{0}")]
    Schema(String),
}

impl Error {
    /// Returns whether the same work may succeed a moment later, as after a fail-over.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Disagreement { .. } => true,
            Self::Failed { source, .. } => retry::is_transient(source),
            Self::Schema(_) => false,
        }
    }

    /// Returns the error of the MySQL client, if that is the cause.
    #[must_use]
    pub fn as_mysql(&self) -> Option<&mysql::Error> {
        match self {
            Self::Failed { source, .. } => Some(source),
            Self::Timeout { .. } | Self::Disagreement { .. } | Self::Schema(_) => None,
        }
    }
}
