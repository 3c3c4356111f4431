//! Access tokens: JSON Web Tokens signed with HS256, verified without asking anyone.
//!
//! `jwt-compact` signs and verifies. Before it sees a token, `strict` refuses what a lenient
//! parser might read in two ways.

mod error;
mod strict;

use chrono::{DateTime, TimeDelta, Utc};
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{Algorithm as _, AlgorithmExt as _, Claims, Header, TimeOptions, UntrustedToken};
use serde::{Deserialize, Serialize};

use crate::config::Config;

pub use error::TokenError;

/// RFC 9068, 2.1.
const TYPE: &str = "at+jwt";
/// Seconds that clocks may differ by.
const LEEWAY: i64 = 5;

/// Issues and verifies access tokens.
pub struct Tokens {
    key: Hs256Key,
    key_id: String,
    issuer: String,
    lifetime: TimeDelta,
}

/// An access token as the client gets it.
pub struct AccessToken {
    /// The token.
    pub token: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}

/// The claims beside `iat` and `exp`.
#[derive(Serialize, Deserialize)]
struct UserClaims {
    iss: String,
    sub: String,
    jti: String,
}

impl Tokens {
    /// Makes the keys that the configuration describes.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let key = Hs256Key::new(config.secret_key.as_bytes());
        // Tells keys apart without saying more of them than any token does.
        let tag = Hs256.sign(&key, b"gatehouse key id");
        let tag = jwt_compact::AlgorithmSignature::as_bytes(&tag);
        let key_id = hex::encode(tag.get(..8).unwrap_or(&tag));
        Self {
            key,
            key_id,
            issuer: config.token_issuer.clone(),
            lifetime: TimeDelta::seconds(config.token_lifetime.as_secs().cast_signed()),
        }
    }

    /// Issues a token for a user.
    ///
    /// # Errors
    /// A sentence, when there is no randomness.
    pub fn issue(&self, user: i64, now: u64) -> Result<AccessToken, String> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| error.to_string())?;
        let claims = UserClaims {
            iss: self.issuer.clone(),
            sub: user.to_string(),
            jti: hex::encode(id),
        };
        let time = TimeOptions::new(TimeDelta::zero(), || date(now));
        let claims = Claims::new(claims).set_duration_and_issuance(&time, self.lifetime);
        let header = Header::empty()
            .with_token_type(TYPE)
            .with_key_id(&self.key_id);
        let token = Hs256
            .token(&header, &claims, &self.key)
            .map_err(|error| error.to_string())?;
        Ok(AccessToken {
            token,
            expires_in: self.lifetime.num_seconds().cast_unsigned(),
        })
    }

    /// Verifies a token and returns the id of its user.
    ///
    /// # Errors
    /// The reason why it is refused, which is for the log only.
    pub fn verify(&self, token: &str, now: u64) -> Result<i64, TokenError> {
        let header = strict::header(token)?;
        if header.alg != "HS256" || !is_our_type(&header.typ) {
            return Err(TokenError::Header);
        }
        if header.kid != self.key_id {
            return Err(TokenError::UnknownKey);
        }
        let untrusted = UntrustedToken::new(token).map_err(|_| TokenError::Malformed)?;
        let token = Hs256
            .validator::<UserClaims>(&self.key)
            .validate(&untrusted)
            .map_err(|error| match error {
                jwt_compact::ValidationError::MalformedClaims(_) => TokenError::Claims,
                _ => TokenError::Signature,
            })?;
        self.check(token.claims(), now)
    }

    fn check(&self, claims: &Claims<UserClaims>, now: u64) -> Result<i64, TokenError> {
        let time = TimeOptions::new(TimeDelta::seconds(LEEWAY), || date(now));
        let (Some(expires), Some(issued)) = (claims.expiration, claims.issued_at) else {
            return Err(TokenError::Claims);
        };
        claims
            .validate_expiration(&time)
            .map_err(|_| TokenError::Expired)?;
        let starts = claims.not_before.unwrap_or(issued).max(issued);
        if starts > date(now) + TimeDelta::seconds(LEEWAY) {
            return Err(TokenError::Early);
        }
        if expires - issued > self.lifetime || claims.custom.iss != self.issuer {
            return Err(TokenError::Claims);
        }
        user_id(&claims.custom.sub).ok_or(TokenError::Claims)
    }
}

/// RFC 8725, 3.11 and RFC 9068, 4: the type, with or without its prefix, in any case.
fn is_our_type(typ: &str) -> bool {
    typ.eq_ignore_ascii_case(TYPE) || typ.eq_ignore_ascii_case("application/at+jwt")
}

/// An id in the one way in which it is written here: no sign, no leading zero.
fn user_id(sub: &str) -> Option<i64> {
    let id: i64 = sub.parse().ok()?;
    (id > 0 && id.to_string() == sub).then_some(id)
}

fn date(seconds: u64) -> DateTime<Utc> {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests;
