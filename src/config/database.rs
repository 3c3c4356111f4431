//! The settings of the database.

use std::time::Duration;

use super::ConfigError;
use super::setting::{Reader, Setting};
use super::settings::{DATABASE_CONNECT_TIMEOUT_SECONDS, DATABASE_STATEMENT_TIMEOUT_SECONDS};

/// How long the database may take.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseConfig {
    /// `DATABASE_CONNECT_TIMEOUT_SECONDS`.
    pub connect_timeout: Duration,
    /// `DATABASE_STATEMENT_TIMEOUT_SECONDS`.
    pub statement_timeout: Duration,
}

pub(super) fn read<S: Into<Setting>>(
    settings: &Reader<impl Fn(&str) -> S>,
) -> Result<DatabaseConfig, ConfigError> {
    let seconds = |number: u32| Duration::from_secs(number.into());
    Ok(DatabaseConfig {
        connect_timeout: seconds(settings.number(&DATABASE_CONNECT_TIMEOUT_SECONDS)?),
        statement_timeout: seconds(settings.number(&DATABASE_STATEMENT_TIMEOUT_SECONDS)?),
    })
}
