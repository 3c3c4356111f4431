//! The settings that hold keys.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::ConfigError;
use crate::token::{Algorithm, Key, Type};

/// The fewest bytes of `SECRET_KEY` whatever it is used for: the output of SHA-256.
const MIN_SECRET: usize = 32;

/// Secrets of 32 bytes and more that are known to everyone: the first four bytes of the SHA-256 of
/// each, sorted. (Of the list that `wallarm/jwt-secrets` keeps; the chance that a random key is
/// taken for one of them is 1 in two million.)
static KNOWN_SECRETS: &[u8] = include_bytes!("known_secrets.bin");

/// The thumbprint of the key pair of RFC 8032, 7.1 and RFC 8037, whose private half is in print.
const EXAMPLE_KEY: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

/// `SECRET_KEY`.
pub(super) fn secret_key(value: Option<String>) -> Result<Zeroizing<String>, ConfigError> {
    let key = "SECRET_KEY";
    let value = Zeroizing::new(value.ok_or_else(|| ConfigError::new(key, "is not set"))?);
    check_secret(&value, MIN_SECRET).map_err(|problem| ConfigError::new(key, problem))?;
    Ok(value)
}

/// The key that signs: `SECRET_KEY` or `ED25519_PRIVATE_KEY`, by `ALGORITHM`.
pub(super) fn signing_key(
    algorithm: Option<&str>,
    secret: &str,
    private: Option<&str>,
) -> Result<Key, ConfigError> {
    let algorithm = algorithm.map_or(Some(Algorithm::Hs256), Algorithm::of);
    let algorithm = algorithm.ok_or_else(|| {
        let problem = "must be HS256, HS384, HS512, EdDSA or Ed25519";
        ConfigError::new("ALGORITHM", problem)
    })?;
    let variable = "ED25519_PRIVATE_KEY";
    if let Some(min) = algorithm.min_secret() {
        let short = |problem| ConfigError::new("SECRET_KEY", problem);
        check_secret(secret, min).map_err(short)?;
        return Key::from_secret(algorithm, secret.as_bytes())
            .ok_or_else(|| ConfigError::new("SECRET_KEY", "cannot sign"));
    }
    let private = private.ok_or_else(|| ConfigError::new(variable, "is not set"))?;
    private_key(algorithm, private)
}

/// `ED25519_PRIVATE_KEY`.
fn private_key(algorithm: Algorithm, value: &str) -> Result<Key, ConfigError> {
    let variable = "ED25519_PRIVATE_KEY";
    let key = Key::from_private(algorithm, value).ok_or_else(|| {
        let problem =
            "must be 32 bytes in base64url without padding: `cargo xtask secret --ed25519`";
        ConfigError::new(variable, problem)
    })?;
    if is_monotonous(value) || key.id() == EXAMPLE_KEY {
        let problem = "is known to everyone; use a random one";
        return Err(ConfigError::new(variable, problem));
    }
    Ok(key)
}

/// `VERIFICATION_KEYS`: `ALGORITHM:key`, one a line; and the key pair that is there but does not
/// sign, so that a change of `ALGORITHM` can be made before or after that of the keys.
pub(super) fn verification_keys(
    list: &str,
    signing: &Key,
    private: Option<&str>,
) -> Result<Vec<Key>, ConfigError> {
    let mut keys: Vec<Key> = vec![signing.clone()];
    let lines = list.lines().map(str::trim).enumerate();
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let key = verification_key(line).and_then(|key| add(&mut keys, key));
        key.map_err(|problem| {
            let problem = format!("line {}: {problem}", number + 1);
            ConfigError::new("VERIFICATION_KEYS", problem)
        })?;
    }
    if let Some(private) = private.filter(|_| signing.algorithm().min_secret().is_some()) {
        let key = private_key(Algorithm::EdDsa, private)?;
        if !keys.iter().any(|other| other.is_same(&key)) {
            keys.push(key);
        }
    }
    if keys
        .iter()
        .any(|key| keys.iter().any(|pair| key.is_text_of(pair)))
    {
        // Anybody could sign with it (CVE-2015-9235).
        let problem = "has the text of a public key as a secret";
        return Err(ConfigError::new("VERIFICATION_KEYS", problem));
    }
    keys.remove(0);
    Ok(keys)
}

/// Adds a key that is not there yet. The same one may be said twice while keys are changed, but
/// one key has one algorithm (RFC 8725, 3.1).
fn add(keys: &mut Vec<Key>, key: Key) -> Result<(), String> {
    match keys.iter().find(|other| other.is_same(&key)) {
        None => keys.push(key),
        Some(other) if other.algorithm() == key.algorithm() => {}
        Some(_) => return Err("is a key that another algorithm has already".to_owned()),
    }
    Ok(())
}

/// `ALGORITHM:key`.
fn verification_key(line: &str) -> Result<Key, String> {
    let parts = line.split_once(':');
    let known = parts.and_then(|(name, key)| Some((Algorithm::of(name)?, key)));
    let (algorithm, text) = known.ok_or("is not of the form ALGORITHM:key")?;
    let mut further = text.split_whitespace().skip(1);
    if further.any(|word| {
        word.split_once(':')
            .is_some_and(|(name, _)| Algorithm::of(name).is_some())
    }) {
        return Err("holds several keys; put each on a line of its own".to_owned());
    }
    if let Some(min) = algorithm.min_secret() {
        check_secret(text, min)?;
        return Key::from_secret(algorithm, text.as_bytes()).ok_or("is no key".to_owned());
    }
    let key = Key::from_public(algorithm, text);
    key.filter(|key| key.id() != EXAMPLE_KEY).ok_or(
        "is no public key of 32 bytes in base64url without padding, or a weak one".to_owned(),
    )
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
        let problem = "needs the key of those tokens: add the line HS256:<its SECRET_KEY> to VERIFICATION_KEYS";
        return Err(ConfigError::new(variable, problem));
    }
    let time = chrono::DateTime::parse_from_rfc3339(value.trim()).ok();
    let seconds = time.and_then(|time| u64::try_from(time.timestamp()).ok());
    seconds
        .map(Some)
        .ok_or_else(|| ConfigError::new(variable, "must be a time such as 2027-01-31T00:00:00Z"))
}

/// `TOKEN_TYPE`: the type that is issued and, after a comma, one that is taken beside it.
pub(super) fn token_types(value: Option<String>) -> Result<(Type, Option<Type>), ConfigError> {
    let problem = "must be at+jwt or JWT, or both with a comma while one takes the other's place";
    let refuse = || ConfigError::new("TOKEN_TYPE", problem);
    let Some(value) = value else {
        return Ok((Type::AccessToken, None));
    };
    let typ = |name: &str| Type::of(name.trim()).ok_or_else(refuse);
    match value.split_once(',') {
        None => Ok((typ(&value)?, None)),
        Some((first, second)) => {
            let (first, second) = (typ(first)?, typ(second)?);
            let different = (first != second).then_some((first, Some(second)));
            different.ok_or_else(refuse)
        }
    }
}

/// Refuses what can be guessed: too short, too monotonous, or known.
fn check_secret(value: &str, min: usize) -> Result<(), String> {
    if value.len() < min {
        return Err(format!("must have at least {min} bytes"));
    }
    if is_monotonous(value) {
        return Err("is made of too few different characters; use a random one".to_owned());
    }
    if is_known(value) {
        return Err("is on a public list of secrets; use a random one".to_owned());
    }
    Ok(())
}

/// Catches `xxxxxxxx...` and the like: 32 random characters never repeat this much.
fn is_monotonous(secret: &str) -> bool {
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
