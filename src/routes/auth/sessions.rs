//! `GET /auth/sessions` and `DELETE /auth/sessions/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::auth::current_user::CurrentUser;
use crate::db::login_session::{self, StoredSession};
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::json::json;
use crate::identity::session_id::SessionId;
use crate::time::rfc3339;

#[derive(Serialize)]
struct SessionsView {
    sessions: Vec<SessionView>,
}

/// A session as its user is shown it.
#[derive(Serialize)]
pub(in crate::routes) struct SessionView {
    id: SessionId,
    created_at: String,
    last_used_at: String,
    /// `None` if it has been ended, as one in an export may be.
    expires_at: Option<String>,
    client: String,
    address: String,
    current: bool,
}

impl SessionView {
    pub(in crate::routes) fn new(stored: StoredSession, current: Option<SessionId>) -> Self {
        Self {
            id: stored.id,
            created_at: rfc3339(stored.created),
            last_used_at: rfc3339(stored.refreshed),
            expires_at: (stored.expires > 0).then(|| rfc3339(stored.expires)),
            client: stored.client,
            address: stored.address,
            current: current == Some(stored.id),
        }
    }
}

/// `GET /auth/sessions`: 200 and the live sessions of the user, the one used last first.
///
/// # Errors
/// [`Error::MissingToken`]; [`Error::InvalidToken`], also if the session has ended;
/// [`Error::Database`].
pub async fn list_sessions(
    State(app): State<Arc<App>>,
    log: Log,
    caller: CurrentUser,
) -> Result<Response, Error> {
    let now = app.runtime.now();
    let work = async |session| {
        let user = caller.load(&session, now).await?;
        Ok::<_, Error>(login_session::list(&session, user.id, now).await?)
    };
    let stored = app.db.run(&log, work).await?;
    let current = caller.current(now).session;
    let sessions = stored
        .into_iter()
        .map(|stored| SessionView::new(stored, current));
    let sessions = sessions.collect();
    json(StatusCode::OK, &SessionsView { sessions })
}

/// `DELETE /auth/sessions/{id}`: 204, and the session of the user has ended; 404 if the user has no
/// such session.
///
/// # Errors
/// [`Error::MissingToken`]; [`Error::InvalidToken`], also if the session of the request has ended;
/// [`Error::SessionNotFound`]; [`Error::Database`].
pub async fn end_session(
    State(app): State<Arc<App>>,
    log: Log,
    caller: CurrentUser,
    uri: Uri,
) -> Result<Response, Error> {
    // An id has one spelling, so nothing of the path is decoded. What `Path` cannot decode it would
    // refuse in words of its own.
    let id = uri.path().rsplit('/').next().and_then(SessionId::parse);
    let now = app.runtime.now();
    let work = async |session| {
        let user = caller.load(&session, now).await?;
        let is_ended = match id {
            Some(id) => login_session::end_of(&session, user.id, id, now).await?,
            None => false,
        };
        is_ended.then_some(user.id).ok_or(Error::SessionNotFound)
    };
    let user = app.db.run(&log, work).await?;
    Ok(Audit::user(Event::SessionEnded, user).on(StatusCode::NO_CONTENT))
}
