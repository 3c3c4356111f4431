//! `POST /auth/login`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::auth::limits;
use crate::auth::login::{self, Outcome, Settled, Verified};
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::address::Network;
use crate::http::after::After;
use crate::http::input::Input;
use crate::http::json::json;
use crate::identity::email::Lookup;
use crate::password::Password;
use crate::platform::Limiter;

/// The response body of a successful login (RFC 6749, 5.1).
#[derive(Serialize)]
struct LoginView {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

/// `POST /auth/login`: 200 and an access token; 401 for an unknown e-mail and for a wrong password
/// alike; 429 after too many failed logins, whether or not the account exists.
///
/// # Errors
/// [`Error::InvalidFields`]; [`Error::RateLimited`]; [`Error::Database`]; [`Error::Internal`] if
/// hashing or signing fails.
pub async fn login(
    State(app): State<Arc<App>>,
    log: Log,
    network: Network,
    Input { mut fields, .. }: Input,
) -> Result<Response, Error> {
    let email = fields.required("email", |typed| Ok(Lookup::new(&typed)));
    let password = fields.required("password", |text| Ok(Password::new(text)));
    let (email, password) = fields.finish(email.zip(password))?;
    limits::check(&app, Limiter::Login, &network, &log).await?;
    match login::verify(&app, &email, &password, &network, &log).await? {
        Outcome::Verified(verified) => succeed(app, log, verified, password),
        // `Ok`, since the audit travels on the response.
        Outcome::Refused(account) => {
            let answer = Audit::account(Event::LoginFailed, account).on(Error::InvalidCredentials);
            Ok(if login::is_to_purge() {
                After::new(purge(app, log)).on(answer)
            } else {
                answer
            })
        }
        Outcome::Throttled(account, wait) => {
            let throttled = Audit::account(Event::LoginThrottled, account);
            Ok(throttled.on(Error::TooManyAttempts(wait)))
        }
    }
}

/// Returns the response to a right password. The reservation is settled after the response.
fn succeed(
    app: Arc<App>,
    log: Log,
    verified: Verified,
    password: Password,
) -> Result<Response, Error> {
    let user_id = verified.user.id;
    let token = app.tokens.issue(user_id, app.runtime.now())?;
    let view = LoginView {
        access_token: token.token,
        token_type: "bearer",
        expires_in: token.expires_in,
    };
    let answer = Audit::user(Event::LoginSucceeded, user_id).on(json(StatusCode::OK, &view)?);
    let after = async move {
        let (event, reason) = match verified.settle(&app, &password, &log).await {
            Ok(Settled::Remembered) => return,
            Ok(Settled::Upgraded) => (Event::HashUpgraded, None),
            Ok(Settled::Overtaken) => (Event::HashUpgradeSkipped, None),
            Err(error) => (Event::LoginCleanupFailed, Some(error.to_string())),
        };
        log.write(event, Some(user_id), reason);
    };
    Ok(After::new(after).on(answer))
}

/// Deletes expired login budgets and logs a failure.
async fn purge(app: Arc<App>, log: Log) {
    if let Err(error) = login::purge(&app, &log).await {
        log.write(Event::LoginCleanupFailed, None, Some(error.to_string()));
    }
}
