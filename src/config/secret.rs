//! `SECRET_KEY`, and the checks that refuse guessable secrets.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::error::ConfigError;
use super::settings::SECRET_KEY;

/// The least length of `SECRET_KEY` in bytes, whatever it is used for: the output size of SHA-256.
const MIN_SECRET: usize = 32;

/// Publicly known secrets of 32 bytes and more: the first four bytes of each one's SHA-256, sorted.
///
/// `cargo xtask known-secrets` makes the file from the list in `wallarm/jwt-secrets`. A random key
/// is refused by mistake with a probability of 1 in two million.
static KNOWN_SECRETS: &[u8] = include_bytes!("known_secrets.bin");

/// Checks `SECRET_KEY`, and returns it so that it is wiped from memory when dropped.
pub(super) fn secret_key(value: Option<String>) -> Result<Zeroizing<String>, ConfigError> {
    let key = SECRET_KEY.0;
    let value = Zeroizing::new(value.ok_or_else(|| ConfigError::new(key, "is not set"))?);
    let checked = check_secret(&value, MIN_SECRET);
    checked.map_err(|error| ConfigError::new(key, error.to_string()))?;
    Ok(value)
}

/// The reason why a secret can be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SecretError {
    #[error("must have at least {0} bytes")]
    TooShort(usize),
    #[error("is made of too few different characters; use a random one")]
    Monotonous,
    #[error("is on a public list of secrets; use a random one")]
    Known,
}

/// Refuses a secret that is shorter than `min` bytes, too repetitive or publicly known.
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

/// True if a secret has fewer than ten different bytes, as `xxxxxxxx...` has. 32 random characters
/// practically never do.
pub(super) fn is_monotonous(secret: &str) -> bool {
    let mut distinct = Zeroizing::new(secret.as_bytes().to_vec());
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() < 10
}

/// True if the secret is on the public list.
fn is_known(secret: &str) -> bool {
    let digest = Sha256::digest(secret.trim());
    let (known, _) = KNOWN_SECRETS.as_chunks::<4>();
    digest
        .first_chunk()
        .is_some_and(|start| known.binary_search(start).is_ok())
}
