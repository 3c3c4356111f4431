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
/// the body decides alone. Without one, the session of the access token ends, and that of the cookie if
/// the request is JSON from a page that may send it.
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
    let named = named_sessions(&app, cookie, &uri, &headers, input)?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    for (id, user) in named {
        let end = async |session| login_session::end(&session, id).await;
        let event = if app.db.run(&log, end).await? {
            Event::LoggedOut
        } else {
            Event::Request
        };
        response = Audit::user(event, user).on(response);
    }
    Ok(if has_cookie {
        cookie::clear(response)
    } else {
        response
    })
}

/// Returns the sessions that a request to log out names, and their users; none if a token names none.
fn named_sessions(
    app: &App,
    cookie: SessionCookie,
    uri: &Uri,
    headers: &HeaderMap,
    mut input: OptionalInput,
) -> Result<Vec<(SessionId, UserId)>, Error> {
    let of_refresh_token = |token: &str| {
        let token = app.config.refresh_keys.open(token);
        token.map(|token| (token.session, token.user))
    };
    let origins = &app.config.http.cors_origins;
    let refresh_token = input.fields.optional("refresh_token", Ok);
    let fields = std::mem::take(&mut input.fields);
    if let Some(token) = fields.finish(Some(refresh_token))? {
        return Ok(of_refresh_token(&token).into_iter().collect());
    }
    let mut named = Vec::new();
    match bearer_token(headers) {
        Err(Error::MissingToken) if cookie.is_present() => {
            input.require_body()?;
            check_origin(uri, headers, origins)?;
            let token = cookie.only().ok_or(Error::InvalidSession)?;
            named.extend(of_refresh_token(&token));
        }
        token => {
            named.extend(app.tokens.session_of(token?, app.runtime.now()));
            // The cookie is deleted, so its session is not left behind, if the page may end it.
            let is_ours =
                input.require_body().is_ok() && check_origin(uri, headers, origins).is_ok();
            let token = cookie.only().filter(|_| is_ours);
            named.extend(token.and_then(|token| of_refresh_token(&token)));
            named.dedup();
        }
    }
    Ok(named)
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
