//! `SECRET_KEY`, and what no secret may be.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::error::ConfigError;
use super::settings::SECRET_KEY;

/// The fewest bytes of `SECRET_KEY` whatever it is used for: the output of SHA-256.
const MIN_SECRET: usize = 32;

/// Secrets of 32 bytes and more that are known to everyone: the first four bytes of the SHA-256 of
/// each, sorted. `cargo xtask known-secrets` makes it of the list that `wallarm/jwt-secrets` keeps. The
/// chance that a random key is taken for one of them is 1 in two million.
static KNOWN_SECRETS: &[u8] = include_bytes!("known_secrets.bin");

/// `SECRET_KEY`.
pub(super) fn secret_key(value: Option<String>) -> Result<Zeroizing<String>, ConfigError> {
    let key = SECRET_KEY.0;
    let value = Zeroizing::new(value.ok_or_else(|| ConfigError::new(key, "is not set"))?);
    let checked = check_secret(&value, MIN_SECRET);
    checked.map_err(|error| ConfigError::new(key, error.to_string()))?;
    Ok(value)
}

/// Why a secret can be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SecretError {
    #[error("must have at least {0} bytes")]
    TooShort(usize),
    #[error("is made of too few different characters; use a random one")]
    Monotonous,
    #[error("is on a public list of secrets; use a random one")]
    Known,
}

/// Refuses what can be guessed: too short, too monotonous, or known.
pub(super) fn check_secret(value: &str, min: usize) -> Result<(), SecretError> {
    if value.len() < min {
        return Err(SecretError::TooShort(min));
    }
    if is_monotonous(value) {
        return Err(SecretError::Monotonous);
    }
    if is_known(value) {
        return Err(SecretError::Known);
    }
    Ok(())
}

/// Catches `xxxxxxxx...` and the like: 32 random characters never repeat this much.
pub(super) fn is_monotonous(secret: &str) -> bool {
    let mut distinct = Zeroizing::new(secret.as_bytes().to_vec());
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() < 10
}

/// Whether it is a secret that everyone can look up.
fn is_known(secret: &str) -> bool {
    let digest = Sha256::digest(secret.trim());
    let (known, _) = KNOWN_SECRETS.as_chunks::<4>();
    digest
        .first_chunk()
        .is_some_and(|start| known.binary_search(start).is_ok())
}
