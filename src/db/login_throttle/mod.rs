//! Every statement on the `gatehouse_login_throttle` table: budgets of failed logins.
//!
//! An account has a budget for each network that tries it, and one that all networks share which
//! have not logged in to it within [`KNOWN_FOR`]. A login takes a unit before its password is
//! compared and gets it back if it was right; what is taken comes back as time passes.
//!
//! A budget is one number, the time when it is full again (the generic cell rate algorithm of ITU-T
//! I.371): taking a unit puts the time off by an interval, and no unit is left while the time lies
//! too many intervals ahead. All times are the database's, in whole seconds.

mod limits;
mod sql;

use std::time::Duration;

use crate::identity::pseudonym::{AccountPseudonym, NetworkPseudonym};
use crate::mysql::{self, Affected, Sql, Statement};
use crate::statement;

use self::limits::{DAY, ENTRY, KNOWN_ENTRY, MEMORY, RESERVED, TIME, TOLERANCE};
pub use self::limits::{KNOWN_FOR, Limits, MOST_KNOWN, MOST_NETWORKS};
use self::sql::Terms;
use super::{Error, Session};

/// How often a statement is run again that a deadlock has undone.
const MOST_RETRIES: u32 = 2;

/// Which budgets a login has taken a unit from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// That of its network, which is known to the account.
    Network,
    /// That of its network, and the one that strange networks share.
    NetworkAndStrangers,
}

/// Whether a password may be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may; it counts as a wrong one until [`succeeded`].
    Go(Taken),
    /// Not before this time has passed; then it may, unless others have used the budget.
    Wait(Duration),
}

impl Decision {
    /// Reads the answer of [`taking`]: 1 and 2 are the two kinds of [`Taken`], and what is more
    /// says the wait, twice and rounded up.
    #[must_use]
    pub fn read(answer: u64) -> Option<Self> {
        match answer {
            0 => None,
            1 => Some(Self::Go(Taken::Network)),
            2 => Some(Self::Go(Taken::NetworkAndStrangers)),
            more => Some(Self::Wait(Duration::from_secs(more.div_ceil(2) - 1))),
        }
    }
}

/// Asks to compare a password, and counts it as a wrong one until [`succeeded`].
///
/// # Errors
/// [`Error`] of the database; the login may have been counted.
pub async fn take(
    session: &Session<'_>,
    account: &AccountPseudonym,
    network: NetworkPseudonym,
    limits: Limits,
) -> Result<Decision, Error> {
    let statement = taking(account, network, limits);
    let done = execute(session, &statement).await?;
    Decision::read(done.last_insert_id).ok_or(Error::Failed {
        purpose: statement.purpose(),
        source: mysql::Error::Protocol("no LAST_INSERT_ID in the reply"),
    })
}

/// The statement of [`take`]; [`Decision::read`] reads the `LAST_INSERT_ID` of its reply.
#[must_use]
pub fn taking(account: &AccountPseudonym, network: NetworkPseudonym, limits: Limits) -> Statement {
    let strangers_interval = limits.strangers_interval();
    let network_interval = limits.network_interval();
    let terms = Terms::of(network);
    statement!(
        "counting a login",
        sql::TAKE,
        account = account.as_bytes(),
        network = network.as_bytes(),
        network_interval,
        // A unit is left as long as all but one are out.
        network_limit = limits.network_units().saturating_sub(1) * network_interval + TOLERANCE,
        strangers_interval,
        strangers_limit =
            limits.strangers_units().saturating_sub(1) * strangers_interval + TOLERANCE,
        open_limit = limits.strangers_units() / 2 * strangers_interval + TOLERANCE,
        reserve_limit = (RESERVED - 1) * DAY + TOLERANCE,
        memory = MEMORY,
        most_bytes = TIME + MOST_NETWORKS * ENTRY,
        now = &terms.now,
        is_believed = &terms.is_believed,
        strangers = &terms.strangers,
        own = &terms.own,
        reserve = &terms.reserve,
        is_known = &terms.is_known,
        other_networks = &terms.other_networks,
    )
}

/// After a right password: its network is known from now on and owes nothing, and what it took of
/// the strangers' budget is given back.
///
/// # Errors
/// [`Error`] of the database.
pub async fn succeeded(
    session: &Session<'_>,
    account: &AccountPseudonym,
    network: NetworkPseudonym,
    taken: Taken,
    limits: Limits,
) -> Result<(), Error> {
    let statement = succeeding(account, network, taken, limits);
    execute(session, &statement).await.map(drop)
}

/// The statement of [`succeeded`].
#[must_use]
pub fn succeeding(
    account: &AccountPseudonym,
    network: NetworkPseudonym,
    taken: Taken,
    limits: Limits,
) -> Statement {
    let given_back = match taken {
        Taken::Network => 0,
        Taken::NetworkAndStrangers => limits.strangers_interval(),
    };
    let terms = Terms::of(network);
    statement!(
        "remembering a login",
        sql::SUCCEED,
        account = account.as_bytes(),
        network = network.as_bytes(),
        given_back,
        known_for = KNOWN_FOR,
        most_bytes = MOST_KNOWN * KNOWN_ENTRY,
        now = &terms.now,
        other_networks = &terms.other_networks,
        other_known = &terms.other_known,
    )
}

/// Deletes some of the rows that matter no more, so that the table does not grow with every e-mail
/// that was ever tried.
///
/// # Errors
/// [`Error`] of the database.
pub async fn purge(session: &Session<'_>) -> Result<(), Error> {
    execute(session, &purging()).await.map(drop)
}

/// The statement of [`purge`].
#[must_use]
pub fn purging() -> Statement {
    let now = Sql::from(sql::NOW);
    statement!("deleting old login budgets", sql::PURGE, now = &now)
}

/// Runs a statement, and again if it was undone: a purge and a login can meet in a deadlock.
async fn execute(session: &Session<'_>, statement: &Statement) -> Result<Affected, Error> {
    let mut done = session.execute(statement).await;
    for _ in 0..MOST_RETRIES {
        match &done {
            Err(error) if error.as_mysql().is_some_and(mysql::Error::is_deadlock) => {
                done = session.execute(statement).await;
            }
            _ => break,
        }
    }
    done
}
