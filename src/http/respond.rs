//! The outermost middleware: request id, problem details, headers, CORS and the log line.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;

use super::address::CLIENT_ADDRESS;
use super::cors::{self, answer_options};
use super::drain::Rest;
use super::headers;
use super::matched_route::Route;
use super::problem::Failure;
use super::request_id;
use crate::config::HttpConfig;
use crate::error::Error;
use crate::events::{Audit, Line, Log};
use crate::platform::Runtime;

/// The state of [`respond`].
pub struct Responder {
    runtime: Arc<dyn Runtime>,
    config: HttpConfig,
}

impl Responder {
    /// Creates the state of [`respond`].
    #[must_use]
    pub fn new(runtime: Arc<dyn Runtime>, config: HttpConfig) -> Self {
        Self { runtime, config }
    }
}

/// An extension that marks a request whose URL or headers the `http` crate does not accept. It gets
/// [`Error::MalformedRequest`].
#[derive(Debug, Clone, Copy)]
pub struct MalformedHead;

/// Middleware around the whole router, which completes and logs every response.
pub async fn respond(
    State(responder): State<Arc<Responder>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let (rest, body) = Rest::of(&parts.headers, body);
    let mut request = Request::from_parts(parts, body);
    let request_id = request_id::of(request.headers());
    let method = request.method().clone();
    let origin = cors::allowed_origin(request.headers(), &responder.config);
    let client = request.headers().get(CLIENT_ADDRESS).cloned();
    let route = Route::default();
    request.extensions_mut().insert(route.clone());
    let log = Log::new(responder.runtime.clone(), &request_id);
    request.extensions_mut().insert(log);

    let mut response = answer(request, next).await;
    rest.drain(&*responder.runtime).await;
    let options = answer_options(&method, &mut response);
    let failure = response.extensions_mut().remove::<Failure>();
    let failure = failure.filter(|_| !options);
    if let Some(failure) = &failure {
        let base_url = responder.config.problem_base_url.as_deref();
        failure.write(&mut response, &request_id, base_url);
    }
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    headers::write(&mut response, &request_id, &responder.config);
    if let Some(origin) = origin {
        cors::write_grant(&mut response, options, origin, &responder.config);
    }
    let line = Line {
        request_id: &request_id,
        method: &method,
        route: route.path(),
        status: response.status(),
        audit: response.extensions().get::<Audit>(),
        client: client.as_ref().and_then(|value| value.to_str().ok()),
        failure: failure.as_ref().map(|failure| &*failure.error),
    };
    line.write(&*responder.runtime);
    response
}

/// Returns the router's response, or an error for a malformed request or a panic.
async fn answer(request: Request, next: Next) -> Response {
    if request.extensions().get::<MalformedHead>().is_some() {
        return Error::MalformedRequest.into_response();
    }
    // A panic becomes a 500, and the other requests of the isolate go on. (Needs a build with
    // `--panic-unwind`, whose hook logs the message.)
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answered.unwrap_or_else(|_| Error::Internal("panic".to_owned()).into_response())
}
