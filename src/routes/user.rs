//! `GET /me` and `PATCH /user/update`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::db::users::{self, Changes, User};
use crate::error::Error;
use crate::extract::{CurrentUser, JsonHead};
use crate::fields::Fields;
use crate::log::Audit;
use crate::name::Name;
use crate::routes::json;
use crate::time::rfc3339;
use crate::token::TokenError;
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
    let id = current.id(&app.db).await?;
    let user = users::find(&app.db, id).await?;
    let user = user.ok_or(Error::InvalidToken(TokenError::UnknownUser))?;
    Ok(Audit::user("user_read", id).on(json(StatusCode::OK, &UserView::new(user))?))
}

/// `PATCH /user/update`: 200 and the user as changed. A field that is missing stays, null clears
/// it (RFC 7396), an unknown one is ignored.
///
/// # Errors
/// [`Error`].
pub async fn update_user(
    State(app): State<Arc<App>>,
    _: JsonHead,
    current: CurrentUser,
    mut fields: Fields,
) -> Result<Response, Error> {
    let name = fields.optional("name", Name::parse);
    let username = fields.optional("username", Name::parse);
    fields.finish(Some(()))?;
    let changes = Changes {
        name: name.as_ref().map(Option::as_ref),
        username: username.as_ref().map(Option::as_ref),
    };
    let mut session = app.db.connect().await?;
    let id = current.id(&mut session).await?;
    if changes.name.is_some() || changes.username.is_some() {
        users::update(&mut session, id, &changes, app.platform.now()).await?;
    }
    let user = users::find(&mut session, id).await?;
    session.close().await;
    let user = user.ok_or(Error::InvalidToken(TokenError::UnknownUser))?;
    Ok(Audit::user("user_updated", id).on(json(StatusCode::OK, &UserView::new(user))?))
}
