//! The state of an isolate and the routes.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, patch, post};

use crate::account::{AccountKeys, DerivationError};
use crate::config::{Config, ConfigError, Setting, strays};
use crate::db::Database;
use crate::error::Error;
use crate::events::report_stray;
use crate::http::matched_route::note_route;
use crate::password::{HashError, Hasher};
use crate::platform::{Runtime, Services};
use crate::respond::{Policy, Responder, respond};
use crate::routes::{health, keys, login, register, user};
use crate::token::Tokens;

/// What every request shares: made once per isolate, and none of it does I/O.
pub struct App {
    /// The configuration.
    pub config: Config,
    /// The way to the database.
    pub db: Database,
    /// Hashes and verifies passwords.
    pub hasher: Hasher,
    /// Issues and verifies access tokens.
    pub tokens: Tokens,
    /// Names accounts where their e-mails must not stand.
    pub accounts: AccountKeys,
    /// The way to other services.
    pub services: Arc<dyn Services>,
    /// The runtime.
    pub runtime: Arc<dyn Runtime>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No password can be hashed at the cost that is set.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// No keys can be derived from the secret.
    #[error(transparent)]
    Derivation(#[from] DerivationError),
}

impl App {
    /// An app from its configuration.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(
        config: Config,
        services: Arc<dyn Services>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Self, StartError> {
        Ok(Self {
            db: Database::new(services.clone(), runtime.clone(), config.database),
            hasher: Hasher::new(config.password.cost, config.password.hash_max_memory_kib)?,
            tokens: Tokens::new(config.token.clone()),
            accounts: AccountKeys::new(&config.secret_key)?,
            config,
            services,
            runtime,
        })
    }
}

/// The whole API.
pub fn router(app: App) -> Router {
    let responder = Responder::new(app.runtime.clone(), Policy::of(&app.config.http));
    let routes = Router::new()
        .route("/", get(health::get_status))
        .route("/ready", get(health::get_ready))
        .route("/.well-known/jwks.json", get(keys::get_keys))
        .route("/auth/register", post(register::register))
        .route("/auth/login", post(login::login))
        .route("/me", get(user::get_me))
        .route("/user/update", patch(user::update_user));
    #[cfg(feature = "test-panic")]
    let routes = routes.route("/test/panic", get(health::panic));
    let routes = routes
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
        // Added after the fallback so that it wraps it too.
        .route_layer(from_fn(note_route))
        .fallback(|| async { Error::NotFound })
        .with_state(Arc::new(app));
    with_responses(routes, responder)
}

/// The API for a configuration, usable or not: what a runtime has under each name, and all its
/// names, of which those that look like settings and are none are reported.
pub fn build<'a, S: Into<Setting>>(
    lookup: impl Fn(&str) -> S,
    names: impl Iterator<Item = &'a str>,
    services: Arc<dyn Services>,
    runtime: Arc<dyn Runtime>,
) -> Router {
    for stray in strays(names) {
        report_stray(&*runtime, stray);
    }
    let app = Config::read(lookup)
        .map_err(StartError::from)
        .and_then(|config| App::new(config, services, runtime.clone()));
    match app {
        Ok(app) => router(app),
        Err(error) => misconfigured(&error.to_string(), runtime),
    }
}

/// What answers when the configuration cannot be used: 500 to everything, with the reason in the
/// log each time, since nothing else would say it.
pub fn misconfigured(reason: &str, runtime: Arc<dyn Runtime>) -> Router {
    let reason = format!("configuration: {reason}");
    let routes = Router::new().fallback(|| async { Error::Internal(reason) });
    with_responses(routes, Responder::new(runtime, Policy::default()))
}

fn with_responses(routes: Router, responder: Responder) -> Router {
    // Around the whole router and not its routes: a fallback is no route.
    Router::new()
        .fallback_service(routes)
        .layer(from_fn_with_state(Arc::new(responder), respond))
}
