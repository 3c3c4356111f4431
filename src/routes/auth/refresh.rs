//! `POST /auth/refresh`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::auth::sessions::{self, Outcome};
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::input::Input;
use crate::http::json::json;

/// `POST /auth/refresh`: 200 and new tokens for a refresh token; 401 if its session is over, or ends
/// because the token was used before.
///
/// The token before the current one gets the same answer again for a moment, so that a lost answer
/// and two tabs that refresh at once lose nobody.
///
/// # Errors
/// [`Error::InvalidFields`]; [`Error::InvalidSession`]; [`Error::Database`]; [`Error::Internal`] if
/// signing fails.
pub async fn refresh(
    State(app): State<Arc<App>>,
    log: Log,
    Input { mut fields, .. }: Input,
) -> Result<Response, Error> {
    let token = fields.required("refresh_token", Ok);
    let token = fields.finish(token)?;
    Ok(match sessions::refresh(&app, &token, &log).await? {
        Outcome::Refreshed(user, view) => {
            Audit::user(Event::SessionRefreshed, user).on(json(StatusCode::OK, &view)?)
        }
        Outcome::Repeated(user, view) => {
            Audit::user(Event::SessionRefreshRepeated, user).on(json(StatusCode::OK, &view)?)
        }
        Outcome::Reused(user) => {
            Audit::user(Event::RefreshTokenReused, user).on(Error::InvalidSession)
        }
        Outcome::Over(user) => Audit::user(Event::Request, user).on(Error::InvalidSession),
        Outcome::Forged => return Err(Error::InvalidSession),
    })
}
