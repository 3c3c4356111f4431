//! Responses in the shape of OAuth 2.0 (RFC 6749, 5), for clients that send its forms.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

use super::input::has_form;
use super::problem::Failure;
use crate::error::Error;
use crate::validation::FieldError;

/// The body of an error (RFC 6749, 5.2).
#[derive(Serialize)]
pub(super) struct OAuthError {
    error: &'static str,
    error_description: String,
    /// The address of the explanation of the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_uri: Option<String>,
}

/// Middleware of a token endpoint, which answers a form in the shape of OAuth 2.0.
pub async fn answer_forms(request: Request, next: Next) -> Response {
    let is_form = has_form(request.headers());
    let response = next.run(request).await;
    if is_form {
        to_oauth(response)
    } else {
        response
    }
}

/// Turns a response into one of OAuth 2.0: of an error the status and (in `respond`) the body, of tokens
/// `Pragma`.
fn to_oauth(mut response: Response) -> Response {
    let Some(failure) = response.extensions_mut().get_mut::<Failure>() else {
        // Beside `Cache-Control: no-store`, which every response has (5.1).
        let no_cache = HeaderValue::from_static("no-cache");
        response.headers_mut().insert(header::PRAGMA, no_cache);
        return response;
    };
    // As the 500 of a bad configuration and of a panic, which never get here. RFC 6749 has no word for it.
    if matches!(*failure.error, Error::Internal(_)) {
        return response;
    }
    failure.is_oauth = true;
    if matches!(
        *failure.error,
        Error::InvalidCredentials | Error::InvalidSession | Error::InvalidFields(_)
    ) {
        *response.status_mut() = StatusCode::BAD_REQUEST;
        response.headers_mut().remove(header::WWW_AUTHENTICATE);
    }
    response
}

impl OAuthError {
    /// Describes an error. `base_url` is `PROBLEM_BASE_URL`.
    pub(super) fn of(error: &Error, base_url: Option<&str>) -> Self {
        let description = match error {
            Error::InvalidFields(errors) => describe(errors),
            _ => error.detail(),
        };
        Self {
            error: name(error),
            // RFC 6749 allows no quotation mark in it.
            error_description: description.replace('"', "'"),
            error_uri: base_url.map(|base| base.to_owned() + error.code()),
        }
    }
}

/// The `error` of an error: one of the RFC's, or else its code.
fn name(error: &Error) -> &'static str {
    match error {
        Error::InvalidCredentials | Error::InvalidSession => "invalid_grant",
        Error::InvalidFields(errors) => {
            let is_other_grant =
                |error: &FieldError| error.field == "grant_type" && error.code == "unsupported";
            if errors.iter().any(is_other_grant) {
                "unsupported_grant_type"
            } else {
                "invalid_request"
            }
        }
        Error::MalformedBody(_) | Error::BodyTooLarge | Error::UnsupportedMediaType(_) => {
            "invalid_request"
        }
        _ => error.code(),
    }
}

fn describe(errors: &[FieldError]) -> String {
    let each = errors.iter();
    let each = each.map(|error| format!("{}: {}", error.field, error.message));
    each.collect::<Vec<_>>().join(" ")
}
