//! The settings of the database.

use std::time::Duration;

use super::error::ConfigError;
use super::setting::Reader;
use super::settings::{DATABASE_CONNECT_TIMEOUT_SECONDS, DATABASE_STATEMENT_TIMEOUT_SECONDS};
use crate::db::Timeouts;

pub(super) fn read(settings: &Reader<'_>) -> Result<Timeouts, ConfigError> {
    let seconds = |number: u32| Duration::from_secs(number.into());
    Ok(Timeouts {
        connect: seconds(settings.number(&DATABASE_CONNECT_TIMEOUT_SECONDS)?),
        statement: seconds(settings.number(&DATABASE_STATEMENT_TIMEOUT_SECONDS)?),
    })
}
