//! The log: one line for each request, and lines for further events. Each line is a JSON object.
//!
//! The only values from the client are its address and a request id of a restricted form: no body,
//! token, path as sent, query or e-mail is logged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Event;
use crate::config::Stray;
use crate::db::{self, Observer};
use crate::error::Error;
use crate::http::request_id;
use crate::identity::pseudonym::AccountPseudonym;
use crate::identity::user_id::UserId;
use crate::platform::{Runtime, Severity};
use crate::time::rfc3339;

/// The event that a handler reports in the log line of its request, and the user or account.
#[derive(Debug, Clone, Copy)]
pub struct Audit {
    /// The event.
    pub event: Event,
    /// `user.id`.
    pub user_id: Option<UserId>,
    /// The account, if the client did not prove to be its user.
    pub account: Option<AccountPseudonym>,
}

impl Audit {
    /// Creates an audit of an action by a user.
    #[must_use]
    pub fn user(event: Event, user_id: UserId) -> Self {
        Self {
            event,
            user_id: Some(user_id),
            account: None,
        }
    }

    /// Creates an audit of an attempt on an account.
    #[must_use]
    pub fn account(event: Event, account: AccountPseudonym) -> Self {
        Self {
            event,
            user_id: None,
            account: Some(account),
        }
    }

    /// Attaches the audit to a response.
    pub fn on(self, response: impl IntoResponse) -> Response {
        let mut response = response.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes further log lines about a request, for events before or after its response.
#[derive(Clone)]
pub struct Log {
    runtime: Arc<dyn Runtime>,
    request_id: Arc<str>,
}

impl Log {
    pub(crate) fn new(runtime: Arc<dyn Runtime>, request_id: &str) -> Self {
        Self {
            runtime,
            request_id: request_id.into(),
        }
    }

    /// A log for work that belongs to no request. Its lines have an id of their own.
    pub(crate) fn of_no_request(runtime: Arc<dyn Runtime>) -> Self {
        Self::new(runtime, &request_id::random())
    }

    /// Writes a line about an event, and counts the event.
    pub fn write(&self, event: Event, user_id: Option<UserId>, reason: Option<String>) {
        let note = Note {
            time: rfc3339(i64::try_from(self.runtime.now()).unwrap_or_default()),
            event: event.name(),
            request_id: &self.request_id,
            user_id,
            reason,
        };
        write(&*self.runtime, event.severity(), &note);
        self.count(event);
    }

    /// Counts an event without a line of its own.
    pub fn count(&self, event: Event) {
        count(&*self.runtime, event);
    }
}

impl Observer for Log {
    fn retrying(&self, failed: &db::Error) {
        self.write(Event::StatementRetried, None, Some(failed.to_string()));
    }
}

impl<S: Sync> FromRequestParts<S> for Log {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let log = parts.extensions.get::<Self>().cloned();
        log.ok_or_else(|| Error::Internal("a request without a log".to_owned()))
    }
}

/// A further log line about a request.
#[derive(Serialize)]
struct Note<'a> {
    time: String,
    event: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A log line that belongs to no request.
#[derive(Serialize)]
struct StartLine<'a> {
    time: String,
    event: &'static str,
    reason: &'a str,
}

/// Logs the name of a variable that looks like a misspelt setting, without its value.
pub(crate) fn report_stray(runtime: &dyn Runtime, stray: Stray<'_>) {
    // Keeps the line short.
    let name: String = stray.name.chars().take(64).collect();
    let meant = stray.meant;
    let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
    let line = StartLine {
        time: rfc3339(i64::try_from(runtime.now()).unwrap_or_default()),
        event: Event::UnknownSetting.name(),
        reason: &format!("{name} is not a setting of Gatehouse{meant}"),
    };
    write(runtime, Event::UnknownSetting.severity(), &line);
}

pub(super) fn write(runtime: &dyn Runtime, severity: Severity, line: &impl Serialize) {
    // A struct of strings and numbers always serialises.
    if let Ok(text) = serde_json::to_string(line) {
        contained(|| runtime.log(severity, &text));
    }
}

/// Counts an event if [`Event::is_counted`].
pub(super) fn count(runtime: &dyn Runtime, event: Event) {
    if event.is_counted() {
        contained(|| runtime.count(event.name()));
    }
}

/// Catches a panic of the log or of a counter, so that it does not fail the request.
fn contained(work: impl FnOnce()) {
    // The log itself has failed, so there is nowhere to report it.
    let _ = catch_unwind(AssertUnwindSafe(work));
}
