//! The Worker: the fetch event, over the runtime of Cloudflare Workers.
//!
//! The only module that names the `worker` crate, and compiled for wasm only.

mod bindings;
mod environment;
mod runtime;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use tower_service::Service as _;
use worker::{Context, Env, HttpRequest, Result, event, web_sys};

use self::bindings::Bindings;
use self::runtime::WorkersRuntime;
use crate::http::after::After;
use crate::http::respond::MalformedHead;
use crate::router;

/// Built at the first request of an isolate. Only plain data and the handles of bindings are in
/// it: what does I/O belongs to one request.
static ROUTER: OnceLock<Router> = OnceLock::new();

#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> Result<http::Response<Body>> {
    let mut router = ROUTER.get_or_init(|| build(&env)).clone();
    // A router's error type has no values.
    let mut response = router.call(convert(request)).await?;
    if let Some(work) = After::take(&mut response) {
        context.wait_until(work);
    }
    Ok(response)
}

/// The request in the form that the router takes. The runtime lets through URLs and headers that
/// the `http` crate does not; they get an answer like any other request.
fn convert(request: web_sys::Request) -> HttpRequest {
    // The same object: `Request::clone` would be JavaScript's, which makes another.
    let same = Clone::clone(&request);
    worker::request_from_wasm(request).unwrap_or_else(|_| {
        let body = same
            .body()
            .map_or_else(worker::Body::empty, worker::Body::new);
        let mut unreadable = HttpRequest::new(body);
        unreadable.extensions_mut().insert(MalformedHead);
        unreadable
    })
}

fn build(env: &Env) -> Router {
    let runtime = Arc::new(WorkersRuntime::new(env));
    match Bindings::new(env) {
        Ok(bindings) => {
            let names = environment::names(env);
            let names = names.iter().map(String::as_str);
            let setting = |name: &str| environment::setting(env, name);
            router::build(setting, names, Arc::new(bindings), runtime)
        }
        Err(missing) => router::misconfigured(&format!("there is no binding {missing}"), runtime),
    }
}
