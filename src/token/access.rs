//! Access tokens, issued and verified.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use chrono::{DateTime, TimeDelta, Utc};
use jwt_compact::{Claims, TimeOptions};
use serde::{Deserialize, Serialize};

use super::error::{SigningError, TokenError};
use super::key::{Jwk, Key};
use super::keyring::Keyring;
use super::legacy;
use super::strict::{self, LEEWAY};
use super::typ::Type;
use crate::identity::user_id::UserId;

/// What tokens are like.
#[derive(Clone)]
pub struct Settings {
    /// The keys.
    pub keyring: Keyring,
    /// The type that is issued, and one that is taken beside it.
    pub types: (Type, Option<Type>),
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// The time from `iat` to `exp`.
    pub lifetime: Duration,
    /// Until when tokens of the replaced system are taken, in seconds since 1970-01-01 UTC.
    pub legacy_until: Option<u64>,
}

/// Issues and verifies access tokens.
pub struct Tokens(pub(super) Settings);

/// An access token as the client gets it.
pub struct AccessToken {
    /// The token.
    pub token: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}

/// Whom a token is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// `user.id`.
    Id(UserId),
    /// The e-mail, as the tokens of the replaced system have it.
    Email(String),
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

/// The claims beside `iat`, `exp` and `nbf`.
#[derive(Serialize, Deserialize)]
struct UserClaims {
    iss: String,
    sub: String,
    aud: Audience,
    jti: String,
}

/// RFC 7519, 4.1.3: one, or several.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn has(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

impl Tokens {
    /// Tokens of these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self(settings)
    }

    /// The time from `iat` to `exp`.
    fn lifetime(&self) -> TimeDelta {
        TimeDelta::seconds(self.0.lifetime.as_secs().cast_signed())
    }

    /// Issues a token for a user.
    ///
    /// # Errors
    /// [`SigningError`], when there is no randomness.
    pub fn issue(&self, user: UserId, now: u64) -> Result<AccessToken, SigningError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        let claims = UserClaims {
            iss: self.0.issuer.clone(),
            sub: user.to_string(),
            aud: Audience::One(self.0.audience.clone()),
            jti: hex::encode(id),
        };
        let time = TimeOptions::new(TimeDelta::zero(), || date(now));
        let claims = Claims::new(claims).set_duration_and_issuance(&time, self.lifetime());
        let header = Header {
            alg: self.0.keyring.signing().algorithm().name(),
            typ: self.0.types.0.name(),
            kid: self.0.keyring.signing().id(),
        };
        let message = format!("{}.{}", encode(&header)?, encode(&claims)?);
        let signature = self.0.keyring.signing().sign(message.as_bytes());
        let signature = signature.ok_or(SigningError::NoPrivateKey)?;
        Ok(AccessToken {
            token: format!("{message}.{}", Base64UrlUnpadded::encode_string(&signature)),
            expires_in: self.0.lifetime.as_secs(),
        })
    }

    /// Verifies a token and returns whom it is about.
    ///
    /// # Errors
    /// The reason why it is refused, which is for the log only.
    pub fn verify(&self, token: &str, now: u64) -> Result<Subject, TokenError> {
        let token = strict::parse(token)?;
        let Some(id) = &token.kid else {
            let until = self.0.legacy_until;
            return legacy::verify(&token, &self.0.keyring, until, now).map(Subject::Email);
        };
        let typ = token.typ.as_deref().unwrap_or_default();
        let (ours, other) = self.0.types;
        if !ours.is(typ) && !other.is_some_and(|other| other.is(typ)) {
            return Err(TokenError::Header);
        }
        let key = self.0.keyring.find(id).ok_or(TokenError::UnknownKey)?;
        token.check_signature(key)?;
        self.check(&token.claims()?, now).map(Subject::Id)
    }

    fn check(&self, claims: &Claims<UserClaims>, now: u64) -> Result<UserId, TokenError> {
        let (Some(expires), Some(issued)) = (claims.expiration, claims.issued_at) else {
            return Err(TokenError::Claims);
        };
        if expires <= date(now) - TimeDelta::seconds(LEEWAY) {
            return Err(TokenError::Expired);
        }
        let starts = claims.not_before.unwrap_or(issued).max(issued);
        if starts > date(now) + TimeDelta::seconds(LEEWAY) {
            return Err(TokenError::Early);
        }
        let UserClaims { iss, sub, aud, .. } = &claims.custom;
        if expires - issued > self.lifetime() || *iss != self.0.issuer || !aud.has(&self.0.audience)
        {
            return Err(TokenError::Claims);
        }
        UserId::parse(sub).ok_or(TokenError::Claims)
    }

    /// The public halves of the key pairs: what others verify tokens with (RFC 7517, 5).
    #[must_use]
    pub fn public_keys(&self) -> Vec<Jwk> {
        self.0.keyring.public_keys()
    }
}

/// Whether a token is a well-formed JWS and signed by a key, whatever its payload: the part of the
/// verification that standard vectors can be held against.
///
/// # Errors
/// The reason why it is not.
pub fn verify_signature(token: &str, key: &Key) -> Result<(), TokenError> {
    strict::parse(token)?.check_signature(key)
}

fn encode(part: &impl Serialize) -> Result<String, SigningError> {
    let json = serde_json::to_vec(part)?;
    Ok(Base64UrlUnpadded::encode_string(&json))
}

fn date(seconds: u64) -> DateTime<Utc> {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
