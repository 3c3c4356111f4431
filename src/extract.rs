//! What handlers take out of requests.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, header, request::Parts};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use crate::app::App;
use crate::error::{Error, FieldError, TokenError};
use crate::json::{Object, Value};

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 16 * 1024;

/// The user that the request's access token names. Asking for it is what protects a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentUser {
    /// `user.id`.
    pub id: i64,
}

impl FromRequestParts<Arc<App>> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        let token = bearer_token(&parts.headers)?;
        let id = app
            .tokens
            .verify(token, app.platform.now())
            .map_err(Error::InvalidToken)?;
        Ok(Self { id })
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

/// The headers of a JSON body, checked. Put before [`CurrentUser`], it keeps the order in which a
/// request is refused: size, type, token, JSON, fields.
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

/// The members of a JSON body, and what is wrong with those that were asked for.
#[derive(Default)]
pub struct Fields {
    object: Object,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let (mut parts, body) = request.into_parts();
        JsonHead::from_request_parts(&mut parts, state).await?;
        let body = read_limited(body).await?;
        let object = Object::parse(&body).map_err(Error::MalformedBody)?;
        Ok(Self {
            object,
            errors: Vec::new(),
        })
    }
}

/// Reads a body to its end, or to one byte over the limit.
async fn read_limited(mut body: Body) -> Result<Bytes, Error> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|_| Error::MalformedBody("The body ended before its time.".to_owned()))?;
        if let Ok(data) = frame.into_data() {
            if read.len() + data.len() > MAX_BODY {
                return Err(Error::BodyTooLarge);
            }
            read.extend_from_slice(&data);
        }
    }
    Ok(read.freeze())
}

impl Fields {
    /// A member that must be there, parsed; none when something is wrong with it, which
    /// [`Fields::finish`] reports together with everything else that is.
    pub fn required<T, E: Into<FieldRule>>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<T> {
        match self.object.take(field) {
            Some(Value::String(text)) => self.parse(field, text, parse),
            None => self.refuse(field, "required", "This field is required.".into()),
            Some(other) => self.wrong_type(field, &other),
        }
    }

    /// A member that may be missing (`None`) or null (`Some(None)`), parsed if it is neither.
    pub fn optional<T, E: Into<FieldRule>>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match self.object.take(field)? {
            Value::Null => Some(None),
            Value::String(text) => self.parse(field, text, parse).map(Some),
            other => self.wrong_type(field, &other),
        }
    }

    /// Reports a rule that only the handler can check.
    pub fn refuse<T>(
        &mut self,
        field: &'static str,
        code: &'static str,
        message: String,
    ) -> Option<T> {
        self.errors.push(FieldError {
            field,
            code,
            message,
        });
        None
    }

    /// The end of validation.
    ///
    /// # Errors
    /// [`Error::InvalidFields`] with all that was wrong.
    pub fn finish(self) -> Result<(), Error> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Error::InvalidFields(self.errors))
        }
    }

    fn parse<T, E: Into<FieldRule>>(
        &mut self,
        field: &'static str,
        text: String,
        parse: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<T> {
        match parse(text) {
            Ok(value) => Some(value),
            Err(rule) => {
                let FieldRule { code, message } = rule.into();
                self.refuse(field, code, message)
            }
        }
    }

    fn wrong_type<T>(&mut self, field: &'static str, value: &Value) -> Option<T> {
        let message = format!("This field must be a string, not {}.", value.kind());
        self.refuse(field, "invalid_type", message)
    }
}

/// A rule that a field broke: a stable name and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRule {
    /// A stable name.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl FieldRule {
    /// A rule.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl From<std::convert::Infallible> for FieldRule {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
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
