//! The ways in which a request can fail, each with its HTTP status and its code.
//!
//! Handlers return [`Error`]; [`crate::http`] turns it into a problem detail and a log line.

use std::time::Duration;

use axum::http::StatusCode;

use crate::db::{self, user::Refusal};
use crate::password::HashError;
use crate::token::{SigningError, TokenError};
use crate::validation::FieldError;

/// The reason for which a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: the URL or a header has characters that HTTP does not allow.
    #[error("malformed request")]
    MalformedRequest,
    /// 400: the body is incomplete or not a JSON object.
    #[error("{0}")]
    MalformedBody(String),
    /// 401 on a protected route: no bearer token was sent.
    #[error("no credentials")]
    MissingToken,
    /// 401 on a protected route: the bearer token is not valid.
    #[error("invalid token: {0}")]
    InvalidToken(TokenError),
    /// 401: unknown e-mail or wrong password, at login, where the answer does not say which, and
    /// where the password is asked for again.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// 401: the refresh token is not valid, or its session is over.
    #[error("invalid session")]
    InvalidSession,
    /// 403: a request with a session cookie or for one, or a form, from a page that may not send it.
    #[error("cross-origin")]
    CrossOrigin,
    /// 404: no route has this path.
    #[error("no such path")]
    NotFound,
    /// 404: the user has no such session.
    #[error("no such session")]
    SessionNotFound,
    /// 405: the route does not support this method. The router adds `Allow`.
    #[error("no such method")]
    MethodNotAllowed,
    /// 409: another user has the e-mail.
    #[error("e-mail taken")]
    EmailTaken,
    /// 409: a unique key other than the e-mail's refused the row. Empty if its fields are unknown.
    #[error("conflict")]
    Conflict(Vec<FieldError>),
    /// 409: a foreign key of another table refuses to delete the user.
    #[error("{0}")]
    Referenced(db::Error),
    /// 413: the body is larger than the limit.
    #[error("body too large")]
    BodyTooLarge,
    /// 415: wrong `Content-Type` or `Content-Encoding`, with a sentence that says which.
    #[error("unsupported media type")]
    UnsupportedMediaType(&'static str),
    /// 422: fields that break a rule.
    #[error("invalid fields")]
    InvalidFields(Vec<FieldError>),
    /// 429: too many requests from one network.
    #[error("rate limited")]
    RateLimited,
    /// 429: too many failed logins of one account; the time to wait.
    #[error("too many attempts")]
    TooManyAttempts(Duration),
    /// 503: the database cannot be reached, timed out or failed.
    #[error("database: {0}")]
    Database(db::Error),
    /// 500: a fault of this program, its configuration or its tables. The text is logged only.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MalformedRequest | Self::MalformedBody(_) => StatusCode::BAD_REQUEST,
            Self::MissingToken
            | Self::InvalidToken(_)
            | Self::InvalidCredentials
            | Self::InvalidSession => StatusCode::UNAUTHORIZED,
            Self::CrossOrigin => StatusCode::FORBIDDEN,
            Self::NotFound | Self::SessionNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::EmailTaken | Self::Conflict(_) | Self::Referenced(_) => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidFields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited | Self::TooManyAttempts(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Database(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns the stable code of the failure, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformed_request",
            Self::MalformedBody(_) => "malformed_body",
            Self::MissingToken => "missing_token",
            Self::InvalidToken(_) => "invalid_token",
            Self::InvalidCredentials => "invalid_credentials",
            Self::InvalidSession => "invalid_session",
            Self::CrossOrigin => "cross_origin",
            Self::NotFound | Self::SessionNotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::EmailTaken => "email_taken",
            Self::Conflict(_) | Self::Referenced(_) => "conflict",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedMediaType(_) => "unsupported_media_type",
            Self::InvalidFields(_) => "invalid_fields",
            Self::RateLimited => "rate_limited",
            Self::TooManyAttempts(_) => "too_many_attempts",
            Self::Database(_) => "database_unavailable",
            Self::Internal(_) => "internal_error",
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
            // 500 and not 503: retrying does not help until the table is changed.
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
