//! Tokens of the replaced system, for the time of the cut-over.
//!
//! They are HS256 without a `kid`, and say `sub` (the e-mail) and `exp`. Nothing in them keeps a
//! token made with the same secret for another purpose apart, so they are taken in exactly this
//! form, and only until the time that the configuration names.

use serde::Deserialize;

use super::error::TokenError;
use super::key::Algorithm;
use super::keyring::Keyring;
use super::strict::{Compact, LEEWAY};

/// Seconds that a token may have left: the longest lifetime that can be configured.
const MAX_LIFETIME: i64 = 24 * 60 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LegacyClaims {
    sub: String,
    exp: i64,
}

/// Verifies a token without a `kid` and returns the e-mail that it names.
pub(super) fn verify(
    token: &Compact<'_>,
    keyring: &Keyring,
    until: Option<u64>,
    now: u64,
) -> Result<String, TokenError> {
    let typ = token.typ.as_deref().unwrap_or_default();
    let accepted = until.is_some_and(|until| now < until);
    if !accepted || token.has_more || !typ.eq_ignore_ascii_case("JWT") {
        return Err(TokenError::Header);
    }
    let mut keys = keyring.iter();
    keys.find(|key| key.algorithm() == Algorithm::Hs256 && token.check_signature(key).is_ok())
        .ok_or(TokenError::Signature)?;
    let claims: LegacyClaims = token.claims()?;
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    if claims.exp.saturating_add(LEEWAY) <= now {
        return Err(TokenError::Expired);
    }
    if claims.exp.saturating_sub(now) > MAX_LIFETIME {
        return Err(TokenError::Claims);
    }
    Ok(claims.sub)
}
