//! `POST /auth/password`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::auth::current_user::CurrentUser;
use crate::auth::login::Outcome;
use crate::auth::reauthentication::{self, Action, Reauthentication};
use crate::db::user::StoredCredentials;
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::address::Network;
use crate::http::input::Input;
use crate::identity::email::Email;
use crate::password::Password;
use crate::routes::reauthentication::{give_back, throttled, wrong_password};
use crate::validation::FieldError;

/// `POST /auth/password`: 204, and the user has the new password and no session but that of the
/// request; 401 for a wrong current password; 429 after too many failed logins.
///
/// The rules for the new password are those of a registration, and are checked before the current
/// one is counted and compared; only the breach check comes after that.
///
/// # Errors
/// [`Error::InvalidFields`]; [`Error::InvalidToken`], also if the session has ended;
/// [`Error::RateLimited`]; [`Error::Database`]; [`Error::Internal`] if hashing fails.
pub async fn change_password(
    State(app): State<Arc<App>>,
    log: Log,
    network: Network,
    Input { caller, mut fields }: Input<CurrentUser>,
) -> Result<Response, Error> {
    let policy = &app.config.password.policy;
    let old = fields.required("current_password", |text| Ok(Password::new(text)));
    let new = fields.required("new_password", |text| {
        let new = Password::new(text);
        new.check(policy, None).map(|()| new)
    });
    let (old, new) = fields.finish(old.zip(new))?;
    let is_not_the_email = |stored: &StoredCredentials| {
        // Old rows may hold what is no e-mail.
        let email = Email::parse(&stored.email).ok();
        new.check(policy, email.as_ref())
            .map_err(|rule| Error::InvalidFields(vec![FieldError::new("new_password", rule)]))
    };
    let sent = Reauthentication {
        caller: &caller,
        password: &old,
        network: &network,
    };
    let (id, outcome) = reauthentication::verify(&app, &sent, is_not_the_email, &log).await?;
    let verified = match outcome {
        Outcome::Verified(verified) => verified,
        Outcome::Refused(_) => return Ok(wrong_password(id)),
        Outcome::Throttled(_, wait) => return Ok(throttled(id, wait)),
    };
    let action = Action::ChangePassword(&new);
    let changed = reauthentication::perform(&app, &verified, &action, &sent, &log);
    let answer = match changed.await {
        Ok(()) => Audit::user(Event::PasswordChanged, id).on(StatusCode::NO_CONTENT),
        // The count stays: the password is no longer the right one.
        Err(Error::InvalidCredentials) => return Ok(wrong_password(id)),
        Err(error) => error.into_response(),
    };
    Ok(give_back(app, log, verified).on(answer))
}
