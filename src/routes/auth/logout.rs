//! `POST /auth/logout` and `POST /auth/logout/all`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::auth::current_user::{CurrentUser, bearer_token};
use crate::db::login_session;
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::cookie::{self, SessionCookie};
use crate::http::input::OptionalInput;
use crate::http::same_origin::check_origin;
use crate::identity::session_id::SessionId;
use crate::identity::user_id::UserId;

/// `POST /auth/logout`: 204, and the session of a refresh token, or of an access token, has ended. A
/// session cookie that came along is deleted.
///
/// It is 204 too if there is no such session any more, or the token is forged. An access token may
/// have expired: whoever comes back to an old tab wants to be logged out too. The refresh token in
/// the body decides alone, then the access token, then the refresh token in the session cookie.
///
/// # Errors
/// [`Error::MissingToken`] without a token; [`Error::InvalidFields`]; for a cookie alone
/// [`Error::UnsupportedMediaType`] without a body, [`Error::CrossOrigin`], and
/// [`Error::InvalidSession`] if there are two; [`Error::Database`].
pub async fn logout(
    State(app): State<Arc<App>>,
    log: Log,
    cookie: SessionCookie,
    uri: Uri,
    headers: HeaderMap,
    input: OptionalInput,
) -> Result<Response, Error> {
    let has_cookie = cookie.is_present();
    let named = named_session(&app, cookie, &uri, &headers, input)?;
    let response = match named {
        Some((id, user)) => {
            let end = async |session| login_session::end(&session, id).await;
            let event = if app.db.run(&log, end).await? {
                Event::LoggedOut
            } else {
                Event::Request
            };
            Audit::user(event, user).on(StatusCode::NO_CONTENT)
        }
        None => StatusCode::NO_CONTENT.into_response(),
    };
    Ok(if has_cookie {
        cookie::clear(response)
    } else {
        response
    })
}

/// Returns the session that a request to log out names, and its user; `None` if a token names none.
fn named_session(
    app: &App,
    cookie: SessionCookie,
    uri: &Uri,
    headers: &HeaderMap,
    mut input: OptionalInput,
) -> Result<Option<(SessionId, UserId)>, Error> {
    let of_refresh_token = |token: &str| {
        let token = app.config.refresh_keys.open(token);
        token.map(|token| (token.session, token.user))
    };
    let refresh_token = input.fields.optional("refresh_token", Ok);
    let fields = std::mem::take(&mut input.fields);
    if let Some(token) = fields.finish(Some(refresh_token))? {
        return Ok(of_refresh_token(&token));
    }
    match bearer_token(headers) {
        Err(Error::MissingToken) if cookie.is_present() => {
            input.require_body()?;
            check_origin(uri, headers, &app.config.http.cors_origins)?;
            let token = cookie.only().ok_or(Error::InvalidSession)?;
            Ok(of_refresh_token(&token))
        }
        token => Ok(app.tokens.session_of(token?, app.runtime.now())),
    }
}

/// `POST /auth/logout/all`: 204, and all sessions of the user have ended, this one too. The session
/// cookie is deleted.
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
    let done = Audit::user(Event::LoggedOutEverywhere, user).on(StatusCode::NO_CONTENT);
    Ok(cookie::clear(done))
}
