//! The settings of access tokens.

use std::time::Duration;

use zeroize::Zeroizing;

use super::error::ConfigError;
use super::secret::{SecretError, check_secret, is_monotonous};
use super::setting::Reader;
use super::settings::{
    ACCESS_TOKEN_EXPIRE_MINUTES, ALGORITHM, ED25519_PRIVATE_KEY, LEGACY_TOKENS_UNTIL, SECRET_KEY,
    TOKEN_AUDIENCE, TOKEN_ISSUER, TOKEN_TYPE, VERIFICATION_KEYS,
};
use crate::token::{Algorithm, Key, Keyring, KeyringError, RefreshKeys, Settings, Type};

/// The thumbprint (RFC 7638) of the example key pair in RFC 8032, 7.1 and RFC 8037, whose private
/// key is public.
const EXAMPLE_KEY: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

/// Reads the settings of access tokens and the keys of refresh tokens. `secret_key` is the value of
/// `SECRET_KEY`.
pub(super) fn read(
    settings: &Reader<'_>,
    secret_key: &str,
) -> Result<(Settings, RefreshKeys), ConfigError> {
    let list = Zeroizing::new(settings.text(VERIFICATION_KEYS)?.unwrap_or_default());
    let minutes = settings.number(&ACCESS_TOKEN_EXPIRE_MINUTES)?;
    let keyring = keyring(
        settings.text(ALGORITHM)?.as_deref().map(str::trim),
        secret_key,
        &Zeroizing::new(settings.text(ED25519_PRIVATE_KEY)?.unwrap_or_default()),
        &list,
    )?;
    let legacy_until = legacy_tokens_until(settings.text(LEGACY_TOKENS_UNTIL)?, &keyring)?;
    let or_default = |text: Option<String>| text.unwrap_or_else(|| "gatehouse".to_owned());
    let settings = Settings {
        keyring,
        types: token_types(settings.text(TOKEN_TYPE)?)?,
        issuer: or_default(settings.text(TOKEN_ISSUER)?),
        audience: or_default(settings.text(TOKEN_AUDIENCE)?),
        lifetime: Duration::from_secs(60 * u64::from(minutes)),
        legacy_until,
    };
    Ok((settings, refresh_keys(secret_key, &list)))
}

/// Returns the keyring: the signing key, the keys of `VERIFICATION_KEYS`, and the key pair of
/// `ED25519_PRIVATE_KEY` even if it does not sign, so that `ALGORITHM` can be changed before or
/// after the keys.
fn keyring(
    algorithm: Option<&str>,
    secret: &str,
    private: &str,
    list: &str,
) -> Result<Keyring, ConfigError> {
    let private = Some(private.trim()).filter(|private| !private.is_empty());
    let mut keyring = Keyring::new(signing_key(algorithm, secret, private)?);
    let lines = list.lines().map(str::trim).enumerate();
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let added = verification_key(line).and_then(|key| Ok(keyring.add(key)?));
        added.map_err(|error| {
            let problem = format!("line {}: {error}", number + 1);
            ConfigError::new(VERIFICATION_KEYS.0, problem)
        })?;
    }
    let is_spare = keyring.signing().algorithm().min_secret().is_some();
    if let Some(private) = private.filter(|_| is_spare) {
        let pair = private_key(Algorithm::EdDsa, private)?;
        if !keyring.iter().any(|other| other.is_same(&pair)) {
            let added = keyring.add(pair);
            added.map_err(|error| ConfigError::new(VERIFICATION_KEYS.0, error.to_string()))?;
        }
    }
    Ok(keyring)
}

/// Returns the keys of refresh tokens, which are derived from `SECRET_KEY` and from each secret of
/// `VERIFICATION_KEYS`, so that a change of `SECRET_KEY` ends no session.
fn refresh_keys(secret_key: &str, list: &str) -> RefreshKeys {
    let earlier = list.lines().filter_map(|line| {
        let (name, secret) = line.trim().split_once(':')?;
        Algorithm::of(name)?.min_secret()?;
        Some(secret)
    });
    let secrets = std::iter::once(secret_key).chain(earlier);
    RefreshKeys::new(secrets.map(str::as_bytes))
}

