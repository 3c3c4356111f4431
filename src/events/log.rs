//! The log: one line a request, and now and then one beside it; each is a JSON object.
//!
//! It holds nothing that a client chose but its address and a request id of a strict form: no
//! body, no token, no path as sent, no query, no e-mail.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Event;
use crate::config::Stray;
use crate::error::Error;
use crate::identity::pseudonym::AccountPseudonym;
use crate::identity::user_id::UserId;
use crate::platform::{Runtime, Severity};
use crate::time::rfc3339;

/// What a handler wants in the log line: the event and whom it is about.
#[derive(Debug, Clone, Copy)]
pub struct Audit {
    /// What happened.
    pub event: Event,
    /// `user.id`.
    pub user_id: Option<UserId>,
    /// The account that was tried, where nobody has shown to be its user.
    pub account: Option<AccountPseudonym>,
}

impl Audit {
    /// Something that a user did.
    #[must_use]
    pub fn user(event: Event, user_id: UserId) -> Self {
        Self {
            event,
            user_id: Some(user_id),
            account: None,
        }
    }

    /// Something that was done to an account.
    #[must_use]
    pub fn account(event: Event, account: AccountPseudonym) -> Self {
        Self {
            event,
            user_id: None,
            account: Some(account),
        }
    }

    /// Attaches it to an answer.
    pub fn on(self, response: impl IntoResponse) -> Response {
        let mut response = response.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes lines about one request beside its own: what happened on the way, or after the answer.
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

    /// Writes a line about an event, and counts it.
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

    /// Counts an event that the request's own line tells of.
    pub fn count(&self, event: Event) {
        count(&*self.runtime, event);
    }
}

impl<S: Sync> FromRequestParts<S> for Log {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let log = parts.extensions.get::<Self>().cloned();
        log.ok_or_else(|| Error::Internal("a request without a log".to_owned()))
    }
}

/// A line beside the one of the request.
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

/// A line of the start-up: there is no request yet.
#[derive(Serialize)]
struct StartLine<'a> {
    time: String,
    event: &'static str,
    reason: &'a str,
}

/// Reports a variable that looks like a setting and is none, by its name alone.
pub(crate) fn report_stray(runtime: &dyn Runtime, stray: Stray<'_>) {
    // A name is the deployer's own, but a log line has its bounds.
    let name: String = stray.name.chars().take(64).collect();
    let meant = stray.meant;
    let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
    let line = StartLine {
        time: rfc3339(i64::try_from(runtime.now()).unwrap_or_default()),
        event: Event::UnknownSetting.name(),
        reason: &format!("{name} is no setting of Gatehouse{meant}"),
    };
    write(runtime, Event::UnknownSetting.severity(), &line);
}

pub(super) fn write(runtime: &dyn Runtime, severity: Severity, line: &impl Serialize) {
    // A struct of strings and numbers always serialises.
    if let Ok(text) = serde_json::to_string(line) {
        contained(|| runtime.log(severity, &text));
    }
}

/// Counts an event, if it is one of those that are counted.
pub(super) fn count(runtime: &dyn Runtime, event: Event) {
    if event.is_counted() {
        contained(|| runtime.count(event.name()));
    }
}

/// Keeps a failure of the log or of a counter from becoming one of the request.
fn contained(work: impl FnOnce()) {
    // Nobody is left to be told.
    let _ = catch_unwind(AssertUnwindSafe(work));
}
