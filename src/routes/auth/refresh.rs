//! `POST /auth/refresh`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use super::tokens::{Carrier, respond};
use crate::app::App;
use crate::auth::sessions::{self, Outcome};
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::address::Network;
use crate::http::after::After;
use crate::http::cookie::SessionCookie;
use crate::http::input::Input;
use crate::http::same_origin::check_origin;
use crate::identity::user_id::UserId;

/// `POST /auth/refresh`: 200 and new tokens for a refresh token; 401 if its session is over, or ends
/// because the token was used before.
///
/// The token is in the body or, without one there, in the session cookie, and so is the next one.
///
/// The token before the current one gets the same answer again for a moment, so that a lost answer
/// and two tabs that refresh at once lose nobody.
///
/// # Errors
/// [`Error::InvalidFields`]; [`Error::CrossOrigin`]; [`Error::InvalidSession`], also for two cookies;
/// [`Error::Database`]; [`Error::Internal`] if signing fails.
pub async fn refresh(
    State(app): State<Arc<App>>,
    log: Log,
    network: Network,
    cookie: SessionCookie,
    uri: Uri,
    headers: HeaderMap,
    Input { mut fields, .. }: Input,
) -> Result<Response, Error> {
    let (token, carrier) = if fields.has("refresh_token") || !cookie.is_present() {
        let token = fields.required("refresh_token", Ok);
        (fields.finish(token)?, Carrier::Body)
    } else {
        check_origin(&uri, &headers, &app.config.http.cors_origins)?;
        let token = cookie.only().ok_or(Error::InvalidSession)?;
        (token, Carrier::Cookie)
    };
    carry_on(app, log, network, &token, carrier).await
}

/// Carries the session of a refresh token on, whichever way the token came.
pub(super) async fn carry_on(
    app: Arc<App>,
    log: Log,
    network: Network,
    token: &str,
    carrier: Carrier,
) -> Result<Response, Error> {
    Ok(match sessions::refresh(&app, token, &log).await? {
        Outcome::Refreshed(user, tokens) => {
            Audit::user(Event::SessionRefreshed, user).on(respond(&tokens, carrier)?)
        }
        Outcome::FirstOfDay(user, tokens) => {
            let answer = respond(&tokens, carrier)?;
            let answer = Audit::user(Event::SessionRefreshed, user).on(answer);
            After::new(know_network(app, log, user, network)).on(answer)
        }
        Outcome::Repeated(user, tokens) => {
            Audit::user(Event::SessionRefreshRepeated, user).on(respond(&tokens, carrier)?)
        }
        Outcome::Reused(user) => {
            Audit::user(Event::RefreshTokenReused, user).on(Error::InvalidSession)
        }
        Outcome::Over(user) => Audit::user(Event::Request, user).on(Error::InvalidSession),
        Outcome::Forged => return Err(Error::InvalidSession),
    })
}

/// Remembers the network that a session is used from, after the response.
async fn know_network(app: Arc<App>, log: Log, user: UserId, network: Network) {
    if let Err(error) = sessions::know_network(&app, user, &network, &log).await {
        let reason = Some(error.to_string());
        log.write(Event::NetworkNotRemembered, Some(user), reason);
    }
}
