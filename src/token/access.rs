//! Issues and verifies access tokens.

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
use crate::identity::session_id::SessionId;
use crate::identity::user_id::UserId;

/// The settings of access tokens.
#[derive(Clone)]
pub struct Settings {
    /// The keys that sign and verify tokens.
    pub keyring: Keyring,
    /// The `typ` of new tokens, and another one that is accepted too.
    pub types: (Type, Option<Type>),
    /// The `iss` claim of new tokens, which verification requires.
    pub issuer: String,
    /// The `aud` claim of new tokens, which verification requires.
    pub audience: String,
    /// The time from `iat` to `exp`: exact in new tokens, the maximum in verified ones.
    pub lifetime: Duration,
    /// The time from which tokens of the replaced system are refused, in seconds since 1970-01-01
    /// UTC; `None` to refuse them always.
    pub legacy_until: Option<u64>,
}

/// Issues and verifies access tokens.
pub struct Tokens(pub(super) Settings);

/// A new access token and its lifetime.
pub struct AccessToken {
    /// The signed JWT in its compact serialisation.
    pub token: String,
    /// The number of seconds until the token expires.
    pub expires_in: u64,
}

/// The subject of a token: the user that it was issued to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The user's id (`user.id`), and the session of the token; tokens from before sessions have
    /// none.
    Id(UserId, Option<SessionId>),
    /// The user's e-mail, in tokens of the replaced system.
    Email(String),
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

/// The claims other than `iat`, `exp` and `nbf`.
#[derive(Serialize, Deserialize)]
struct UserClaims {
    iss: String,
    sub: String,
    aud: Audience,
    jti: String,
    /// The session, as in `OpenID` Connect Front-Channel Logout 1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
}

/// The `aud` claim: one audience or several (RFC 7519, 4.1.3).
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
    /// Creates an issuer and verifier of tokens.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self(settings)
    }

    /// The time from `iat` to `exp`.
    fn lifetime(&self) -> TimeDelta {
        TimeDelta::seconds(self.0.lifetime.as_secs().cast_signed())
    }

    /// Issues a token for a user and a session at the time `now`, in seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// [`SigningError`] if there is no randomness for the `jti`, or the signing key has no private
    /// half.
    pub fn issue(
        &self,
        user: UserId,
        session: SessionId,
        now: u64,
    ) -> Result<AccessToken, SigningError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        let claims = UserClaims {
            iss: self.0.issuer.clone(),
            sub: user.to_string(),
            aud: Audience::One(self.0.audience.clone()),
            jti: hex::encode(id),
            sid: Some(session.to_string()),
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

    /// Verifies a token at the time `now`, in seconds since 1970-01-01 UTC, and returns its
    /// subject.
    ///
    /// # Errors
    /// The reason why the token is refused. It is for the log only: see [`TokenError`].
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
        self.check(&token.claims()?, now)
    }

    /// Returns the session of a token that is good but for its expiry, at the time `now`: what a
    /// logout ends.
    #[must_use]
    pub fn session_of(&self, token: &str, now: u64) -> Option<(SessionId, UserId)> {
        let subject = match self.verify(token, now) {
            Err(TokenError::Expired) => {
                // Good at the time of its expiry, or not at all.
                let claims: Claims<UserClaims> = strict::parse(token).ok()?.claims().ok()?;
                let expires = u64::try_from(claims.expiration?.timestamp()).ok()?;
                self.verify(token, expires.checked_sub(1)?)
            }
            verified => verified,
        };
        match subject {
            Ok(Subject::Id(user, session)) => session.map(|session| (session, user)),
            _ => None,
        }
    }

    fn check(&self, claims: &Claims<UserClaims>, now: u64) -> Result<Subject, TokenError> {
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
        let UserClaims {
            iss, sub, aud, sid, ..
        } = &claims.custom;
        if expires - issued > self.lifetime() || *iss != self.0.issuer || !aud.has(&self.0.audience)
        {
            return Err(TokenError::Claims);
        }
        let user = UserId::parse(sub).ok_or(TokenError::Claims)?;
        let session = sid.as_ref().map(|sid| SessionId::parse(sid));
        match session {
            Some(None) => Err(TokenError::Claims),
            session => Ok(Subject::Id(user, session.flatten())),
        }
    }

    /// The public keys with which other services verify tokens (RFC 7517, 5).
    #[must_use]
    pub fn public_keys(&self) -> Vec<Jwk> {
        self.0.keyring.public_keys()
    }
}

/// Checks that a token is a well-formed JWS signed by a key, whatever its claims: the part of
/// verification that the test vectors of standards cover.
///
/// # Errors
/// The reason why the token is refused.
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
