//! What handlers take out of the head of a request: the user, and that a JSON body follows.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, header, request::Parts};

use crate::app::App;
use crate::db::{Query, users};
use crate::error::Error;
use crate::token::{Subject, TokenError};

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
    pub async fn id(&self, on: impl Query) -> Result<i64, Error> {
        match &self.0 {
            Subject::Id(id) => Ok(*id),
            Subject::Email(email) => {
                let id = users::find_by_exact_email(on, email).await?;
                id.ok_or(Error::InvalidToken(TokenError::UnknownUser))
            }
        }
    }
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

/// The one token of the one `Authorization` header (RFC 6750, 2.1).
fn bearer_token(headers: &HeaderMap) -> Result<&str, Error> {
    let malformed = Error::InvalidToken(TokenError::Malformed);
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Err(Error::MissingToken),
        (Some(value), None) => value.to_str().map_err(|_| malformed)?,
        (Some(_), Some(_)) => return Err(malformed),
    };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => Ok(token),
        // Another scheme is no attempt at ours.
        _ if !value.to_ascii_lowercase().starts_with("bearer") => Err(Error::MissingToken),
        _ => Err(Error::InvalidToken(TokenError::Malformed)),
    }
}

/// The headers of a JSON body, checked; [`crate::fields`] reads the body itself. Put before
/// [`CurrentUser`], it keeps the order in which a request is refused: size, type, token, JSON,
/// fields.
pub struct JsonHead;

impl<S: Sync> FromRequestParts<S> for JsonHead {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let declared = parts.headers.get(header::CONTENT_LENGTH);
        let declared = declared.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > MAX_BODY as u64) {
            return Err(Error::BodyTooLarge);
        }
        let encoding = parts.headers.get(header::CONTENT_ENCODING);
        if encoding.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(Error::UnsupportedMediaType(
                "Send the body without a Content-Encoding.",
            ));
        }
        let mut types = parts.headers.get_all(header::CONTENT_TYPE).iter();
        match (
            types.next().and_then(|value| value.to_str().ok()),
            types.next(),
        ) {
            (Some(value), None) if is_json(value) => Ok(Self),
            _ => Err(Error::UnsupportedMediaType(
                "Send the body as \"Content-Type: application/json\" in UTF-8.",
            )),
        }
    }
}

/// Whether a media type is `application/json`, in UTF-8 if it says.
fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let json = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim_matches('"');
        parameter.is_empty()
            || !name.eq_ignore_ascii_case("charset")
            || value.eq_ignore_ascii_case("utf-8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_with_its_parameters_and_in_any_case() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json;",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/jsonp",
            "application/problem+json",
            "application/json; charset=latin1",
            "application/json, text/plain",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }

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
        assert_eq!(code(&["Bearer\tabc"]), Err("invalid_token"));
        assert_eq!(code(&["Bearer abc", "Bearer abc"]), Err("invalid_token"));
    }
}
