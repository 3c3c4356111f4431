//! Every way a request can fail, and what the client is told of it (RFC 9457).
//!
//! A handler returns [`Error`]; [`crate::respond`] turns it into the body and the log line. What
//! a 5xx was caused by goes to the log and never to the client.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::db::{self, refusal::Refusal};
use crate::password::HashError;
use crate::rule::FieldError;
use crate::token::{SigningError, TokenError};

/// Why a request fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: the request's line or headers cannot be read.
    #[error("malformed request")]
    MalformedRequest,
    /// 400: the body is not the JSON it should be.
    #[error("{0}")]
    MalformedBody(String),
    /// 401 on a protected route: no credentials came.
    #[error("no credentials")]
    MissingToken,
    /// 401 on a protected route: the credentials are no good.
    #[error("invalid token: {0}")]
    InvalidToken(TokenError),
    /// 401 at login: no such account or another password; nobody is told which.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// 404.
    #[error("no such path")]
    NotFound,
    /// 405; the router adds `Allow`.
    #[error("no such method")]
    MethodNotAllowed,
    /// 409: another user has the e-mail.
    #[error("e-mail taken")]
    EmailTaken,
    /// 409: another user has something else that must be unique; the fields where they are known.
    #[error("conflict")]
    Conflict(Vec<FieldError>),
    /// 413.
    #[error("body too large")]
    BodyTooLarge,
    /// 415.
    #[error("unsupported media type")]
    UnsupportedMediaType(&'static str),
    /// 422.
    #[error("invalid fields")]
    InvalidFields(Vec<FieldError>),
    /// 429: too many requests from one address.
    #[error("rate limited")]
    RateLimited,
    /// 429: too many failed logins of one account.
    #[error("too many attempts")]
    TooManyAttempts(Duration),
    /// 503: the database cannot be reached, is too slow or does not do what it should.
    #[error("database: {0}")]
    Database(db::Error),
    /// 500: a fault of this program or its configuration.
    #[error("{0}")]
    Internal(String),
}

/// Seconds after which a client may try again when the database was away.
const DATABASE_AWAY: u64 = 5;
/// Seconds of the longest period that a rate limit of Workers can have; they do not say how much
/// of it is left.
const RATE_LIMIT_PERIOD: u64 = 60;

impl Error {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MalformedRequest | Self::MalformedBody(_) => StatusCode::BAD_REQUEST,
            Self::MissingToken | Self::InvalidToken(_) | Self::InvalidCredentials => {
                StatusCode::UNAUTHORIZED
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::EmailTaken | Self::Conflict(_) => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidFields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited | Self::TooManyAttempts(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Database(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable name of the failure, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformed_request",
            Self::MalformedBody(_) => "malformed_body",
            Self::MissingToken => "missing_token",
            Self::InvalidToken(_) => "invalid_token",
            Self::InvalidCredentials => "invalid_credentials",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::EmailTaken => "email_taken",
            Self::Conflict(_) => "conflict",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedMediaType(_) => "unsupported_media_type",
            Self::InvalidFields(_) => "invalid_fields",
            Self::RateLimited => "rate_limited",
            Self::TooManyAttempts(_) => "too_many_attempts",
            Self::Database(_) => "database_unavailable",
            Self::Internal(_) => "internal_error",
        }
    }

    /// A sentence for people. For a 5xx it is constant.
    fn detail(&self) -> String {
        match self {
            Self::MalformedBody(detail) => return detail.clone(),
            Self::MalformedRequest => {
                "The URL or a header has characters that HTTP does not allow."
            }
            Self::UnsupportedMediaType(detail) => detail,
            Self::MissingToken => "Send an access token as \"Authorization: Bearer <token>\".",
            Self::InvalidToken(_) => "The access token is not valid; log in again.",
            Self::InvalidCredentials => "The e-mail or the password is wrong.",
            Self::NotFound => "There is nothing at this path.",
            Self::MethodNotAllowed => "This path does not know this method; see the Allow header.",
            Self::EmailTaken => "A user with this e-mail exists already.",
            Self::Conflict(_) => "Another user has a value that must be unique.",
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

    /// Seconds after which a client may try again.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited => Some(RATE_LIMIT_PERIOD),
            // Up, or it would be refused again.
            Self::TooManyAttempts(wait) => {
                Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
            }
            Self::Database(_) => Some(DATABASE_AWAY),
            _ => None,
        }
    }

    /// Adds the headers that belong to the status.
    fn extend_headers(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let challenge = match self {
            Self::MissingToken | Self::InvalidCredentials => "Bearer",
            Self::InvalidToken(_) => "Bearer error=\"invalid_token\"",
            _ => return,
        };
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        );
    }

    /// The body.
    pub(crate) fn problem<'a>(&'a self, request_id: &'a str) -> Problem<'a> {
        Problem {
            r#type: "about:blank",
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

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::EmailTaken => Self::EmailTaken,
            Refusal::Conflict(fields) => Self::Conflict(fields),
            Refusal::Invalid(fields) => Self::InvalidFields(fields),
            // Not a failure that would pass by itself.
            Refusal::Database(db::Error::Schema(reason)) => Self::Internal(reason),
            Refusal::Database(error) => Self::Database(error),
        }
    }
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<SigningError> for Error {
    fn from(error: SigningError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// A problem detail of RFC 9457.
#[derive(Serialize)]
pub(crate) struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

/// The error on its way to [`crate::respond`], which knows the request's id.
#[derive(Clone)]
pub(crate) struct Failure(pub(crate) std::sync::Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        self.extend_headers(response.headers_mut());
        response
            .extensions_mut()
            .insert(Failure(std::sync::Arc::new(self)));
        response
    }
}
