//! The fetch event handler of the Worker, and the platform on Cloudflare Workers.
//!
//! This is the only module that uses the `worker` crate. It is compiled only for wasm.

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

/// The router, built at the first request of an isolate. It must hold only plain data and handles
/// of bindings, because an object that does I/O can be used only in the request that made it.
static ROUTER: OnceLock<Router> = OnceLock::new();

#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> Result<http::Response<Body>> {
    let mut router = ROUTER.get_or_init(|| build(&env)).clone();
    // This never fails: the router's error type is `Infallible`.
    let mut response = router.call(convert(request)).await?;
    if let Some(work) = After::take(&mut response) {
        context.wait_until(work);
    }
    Ok(response)
}

/// Converts a request for the router. Workers accept URLs and headers that the `http` crate
/// refuses; such a request is marked with [`MalformedHead`], so that it gets a response like any
/// other.
fn convert(request: web_sys::Request) -> HttpRequest {
    // Clones the reference. `request.clone()` would call JavaScript's `clone`, which copies the
    // request.
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
