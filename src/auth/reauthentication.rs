//! The password of a user who is logged in, asked for again before what cannot be undone: a change
//! of the password, and the deletion of the account.
//!
//! It is compared under the limits on failed logins, and counted with them: whoever has stolen an
//! access token guesses no faster than anybody else.

use super::current_user::CurrentUser;
use super::login::{self, Outcome, Verified};
use super::{breaches, limits};
use crate::app::App;
use crate::db;
use crate::db::login_session::Current;
use crate::db::user::{self, StoredCredentials};
use crate::error::Error;
use crate::events::Log;
use crate::http::address::Network;
use crate::identity::pseudonym::AccountPseudonym;
use crate::identity::user_id::UserId;
use crate::mysql;
use crate::password::Password;
use crate::platform::Limiter;
use crate::token::TokenError;

/// A caller, and the password that was sent to prove who it is.
pub(crate) struct Reauthentication<'a> {
    /// The caller.
    pub(crate) caller: &'a CurrentUser,
    /// The password as sent, which may be wrong.
    pub(crate) password: &'a Password,
    /// The network of the request.
    pub(crate) network: &'a Network,
}

/// Compares the password with the caller's, and returns the caller's id and the outcome. `check`
/// refuses what needs the user, before anything is counted.
///
/// # Errors
/// [`Error::RateLimited`]; [`Error::InvalidToken`] if the user no longer exists or the session has
/// ended; the errors of `check`; [`Error::Database`]; [`Error::Internal`] if hashing fails.
pub(crate) async fn verify(
    app: &App,
    sent: &Reauthentication<'_>,
    check: impl FnOnce(&StoredCredentials) -> Result<(), Error>,
    log: &Log,
) -> Result<(UserId, Outcome), Error> {
    let Reauthentication {
        caller,
        password,
        network,
    } = *sent;
    limits::check(app, Limiter::Login, network, log).await?;
    let current = caller.current(app.runtime.now());
    let reserve = async |session| {
        let id = caller.id(&session).await?;
        let found = user::find_own_credentials(&session, id, &current).await?;
        let Some(own) = found.filter(|own| own.is_live) else {
            return Err(Error::InvalidToken(TokenError::UnknownUser));
        };
        check(&own.stored)?;
        let reserved = login::reserve(app, &session, &own.stored.email, network, None).await?;
        Ok((own.stored, reserved))
    };
    let (stored, reserved) = app.db.run(log, reserve).await?;
    let id = stored.id;
    let outcome = login::compare(app, Some(stored), reserved, password, log).await?;
    Ok((id, outcome))
}

/// What the password was asked for.
pub(crate) enum Action<'a> {
    /// Replaces the password by a new one, and ends all other sessions.
    ChangePassword(&'a Password),
    /// Deletes the user, all sessions and the budgets of the account.
    DeleteUser,
}

/// How often an action is tried while the stored hash changes.
const MOST_ATTEMPTS: u32 = 5;

/// Does what the password of a verified user was asked for.
///
/// The breach check of a new password comes only now, so that nobody without the current one makes
/// this service ask another one.
///
/// # Errors
/// [`Error::InvalidFields`] if the new password is known from a breach;
/// [`Error::InvalidCredentials`] if the password was changed meanwhile; [`Error::InvalidToken`] if
/// the session has ended meanwhile, or before a change the user was deleted;
/// [`Error::Referenced`] if other tables refer to the user to delete; [`Error::Database`];
/// [`Error::Internal`] if hashing fails.
pub(crate) async fn perform(
    app: &App,
    verified: &Verified,
    action: &Action<'_>,
    sent: &Reauthentication<'_>,
    log: &Log,
) -> Result<(), Error> {
    let (new, hash) = match action {
        Action::ChangePassword(new) => {
            breaches::check(app, "new_password", new, log).await?;
            (Some(*new), Some(app.hasher.hash(new)?))
        }
        Action::DeleteUser => (None, None),
    };
    let current = sent.caller.current(app.runtime.now());
    let account = verified.account();
    let mut found: Option<StoredCredentials> = None;
    for _ in 0..MOST_ATTEMPTS {
        let stored = found.as_ref().unwrap_or(&verified.user);
        let outcome = match &hash {
            Some(hash) => change(app, stored, hash, &current, log).await?,
            None => delete(app, stored, &account, &current, log).await?,
        };
        let stored = match outcome {
            user::Outcome::Done => return Ok(()),
            user::Outcome::Over => return Err(Error::InvalidToken(TokenError::UnknownUser)),
            user::Outcome::Overtaken(stored) => stored,
        };
        // A login may have replaced an outdated hash; and of two changes to the same password, the
        // other one may have come first.
        let mut is_match = false;
        for password in [Some(sent.password), new].into_iter().flatten() {
            let verdict = app.hasher.verify(password, stored.password.as_deref())?;
            is_match = is_match || verdict.is_match();
        }
        if !is_match {
            return Err(Error::InvalidCredentials);
        }
        found = Some(stored);
    }
    let purpose = "changing or deleting a user whose password changes";
    Err(Error::Database(db::Error::Disagreement { purpose }))
}

async fn change(
    app: &App,
    stored: &StoredCredentials,
    hash: &str,
    current: &Current,
    log: &Log,
) -> Result<user::Outcome, Error> {
    let change = async |session| user::change_password(&session, stored, hash, current).await;
    Ok(app.db.run(log, change).await?)
}

async fn delete(
    app: &App,
    stored: &StoredCredentials,
    account: &AccountPseudonym,
    current: &Current,
    log: &Log,
) -> Result<user::Outcome, Error> {
    let delete = async |session| user::delete(&session, stored, account, current).await;
    app.db.run(log, delete).await.map_err(|error| {
        if error.as_mysql().is_some_and(mysql::Error::is_referenced) {
            Error::Referenced(error)
        } else {
            Error::Database(error)
        }
    })
}
