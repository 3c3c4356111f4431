//! What handlers take out of the head of a request: the user, and that a JSON body follows.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};

use crate::app::App;
use crate::db::Session;
use crate::db::users::{self, User};
use crate::error::Error;
use crate::header::bearer::Credentials;
use crate::header::media_type::MediaType;
use crate::header::{content_length, is_plain};
use crate::token::{Subject, TokenError};
use crate::user_id::UserId;

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 16 * 1024;

/// The user that the request's access token names. Asking for it is what protects a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentUser(Subject);

impl CurrentUser {
    /// `user.id`. A token of the replaced system names the e-mail, and that is looked up.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] when nobody has the e-mail; those of the database.
    pub async fn id(&self, session: &Session<'_>) -> Result<UserId, Error> {
        match &self.0 {
            Subject::Id(id) => Ok(*id),
            Subject::Email(email) => {
                let id = users::find_by_exact_email(session, email).await?;
                id.ok_or(Error::InvalidToken(TokenError::UnknownUser))
            }
        }
    }

    /// The user as stored.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] when the user is gone; those of the database.
    pub async fn load(&self, session: &Session<'_>) -> Result<User, Error> {
        let id = self.id(session).await?;
        find_current(session, id).await
    }
}

/// The user of an id that a token names.
///
/// # Errors
/// [`Error::InvalidToken`] when the user is gone; those of the database.
pub async fn find_current(session: &Session<'_>, id: UserId) -> Result<User, Error> {
    let user = users::find(session, id).await?;
    user.ok_or(Error::InvalidToken(TokenError::UnknownUser))
}

impl FromRequestParts<Arc<App>> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        let token = bearer_token(&parts.headers)?;
        app.tokens
            .verify(token, app.platform.now())
            .map(Self)
            .map_err(Error::InvalidToken)
    }
}

/// The token of the one `Authorization` header. Which of two would count is nobody's to guess, so
/// two are none.
fn bearer_token(headers: &HeaderMap) -> Result<&str, Error> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Err(Error::MissingToken),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err(Error::InvalidToken(TokenError::Malformed)),
    };
    match Credentials::parse(value.as_bytes()) {
        Credentials::Bearer(token) => Ok(token),
        // Another scheme is no attempt at ours (RFC 6750, 3).
        Credentials::Other => Err(Error::MissingToken),
        Credentials::Malformed => Err(Error::InvalidToken(TokenError::Malformed)),
    }
}

/// The headers of a JSON body, checked; [`crate::fields`] reads the body itself. Put before
/// [`CurrentUser`], it keeps the order in which a request is refused: size, type, token, JSON,
/// fields.
pub struct JsonHead;

impl<S: Sync> FromRequestParts<S> for JsonHead {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let declared = content_length(&parts.headers);
        if declared.is_some_and(|length| length > MAX_BODY as u64) {
            return Err(Error::BodyTooLarge);
        }
        if !is_plain(&parts.headers) {
            return Err(Error::UnsupportedMediaType(
                "Send the body without a Content-Encoding.",
            ));
        }
        let mut types = parts.headers.get_all(header::CONTENT_TYPE).iter();
        let media_type = match (types.next(), types.next()) {
            (Some(value), None) => MediaType::parse(value.as_bytes()),
            _ => None,
        };
        match media_type {
            Some(media_type) if media_type.is_utf8_json() => Ok(Self),
            _ => Err(Error::UnsupportedMediaType(
                "Send the body as \"Content-Type: application/json\" in UTF-8.",
            )),
        }
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
