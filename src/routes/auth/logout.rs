//! `POST /auth/logout` and `POST /auth/logout/all`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::auth::current_user::{CurrentUser, bearer_token};
use crate::db::login_session;
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::input::OptionalInput;

/// `POST /auth/logout`: 204, and the session of a refresh token, or of an access token, has ended.
///
/// It is 204 too if there is no such session any more, or the token is forged. An access token may
/// have expired: whoever comes back to an old tab wants to be logged out too. The refresh token in
/// the body decides alone.
///
/// # Errors
/// [`Error::MissingToken`] without a token; [`Error::InvalidFields`]; [`Error::Database`].
pub async fn logout(
    State(app): State<Arc<App>>,
    log: Log,
    headers: HeaderMap,
    OptionalInput { mut fields }: OptionalInput,
) -> Result<Response, Error> {
    let refresh_token = fields.optional("refresh_token", Ok);
    let refresh_token = fields.finish(Some(refresh_token))?;
    let named = match refresh_token {
        Some(token) => {
            let token = app.config.refresh_keys.open(&token);
            token.map(|token| (token.session, token.user))
        }
        None => app
            .tokens
            .session_of(bearer_token(&headers)?, app.runtime.now()),
    };
    let Some((id, user)) = named else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let end = async |session| login_session::end(&session, id).await;
    let event = if app.db.run(&log, end).await? {
        Event::LoggedOut
    } else {
        Event::Request
    };
    Ok(Audit::user(event, user).on(StatusCode::NO_CONTENT))
}

/// `POST /auth/logout/all`: 204, and all sessions of the user have ended, this one too.
///
/// # Errors
/// [`Error::MissingToken`]; [`Error::InvalidToken`], also if the session has ended;
/// [`Error::Database`].
pub async fn logout_all(
    State(app): State<Arc<App>>,
    log: Log,
    caller: CurrentUser,
    _: OptionalInput,
) -> Result<Response, Error> {
    let now = app.runtime.now();
    let work = async |session| {
        let user = caller.load(&session, now).await?;
        login_session::end_all(&session, user.id).await?;
        Ok::<_, Error>(user.id)
    };
    let user = app.db.run(&log, work).await?;
    Ok(Audit::user(Event::LoggedOutEverywhere, user).on(StatusCode::NO_CONTENT))
}
