//! What every answer goes through: the request id, the body of an error, the headers, CORS, and
//! the one log line of the request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat};
use futures_util::FutureExt as _;
use serde::Serialize;

use crate::error::{Error, Failure};
use crate::platform::{Level, Platform};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("cf-connecting-ip");

/// Headers of every answer. The API answers with data, so no browser has a reason to run, frame,
/// sniff or keep any of it.
const FIXED_HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=31536000; includeSubDomains",
    ),
    (header::VARY, "Origin"),
];

/// What a browser's script may read beside the body.
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("Retry-After, WWW-Authenticate, X-Request-Id");
/// What a browser's script may send.
const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("Authorization, Content-Type, X-Request-Id");
/// Seconds for which a browser may remember a preflight.
const PREFLIGHT_MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Finishes the answers.
pub struct Responder {
    platform: Arc<dyn Platform>,
    cors_origins: Vec<HeaderValue>,
}

impl Responder {
    /// A responder that lets these origins in.
    #[must_use]
    pub fn new(platform: Arc<dyn Platform>, cors_origins: Vec<HeaderValue>) -> Self {
        Self {
            platform,
            cors_origins,
        }
    }
}

/// What a handler wants in the log line: the event and the user it is about.
#[derive(Debug, Clone, Copy)]
pub struct Audit {
    /// What happened, in the past tense.
    pub event: &'static str,
    /// `user.id`.
    pub user_id: i64,
}

impl Audit {
    /// Attaches it to an answer.
    pub fn on(self, response: impl IntoResponse) -> Response {
        let mut response = response.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The route that matched, handed up from inside the router for the log.
#[derive(Debug, Clone)]
struct Route(MatchedPath);

/// The middleware around the routes: notes which one matched. The path as sent is not logged, since
/// people paste secrets into paths.
pub async fn note_route(route: MatchedPath, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Route(route));
    response
}

/// The middleware around the whole router.
pub async fn respond(
    State(responder): State<Arc<Responder>>,
    request: Request,
    next: Next,
) -> Response {
    let request_id = request_id(request.headers());
    let method = request.method().clone();
    let origin = responder.allowed_origin(request.headers());
    let client = request.headers().get(CLIENT_ADDRESS).cloned();

    // A panic is a fault like any other: it gets an answer, and the other requests of this
    // isolate go on. (It takes a build with `--panic-unwind`.)
    let mut response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => Error::Internal(format!("panic: {}", panic_message(&*panic))).into_response(),
    };

    let failure = response.extensions_mut().remove::<Failure>();
    answer_options(&method, &mut response);
    if let Some(Failure(error)) = &failure
        && response.status() == error.status()
    {
        write_problem(&mut response, error, &request_id);
    }
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    write_headers(&mut response, &method, origin, &request_id);
    responder.log(&LogLine {
        time: rfc3339(responder.platform.now()),
        event: response
            .extensions()
            .get::<Audit>()
            .map_or("request", |audit| audit.event),
        request_id: &request_id,
        method: known_method(&method),
        path: response
            .extensions()
            .get::<Route>()
            .map(|route| route.0.as_str()),
        status: response.status().as_u16(),
        user_id: response
            .extensions()
            .get::<Audit>()
            .map(|audit| audit.user_id),
        client: client.as_ref().and_then(|value| value.to_str().ok()),
        code: failure.as_ref().map(|failure| failure.0.code()),
        reason: failure.as_ref().and_then(|failure| reason(&failure.0)),
    });
    response
}

/// OPTIONS is answered from what the router allows: no second table of methods.
fn answer_options(method: &Method, response: &mut Response) {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return;
    }
    let allowed = response
        .headers()
        .get(header::ALLOW)
        .and_then(|value| value.to_str().ok());
    let methods = format!("{},OPTIONS", allowed.unwrap_or_default()).replace(',', ", ");
    if let Ok(value) = HeaderValue::from_str(methods.trim_start_matches(", ")) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    if method == Method::OPTIONS {
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = Body::empty();
    }
}

fn write_problem(response: &mut Response, error: &Error, request_id: &str) {
    // A struct of strings and numbers always serialises; the status alone would do as well.
    if let Ok(body) = serde_json::to_vec(&error.problem(request_id)) {
        *response.body_mut() = Body::from(body);
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
}

fn write_headers(
    response: &mut Response,
    method: &Method,
    origin: Option<HeaderValue>,
    request_id: &str,
) {
    let preflight = *method == Method::OPTIONS && response.status() == StatusCode::NO_CONTENT;
    let allow = response.headers().get(header::ALLOW).cloned();
    let headers = response.headers_mut();
    for (name, value) in FIXED_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    let Some(origin) = origin else {
        return;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    if let (true, Some(methods)) = (preflight, allow) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE);
    }
}

impl Responder {
    /// The request's origin, if it is on the list, byte for byte.
    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.cors_origins
            .iter()
            .find(|allowed| *allowed == origin)
            .cloned()
    }

    fn log(&self, line: &LogLine<'_>) {
        let level = if line.status >= 500 {
            Level::Error
        } else {
            Level::Info
        };
        if let Ok(text) = serde_json::to_string(line) {
            self.platform.log(level, &text);
        }
    }
}

/// The log line of a request. It holds nothing that a client chose but its address and a request
/// id of a strict form: no body, no token, no query, no e-mail.
#[derive(Serialize)]
struct LogLine<'a> {
    time: String,
    event: &'static str,
    request_id: &'a str,
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The client's own id for the request, if it is one that can go into a log and a header as it
/// is; otherwise a random one.
fn request_id(headers: &HeaderMap) -> String {
    let sent = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let is_plain = |id: &&str| {
        (8..=64).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    if let Some(id) = sent.filter(is_plain) {
        return id.to_owned();
    }
    let mut id = [0; 16];
    // Without randomness ids are all the same, and everything else fails with a reason.
    let _ = getrandom::fill(&mut id);
    format!("{:032x}", u128::from_be_bytes(id))
}

/// The method, unless a client made it up.
fn known_method(method: &Method) -> &'static str {
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
        Error::InvalidFields(errors) => {
            let broken = errors
                .iter()
                .map(|error| format!("{}: {}", error.field, error.code));
            Some(broken.collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
}

fn rfc3339(seconds: u64) -> String {
    let date = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    date.unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Secs, true)
}
