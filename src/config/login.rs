//! The settings of logins.

use std::time::Duration;

use super::error::ConfigError;
use super::setting::Reader;
use super::settings::{
    LOGIN_FAILURE_MILLISECONDS, LOGIN_GUESSES_PER_ACCOUNT, LOGIN_GUESSES_PER_NETWORK,
};
use crate::db::login_throttle::Limits;

/// The settings of logins.
#[derive(Debug, Clone, Copy)]
pub struct LoginConfig {
    /// `LOGIN_GUESSES_PER_NETWORK` and `LOGIN_GUESSES_PER_ACCOUNT` (at least three times as many):
    /// the failed logins of one account that are let through in any 24 hours, from one network and
    /// from all networks that have not logged in to it lately.
    pub limits: Limits,
    /// `LOGIN_FAILURE_MILLISECONDS`: the least time that a failed login takes, so that its duration
    /// does not reveal how expensive the account's hash is.
    pub failure_time: Duration,
}

pub(super) fn read(settings: &Reader<'_>) -> Result<LoginConfig, ConfigError> {
    let limits = Limits {
        per_network: settings.number(&LOGIN_GUESSES_PER_NETWORK)?,
        per_account: settings.number(&LOGIN_GUESSES_PER_ACCOUNT)?,
    };
    // Otherwise one network could use up the account's budget for all other networks.
    if limits.per_account < 3 * limits.per_network {
        let problem = "must be at least three times LOGIN_GUESSES_PER_NETWORK";
        return Err(ConfigError::new(LOGIN_GUESSES_PER_ACCOUNT.name, problem));
    }
    let failure_time = settings.number(&LOGIN_FAILURE_MILLISECONDS)?;
    Ok(LoginConfig {
        limits,
        failure_time: Duration::from_millis(failure_time.into()),
    })
}
