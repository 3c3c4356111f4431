//! `PATCH /user/update`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::UserView;
use crate::app::App;
use crate::auth::current_user::CurrentUser;
use crate::db::user::{self, Changes};
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::input::Input;
use crate::http::json::json;
use crate::identity::name::Name;
use crate::token::TokenError;

/// `PATCH /user/update`: 200 and the changed user.
///
/// The body is a JSON merge patch (RFC 7396): a missing field is left as it is, null clears it.
/// Unknown fields are ignored.
///
/// # Errors
/// [`Error::InvalidFields`]; [`Error::InvalidToken`] if the user no longer exists;
/// [`Error::Conflict`] if a unique key refuses the change; [`Error::Database`].
pub async fn update_user(
    State(app): State<Arc<App>>,
    log: Log,
    Input { caller, mut fields }: Input<CurrentUser>,
) -> Result<Response, Error> {
    let name = fields.patch("name", Name::parse);
    let username = fields.patch("username", Name::parse);
    let (name, username) = fields.finish(Some((name, username)))?;
    let changes = Changes {
        name: name.as_ref(),
        username: username.as_ref(),
    };
    let current = caller.current(app.runtime.now());
    let work = async |session| {
        let id = caller.id(&session).await?;
        let user = user::update(&session, id, &changes, &current).await?;
        user.ok_or(Error::InvalidToken(TokenError::UnknownUser))
    };
    let user = app.db.run(&log, work).await?;
    let id = user.id;
    Ok(Audit::user(Event::UserUpdated, id).on(json(StatusCode::OK, &UserView::new(user))?))
}
