//! The settings that hold keys.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::ConfigError;
use crate::token::{Algorithm, Key};

/// The fewest bytes of `SECRET_KEY` whatever it is used for: the output of SHA-256.
const MIN_SECRET: usize = 32;

/// Secrets of 32 bytes and more that are known to everyone: the first four bytes of the SHA-256 of
/// each, sorted. (Of the list that `wallarm/jwt-secrets` keeps; the chance that a random key is
/// taken for one of them is 1 in two million.)
static KNOWN_SECRETS: &[u8] = include_bytes!("known_secrets.bin");

/// `SECRET_KEY`.
pub(super) fn secret_key(value: Option<String>) -> Result<Zeroizing<String>, ConfigError> {
    let key = "SECRET_KEY";
    let value = Zeroizing::new(value.ok_or_else(|| ConfigError::new(key, "is not set"))?);
    check_secret(key, &value, MIN_SECRET)?;
    Ok(value)
}

/// The key that signs: `SECRET_KEY` or `ED25519_PRIVATE_KEY`, by `ALGORITHM`.
pub(super) fn signing_key(
    algorithm: Option<&str>,
    secret: &str,
    private: Option<String>,
) -> Result<Key, ConfigError> {
    let algorithm = algorithm.map_or(Some(Algorithm::Hs256), Algorithm::of);
    let algorithm = algorithm.ok_or_else(|| {
        let problem = "must be HS256, HS384, HS512, EdDSA or Ed25519";
        ConfigError::new("ALGORITHM", problem)
    })?;
    let variable = "ED25519_PRIVATE_KEY";
    if let Some(min) = algorithm.min_secret() {
        if private.is_some() {
            let problem = format!("is not used while ALGORITHM is {}", algorithm.name());
            return Err(ConfigError::new(variable, problem));
        }
        check_secret("SECRET_KEY", secret, min)?;
        return Key::from_secret(algorithm, secret.as_bytes())
            .ok_or_else(|| ConfigError::new("SECRET_KEY", "cannot sign"));
    }
    let private = Zeroizing::new(private.ok_or_else(|| ConfigError::new(variable, "is not set"))?);
    Key::from_private(algorithm, private.trim()).ok_or_else(|| {
        let problem =
            "must be 32 bytes in base64url without padding: `cargo xtask secret --ed25519`";
        ConfigError::new(variable, problem)
    })
}

/// `VERIFICATION_KEYS`: `ALGORITHM:key`, separated by white space.
pub(super) fn verification_keys(list: &str, signing: &Key) -> Result<Vec<Key>, ConfigError> {
    let variable = "VERIFICATION_KEYS";
    let mut keys: Vec<Key> = Vec::new();
    for entry in list.split_whitespace() {
        let parts = entry.split_once(':');
        let known = parts.and_then(|(name, key)| Some((Algorithm::of(name)?, key)));
        let (algorithm, text) = known.ok_or_else(|| {
            let problem = "must list keys as ALGORITHM:key, separated by spaces";
            ConfigError::new(variable, problem)
        })?;
        let key = if let Some(min) = algorithm.min_secret() {
            check_secret(variable, text, min)?;
            Key::from_secret(algorithm, text.as_bytes())
        } else {
            Key::from_public(algorithm, text)
        };
        let key = key.ok_or_else(|| {
            let problem =
                "has a public key that is not 32 bytes in base64url without padding, or weak";
            ConfigError::new(variable, problem)
        })?;
        // One key, one algorithm (RFC 8725, 3.1).
        if std::iter::once(signing)
            .chain(&keys)
            .any(|other| other.is_same(&key))
        {
            let problem = "has a key twice, or the one that signs";
            return Err(ConfigError::new(variable, problem));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// `LEGACY_TOKENS_UNTIL`: a time of RFC 3339, as seconds since 1970-01-01 UTC.
pub(super) fn legacy_tokens_until(
    value: Option<String>,
    mut keys: impl Iterator<Item = Algorithm>,
) -> Result<Option<u64>, ConfigError> {
    let variable = "LEGACY_TOKENS_UNTIL";
    let Some(value) = value else {
        return Ok(None);
    };
    if !keys.any(|algorithm| algorithm == Algorithm::Hs256) {
        let problem =
            "needs the key of those tokens: add HS256:<its SECRET_KEY> to VERIFICATION_KEYS";
        return Err(ConfigError::new(variable, problem));
    }
    let time = chrono::DateTime::parse_from_rfc3339(value.trim()).ok();
    let seconds = time.and_then(|time| u64::try_from(time.timestamp()).ok());
    seconds
        .map(Some)
        .ok_or_else(|| ConfigError::new(variable, "must be a time such as 2027-01-31T00:00:00Z"))
}

/// Refuses what can be guessed: too short, too monotonous, or known.
fn check_secret(variable: &'static str, value: &str, min: usize) -> Result<(), ConfigError> {
    if value.len() < min {
        let problem = format!("must have at least {min} bytes");
        return Err(ConfigError::new(variable, problem));
    }
    // Catches `xxxxxxxx...` and the like: 32 random characters never repeat this much.
    let mut distinct = Zeroizing::new(value.as_bytes().to_vec());
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < 10 {
        let problem = "is made of too few different characters; use a random one";
        return Err(ConfigError::new(variable, problem));
    }
    if is_known(value) {
        let problem = "is on a public list of secrets; use a random one";
        return Err(ConfigError::new(variable, problem));
    }
    Ok(())
}

/// Whether it is a secret that everyone can look up.
fn is_known(secret: &str) -> bool {
    let digest = Sha256::digest(secret.trim());
    let (known, _) = KNOWN_SECRETS.as_chunks::<4>();
    digest
        .first_chunk()
        .is_some_and(|start| known.binary_search(start).is_ok())
}
