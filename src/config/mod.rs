//! The configuration: read once per isolate, failing closed on anything it cannot use.

mod keys;

use std::{fmt, time::Duration};

use axum::http::HeaderValue;
use zeroize::Zeroizing;

use crate::db::throttle;
use crate::password::{self, Cost};
use crate::token::Key;

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
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        // An empty variable is an unset one, as in a shell.
        let lookup = |key: &'static str| lookup(key).filter(|value| !value.trim().is_empty());
        let number = |key, default, range| number(key, lookup(key), default, range);
        let secret_key = keys::secret_key(lookup("SECRET_KEY"))?;
        let signing_key = keys::signing_key(
            lookup("ALGORITHM").as_deref().map(str::trim),
            &secret_key,
            lookup("ED25519_PRIVATE_KEY"),
        )?;
        let verification_keys = Zeroizing::new(lookup("VERIFICATION_KEYS").unwrap_or_default());
        let private = lookup("ED25519_PRIVATE_KEY");
        let verification_keys = keys::verification_keys(&verification_keys, &signing_key, private)?;
        let algorithms = std::iter::once(&signing_key).chain(&verification_keys);
        Ok(Self {
            legacy_tokens_until: keys::legacy_tokens_until(
                lookup("LEGACY_TOKENS_UNTIL"),
                algorithms.map(Key::algorithm),
            )?,
            secret_key,
            signing_key,
            verification_keys,
            token_lifetime: Duration::from_secs(
                60 * u64::from(number("ACCESS_TOKEN_EXPIRE_MINUTES", 30, 1..=1440)?),
            ),
            token_issuer: lookup("TOKEN_ISSUER").unwrap_or_else(|| "gatehouse".into()),
            token_audience: lookup("TOKEN_AUDIENCE").unwrap_or_else(|| "gatehouse".into()),
            password_policy: password::Policy {
                min_length: number("PASSWORD_MIN_LENGTH", 8, 8..=64)? as usize,
                forbidden_words: words(&lookup("PASSWORD_FORBIDDEN_WORDS").unwrap_or_default()),
            },
            hash_max_memory_kib: number("HASH_MAX_MEMORY_KIB", 65_536, 65_536..=102_400)?,
            breach_check: breach_check(
                lookup("PASSWORD_BREACH_URL"),
                number("PASSWORD_BREACH_TIMEOUT_MILLISECONDS", 1000, 100..=5000)?,
            )?,
            password_cost: Cost {
                memory_kib: number("ARGON2_MEMORY_KIB", 19_456, 19_456..=65_536)?,
                iterations: number("ARGON2_ITERATIONS", 2, 2..=16)?,
            },
            login_limits: login_limits(
                number("LOGIN_GUESSES_PER_NETWORK", 30, 4..=33)?,
                number("LOGIN_GUESSES_PER_ACCOUNT", 100, 12..=100)?,
            )?,
            login_failure_time: Duration::from_millis(u64::from(number(
                "LOGIN_FAILURE_MILLISECONDS",
                500,
                0..=5000,
            )?)),
            cors_origins: origins(&lookup("CORS_ORIGINS").unwrap_or_default())?,
            connect_timeout: seconds(number("DATABASE_CONNECT_TIMEOUT_SECONDS", 5, 1..=15)?),
            statement_timeout: seconds(number("DATABASE_STATEMENT_TIMEOUT_SECONDS", 10, 1..=60)?),
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

fn number(
    key: &'static str,
    value: Option<String>,
    default: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, ConfigError> {
    let Some(value) = value else {
        return Ok(default);
    };
    value
        .trim()
        .parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let problem = format!("must be a number from {} to {}", range.start(), range.end());
            ConfigError::new(key, problem)
        })
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

fn breach_check(url: Option<String>, timeout: u32) -> Result<Option<BreachCheck>, ConfigError> {
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
    Ok(Some(BreachCheck {
        url,
        timeout: Duration::from_millis(u64::from(timeout)),
    }))
}

fn origins(list: &str) -> Result<Vec<HeaderValue>, ConfigError> {
    let origins = list
        .split(',')
        .map(str::trim)
        .filter(|origin| !origin.is_empty());
    origins
        .map(|origin| {
            if !is_origin(origin) {
                let problem = "must list origins such as https://app.example, separated by commas; \
                               http only for localhost";
                return Err(ConfigError::new("CORS_ORIGINS", problem));
            }
            HeaderValue::from_str(origin)
                .map_err(|_| ConfigError::new("CORS_ORIGINS", "must be ASCII"))
        })
        .collect()
}

/// Whether it is an origin as a browser writes it: `scheme://host[:port]`, lower case, no path.
fn is_origin(origin: &str) -> bool {
    let (host, secure) = match (
        origin.strip_prefix("https://"),
        origin.strip_prefix("http://"),
    ) {
        (Some(host), _) => (host, true),
        (_, Some(host)) => (host, false),
        _ => return false,
    };
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "0"));
    let local = matches!(name, "localhost" | "127.0.0.1");
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    (secure || local)
        && !name.is_empty()
        && name.chars().all(letters)
        && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests;
