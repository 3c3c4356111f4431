//! Every statement on the `gatehouse_login_attempt` table: failed logins, counted by account.
//!
//! The clock is the database's, in milliseconds, so that all isolates go by the same one.

use std::time::Duration;

use crate::account::AccountKey;
use crate::mysql::{self, Statement};

use super::{Error, Session};

/// When an account may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How many failures in a row cost nothing.
    pub free_failures: u32,
    /// The longest wait. The first is a second, and each is twice the one before.
    pub max_wait: Duration,
}

/// What became of the wish to try a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// It may be tried, and counts as failed until [`clear`].
    Reserved,
    /// Not before this time has passed.
    Wait(Duration),
}

/// The time in milliseconds since 1970-01-01 UTC. (`UNIX_TIMESTAMP(NOW(3))` would go through the
/// session's time zone, which may have an hour that happens twice.)
macro_rules! now {
    () => {
        "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000"
    };
}

/// How long failures are remembered after the last wait is over, in milliseconds: a day.
macro_rules! memory {
    () => {
        "86400000"
    };
}

/// Milliseconds by which the clock of a statement can be behind the row that it waited for: the
/// clock stands while a lock is waited for, at most as long as a statement may run.
const LOCK_WAIT: u64 = 120_000;

/// Asks to try a password, counting the attempt as a failure before it is made, so that guesses
/// made at the same time cannot slip past the count.
///
/// # Errors
/// [`Error`] of the database; the attempt may have been counted.
pub async fn reserve(
    session: &mut Session<'_>,
    account: &AccountKey,
    policy: Policy,
) -> Result<Reservation, Error> {
    let statement = reservation(account, policy);
    let doing = "reserving a login attempt";
    let done = session.execute(doing, &statement).await?;
    match done.last_insert_id {
        0 => Err(Error::Failed {
            doing,
            source: mysql::Error::Protocol("no LAST_INSERT_ID in the reply"),
        }),
        1 => Ok(Reservation::Reserved),
        more => Ok(Reservation::Wait(Duration::from_millis(more - 1))),
    }
}

/// The statement that both decides and counts.
///
/// What it decided comes back as `LAST_INSERT_ID(expr)` in its OK packet, which needs no second
/// statement and, unlike the number of affected rows, does not depend on the capabilities of a
/// pool's connection: 1 and the milliseconds to wait.
#[must_use]
pub fn reservation(account: &AccountKey, policy: Policy) -> Statement {
    let free = u64::from(policy.free_failures);
    let max_wait = u64::try_from(policy.max_wait.as_millis()).unwrap_or(u64::MAX);
    let too_far = max_wait.saturating_add(LOCK_WAIT);
    Statement::new(
        "INSERT INTO `gatehouse_login_attempt` (`account`, `failures`, `retry_at`) VALUES (",
    )
    .value(account.as_bytes())
    // MySQL evaluates assignments from left to right: `retry_at` sees the new `failures`. A time
    // that lies much further ahead than the longest wait was written by a clock that was wrong, or
    // under another policy, and is over.
    .sql(concat!(
        ", LAST_INSERT_ID(1), ",
        now!(),
        ") ON DUPLICATE KEY UPDATE `failures` = IF(LAST_INSERT_ID(1 + IF(`retry_at` > ",
    ))
    .value(too_far)
    .sql(concat!(
        " + ",
        now!(),
        ", 0, GREATEST(`retry_at` - (",
        now!(),
        "), 0))) > 1, `failures`, IF(`retry_at` < (",
        now!(),
        ") - ",
        memory!(),
        ", 1, `failures` + 1)), `retry_at` = IF(`retry_at` > (",
        now!(),
        ") AND `retry_at` <= ",
    ))
    .value(too_far)
    .sql(concat!(
        " + ",
        now!(),
        ", `retry_at`, ",
        now!(),
        " + IF(`failures` <= ",
    ))
    .value(free)
    .sql(", 0, LEAST(")
    .value(max_wait)
    // The shift is bounded, or it would come round.
    .sql(", 1000 << LEAST(`failures` - 1 - ")
    .value(free)
    .sql(", 30))))")
}

/// Forgets the failures of an account, after a right password.
///
/// # Errors
/// [`Error`] of the database.
pub async fn clear(session: &mut Session<'_>, account: &AccountKey) -> Result<(), Error> {
    let statement = Statement::new("DELETE FROM `gatehouse_login_attempt` WHERE `account` = ")
        .value(account.as_bytes());
    let doing = "clearing login attempts";
    session.execute(doing, &statement).await.map(drop)
}

/// Deletes some of the rows whose time is over, so that the table does not grow with every e-mail
/// that was ever tried.
///
/// # Errors
/// [`Error`] of the database.
pub async fn purge(session: &mut Session<'_>) -> Result<(), Error> {
    let statement = Statement::new(concat!(
        "DELETE FROM `gatehouse_login_attempt` WHERE `retry_at` < ",
        now!(),
        " - ",
        memory!(),
        " LIMIT 500"
    ));
    let doing = "deleting old login attempts";
    session.execute(doing, &statement).await.map(drop)
}
