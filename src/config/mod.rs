//! The configuration: read once per isolate, failing closed on anything it cannot use.

mod cors;
mod keys;
mod setting;

use std::{fmt, time::Duration};

use axum::http::HeaderValue;
use zeroize::Zeroizing;

use crate::db::throttle;
use crate::password::{self, Cost};
use crate::token::{Key, Type};

use setting::Reader;
pub use setting::{SETTINGS, Setting, Stray, strays};

/// Everything that can be set. Each field names its variable.
pub struct Config {
    /// `SECRET_KEY`: what all keys that are not a setting of their own come from; at least 32
    /// bytes. No default.
    pub secret_key: Zeroizing<String>,
    /// `ALGORITHM` (default HS256) with `SECRET_KEY` or, for `EdDSA` and `Ed25519`,
    /// `ED25519_PRIVATE_KEY`: signs the access tokens.
    pub signing_key: Key,
    /// `VERIFICATION_KEYS`: further keys whose tokens are taken, one a line; default none. The key
    /// of `ED25519_PRIVATE_KEY` is one of them while it does not sign.
    pub verification_keys: Vec<Key>,
    /// `LEGACY_TOKENS_UNTIL`: until when tokens of the replaced system are taken, in seconds since
    /// 1970-01-01 UTC; default never.
    pub legacy_tokens_until: Option<u64>,
    /// `ACCESS_TOKEN_EXPIRE_MINUTES`: 1 to 1440; default 30, as in the replaced system.
    pub token_lifetime: Duration,
    /// `TOKEN_ISSUER`: the `iss` of the tokens; default `gatehouse`.
    pub token_issuer: String,
    /// `TOKEN_AUDIENCE`: the `aud` of the tokens; default `gatehouse`.
    pub token_audience: String,
    /// `TOKEN_TYPE`: the `typ` of the tokens, and another one that is taken; default `at+jwt` alone.
    pub token_types: (Type, Option<Type>),
    /// `PASSWORD_MIN_LENGTH` (in code points, 8 to 64; default 8) and `PASSWORD_FORBIDDEN_WORDS`
    /// (separated by commas; default none).
    pub password_policy: password::Policy,
    /// `HASH_MAX_MEMORY_KIB`: 65536 to 102400; default 65536: the most memory that an old hash may
    /// take.
    pub hash_max_memory_kib: u32,
    /// `PASSWORD_BREACH_URL` (default none, and no check) and `PASSWORD_BREACH_TIMEOUT_MILLISECONDS`
    /// (100 to 5000; default 1000).
    pub breach_check: Option<BreachCheck>,
    /// `ARGON2_MEMORY_KIB` (19456 to 65536; default 19456) and `ARGON2_ITERATIONS` (2 to 16;
    /// default 2): the cost of a new password hash.
    pub password_cost: Cost,
    /// `LOGIN_GUESSES_PER_NETWORK` (4 to 33; default 30) and `LOGIN_GUESSES_PER_ACCOUNT` (12 to
    /// 100; default 100; at least three times the other): failed logins of an account that are let
    /// through in any 24 hours, from one network and from all that have not logged in lately.
    pub login_limits: throttle::Limits,
    /// `LOGIN_FAILURE_MILLISECONDS`: 0 to 5000; default 500: the least time that a failed login
    /// takes, so that the cost of an old hash does not show.
    pub login_failure_time: Duration,
    /// `CORS_ORIGINS`: origins that may call from a browser, separated by commas; default none.
    pub cors_origins: Vec<HeaderValue>,
    /// `CORS_HEADERS`: further request headers that a preflight allows, separated by commas;
    /// default none. Here with those that are always allowed.
    pub cors_headers: HeaderValue,
    /// `HSTS_INCLUDE_SUBDOMAINS`: whether browsers are told to use HTTPS on all subdomains of the
    /// API's host too; default false.
    pub hsts_include_subdomains: bool,
    /// `DATABASE_CONNECT_TIMEOUT_SECONDS`: 1 to 15; default 5.
    pub connect_timeout: Duration,
    /// `DATABASE_STATEMENT_TIMEOUT_SECONDS`: 1 to 60; default 10.
    pub statement_timeout: Duration,
}

/// Where passwords of breaches are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachCheck {
    /// What the first digits of a SHA-1 are appended to.
    pub url: String,
    /// How long an answer is waited for.
    pub timeout: Duration,
}

/// A variable that is missing or cannot be used. It never holds the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} {problem}")]
pub struct ConfigError {
    key: &'static str,
    problem: String,
}

impl ConfigError {
    fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self {
            key,
            problem: problem.into(),
        }
    }
}

