//! Statements that find users.

use super::super::login_session::Current;
use super::super::{Error, Session};
use super::by_email;
use super::row::{OwnCredentials, StoredCredentials, User};
use crate::identity::email::Lookup;
use crate::identity::user_id::UserId;
use crate::statement;

/// Returns whether any user has an e-mail, in any of its spellings.
///
/// # Errors
/// [`Error`] if a statement fails.
pub async fn is_taken(session: &Session<'_>, email: &Lookup) -> Result<bool, Error> {
    let purpose = "finding whether an e-mail is taken";
    let found = by_email::find_closest(session, purpose, email).await?;
    Ok(found.is_some())
}

/// Finds the credentials of an e-mail. If old rows hold the address in several spellings, the one
/// as typed wins, then the canonical one, then the one with the lowest id.
///
/// # Errors
/// [`Error`] if a statement fails.
pub async fn find_credentials(
    session: &Session<'_>,
    email: &Lookup,
) -> Result<Option<StoredCredentials>, Error> {
    by_email::find_closest(session, "finding a user by e-mail", email).await
}

/// Finds the user whose e-mail a token of the replaced system names.
///
/// No password proves which row is meant, so the e-mail is not normalised: the row must hold it
/// byte for byte, or be the only one that differs in nothing but ASCII case.
///
/// # Errors
/// [`Error`] if the statement fails.
pub async fn find_by_exact_email(
    session: &Session<'_>,
    email: &str,
) -> Result<Option<UserId>, Error> {
    let rows = by_email::find_equal(session, "finding the user of an old token", email).await?;
    if let Some(user) = rows.iter().find(|user| user.email == email) {
        return Ok(Some(user.id));
    }
    let mut alike = rows
        .iter()
        .filter(|user| user.email.eq_ignore_ascii_case(email));
    let first = alike.next();
    Ok(first.filter(|_| alike.next().is_none()).map(|user| user.id))
}

/// Finds a user by id, if the session of the request is live and the user's.
///
/// # Errors
/// [`Error`] if the statement fails.
pub async fn find(
    session: &Session<'_>,
    id: UserId,
    current: &Current,
) -> Result<Option<User>, Error> {
    let select = statement!(
        "finding a user by id",
        concat!(
            "SELECT `id`, ",
            utf8!("email"),
            ", ",
            utf8!("name"),
            ", ",
            utf8!("username"),
            ", UNIX_TIMESTAMP(`updated_at`) FROM `user` WHERE `id` = :id AND :is_live"
        ),
        id,
        is_live = &current.condition(id),
    );
    let rows = session.query(&select, User::read).await?;
    Ok(rows.into_iter().next())
}

/// Finds the credentials of the user of a request by id, and whether the session of the request is
/// live.
///
/// # Errors
/// [`Error`] if the statement fails.
pub async fn find_own_credentials(
    session: &Session<'_>,
    id: UserId,
    current: &Current,
) -> Result<Option<OwnCredentials>, Error> {
    let select = statement!(
        "finding a user by id, with the password",
        concat!(
            "SELECT `id`, ",
            utf8!("email"),
            ", ",
            utf8!("password"),
            ", :is_live FROM `user` WHERE `id` = :id"
        ),
        id,
        is_live = &current.condition(id),
    );
    let rows = session.query(&select, OwnCredentials::read).await?;
    Ok(rows.into_iter().next())
}
