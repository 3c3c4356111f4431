//! The configuration: read once per isolate, failing closed on anything it cannot use.

use std::{fmt, time::Duration};

use axum::http::HeaderValue;
use zeroize::Zeroizing;

use crate::password::Cost;

/// The fewest bytes of `SECRET_KEY`: the output of HS256's hash (RFC 7518, 3.2).
const MIN_SECRET: usize = 32;

/// Everything that can be set. Each field names its variable.
pub struct Config {
    /// `SECRET_KEY`: signs the access tokens; at least 32 bytes. No default.
    pub secret_key: Zeroizing<String>,
    /// `ACCESS_TOKEN_EXPIRE_MINUTES`: 1 to 1440; default 30, as in the replaced system.
    pub token_lifetime: Duration,
    /// `TOKEN_ISSUER`: the `iss` of the tokens; default `gatehouse`.
    pub token_issuer: String,
    /// `PASSWORD_MIN_LENGTH`: in code points, 8 to 64; default 8.
    pub password_min_length: usize,
    /// `ARGON2_MEMORY_KIB` (19456 to 65536; default 19456) and `ARGON2_ITERATIONS` (2 to 16;
    /// default 2): the cost of a new password hash.
    pub password_cost: Cost,
    /// `CORS_ORIGINS`: origins that may call from a browser, separated by commas; default none.
    pub cors_origins: Vec<HeaderValue>,
    /// `DATABASE_CONNECT_TIMEOUT_SECONDS`: 1 to 15; default 5.
    pub connect_timeout: Duration,
    /// `DATABASE_STATEMENT_TIMEOUT_SECONDS`: 1 to 60; default 10.
    pub statement_timeout: Duration,
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
        algorithm(lookup("ALGORITHM").as_deref())?;
        Ok(Self {
            secret_key: secret(lookup("SECRET_KEY"))?,
            token_lifetime: Duration::from_secs(
                60 * u64::from(number("ACCESS_TOKEN_EXPIRE_MINUTES", 30, 1..=1440)?),
            ),
            token_issuer: lookup("TOKEN_ISSUER").unwrap_or_else(|| "gatehouse".into()),
            password_min_length: number("PASSWORD_MIN_LENGTH", 8, 8..=64)? as usize,
            password_cost: Cost {
                memory_kib: number("ARGON2_MEMORY_KIB", 19_456, 19_456..=65_536)?,
                iterations: number("ARGON2_ITERATIONS", 2, 2..=16)?,
            },
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

fn algorithm(value: Option<&str>) -> Result<(), ConfigError> {
    match value {
        None | Some("HS256") => Ok(()),
        Some(_) => Err(ConfigError::new("ALGORITHM", "must be HS256")),
    }
}

fn secret(value: Option<String>) -> Result<Zeroizing<String>, ConfigError> {
    let key = "SECRET_KEY";
    let value = Zeroizing::new(value.ok_or_else(|| ConfigError::new(key, "is not set"))?);
    if value.len() < MIN_SECRET {
        return Err(ConfigError::new(
            key,
            format!("must have at least {MIN_SECRET} bytes"),
        ));
    }
    // Catches `xxxxxxxx…` and the like: 32 random characters never repeat this much.
    let mut distinct = value.as_bytes().to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < 10 {
        return Err(ConfigError::new(
            key,
            "is made of too few different characters; use a random one",
        ));
    }
    Ok(value)
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
mod tests {
    use super::*;

    const SECRET: (&str, &str) = ("SECRET_KEY", "0123456789abcdef0123456789abcdef");

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(|key| {
            let found = variables.iter().find(|(name, _)| *name == key);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn error(variables: &[(&str, &str)]) -> String {
        read(variables).unwrap_err().to_string()
    }

    #[test]
    fn a_secret_is_all_it_needs() {
        let config = read(&[SECRET]).unwrap();
        assert_eq!(config.token_lifetime, Duration::from_mins(30));
        assert_eq!(config.password_min_length, 8);
        assert!(config.cors_origins.is_empty());
    }

    #[test]
    fn a_missing_short_or_monotonous_secret_is_refused_and_never_shown() {
        assert_eq!(error(&[]), "SECRET_KEY is not set");
        assert_eq!(error(&[("SECRET_KEY", "  ")]), "SECRET_KEY is not set");
        let short = "0123456789abcdef0123456789abcde";
        assert_eq!(
            error(&[("SECRET_KEY", short)]),
            "SECRET_KEY must have at least 32 bytes"
        );
        assert!(
            error(&[("SECRET_KEY", &"ab".repeat(32))]).contains("too few different characters")
        );
        assert!(!format!("{:?}", read(&[SECRET]).unwrap()).contains(SECRET.1));
    }

    #[test]
    fn each_number_has_its_range_and_the_message_names_it() {
        for (key, bad) in [
            ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
            ("PASSWORD_MIN_LENGTH", "7"),
            ("ARGON2_MEMORY_KIB", "19455"),
            ("ARGON2_ITERATIONS", "1"),
            ("DATABASE_CONNECT_TIMEOUT_SECONDS", "-1"),
            ("DATABASE_STATEMENT_TIMEOUT_SECONDS", "ten"),
        ] {
            assert!(
                error(&[SECRET, (key, bad)]).starts_with(&format!("{key} must be a number from"))
            );
        }
    }

    #[test]
    fn only_hs256_signs_today() {
        assert!(read(&[SECRET, ("ALGORITHM", "HS256")]).is_ok());
        assert_eq!(
            error(&[SECRET, ("ALGORITHM", "none")]),
            "ALGORITHM must be HS256"
        );
    }

    #[test]
    fn origins_are_exact_and_encrypted_unless_local() {
        let good = "https://app.example, http://localhost:5173,http://127.0.0.1:5173";
        assert_eq!(
            read(&[SECRET, ("CORS_ORIGINS", good)])
                .unwrap()
                .cors_origins
                .len(),
            3
        );
        for bad in [
            "*",
            "null",
            "http://app.example",
            "https://app.example/",
            "https://App.example",
            "app.example",
            "https://",
            "https://a:b",
        ] {
            assert!(
                error(&[SECRET, ("CORS_ORIGINS", bad)]).starts_with("CORS_ORIGINS"),
                "{bad}"
            );
        }
    }
}