/// Returns the signing key: `SECRET_KEY` or `ED25519_PRIVATE_KEY`, depending on `ALGORITHM`.
fn signing_key(
    algorithm: Option<&str>,
    secret: &str,
    private: Option<&str>,
) -> Result<Key, ConfigError> {
    let algorithm = algorithm.map_or(Some(Algorithm::Hs256), Algorithm::of);
    let algorithm = algorithm.ok_or_else(|| {
        let problem = "must be HS256, HS384, HS512, EdDSA or Ed25519";
        ConfigError::new(ALGORITHM.0, problem)
    })?;
    if let Some(min) = algorithm.min_secret() {
        let checked = check_secret(secret, min);
        checked.map_err(|error| ConfigError::new(SECRET_KEY.0, error.to_string()))?;
        return Key::from_secret(algorithm, secret.as_bytes())
            .ok_or_else(|| ConfigError::new(SECRET_KEY.0, "cannot sign"));
    }
    let private = private.ok_or_else(|| ConfigError::new(ED25519_PRIVATE_KEY.0, "is not set"))?;
    private_key(algorithm, private)
}

/// Parses `ED25519_PRIVATE_KEY`.
fn private_key(algorithm: Algorithm, value: &str) -> Result<Key, ConfigError> {
    let key = Key::from_private(algorithm, value).ok_or_else(|| {
        let problem =
            "must be 32 bytes in base64url without padding: `cargo xtask secret --ed25519`";
        ConfigError::new(ED25519_PRIVATE_KEY.0, problem)
    })?;
    if is_monotonous(value) || key.id() == EXAMPLE_KEY {
        let problem = "is known to everyone; use a random one";
        return Err(ConfigError::new(ED25519_PRIVATE_KEY.0, problem));
    }
    Ok(key)
}

/// The reason why a line of `VERIFICATION_KEYS` cannot be used.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("is not of the form ALGORITHM:key")]
    Form,
    #[error("holds several keys; put each on a line of its own")]
    SeveralKeys,
    #[error("cannot be used as a key")]
    NoKey,
    #[error("is not a public key of 32 bytes in base64url without padding, or is a weak one")]
    NoPublicKey,
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

/// Parses a line of `VERIFICATION_KEYS`: `ALGORITHM:key`.
fn verification_key(line: &str) -> Result<Key, LineError> {
    let parts = line.split_once(':');
    let known = parts.and_then(|(name, key)| Some((Algorithm::of(name)?, key)));
    let (algorithm, text) = known.ok_or(LineError::Form)?;
    let mut further = text.split_whitespace().skip(1);
    if further.any(|word| {
        word.split_once(':')
            .is_some_and(|(name, _)| Algorithm::of(name).is_some())
    }) {
        return Err(LineError::SeveralKeys);
    }
    if let Some(min) = algorithm.min_secret() {
        check_secret(text, min)?;
        return Key::from_secret(algorithm, text.as_bytes()).ok_or(LineError::NoKey);
    }
    let key = Key::from_public(algorithm, text);
    key.filter(|key| key.id() != EXAMPLE_KEY)
        .ok_or(LineError::NoPublicKey)
}

/// Parses `LEGACY_TOKENS_UNTIL`, a time of RFC 3339, into seconds since 1970-01-01 UTC.
fn legacy_tokens_until(
    value: Option<String>,
    keyring: &Keyring,
) -> Result<Option<u64>, ConfigError> {
    let Some(value) = value else {
        return Ok(None);
    };
    if !keyring
        .iter()
        .any(|key| key.algorithm() == Algorithm::Hs256)
    {
        let problem = "needs the key that signed those tokens: add the line \
                       HS256:<the old SECRET_KEY> to VERIFICATION_KEYS";
        return Err(ConfigError::new(LEGACY_TOKENS_UNTIL.0, problem));
    }
    let time = chrono::DateTime::parse_from_rfc3339(value.trim()).ok();
    let seconds = time.and_then(|time| u64::try_from(time.timestamp()).ok());
    seconds.map(Some).ok_or_else(|| {
        ConfigError::new(
            LEGACY_TOKENS_UNTIL.0,
            "must be a time such as 2027-01-31T00:00:00Z",
        )
    })
}

/// Parses `TOKEN_TYPE`: the type that is issued and, after a comma, another that is accepted too.
fn token_types(value: Option<String>) -> Result<(Type, Option<Type>), ConfigError> {
    let problem = "must be at+jwt or JWT, or both separated by a comma, the one to issue first";
    let refuse = || ConfigError::new(TOKEN_TYPE.0, problem);
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
