//! What the routes have in common that ask for the password again.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;

use crate::app::App;
use crate::auth::login::Verified;
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::after::After;
use crate::identity::user_id::UserId;

/// Returns the response to a wrong password.
pub(super) fn wrong_password(id: UserId) -> Response {
    Audit::user(Event::ReauthenticationFailed, id).on(Error::InvalidCredentials)
}

/// Returns the response after too many failed logins of the account.
pub(super) fn throttled(id: UserId, wait: Duration) -> Response {
    Audit::user(Event::ReauthenticationThrottled, id).on(Error::TooManyAttempts(wait))
}

/// Returns the work of giving back, after the response, what a right password took.
pub(super) fn give_back(app: Arc<App>, log: Log, verified: Verified) -> After {
    After::new(async move {
        if let Err(error) = verified.give_back(&app, None, &log).await {
            let id = Some(verified.user.id);
            log.write(Event::LoginCleanupFailed, id, Some(error.to_string()));
        }
    })
}
