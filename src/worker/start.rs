//! Has V8 compile what the first request needs while the isolate starts.
//!
//! V8 compiles a wasm function when it is first called, and the first answer calls more than 400 of
//! them, which is three quarters of its time. Cloudflare starts an isolate during the TLS handshake
//! of its first request, so nobody waits for what is compiled then. Nothing is kept of it: while an
//! isolate starts there is no I/O, no clock and no randomness.

use std::future::{pending, ready};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use tower_service::Service as _;
use worker::wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{wasm_bindgen, web_sys};

use super::{request, response};

use crate::config::Setting;
use crate::mysql::{Credentials, RsaOaep};
use crate::platform::{Limiter, Runtime, Services, Severity, Stream};
use crate::router;

#[wasm_bindgen(start)]
fn start() {
    // An isolate whose start fails would answer nothing, so a panic ends the warming-up only.
    let _ = catch_unwind(AssertUnwindSafe(warm_up));
}

/// Answers a request with a router that has no platform, and drops the answer.
fn warm_up() -> Result<(), JsValue> {
    let setting = |name: &str| match name {
        "SECRET_KEY" => Setting::Text("nothing is ever signed with this".to_owned()),
        _ => Setting::Absent,
    };
    let nothing = Arc::new(Nothing);
    let gatehouse = router::build(setting, std::iter::empty(), nothing.clone(), nothing);
    let mut router = gatehouse.router;
    let request = web_sys::Request::new_with_str("https://start.invalid/")?;
    // With an id, since none can be made.
    request.headers().set("x-request-id", "start-of-isolate")?;
    let answer = async {
        let Ok(response) = router.call(request::convert(&request)).await;
        response::convert(response).await
    };
    answer.now_or_never();
    Ok(())
}

/// A platform that does nothing.
struct Nothing;

impl Runtime for Nothing {
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }

    fn now(&self) -> u64 {
        0
    }

    fn log(&self, _: Severity, _: &str) {}

    fn count(&self, _: &'static str) {}
}

impl RsaOaep for Nothing {
    fn encrypt(&self, _: Vec<u8>, _: Vec<u8>) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        nothing()
    }
}

impl Services for Nothing {
    fn connect(&self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, Credentials)>> {
        nothing()
    }

    fn limit(&self, _: Limiter, _: String) -> BoxFuture<'_, io::Result<bool>> {
        nothing()
    }

    fn fetch(&self, _: Request<Bytes>) -> BoxFuture<'_, io::Result<Response<Bytes>>> {
        nothing()
    }
}

fn nothing<T: Send + 'static>() -> BoxFuture<'static, io::Result<T>> {
    Box::pin(ready(Err(io::ErrorKind::Unsupported.into())))
}
