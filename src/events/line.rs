//! The log line of a request.

use axum::http::{Method, StatusCode};
use serde::Serialize;

use super::log::{count, write};
use super::{Audit, Event};
use crate::error::Error;
use crate::identity::user_id::UserId;
use crate::platform::{Runtime, Severity};
use crate::time::rfc3339;

/// The contents of a request's log line.
pub(crate) struct Line<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) route: Option<&'a str>,
    pub(crate) status: StatusCode,
    pub(crate) audit: Option<&'a Audit>,
    pub(crate) client: Option<&'a str>,
    pub(crate) failure: Option<&'a Error>,
}

/// The JSON form of a [`Line`].
#[derive(Serialize)]
struct Json<'a> {
    time: String,
    event: &'static str,
    request_id: &'a str,
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Line<'_> {
    /// Writes the line and counts its event.
    pub(crate) fn write(&self, runtime: &dyn Runtime) {
        let event = self.audit.map_or(Event::Request, |audit| audit.event);
        let json = Json {
            time: rfc3339(i64::try_from(runtime.now()).unwrap_or_default()),
            event: event.name(),
            request_id: self.request_id,
            method: known(self.method),
            path: self.route,
            status: self.status.as_u16(),
            user_id: self.audit.and_then(|audit| audit.user_id),
            account: self
                .audit
                .and_then(|audit| audit.account)
                .map(|account| account.to_string()),
            client: self.client,
            code: self.failure.map(Error::code),
            reason: self.failure.and_then(reason),
        };
        let severity = if self.status.is_server_error() {
            Severity::Error
        } else {
            event.severity()
        };
        write(runtime, severity, &json);
        count(runtime, event);
    }
}

/// Returns the name of a standard method, or "other": a client can make methods up.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Returns what the log says about a failure beyond its code.
fn reason(error: &Error) -> Option<String> {
    match error {
        Error::InvalidToken(_) | Error::Referenced(_) | Error::Database(_) | Error::Internal(_) => {
            Some(error.to_string())
        }
        Error::InvalidFields(errors) | Error::Conflict(errors) if !errors.is_empty() => {
            let broken = errors
                .iter()
                .map(|error| format!("{}: {}", error.field, error.code));
            Some(broken.collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
}
