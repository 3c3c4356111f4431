//! Verifies access tokens of the replaced system, while users move to Gatehouse.
//!
//! These tokens are signed with HS256, have no `kid`, and hold exactly the claims `sub` (the
//! e-mail) and `exp`. Nothing distinguishes them from tokens that the same secret signed for
//! another purpose, so they are accepted only in exactly this form and only until the configured
//! time.

use serde::Deserialize;

use super::error::TokenError;
use super::key::Algorithm;
use super::keyring::Keyring;
use super::strict::{Compact, LEEWAY};

/// The longest remaining lifetime accepted, in seconds: the longest that can be configured.
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
