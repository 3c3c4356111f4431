//! The Worker: Gatehouse's platform over the runtime of Cloudflare Workers.
//!
//! The only module that names the `worker` crate, and compiled for wasm only.

use std::{io, sync::Arc, sync::OnceLock, time::Duration};

use axum::Router;
use axum::body::Body;
use futures_util::future::BoxFuture;
use tower_service::Service as _;
use worker::send::SendFuture;
use worker::{Context, Date, Delay, Env, HttpRequest, Hyperdrive, Result, event, web_sys};

use crate::app;
use crate::mysql::Credentials;
use crate::platform::{Level, Platform, Stream};
use crate::respond::Unreadable;

/// The binding of `wrangler.toml`.
const HYPERDRIVE: &str = "HYPERDRIVE";

/// Built at the first request of an isolate. Only plain data and the handle of a binding are in
/// it: what does I/O belongs to one request.
static ROUTER: OnceLock<Router> = OnceLock::new();

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _: Context) -> Result<http::Response<Body>> {
    let mut router = ROUTER.get_or_init(|| router(&env)).clone();
    // A router's error type has no values.
    Ok(router.call(convert(request)).await?)
}

/// The request in the form that the router takes. The runtime lets through URLs and headers that
/// the `http` crate does not; they get an answer like any other request.
fn convert(request: web_sys::Request) -> HttpRequest {
    worker::request_from_wasm(request).unwrap_or_else(|_| {
        let mut unreadable = HttpRequest::new(worker::Body::empty());
        unreadable.extensions_mut().insert(Unreadable);
        unreadable
    })
}

fn router(env: &Env) -> Router {
    let hyperdrive = env.hyperdrive(HYPERDRIVE).ok();
    let bound = hyperdrive.is_some();
    let platform = Arc::new(Workers { hyperdrive });
    if !bound {
        return app::misconfigured("there is no Hyperdrive binding HYPERDRIVE", platform);
    }
    // Secrets and plain variables are one namespace.
    app::build(
        |name| env.var(name).ok().map(|value| value.to_string()),
        platform,
    )
}

/// The runtime of Workers.
struct Workers {
    hyperdrive: Option<Hyperdrive>,
}

impl Platform for Workers {
    fn connect(&self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, Credentials)>> {
        let connected = self.hyperdrive.as_ref().map(|hyperdrive| {
            let credentials = Credentials {
                user: hyperdrive.user(),
                password: hyperdrive.password(),
                database: hyperdrive.database(),
            };
            match hyperdrive.connect() {
                Ok(socket) => Ok((Box::new(socket) as Box<dyn Stream>, credentials)),
                Err(error) => Err(io::Error::other(error.to_string())),
            }
        });
        let connected =
            connected.unwrap_or_else(|| Err(io::Error::other("there is no binding HYPERDRIVE")));
        Box::pin(std::future::ready(connected))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(SendFuture::new(Delay::from(duration)))
    }

    fn now(&self) -> u64 {
        Date::now().as_millis() / 1000
    }

    fn log(&self, level: Level, line: &str) {
        match level {
            Level::Info => worker::console_log!("{line}"),
            Level::Error => worker::console_error!("{line}"),
        }
    }
}
