//! `DELETE /me`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::auth::current_user::CurrentUser;
use crate::auth::login::Outcome;
use crate::auth::reauthentication::{self, Action, Reauthentication};
use crate::error::Error;
use crate::events::{Audit, Event, Log};
use crate::http::address::Network;
use crate::http::cookie;
use crate::http::input::Input;
use crate::password::Password;
use crate::routes::reauthentication::{give_back, throttled, wrong_password};

/// `DELETE /me`: 204, and the user, all sessions and the budgets of failed logins are gone, with the session cookie; 401 for a
/// wrong password; 429 after too many failed logins; 409 if other tables refer to the user.
///
/// # Errors
/// [`Error::InvalidFields`]; [`Error::InvalidToken`], also if the session has ended;
/// [`Error::RateLimited`]; [`Error::Database`]; [`Error::Internal`] if hashing fails.
pub async fn delete_me(
    State(app): State<Arc<App>>,
    log: Log,
    network: Network,
    Input { caller, mut fields }: Input<CurrentUser>,
) -> Result<Response, Error> {
    let password = fields.required("password", |text| Ok(Password::new(text)));
    let password = fields.finish(password)?;
    let sent = Reauthentication {
        caller: &caller,
        password: &password,
        network: &network,
    };
    let (id, outcome) = reauthentication::verify(&app, &sent, |_| Ok(()), &log).await?;
    let verified = match outcome {
        Outcome::Verified(verified) => verified,
        Outcome::Refused(_) => return Ok(wrong_password(id)),
        Outcome::Throttled(_, wait) => return Ok(throttled(id, wait)),
    };
    let deleted = reauthentication::perform(&app, &verified, &Action::DeleteUser, &sent, &log);
    let answer = match deleted.await {
        // Nothing is left to be given back to.
        Ok(()) => {
            let done = Audit::user(Event::UserDeleted, id).on(StatusCode::NO_CONTENT);
            return Ok(cookie::clear(done));
        }
        // The count stays: the password is no longer the right one.
        Err(Error::InvalidCredentials) => return Ok(wrong_password(id)),
        Err(error) => error.into_response(),
    };
    Ok(give_back(app, log, verified).on(answer))
}
