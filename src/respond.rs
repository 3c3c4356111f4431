//! What every answer goes through: the request id, the body of an error, the headers, CORS.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;

use crate::client::CLIENT_ADDRESS;
use crate::config::HttpConfig;
use crate::drain::Rest;
use crate::error::{Error, Failure};
use crate::events::{Audit, Line, Log};
use crate::http::matched_route::Route;
use crate::platform::Runtime;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
    // For what is fetched without CORS (an image, a script); a listed origin's CORS requests are
    // not asked for it (Fetch, "cross-origin resource policy check").
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::VARY, "Origin"),
];

/// What a browser's script may read beside the body.
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("Retry-After, WWW-Authenticate, X-Request-Id");
/// A year of HTTPS, for the API's own host: what its subdomains do is the zone's owner's to say.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// Seconds for which a browser may remember a preflight.
const PREFLIGHT_MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// What the configuration says of every answer.
pub struct Policy {
    cors_origins: Vec<HeaderValue>,
    /// What a browser's script may send.
    cors_headers: HeaderValue,
    hsts: HeaderValue,
}

impl Policy {
    /// The policy of a configuration.
    #[must_use]
    pub fn of(config: &HttpConfig) -> Self {
        Self {
            cors_origins: config.cors_origins.clone(),
            cors_headers: config.cors_headers.clone(),
            hsts: if config.hsts_include_subdomains {
                HeaderValue::from_static("max-age=31536000; includeSubDomains")
            } else {
                HSTS
            },
        }
    }
}

impl Default for Policy {
    /// Without a configuration no origin is let in.
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            cors_headers: HeaderValue::from_static(""),
            hsts: HSTS,
        }
    }
}

/// Finishes the answers.
pub struct Responder {
    runtime: Arc<dyn Runtime>,
    policy: Policy,
}

impl Responder {
    /// A responder for a policy.
    #[must_use]
    pub fn new(runtime: Arc<dyn Runtime>, policy: Policy) -> Self {
        Self { runtime, policy }
    }
}

/// Marks a request that the runtime could not hand over as it came.
#[derive(Debug, Clone, Copy)]
pub struct Unreadable;

/// The middleware around the whole router.
pub async fn respond(
    State(responder): State<Arc<Responder>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let (rest, body) = Rest::of(&parts.headers, body);
    let mut request = Request::from_parts(parts, body);
    let request_id = request_id(request.headers());
    let method = request.method().clone();
    let origin = responder.allowed_origin(request.headers());
    let client = request.headers().get(CLIENT_ADDRESS).cloned();
    let route = Route::default();
    request.extensions_mut().insert(route.clone());
    let log = Log::new(responder.runtime.clone(), &request_id);
    request.extensions_mut().insert(log);

    let mut response = answer(request, next).await;
    rest.drain(&*responder.runtime).await;
    let options = answer_options(&method, &mut response);
    let failure = response.extensions_mut().remove::<Failure>();
    let failure = failure.filter(|_| !options).map(|failure| failure.0);
    if let Some(error) = &failure {
        write_problem(&mut response, error, &request_id);
    }
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    write_headers(&mut response, &request_id, &responder.policy);
    if let Some(origin) = origin {
        write_grant(&mut response, options, origin, &responder.policy);
    }
    let line = Line {
        request_id: &request_id,
        method: &method,
        route: route.path(),
        status: response.status(),
        audit: response.extensions().get::<Audit>(),
        client: client.as_ref().and_then(|value| value.to_str().ok()),
        failure: failure.as_deref(),
    };
    line.write(&*responder.runtime);
    response
}

/// The answer of the router, or one for what keeps it from answering.
async fn answer(request: Request, next: Next) -> Response {
    if request.extensions().get::<Unreadable>().is_some() {
        return Error::MalformedRequest.into_response();
    }
    // A panic is a fault like any other: it gets an answer, and the other requests of this
    // isolate go on. (It takes a build with `--panic-unwind`, whose hook logs the message.)
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answered.unwrap_or_else(|_| Error::Internal("panic".to_owned()).into_response())
}

/// Makes the answer to OPTIONS out of the router's refusal, which lists the methods; says whether
/// it did. So there is no second table of methods.
fn answer_options(method: &Method, response: &mut Response) -> bool {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return false;
    }
    let allowed = response
        .headers()
        .get(header::ALLOW)
        .and_then(|value| value.to_str().ok());
    let methods = format!("{},OPTIONS", allowed.unwrap_or_default()).replace(',', ", ");
    if let Ok(value) = HeaderValue::from_str(methods.trim_start_matches(", ")) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    let options = method == Method::OPTIONS;
    if options {
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = Body::empty();
    }
    options
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

fn write_headers(response: &mut Response, request_id: &str, policy: &Policy) {
    let headers = response.headers_mut();
    for (name, value) in FIXED_HEADERS {
        // What may be cached says so itself.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    headers.insert(header::STRICT_TRANSPORT_SECURITY, policy.hsts.clone());
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// What lets a listed origin's scripts read the answer, or send the request that OPTIONS asks for.
fn write_grant(response: &mut Response, options: bool, origin: HeaderValue, policy: &Policy) {
    let allow = response.headers().get(header::ALLOW).cloned();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    if let (true, Some(methods)) = (options, allow) {
        let allowed = policy.cors_headers.clone();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE);
    }
}

impl Responder {
    /// The request's origin, if it is on the list, byte for byte.
    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.policy
            .cors_origins
            .iter()
            .find(|allowed| *allowed == origin)
            .cloned()
    }
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
