//! The event handlers of the Worker, and the platform on Cloudflare Workers.
//!
//! This is the only module that uses the `worker` crate. It is compiled only for wasm.

mod bindings;
mod bridge;
mod environment;
mod host;
mod request;
mod response;
mod rsa;
mod runtime;
mod socket;
mod start;
mod wake;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::task::{self, Poll, Waker};

use futures_util::FutureExt as _;
use tower_service::Service as _;
use worker::js_sys::Promise;
use worker::js_sys::futures::future_to_promise;
use worker::wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{Context, Env, wasm_bindgen, web_sys, worker_sys};

use self::bindings::Bindings;
pub(crate) use self::host::host_to_ascii;
use self::runtime::WorkersRuntime;
use crate::http::after::After;
use crate::router::{self, Gatehouse};

/// The API, built at the first event of an isolate. It must hold only plain data and handles
/// of bindings, because an object that does I/O can be used only in the request that made it.
static GATEHOUSE: OnceLock<Gatehouse> = OnceLock::new();

/// The fetch event handler. Returns a response, or a promise of one if it has to wait for I/O: most
/// refusals do not, and without a promise and its task they take a tenth less time.
///
/// # Errors
/// The exception if JavaScript refuses the response, which the runtime answers with 500.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn fetch(
    request: web_sys::Request,
    env: Env,
    context: worker_sys::Context,
) -> Result<JsValue, JsValue> {
    let mut answer = Box::pin(AssertUnwindSafe(answer(request, env, context)));
    match answer.poll_unpin(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(response) => response,
        // The promise's task polls once more, which leaves its own waker.
        Poll::Pending => Ok(future_to_promise(answer).into()),
    }
}

async fn answer(
    request: web_sys::Request,
    env: Env,
    context: worker_sys::Context,
) -> Result<JsValue, JsValue> {
    let mut router = GATEHOUSE.get_or_init(|| build(&env)).router.clone();
    let Ok(mut response) = router.call(request::convert(&request)).await;
    if let Some(work) = After::take(&mut response) {
        Context::new(context).wait_until(work);
    }
    let converted = response::convert(response).await;
    converted.map(JsValue::from).map_err(|error| {
        // The runtime answers, and says no more than that it does.
        bridge::console_error(&format!("cannot make a response: {error}"));
        error.into()
    })
}

/// The scheduled event handler, for a cron trigger. Returns a promise that is fulfilled when the work
/// is done; a failure is in the log.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn scheduled(_: JsValue, env: &Env) -> Promise {
    let gatehouse = GATEHOUSE.get_or_init(|| build(env)).clone();
    let work = AssertUnwindSafe(gatehouse.keep_house());
    future_to_promise(work.map(|()| Ok(JsValue::UNDEFINED)))
}

fn build(env: &Env) -> Gatehouse {
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
