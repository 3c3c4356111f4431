//! The statement that refreshes a session.

use super::super::{Error, Session};
use super::Lifetimes;
use crate::mysql::Statement;
use crate::statement;
use crate::token::RefreshToken;

/// What came of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// The token was the current one. Its successor takes its place.
    Advanced,
    /// The same, for the first time on this day (UTC), so the network is to be remembered.
    FirstOfDay,
    /// The token was the one before, and its refresh a moment ago: the answer may have been lost.
    /// Its successor is the current one.
    Repeated,
    /// The token was used before, and its successor too or long ago: somebody has a copy. The
    /// session has ended.
    Reused,
    /// The session has expired or was ended, or its user no longer exists.
    Over,
}

impl Refreshed {
    /// Decodes the `LAST_INSERT_ID` of [`refreshing`], which is 0 if there is no such session.
    #[must_use]
    pub fn read(answer: u64) -> Self {
        match answer {
            ADVANCED => Self::Advanced,
            FIRST_OF_DAY => Self::FirstOfDay,
            REPEATED => Self::Repeated,
            REUSED => Self::Reused,
            _ => Self::Over,
        }
    }
}

const ADVANCED: u64 = 1;
const REPEATED: u64 = 2;
const REUSED: u64 = 3;
const OVER: u64 = 4;
const FIRST_OF_DAY: u64 = 5;

/// Refreshes the session of a token.
///
/// # Errors
/// [`Error`] if the statement fails. It may have been done: repeating it within
/// [`Lifetimes::grace`] gives [`Refreshed::Repeated`] and the same successor.
pub async fn refresh(
    session: &Session<'_>,
    token: &RefreshToken,
    lifetimes: &Lifetimes,
    now: u64,
) -> Result<Refreshed, Error> {
    let statement = refreshing(token, lifetimes, now);
    let done = session.execute_repeatable(&statement).await?;
    Ok(Refreshed::read(done.last_insert_id))
}

/// Returns the statement of [`refresh`]. [`Refreshed::read`] decodes the `LAST_INSERT_ID` of its
/// reply.
///
/// The result does not depend on whether an assignment sees the values assigned before it (it does
/// not under MariaDB's `SIMULTANEOUS_ASSIGNMENT`). `refreshed` changes only if the token is the
/// current one, and then the other assignments do not read it. `expires` becomes 0 or a later time,
/// or stays; `counter` advances only where the token is the current one, and then the old and the new
/// `expires` are both after `now`.
///
/// The row is found by its key alone: with the user in the condition, a server may choose that index,
/// and a refresh and a logout deadlock. The token is authentic, so the session is the user's.
///
/// A counter that is less than the token's comes from a database that has lost the last refreshes,
/// as in a fail-over to a replica. The token is authentic, so it is the current one.
#[must_use]
pub fn refreshing(token: &RefreshToken, lifetimes: &Lifetimes, now: u64) -> Statement {
    statement!(
        "refreshing a session",
        "UPDATE `gatehouse_session` SET
           `refreshed` = IF(
             LAST_INSERT_ID(
               IF(`expires` <= :now, :over,
               IF(`counter` <= :counter,
                 IF(:now DIV 86400 = `refreshed` DIV 86400, :advanced, :first_of_day),
               IF(`counter` = :counter + 1 AND :now <= `refreshed` + :grace, :repeated, :reused)))
             ) IN (:advanced, :first_of_day),
             :now,
             `refreshed`
           ),
           `expires` = IF(
             `expires` <= :now, `expires`,
             IF(`counter` <= :counter, LEAST(`ends`, :expires),
             IF(`counter` = :counter + 1 AND :now <= `refreshed` + :grace, `expires`, 0))
           ),
           `counter` = IF(`expires` > :now AND `counter` <= :counter, :counter + 1, `counter`)
         WHERE `id` = :id AND EXISTS (SELECT 1 FROM `user` WHERE `id` = :user)",
        id = token.session.as_bytes().as_slice(),
        user = token.user,
        counter = u64::from(token.counter),
        expires = lifetimes.expires(now, token.ends),
        grace = lifetimes.grace.as_secs(),
        now,
        advanced = ADVANCED,
        repeated = REPEATED,
        reused = REUSED,
        over = OVER,
        first_of_day = FIRST_OF_DAY,
    )
}
