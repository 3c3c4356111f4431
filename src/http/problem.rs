//! The response to an [`Error`]: a problem detail (RFC 9457), or for OAuth 2.0 its own shape, and the
//! headers of its status.
//!
//! The cause of a 5xx is logged and never sent to the client.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::oauth::OAuthError;
use crate::error::Error;
use crate::random;
use crate::validation::FieldError;

/// `Retry-After` of a 503, in seconds, the least and the most. Less than 5 s, after which workerd and
/// many proxies close idle connections: a POST on a connection that is just being closed fails.
/// Random, so that the clients of a failed database do not all come back at once.
const DATABASE_AWAY: RangeInclusive<u64> = 2..=4;
/// `Retry-After` after a rate limit, in seconds: the longest period that a rate limit of Workers
/// can have. Workers do not tell how much of it is left.
const RATE_LIMIT_PERIOD: u64 = 60;

impl Error {
    /// Returns the `detail` member, a sentence for people. It is constant for a 5xx.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::MalformedBody(detail) => return detail.clone(),
            Self::MalformedRequest => {
                "The URL or a header has characters that HTTP does not allow."
            }
            Self::UnsupportedMediaType(detail) => detail,
            Self::MissingToken => "Send an access token as \"Authorization: Bearer <token>\".",
            Self::InvalidToken(_) => "The access token is not valid; refresh it or log in again.",
            Self::InvalidCredentials => "The e-mail or the password is wrong.",
            Self::InvalidSession => "The session is over; log in again.",
            Self::CrossOrigin => {
                "Only pages of this origin may send this request; see CORS_ORIGINS for others."
            }
            Self::NotFound => "There is nothing at this path.",
            Self::SessionNotFound => "The user has no such session; it may have ended.",
            Self::MethodNotAllowed => "This path does not allow this method; see the Allow header.",
            Self::EmailTaken => "A user with this e-mail exists already.",
            Self::Conflict(_) => "Another user has a value that must be unique.",
            Self::Referenced(_) => {
                "Other data refers to the user, who cannot be deleted before it."
            }
            Self::BodyTooLarge => "The body is larger than 16 KiB.",
            Self::InvalidFields(_) => "Some fields are not valid; see errors.",
            Self::RateLimited => "Too many requests from this address; try again in a minute.",
            Self::TooManyAttempts(_) => {
                "Too many failed logins; try again when the time in Retry-After has passed."
            }
            Self::Database(_) => "The service cannot use its database; try again in a moment.",
            Self::Internal(_) => "The service failed; the fault is recorded under the request id.",
        }
        .to_owned()
    }

    /// Returns the seconds after which the client may try again.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited => Some(RATE_LIMIT_PERIOD),
            // Rounded up, since an earlier retry would be refused.
            Self::TooManyAttempts(wait) => {
                Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
            }
            Self::Database(_) => Some(random_in(DATABASE_AWAY)),
            _ => None,
        }
    }

    /// Adds the headers that belong to the status.
    fn extend_headers(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let challenge = match self {
            Self::MissingToken | Self::InvalidCredentials | Self::InvalidSession => "Bearer",
            Self::InvalidToken(_) => "Bearer error=\"invalid_token\"",
            _ => return,
        };
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        );
    }

    /// Returns the `type` member, the address of the code's explanation.
    fn problem_type(&self, base_url: Option<&str>) -> Cow<'static, str> {
        base_url.map_or("about:blank".into(), |base| {
            (base.to_owned() + self.code()).into()
        })
    }

    fn problem<'a>(&'a self, request_id: &'a str, base_url: Option<&str>) -> Problem<'a> {
        Problem {
            r#type: self.problem_type(base_url),
            title: self.status().canonical_reason().unwrap_or_default(),
            status: self.status().as_u16(),
            detail: self.detail(),
            code: self.code(),
            request_id,
            errors: match self {
                Self::InvalidFields(errors) | Self::Conflict(errors) => errors,
                _ => &[],
            },
        }
    }
}

/// Returns a random number of a small range, or its start if there is no randomness.
fn random_in(range: RangeInclusive<u64>) -> u64 {
    let size = range.end() - range.start() + 1;
    range.start() + u64::from(random::byte().unwrap_or(0)) % size
}

/// A problem detail of RFC 9457.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: Cow<'static, str>,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

/// An extension that carries the error to [`super::respond`], which knows the request id.
#[derive(Clone)]
pub(crate) struct Failure {
    pub(crate) error: Arc<Error>,
    /// Whether the body is an OAuth 2.0 error and not a problem detail.
    pub(super) is_oauth: bool,
}

impl Failure {
    /// Writes the error into the body of a response. `base_url` is `PROBLEM_BASE_URL`.
    pub(super) fn write(&self, response: &mut Response, request_id: &str, base_url: Option<&str>) {
        let (body, media_type) = if self.is_oauth {
            let body = OAuthError::of(&self.error, base_url);
            (serde_json::to_vec(&body), "application/json")
        } else {
            let body = self.error.problem(request_id, base_url);
            (serde_json::to_vec(&body), "application/problem+json")
        };
        // A struct of strings and numbers always serialises.
        if let Ok(body) = body {
            *response.body_mut() = Body::from(body);
            let media_type = HeaderValue::from_static(media_type);
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, media_type);
            headers.remove(header::CONTENT_LENGTH);
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        self.extend_headers(response.headers_mut());
        response.extensions_mut().insert(Failure {
            error: Arc::new(self),
            is_oauth: false,
        });
        response
    }
}
