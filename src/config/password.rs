//! The settings of passwords and their hashes.

use std::time::Duration;

use super::error::ConfigError;
use super::setting::Reader;
use super::settings::{
    ARGON2_ITERATIONS, ARGON2_MEMORY_KIB, HASH_MAX_MEMORY_KIB,
    PASSWORD_BREACH_TIMEOUT_MILLISECONDS, PASSWORD_BREACH_URL, PASSWORD_FORBIDDEN_WORDS,
    PASSWORD_MIN_LENGTH,
};
use super::url;
use crate::password::{Cost, Policy};

/// The settings of passwords and their hashes.
#[derive(Debug, Clone)]
pub struct PasswordConfig {
    /// `PASSWORD_MIN_LENGTH` (in code points) and `PASSWORD_FORBIDDEN_WORDS` (separated by commas).
    pub policy: Policy,
    /// `ARGON2_MEMORY_KIB` and `ARGON2_ITERATIONS`: the cost of a new password hash.
    pub cost: Cost,
    /// `HASH_MAX_MEMORY_KIB`: the most memory that verifying a stored hash may take.
    pub hash_max_memory_kib: u32,
    /// `PASSWORD_BREACH_URL` and `PASSWORD_BREACH_TIMEOUT_MILLISECONDS`; none, and so no check, if
    /// no URL is set.
    pub breach_check: Option<BreachCheck>,
}

/// A service that knows the passwords of data breaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachCheck {
    /// The URL to which the first five hexadecimal digits of a SHA-1 are appended.
    pub url: String,
    /// The time to wait for an answer.
    pub timeout: Duration,
}

pub(super) fn read(settings: &Reader<'_>) -> Result<PasswordConfig, ConfigError> {
    let timeout = settings.number(&PASSWORD_BREACH_TIMEOUT_MILLISECONDS)?;
    let timeout = Duration::from_millis(timeout.into());
    let words = settings.text(PASSWORD_FORBIDDEN_WORDS)?.unwrap_or_default();
    Ok(PasswordConfig {
        policy: Policy {
            min_length: settings.number(&PASSWORD_MIN_LENGTH)? as usize,
            forbidden_words: forbidden_words(&words),
        },
        cost: Cost {
            memory_kib: settings.number(&ARGON2_MEMORY_KIB)?,
            iterations: settings.number(&ARGON2_ITERATIONS)?,
        },
        hash_max_memory_kib: settings.number(&HASH_MAX_MEMORY_KIB)?,
        breach_check: breach_check(settings.text(PASSWORD_BREACH_URL)?, timeout)?,
    })
}

fn forbidden_words(list: &str) -> Vec<String> {
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
    let secure = url::parse(&url).is_some_and(|base| {
        let local = matches!(base.host(), Some("localhost" | "127.0.0.1"));
        local || base.scheme_str() == Some("https")
    });
    if !secure || !url.ends_with('/') {
        let problem = "must be a URL such as https://api.pwnedpasswords.com/range/; \
                       http only for localhost";
        return Err(ConfigError::new(PASSWORD_BREACH_URL.0, problem));
    }
    Ok(Some(BreachCheck { url, timeout }))
}
