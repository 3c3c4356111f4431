//! The statements by which a user changes the own password and deletes the own account.
//!
//! Each is one statement on several tables, so that a failure leaves nothing half done. Both lock
//! the row of `user` first, as a login that starts a session does. They apply only if the row still
//! has the hash with which the caller's password was compared, so either may be run twice.
//!
//! The tables are not joined by their columns, but each is looked up with the id: the ids of users
//! may be of any integer type. `FORCE INDEX` keeps a server from reading and locking the sessions of
//! all users where there are few.

use super::super::login_session::Current;
use super::super::retry::Step;
use super::super::session::LAG_PAUSES;
use super::super::{Error, Session};
use super::columns::Column;
use super::read::find_own_credentials;
use super::refusal::{Refusal, write_guarded};
use super::row::StoredCredentials;
use crate::identity::pseudonym::AccountPseudonym;
use crate::mysql::{Sql, Statement};
use crate::{sql, statement};

const CHANGING: &str = "changing a password";
const DELETING: &str = "deleting a user";

/// What came of a change or a deletion.
#[derive(Debug)]
pub enum Outcome {
    /// It is done.
    Done,
    /// The stored hash is no longer the one that was compared, but this.
    Overtaken(StoredCredentials),
    /// The session of the request has ended; of a change also: the user no longer exists.
    Over,
}

/// Replaces the stored hash by `new`, and ends all sessions of the user but the one of the request.
/// `compared` is the row with which the current password was compared.
///
/// # Errors
/// [`Refusal`]; after [`Refusal::Database`] the change may have been made nevertheless.
pub async fn change_password(
    session: &Session<'_>,
    compared: &StoredCredentials,
    new: &str,
    current: &Current,
) -> Result<Outcome, Refusal> {
    let assignments = [(Column::Password, Some(new))];
    let update = |guard: &Sql| changing_password(compared, new, current, guard);
    let step = Step::Repeatable;
    let mut pauses = LAG_PAUSES.into_iter();
    loop {
        let done = write_guarded(session, compared.id, &assignments, step, update).await?;
        if done.rows > 0 {
            return Ok(Outcome::Done);
        }
        match find_own_credentials(session, compared.id, current).await? {
            None => return Ok(Outcome::Over),
            // An earlier attempt was applied, and its reply lost.
            Some(own) if own.stored.has_hash(Some(new)) => return Ok(Outcome::Done),
            Some(own) if !own.is_live => return Ok(Outcome::Over),
            Some(own) if !own.stored.has_hash(compared.password.as_deref()) => {
                return Ok(Outcome::Overtaken(own.stored));
            }
            // The statement should have found this.
            Some(_) => {}
        }
        let disagreement = Error::Disagreement { purpose: CHANGING };
        let pause = pauses.next().ok_or(Refusal::Database(disagreement))?;
        session.wait(pause).await;
    }
}

/// Returns the statement of [`change_password`], with a term to add to `updated_at`: the guard, or
/// 0.
///
/// The session of the request is spared in the assignment and not in a condition, for which a server
/// would read all sessions by their ids.
fn changing_password(
    compared: &StoredCredentials,
    new: &str,
    current: &Current,
    guard: &Sql,
) -> Statement {
    let expires = match &current.session {
        None => Sql::from("0"),
        Some(session) => sql!(
            "IF(`other`.`id` = :session, `other`.`expires`, 0)",
            session = session.as_bytes().as_slice(),
        ),
    };
    statement!(
        CHANGING,
        concat!(
            "UPDATE `user` :join_caller
             LEFT JOIN `gatehouse_session` AS `other` FORCE INDEX (`user`) ON `other`.`user` = :id
             SET `password` = :new, `updated_at` = FROM_UNIXTIME(:now) + :guard,
                 `other`.`expires` = :expires
             WHERE `user`.`id` = :id AND ",
            utf8!("password"),
            " <=> :compared"
        ),
        join_caller = &current.join(compared.id),
        id = compared.id,
        new,
        now = current.now,
        guard,
        expires = &expires,
        compared = compared.password.as_deref().map(str::as_bytes),
    )
}

/// Deletes the user, all sessions of the user and the budgets of the account. `compared` is the row
/// with which the password was compared.
///
/// # Errors
/// [`Error`] if the statement fails, as where another table refers to the user. The user may have
/// been deleted nevertheless, unless the server reported the error.
pub async fn delete(
    session: &Session<'_>,
    compared: &StoredCredentials,
    account: &AccountPseudonym,
    current: &Current,
) -> Result<Outcome, Error> {
    let delete = deleting(compared, account, current);
    let mut pauses = LAG_PAUSES.into_iter();
    loop {
        if session.execute_repeatable(&delete).await?.rows > 0 {
            return Ok(Outcome::Done);
        }
        match find_own_credentials(session, compared.id, current).await? {
            // By an earlier attempt, whose reply was lost, or by another request.
            None => return Ok(Outcome::Done),
            Some(own) if !own.is_live => return Ok(Outcome::Over),
            Some(own) if !own.stored.has_hash(compared.password.as_deref()) => {
                return Ok(Outcome::Overtaken(own.stored));
            }
            // The statement should have found this.
            Some(_) => {}
        }
        let disagreement = Error::Disagreement { purpose: DELETING };
        session.wait(pauses.next().ok_or(disagreement)?).await;
    }
}

/// Returns the statement of [`delete`].
fn deleting(
    compared: &StoredCredentials,
    account: &AccountPseudonym,
    current: &Current,
) -> Statement {
    statement!(
        DELETING,
        concat!(
            "DELETE `user`, `session`, `throttle` FROM `user` :join_caller
             LEFT JOIN `gatehouse_session` AS `session` FORCE INDEX (`user`) ON `session`.`user` = :id
             LEFT JOIN `gatehouse_login_throttle` AS `throttle` ON `throttle`.`account` = :account
             WHERE `user`.`id` = :id AND ",
            utf8!("password"),
            " <=> :compared"
        ),
        join_caller = &current.join(compared.id),
        id = compared.id,
        account = account.as_bytes(),
        compared = compared.password.as_deref().map(str::as_bytes),
    )
}
