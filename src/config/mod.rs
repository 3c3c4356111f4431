//! The configuration, read once per isolate. A setting that cannot be used is an error, never
//! replaced by its default.

mod cors;
mod database;
mod error;
mod http;
mod login;
mod password;
mod secret;
mod session;
mod setting;
mod settings;
mod stray;
mod token;
mod url;

use std::fmt;

use zeroize::Zeroizing;

pub use self::error::ConfigError;
pub use self::http::HttpConfig;
pub use self::login::LoginConfig;
pub use self::password::{BreachCheck, PasswordConfig};
use self::setting::Reader;
pub use self::setting::Setting;
pub use self::settings::{Kind, SETTINGS};
pub use self::stray::{Stray, strays};
use crate::db::Timeouts;
use crate::db::login_session::Lifetimes;
use crate::token::RefreshKeys;

/// The configuration, by concern. [`SETTINGS`] lists the variables.
pub struct Config {
    /// `SECRET_KEY`, at least 32 bytes: the source of every key that has no setting of its own.
    pub secret_key: Zeroizing<String>,
    /// The settings of access tokens.
    pub token: crate::token::Settings,
    /// The settings of passwords and their hashes.
    pub password: PasswordConfig,
    /// The settings of logins.
    pub login: LoginConfig,
    /// How long sessions last.
    pub sessions: Lifetimes,
    /// The keys of refresh tokens.
    pub refresh_keys: RefreshKeys,
    /// The settings of response headers.
    pub http: HttpConfig,
    /// The timeouts of the database.
    pub database: Timeouts,
}

impl Config {
    /// Reads the configuration. `lookup` returns the value of a variable.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first variable that is missing or cannot be used.
    pub fn read<S: Into<Setting>>(lookup: impl Fn(&str) -> S) -> Result<Self, ConfigError> {
        Self::from_settings(&Reader(&|name| lookup(name).into()))
    }

    fn from_settings(settings: &Reader<'_>) -> Result<Self, ConfigError> {
        // In this order the wasm is smaller: an early return has less to drop.
        let database = database::read(settings)?;
        let login = login::read(settings)?;
        let sessions = session::read(settings)?;
        let http = http::read(settings)?;
        let password = password::read(settings)?;
        let secret_key = secret::secret_key(settings.text(settings::SECRET_KEY)?)?;
        let (token, refresh_keys) = self::token::read(settings, &secret_key)?;
        Ok(Self {
            secret_key,
            token,
            password,
            login,
            sessions,
            refresh_keys,
            http,
            database,
        })
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("secret_key", &"***")
            .field("token_issuer", &self.token.issuer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
