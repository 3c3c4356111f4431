//! The user named by the access token of a request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};

use crate::app::App;
use crate::db::Session;
use crate::db::login_session::Current;
use crate::db::user::{self, User};
use crate::error::Error;
use crate::header::bearer::Authorization;
use crate::identity::user_id::UserId;
use crate::token::{Subject, TokenError};

/// The user named by the access token of a request. Extracting it is what protects a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentUser(Subject);

impl CurrentUser {
    /// The session of the token, at the time of the request. A token of the replaced system has none.
    #[must_use]
    pub fn current(&self, now: u64) -> Current {
        let session = match &self.0 {
            Subject::Id(_, session) => *session,
            Subject::Email(_) => None,
        };
        Current { session, now }
    }

    /// Returns `user.id`. For a token of the replaced system, which names an e-mail, the id is
    /// looked up.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] if no user has the e-mail; [`Error::Database`].
    pub async fn id(&self, session: &Session<'_>) -> Result<UserId, Error> {
        match &self.0 {
            Subject::Id(id, _) => Ok(*id),
            Subject::Email(email) => {
                let id = user::find_by_exact_email(session, email).await?;
                id.ok_or(Error::InvalidToken(TokenError::UnknownUser))
            }
        }
    }

    /// Reads the user from the database.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] if the user no longer exists or the session has ended;
    /// [`Error::Database`].
    pub async fn load(&self, session: &Session<'_>, now: u64) -> Result<User, Error> {
        let id = self.id(session).await?;
        let user = user::find(session, id, &self.current(now)).await?;
        user.ok_or(Error::InvalidToken(TokenError::UnknownUser))
    }
}

impl FromRequestParts<Arc<App>> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        let token = bearer_token(&parts.headers)?;
        app.tokens
            .verify(token, app.runtime.now())
            .map(Self)
            .map_err(Error::InvalidToken)
    }
}

/// Returns the bearer token of the `Authorization` header. Two such headers are refused, since it
/// is undefined which of them counts.
///
/// # Errors
/// [`Error::MissingToken`]; [`Error::InvalidToken`].
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<&str, Error> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Err(Error::MissingToken),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err(Error::InvalidToken(TokenError::Malformed)),
    };
    match Authorization::parse(value.as_bytes()) {
        Authorization::Bearer(token) => Ok(token),
        // An unsupported scheme is like no credentials (RFC 6750, 3.1).
        Authorization::Other => Err(Error::MissingToken),
        Authorization::Malformed => Err(Error::InvalidToken(TokenError::Malformed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_authorization_header_with_the_bearer_scheme_counts() {
        let code = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            bearer_token(&headers)
                .map(str::to_owned)
                .map_err(|error| error.code())
        };
        assert_eq!(code(&["Bearer abc"]), Ok("abc".into()));
        assert_eq!(code(&["bEARER abc"]), Ok("abc".into()));
        assert_eq!(code(&[]), Err("missing_token"));
        assert_eq!(code(&["Basic abc"]), Err("missing_token"));
        assert_eq!(code(&["Bearer"]), Err("invalid_token"));
        assert_eq!(code(&["Bearer abc", "Bearer abc"]), Err("invalid_token"));
    }
}
