//! Every statement on the `gatehouse_login_throttle` table: budgets of failed logins.
//!
//! An account has one budget for each network that tries to log in. All unknown networks, which
//! have not logged in to the account within [`KNOWN_FOR`], share another: the strangers' budget. A
//! login takes a unit before its password is compared, and returns it if the password was right.
//! Units also come back as time passes.
//!
//! Half of the strangers' budget is open to all of them. The other half is a reserve: an unknown
//! network may take from it as long as its own part of the reserve, three units, is not used up.
//! `migrations/0003` describes the columns.
//!
//! A budget is stored as one number, the time at which it will be full (the generic cell rate
//! algorithm of ITU-T I.371): taking a unit moves that time ahead by an interval, and no unit is
//! left while it is too many intervals in the future. All times are the database's, in whole
//! seconds.

mod limits;
mod sql;
mod stored;

use std::time::Duration;

use crate::identity::pseudonym::{AccountPseudonym, DevicePseudonym, NetworkPseudonym};
use crate::mysql::{self, Sql, Statement};
use crate::statement;

use self::limits::{DAY, ENTRY, KNOWN_ENTRY, MEMORY, RESERVED, TIME, TOLERANCE};
pub use self::limits::{KNOWN_FOR, Limits, MOST_KNOWN, MOST_NETWORKS};
use self::sql::Terms;
pub use self::stored::{Stored, StoredBudget, find};
use super::{Error, Session};

/// What a login comes from, which has a budget of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A network, which is known to the account or not.
    Network(NetworkPseudonym),
    /// A group of devices that have proved to have logged in to the account, from whatever network. It
    /// counts as a known network.
    Device(DevicePseudonym),
}

impl Source {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Network(network) => network.as_bytes(),
            Self::Device(device) => device.as_bytes(),
        }
    }
}

/// The budgets from which a login took a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Only the budget of its network, which is known to the account.
    Network,
    /// The budget of its network, and the strangers' budget.
    NetworkAndStrangers,
}

/// Whether the outcome of a login is recorded for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It was not tried before.
    First,
    /// It was tried before, and it is unknown whether it was done.
    Repeat,
}

/// The decision whether a password may be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Compare the password. It is counted as wrong until [`succeeded`] is called.
    Go(Taken),
    /// Refuse the login. A unit is available after this time, unless other logins take it.
    Wait(Duration),
}

impl Decision {
    /// Decodes the `LAST_INSERT_ID` of [`taking`]: 1 and 2 are the two variants of [`Taken`], and a
    /// larger number n is a wait of n / 2 (rounded up) - 1 seconds. `None` for 0.
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

/// Decides whether a password may be compared; if so, counts it as wrong until [`succeeded`] is
/// called.
///
/// # Errors
/// [`Error`] if the statement fails. The login may have been counted.
pub async fn take(
    session: &Session<'_>,
    account: &AccountPseudonym,
    source: Source,
    limits: Limits,
) -> Result<Decision, Error> {
    let statement = taking(account, source, limits);
    let done = session.execute(&statement).await?;
    Decision::read(done.last_insert_id).ok_or(Error::Failed {
        purpose: statement.purpose(),
        source: mysql::Error::Protocol("no LAST_INSERT_ID in the reply"),
    })
}

/// Returns the statement of [`take`]. [`Decision::read`] decodes the `LAST_INSERT_ID` of its reply.
#[must_use]
pub fn taking(account: &AccountPseudonym, source: Source, limits: Limits) -> Statement {
    let strangers_interval = limits.strangers_interval();
    let network_interval = limits.network_interval();
    let terms = Terms::of(source);
    statement!(
        "counting a login",
        sql::TAKE,
        account = account.as_bytes(),
        network = source.as_bytes(),
        network_interval,
        // A unit is left while at most all but one are taken.
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

/// Records that a password was right: its network becomes known and the own budget of its source
/// full, and the unit of the strangers' budget, if it took one, is given back.
///
/// A repeat changes the budgets of a network that was strange only if it is not yet known, so that
/// nothing is given back twice.
///
/// # Errors
/// [`Error`] if the statement fails. It may have been done. [`Error::Disagreement`] if the account has
/// no row: the server does not have yet what [`take`] has written to another one.
pub async fn succeeded(
    session: &Session<'_>,
    account: &AccountPseudonym,
    source: Source,
    network: NetworkPseudonym,
    taken: Taken,
    limits: Limits,
    attempt: Attempt,
) -> Result<(), Error> {
    let statement = succeeding(account, source, network, taken, limits, attempt);
    let done = session.execute(&statement).await?;
    match done.last_insert_id {
        0 => Err(Error::Disagreement {
            purpose: statement.purpose(),
        }),
        _ => Ok(()),
    }
}

/// Returns the statement of [`succeeded`]. The `LAST_INSERT_ID` of its reply is 1, or 0 if the account
/// has no row.
#[must_use]
pub fn succeeding(
    account: &AccountPseudonym,
    source: Source,
    network: NetworkPseudonym,
    taken: Taken,
    limits: Limits,
    attempt: Attempt,
) -> Statement {
    let terms = Terms::of(Source::Network(network));
    let given_back = match taken {
        Taken::Network => 0,
        Taken::NetworkAndStrangers => limits.strangers_interval(),
    };
    let is_done = match (taken, attempt) {
        (Taken::NetworkAndStrangers, Attempt::Repeat) => terms.is_known.clone(),
        // A known network is known before and after, so it does not tell. What it took of its own
        // budget is given back again.
        (Taken::Network, _) | (_, Attempt::First) => Sql::from("FALSE"),
    };
    statement!(
        "remembering a login",
        sql::SUCCEED,
        account = account.as_bytes(),
        network = network.as_bytes(),
        given_back,
        is_done = &is_done,
        known_for = KNOWN_FOR,
        most_bytes = MOST_KNOWN * KNOWN_ENTRY,
        now = &terms.now,
        other_networks = &Terms::of(source).other_networks,
        other_known = &terms.other_known,
    )
}

/// Makes a network known to an account, or known for longer. If there is no room, it stays unknown:
/// only a login pushes out others. An account whose row was deleted stays without one.
///
/// # Errors
/// [`Error`] if the statement fails. It may have been done.
pub async fn know(
    session: &Session<'_>,
    account: &AccountPseudonym,
    network: NetworkPseudonym,
) -> Result<(), Error> {
    let terms = Terms::of(Source::Network(network));
    let statement = statement!(
        "remembering a network",
        sql::KNOW,
        account = account.as_bytes(),
        network = network.as_bytes(),
        known_for = KNOWN_FOR,
        most_bytes = MOST_KNOWN * KNOWN_ENTRY,
        now = &terms.now,
    );
    session.execute_repeatable(&statement).await.map(drop)
}

/// Deletes some expired rows, so that the table does not keep a row for every e-mail that was ever
/// tried, and returns how many.
///
/// # Errors
/// [`Error`] if the statement fails.
pub async fn purge(session: &Session<'_>) -> Result<u64, Error> {
    Ok(session.execute_repeatable(&purging()).await?.rows)
}

/// Returns the statement of [`purge`].
#[must_use]
pub fn purging() -> Statement {
    let now = Sql::from(sql::NOW);
    statement!("deleting old login budgets", sql::PURGE, now = &now)
}
