//! The Worker: Gatehouse's platform over the runtime of Cloudflare Workers.
//!
//! The only module that names the `worker` crate, and compiled for wasm only.

use std::{io, sync::Arc, sync::OnceLock, time::Duration};

use axum::Router;
use axum::body::Body;
use futures_util::future::BoxFuture;
use tower_service::Service as _;
use worker::js_sys::{Array, Object, Reflect};
use worker::send::SendFuture;
use worker::wasm_bindgen::JsCast as _;
use worker::{
    AnalyticsEngineDataPointBuilder, AnalyticsEngineDataset, Context, Date, Delay, Env, Fetch,
    HttpRequest, Hyperdrive, RateLimiter, Result, event, web_sys,
};

use crate::after::After;
use crate::app;
use crate::config::Setting;
use crate::mysql::Credentials;
use crate::platform::{Level, Limiter, Platform, Stream};
use crate::respond::Unreadable;

/// The bindings of `wrangler.toml`. All but the last have to be there.
const HYPERDRIVE: &str = "HYPERDRIVE";
const LOGIN_LIMITER: &str = "LOGIN_LIMITER";
const REGISTER_LIMITER: &str = "REGISTER_LIMITER";
const METRICS: &str = "METRICS";

/// Built at the first request of an isolate. Only plain data and the handle of a binding are in
/// it: what does I/O belongs to one request.
static ROUTER: OnceLock<Router> = OnceLock::new();

#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> Result<http::Response<Body>> {
    let mut router = ROUTER.get_or_init(|| router(&env)).clone();
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
        unreadable.extensions_mut().insert(Unreadable);
        unreadable
    })
}

fn router(env: &Env) -> Router {
    let workers = Workers {
        hyperdrive: env.hyperdrive(HYPERDRIVE).ok(),
        login_limiter: env.rate_limiter(LOGIN_LIMITER).ok(),
        register_limiter: env.rate_limiter(REGISTER_LIMITER).ok(),
        metrics: env.analytics_engine(METRICS).ok(),
    };
    let missing = [
        (workers.hyperdrive.is_none(), HYPERDRIVE),
        (workers.login_limiter.is_none(), LOGIN_LIMITER),
        (workers.register_limiter.is_none(), REGISTER_LIMITER),
    ]
    .into_iter()
    .find_map(|(missing, binding)| missing.then_some(binding));
    let platform = Arc::new(workers);
    if let Some(binding) = missing {
        return app::misconfigured(&format!("there is no binding {binding}"), platform);
    }
    // Secrets and plain variables are one namespace.
    let names: Vec<String> = Object::keys(env.unchecked_ref::<Object>())
        .iter()
        .filter_map(|name| name.as_string())
        .collect();
    let names = names.iter().map(String::as_str);
    app::build(|name| setting(env, name), names, platform)
}

/// What the environment has under a name: a string or, of `[vars]`, any JSON.
fn setting(env: &Env, name: &str) -> Setting {
    let Ok(value) = Reflect::get(env, &name.into()) else {
        return Setting::Other("what cannot be read");
    };
    if value.is_undefined() {
        Setting::Absent
    } else if let Some(text) = value.as_string() {
        Setting::Text(text)
    } else if let Some(flag) = value.as_bool() {
        Setting::Boolean(flag)
    } else if let Some(number) = value.as_f64() {
        Setting::Number(number)
    } else if value.is_null() {
        Setting::Other("null")
    } else if Array::is_array(&value) {
        Setting::Other("an array")
    } else {
        Setting::Other("an object")
    }
}

/// The runtime of Workers.
struct Workers {
    hyperdrive: Option<Hyperdrive>,
    login_limiter: Option<RateLimiter>,
    register_limiter: Option<RateLimiter>,
    metrics: Option<AnalyticsEngineDataset>,
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

    fn limit(&self, limiter: Limiter, client: String) -> BoxFuture<'_, io::Result<bool>> {
        let limiter = match limiter {
            Limiter::Login => &self.login_limiter,
            Limiter::Register => &self.register_limiter,
        };
        Box::pin(SendFuture::new(async move {
            let Some(limiter) = limiter else {
                return Err(io::Error::other("there is no such binding"));
            };
            match limiter.limit(client).await {
                Ok(outcome) => Ok(outcome.success),
                Err(error) => Err(io::Error::other(error.to_string())),
            }
        }))
    }

    fn get(&self, url: String) -> BoxFuture<'_, io::Result<String>> {
        Box::pin(SendFuture::new(async move {
            let failed = |error: worker::Error| io::Error::other(error.to_string());
            let request = worker::Request::new(&url, worker::Method::Get).map_err(failed)?;
            let headers = [("user-agent", "gatehouse"), ("add-padding", "true")];
            for (name, value) in headers {
                request.headers().set(name, value).map_err(failed)?;
            }
            let mut response = Fetch::Request(request).send().await.map_err(failed)?;
            match response.status_code() {
                200 => response.text().await.map_err(failed),
                status => Err(io::Error::other(format!("status {status}"))),
            }
        }))
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

    fn count(&self, event: &'static str) {
        let Some(metrics) = &self.metrics else {
            return;
        };
        let point = AnalyticsEngineDataPointBuilder::new()
            .indexes([event])
            .doubles([1.0]);
        if let Err(error) = point.write_to(metrics) {
            worker::console_error!("cannot count {event}: {error}");
        }
    }
}
