//! The row of an account, to be shown to its user.

use super::limits::{DAY, ENTRY, KNOWN_ENTRY, TIME};
use super::{Error, Session};
use crate::identity::pseudonym::AccountPseudonym;
use crate::mysql::{self, Row};
use crate::statement;

/// The sizes of the columns' parts, for slices.
const DIGITS: usize = 10;
const BUDGET: usize = 28;
const KNOWN: usize = 18;
const _: () = assert!(
    DIGITS as u64 == TIME && BUDGET as u64 == ENTRY && KNOWN as u64 == KNOWN_ENTRY,
    "the sizes are those of the statements"
);

/// The row of an account. All times are in seconds since 1970-01-01 UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The time at which the strangers' budget is full.
    pub strangers_full: i64,
    /// The budgets of networks with failed logins, the latest first.
    pub networks: Vec<StoredBudget>,
    /// The known networks, with the time of the last login or of the first refresh of a day.
    pub known: Vec<(Vec<u8>, i64)>,
    /// The time of the last attempt.
    pub clock: i64,
    /// The time after which the row may be deleted.
    pub kept_until: i64,
}

/// The budget of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBudget {
    /// The network's pseudonym.
    pub network: Vec<u8>,
    /// The time at which its own budget is full.
    pub full: i64,
    /// The time at which its reserve is full.
    pub reserve_full: i64,
}

/// Finds the row of an account.
///
/// # Errors
/// [`Error`] if the statement fails.
pub async fn find(
    session: &Session<'_>,
    account: &AccountPseudonym,
) -> Result<Option<Stored>, Error> {
    let select = statement!(
        "finding login budgets",
        "SELECT `budgets`, `known`, `clock`, `expires_on`
         FROM `gatehouse_login_throttle` WHERE `account` = :account",
        account = account.as_bytes(),
    );
    let rows = session.query(&select, Stored::read).await?;
    Ok(rows.into_iter().next())
}

impl Stored {
    fn read(row: &Row) -> Result<Self, mysql::Error> {
        const MALFORMED: mysql::Error = mysql::Error::Protocol("a malformed login budget");
        let [budgets, known, clock, expires_on] = row.columns()?;
        let budgets = budgets.bytes().ok_or(MALFORMED)?;
        let (strangers, networks) = budgets.split_first_chunk::<DIGITS>().ok_or(MALFORMED)?;
        let (networks, _) = networks.as_chunks::<BUDGET>();
        let networks = networks.iter().map(|entry| {
            let (times, reserve) = entry.split_at(BUDGET - DIGITS);
            let (network, own) = times.split_at(times.len() - DIGITS);
            StoredBudget {
                network: network.to_vec(),
                full: seconds(own),
                reserve_full: seconds(reserve),
            }
        });
        let (known, _) = known.bytes().ok_or(MALFORMED)?.as_chunks::<KNOWN>();
        let known = known.iter().map(|entry| {
            let (network, login) = entry.split_at(KNOWN - DIGITS);
            (network.to_vec(), seconds(login))
        });
        let expires_on = expires_on.int()?.ok_or(MALFORMED)?;
        let day = DAY.cast_signed();
        Ok(Self {
            strangers_full: seconds(strangers),
            networks: networks.collect(),
            known: known.collect(),
            clock: clock.int()?.ok_or(MALFORMED)?,
            // It may be deleted once the day is over.
            kept_until: expires_on.saturating_add(1).saturating_mul(day),
        })
    }
}

/// Reads a time of ten digits; 0 if it is none.
fn seconds(digits: &[u8]) -> i64 {
    let text = std::str::from_utf8(digits).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}
