//! `GET /me`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::UserView;
use crate::app::App;
use crate::auth::current_user::CurrentUser;
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::json::json;

/// `GET /me`: 200 and the current user.
///
/// # Errors
/// [`Error::InvalidToken`] if the user no longer exists; [`Error::Database`].
pub async fn get_me(
    State(app): State<Arc<App>>,
    log: Log,
    current: CurrentUser,
) -> Result<Response, Error> {
    let now = app.runtime.now();
    let read = async |session| current.load(&session, now).await;
    let user = app.db.run(&log, read).await?;
    let id = user.id;
    Ok(Audit::user(Event::UserRead, id).on(json(StatusCode::OK, &UserView::new(user))?))
}
