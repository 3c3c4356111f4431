//! The log: one line a request, and now and then one beside it; each is a JSON object.
//!
//! It holds nothing that a client chose but its address and a request id of a strict form: no
//! body, no token, no path as sent, no query, no e-mail.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::account::AccountKey;
use crate::config::Stray;
use crate::error::Error;
use crate::platform::{Level, Platform};
use crate::time::rfc3339;
use crate::user_id::UserId;

/// What a handler wants in the log line: the event and whom it is about.
#[derive(Debug, Clone, Copy)]
pub struct Audit {
    /// What happened, in the past tense.
    pub event: &'static str,
    /// `user.id`.
    pub user_id: Option<UserId>,
    /// The account that was tried, where nobody has shown to be its user.
    pub account: Option<AccountKey>,
}

impl Audit {
    /// Something that a user did.
    #[must_use]
    pub fn user(event: &'static str, user_id: UserId) -> Self {
        Self {
            event,
            user_id: Some(user_id),
            account: None,
        }
    }

    /// Something that was done to an account.
    #[must_use]
    pub fn account(event: &'static str, account: AccountKey) -> Self {
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

/// The route that matched, once the router knows. It is noted on the way in, so that it is there
/// whatever becomes of the request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Route(Arc<OnceLock<MatchedPath>>);

impl Route {
    pub(crate) fn path(&self) -> Option<&str> {
        self.0.get().map(MatchedPath::as_str)
    }
}

/// The middleware around the routes that notes which one matched.
pub async fn note_route(route: MatchedPath, request: Request, next: Next) -> Response {
    if let Some(Route(noted)) = request.extensions().get() {
        noted.get_or_init(|| route);
    }
    next.run(request).await
}

/// What a line tells.
pub(crate) struct Line<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) route: Option<&'a str>,
    pub(crate) status: StatusCode,
    pub(crate) audit: Option<&'a Audit>,
    pub(crate) client: Option<&'a str>,
    pub(crate) failure: Option<&'a Error>,
}

/// A line as it is written.
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
    pub(crate) fn write(&self, platform: &dyn Platform) {
        let json = Json {
            time: rfc3339(i64::try_from(platform.now()).unwrap_or_default()),
            event: self.audit.map_or("request", |audit| audit.event),
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
        let level = if self.status.is_server_error() {
            Level::Error
        } else {
            Level::Info
        };
        write(platform, level, &json);
    }
}

/// A line beside the one of the request: something that happened on the way, or after the answer.
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
pub(crate) fn report_stray(platform: &dyn Platform, stray: Stray<'_>) {
    // A name is the deployer's own, but a log line has its bounds.
    let name: String = stray.name.chars().take(64).collect();
    let meant = stray.meant;
    let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
    let line = StartLine {
        time: rfc3339(i64::try_from(platform.now()).unwrap_or_default()),
        event: "unknown_setting",
        reason: &format!("{name} is no setting of Gatehouse{meant}"),
    };
    write(platform, Level::Error, &line);
}

/// The id of a request, for the lines that are written beside its own.
#[derive(Debug, Clone)]
pub struct RequestId(Arc<str>);

impl RequestId {
    pub(crate) fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// Logs and counts something that went as it should.
    pub fn note(&self, platform: &dyn Platform, event: &'static str, user_id: Option<UserId>) {
        self.write(platform, Level::Info, event, user_id, None);
    }

    /// Logs and counts something that someone should look at.
    pub fn alarm(
        &self,
        platform: &dyn Platform,
        event: &'static str,
        user_id: Option<UserId>,
        reason: String,
    ) {
        self.write(platform, Level::Error, event, user_id, Some(reason));
    }

    fn write(
        &self,
        platform: &dyn Platform,
        level: Level,
        event: &'static str,
        user_id: Option<UserId>,
        reason: Option<String>,
    ) {
        let note = Note {
            time: rfc3339(i64::try_from(platform.now()).unwrap_or_default()),
            event,
            request_id: &self.0,
            user_id,
            reason,
        };
        write(platform, level, &note);
        count(platform, event);
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let id = parts.extensions.get::<Self>().cloned();
        id.ok_or_else(|| Error::Internal("a request without an id".to_owned()))
    }
}

fn write(platform: &dyn Platform, level: Level, line: &impl Serialize) {
    // A struct of strings and numbers always serialises.
    if let Ok(text) = serde_json::to_string(line) {
        contained(|| platform.log(level, &text));
    }
}

/// Counts an event.
pub(crate) fn count(platform: &dyn Platform, event: &'static str) {
    contained(|| platform.count(event));
}

/// Keeps a failure of the log or of a counter from becoming one of the request.
fn contained(work: impl FnOnce()) {
    // Nobody is left to be told.
    let _ = catch_unwind(AssertUnwindSafe(work));
}

/// The method, unless a client made it up.
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

/// What the log says of a failure beyond its code.
fn reason(error: &Error) -> Option<String> {
    match error {
        Error::InvalidToken(_) | Error::Database(_) | Error::Internal(_) => Some(error.to_string()),
        Error::InvalidFields(errors) | Error::Conflict(errors) if !errors.is_empty() => {
            let broken = errors
                .iter()
                .map(|error| format!("{}: {}", error.field, error.code));
            Some(broken.collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
}