impl Config {
    /// Reads the configuration through a lookup from name to value.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first variable that is missing or cannot be used.
    pub fn read<S: Into<Setting>>(lookup: impl Fn(&str) -> S) -> Result<Self, ConfigError> {
        let settings = Reader(lookup);
        let text = |key| settings.text(key);
        let number = |key, default, range| settings.number(key, default, range);
        let list = |key| Ok(text(key)?.unwrap_or_default());
        // Numbers come first: to return early while they are all that there is takes less code.
        let token_lifetime = Duration::from_secs(
            60 * u64::from(number("ACCESS_TOKEN_EXPIRE_MINUTES", 30, 1..=1440)?),
        );
        let min_length = number("PASSWORD_MIN_LENGTH", 8, 8..=64)? as usize;
        let breach_timeout = milliseconds(number(
            "PASSWORD_BREACH_TIMEOUT_MILLISECONDS",
            1000,
            100..=5000,
        )?);
        let login_limits = login_limits(
            number("LOGIN_GUESSES_PER_NETWORK", 30, 4..=33)?,
            number("LOGIN_GUESSES_PER_ACCOUNT", 100, 12..=100)?,
        )?;
        let login_failure_time = milliseconds(number("LOGIN_FAILURE_MILLISECONDS", 500, 0..=5000)?);
        let password_cost = Cost {
            memory_kib: number("ARGON2_MEMORY_KIB", 19_456, 19_456..=65_536)?,
            iterations: number("ARGON2_ITERATIONS", 2, 2..=16)?,
        };
        let hash_max_memory_kib = number("HASH_MAX_MEMORY_KIB", 65_536, 65_536..=102_400)?;
        let hsts_include_subdomains = settings.flag("HSTS_INCLUDE_SUBDOMAINS")?;
        let connect_timeout = seconds(number("DATABASE_CONNECT_TIMEOUT_SECONDS", 5, 1..=15)?);
        let statement_timeout = seconds(number("DATABASE_STATEMENT_TIMEOUT_SECONDS", 10, 1..=60)?);

        let secret_key = keys::secret_key(text("SECRET_KEY")?)?;
        let private = text("ED25519_PRIVATE_KEY")?.map(Zeroizing::new);
        let private = private.as_ref().map(|key| key.trim());
        let signing_key = keys::signing_key(
            text("ALGORITHM")?.as_deref().map(str::trim),
            &secret_key,
            private,
        )?;
        let verification_keys = Zeroizing::new(list("VERIFICATION_KEYS")?);
        let verification_keys = keys::verification_keys(&verification_keys, &signing_key, private)?;
        let algorithms = std::iter::once(&signing_key).chain(&verification_keys);
        Ok(Self {
            legacy_tokens_until: keys::legacy_tokens_until(
                text("LEGACY_TOKENS_UNTIL")?,
                algorithms.map(Key::algorithm),
            )?,
            secret_key,
            signing_key,
            verification_keys,
            token_lifetime,
            token_issuer: text("TOKEN_ISSUER")?.unwrap_or_else(|| "gatehouse".into()),
            token_audience: text("TOKEN_AUDIENCE")?.unwrap_or_else(|| "gatehouse".into()),
            token_types: keys::token_types(text("TOKEN_TYPE")?)?,
            password_policy: password::Policy {
                min_length,
                forbidden_words: words(&list("PASSWORD_FORBIDDEN_WORDS")?),
            },
            hash_max_memory_kib,
            breach_check: breach_check(text("PASSWORD_BREACH_URL")?, breach_timeout)?,
            password_cost,
            login_limits,
            login_failure_time,
            cors_origins: cors::origins(&list("CORS_ORIGINS")?)?,
            cors_headers: cors::headers(&list("CORS_HEADERS")?)?,
            hsts_include_subdomains,
            connect_timeout,
            statement_timeout,
        })
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("secret_key", &"***")
            .field("token_issuer", &self.token_issuer)
            .finish_non_exhaustive()
    }
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(u64::from(number))
}

fn milliseconds(number: u32) -> Duration {
    Duration::from_millis(u64::from(number))
}

fn login_limits(per_network: u32, per_account: u32) -> Result<throttle::Limits, ConfigError> {
    // Or one network could use up what others have at once.
    if per_account < 3 * per_network {
        let problem = "must be at least three times LOGIN_GUESSES_PER_NETWORK";
        return Err(ConfigError::new("LOGIN_GUESSES_PER_ACCOUNT", problem));
    }
    Ok(throttle::Limits {
        per_network,
        per_account,
    })
}

fn words(list: &str) -> Vec<String> {
    let words = list.split(',').map(|word| word.trim().to_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

fn breach_check(
    url: Option<String>,
    timeout: Duration,
) -> Result<Option<BreachCheck>, ConfigError> {
    let Some(url) = url else {
        return Ok(None);
    };
    let url = url.trim().to_owned();
    let base: Option<http::Uri> = url.parse().ok();
    let secure = base.is_some_and(|base| {
        let local = matches!(base.host(), Some("localhost" | "127.0.0.1"));
        base.scheme_str() == Some("https") || (base.scheme_str() == Some("http") && local)
    });
    if !secure || !url.ends_with('/') {
        let problem = "must be a URL such as https://api.pwnedpasswords.com/range/; \
                       http only for localhost";
        return Err(ConfigError::new("PASSWORD_BREACH_URL", problem));
    }
    Ok(Some(BreachCheck { url, timeout }))
}

#[cfg(test)]
mod tests;
