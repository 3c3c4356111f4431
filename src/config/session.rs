//! The settings of sessions.

use std::time::Duration;

use super::error::ConfigError;
use super::setting::Reader;
use super::settings::{SESSION_DAYS, SESSION_IDLE_DAYS, SESSION_REFRESH_GRACE_SECONDS};
use crate::db::login_session::Lifetimes;

pub(super) fn read(settings: &Reader<'_>) -> Result<Lifetimes, ConfigError> {
    const DAY: u64 = 24 * 60 * 60;
    let days = |days: u32| Duration::from_secs(DAY * u64::from(days));
    Ok(Lifetimes {
        idle: days(settings.number(&SESSION_IDLE_DAYS)?),
        absolute: days(settings.number(&SESSION_DAYS)?),
        grace: Duration::from_secs(settings.number(&SESSION_REFRESH_GRACE_SECONDS)?.into()),
    })
}
