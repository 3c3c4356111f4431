//! Every way in which a request can fail, with its status and its code.
//!
//! A handler returns [`Error`]; [`crate::http`] turns it into a problem detail and the log line.

use std::time::Duration;

use axum::http::StatusCode;

use crate::db::{self, user::Refusal};
use crate::password::HashError;
use crate::token::{SigningError, TokenError};
use crate::validation::FieldError;

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
