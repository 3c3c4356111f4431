//! `GET /me` and `PATCH /user/update`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::auth::current_user::{CurrentUser, find_current};
use crate::db::users::{self, Changes, User};
use crate::error::Error;
use crate::events::{Audit, Event};
use crate::http::input::Input;
use crate::http::json_response::json;
use crate::name::Name;
use crate::time::rfc3339;
use crate::user_id::UserId;

/// A user as clients see one.
#[derive(Serialize)]
pub struct UserView {
    id: UserId,
    email: Option<String>,
    name: Option<String>,
    username: Option<String>,
    updated_at: Option<String>,
}

impl UserView {
    /// What may be seen of a user.
    #[must_use]
    pub fn new(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            username: user.username,
            updated_at: user.updated_at.map(rfc3339),
        }
    }
}

/// `GET /me`: 200 and the user, 401 when the user is gone.
///
/// # Errors
/// [`Error`].
pub async fn get_me(State(app): State<Arc<App>>, current: CurrentUser) -> Result<Response, Error> {
    let read = async |session| current.load(&session).await;
    let user = app.db.run(read).await?;
    let id = user.id;
    Ok(Audit::user(Event::UserRead, id).on(json(StatusCode::OK, &UserView::new(user))?))
}

/// `PATCH /user/update`: 200 and the user as changed. A field that is missing stays, null clears
/// it (RFC 7396), an unknown one is ignored.
///
/// # Errors
/// [`Error`].
pub async fn update_user(
    State(app): State<Arc<App>>,
    Input { caller, mut fields }: Input<CurrentUser>,
) -> Result<Response, Error> {
    let name = fields.patch("name", Name::parse);
    let username = fields.patch("username", Name::parse);
    let (name, username) = fields.finish(Some((name, username)))?;
    let changes = Changes {
        name: name.as_ref(),
        username: username.as_ref(),
    };
    let now = app.runtime.now();
    let update = async |session| {
        let id = caller.id(&session).await?;
        users::update(&session, id, &changes, now).await?;
        find_current(&session, id).await
    };
    let user = app.db.run(update).await?;
    let id = user.id;
    Ok(Audit::user(Event::UserUpdated, id).on(json(StatusCode::OK, &UserView::new(user))?))
}
