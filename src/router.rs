//! The route table, the middleware around it, and the service of both.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, patch, post};

use crate::app::{App, StartError};
use crate::config::{Config, HttpConfig, Setting, strays};
use crate::error::Error;
use crate::events::{Event, Log, report_stray};
use crate::housekeeping;
use crate::http::matched_route::note_route;
use crate::http::oauth::answer_forms;
use crate::http::respond::{Responder, respond};
use crate::platform::{Runtime, Services};
use crate::routes::{auth, health, keys, user};

/// The API, and what is done without a request.
#[derive(Clone)]
pub struct Gatehouse {
    /// The API.
    pub router: Router,
    runtime: Arc<dyn Runtime>,
    /// The state of the API, or the reason why there is none.
    app: Result<Arc<App>, String>,
}

impl Gatehouse {
    /// Deletes sessions that are over and login budgets in which nothing matters any more: the work
    /// of a cron trigger. The log tells what was done, or why it was not.
    pub async fn keep_house(self) {
        let log = Log::of_no_request(self.runtime);
        match self.app {
            Ok(app) => housekeeping::run(&app, &log).await,
            Err(reason) => log.write(Event::HousekeepingFailed, None, Some(reason)),
        }
    }
}

/// Returns the router of the whole API.
pub fn router(app: Arc<App>) -> Router {
    let responder = Responder::new(app.runtime.clone(), app.config.http.clone());
    let routes = Router::new()
        .route("/", get(health::get_status))
        .route("/ready", get(health::get_ready))
        .route("/.well-known/jwks.json", get(keys::get_keys))
        .route("/auth/register", post(auth::register))
        .route(
            "/auth/login",
            post(auth::login).route_layer(from_fn(answer_forms)),
        )
        .route("/auth/refresh", post(auth::refresh))
        .route("/auth/logout", post(auth::logout))
        .route("/auth/logout/all", post(auth::logout_all))
        .route("/auth/sessions", get(auth::list_sessions))
        .route("/auth/sessions/{id}", delete(auth::end_session))
        .route("/auth/password", post(auth::change_password))
        .route("/me", get(user::get_me).delete(user::delete_me))
        .route("/me/export", get(user::export_me))
        .route("/user/update", patch(user::update_user));
    #[cfg(feature = "test-panic")]
    let routes = routes.route("/test/panic", get(health::panic));
    let routes = routes
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
        // Added after the fallback so that it wraps it too.
        .route_layer(from_fn(note_route))
        .fallback(|| async { Error::NotFound })
        .with_state(app);
    with_responses(routes, responder)
}

/// Reads the configuration and returns the API, or [`misconfigured`] if the configuration cannot be
/// used.
///
/// `lookup` returns the runtime's variable of a name. `names` are the names of all variables; those
/// that look like a misspelt setting are logged.
pub fn build<'a, S: Into<Setting>>(
    lookup: impl Fn(&str) -> S,
    names: impl Iterator<Item = &'a str>,
    services: Arc<dyn Services>,
    runtime: Arc<dyn Runtime>,
) -> Gatehouse {
    for stray in strays(names) {
        report_stray(&*runtime, stray);
    }
    let app = Config::read(lookup)
        .map_err(StartError::from)
        .and_then(|config| App::new(config, services, runtime.clone()));
    match app {
        Ok(app) => {
            let app = Arc::new(app);
            Gatehouse {
                router: router(app.clone()),
                runtime,
                app: Ok(app),
            }
        }
        Err(error) => misconfigured(&error.to_string(), runtime),
    }
}

/// Returns an API that answers every request with 500, for a configuration that cannot be used.
///
/// Each request logs the reason, because clients are not told it.
pub fn misconfigured(reason: &str, runtime: Arc<dyn Runtime>) -> Gatehouse {
    let reason = format!("configuration: {reason}");
    let app = Err(reason.clone());
    let routes = Router::new().fallback(|| async { Error::Internal(reason) });
    let responder = Responder::new(runtime.clone(), HttpConfig::default());
    Gatehouse {
        router: with_responses(routes, responder),
        runtime,
        app,
    }
}

fn with_responses(routes: Router, responder: Responder) -> Router {
    // A layer on `routes` itself would not cover its fallback.
    Router::new()
        .fallback_service(routes)
        .layer(from_fn_with_state(Arc::new(responder), respond))
}
