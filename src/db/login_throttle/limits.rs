//! The size of the budgets, and of what is remembered.

/// How long a network that has logged in to an account is known there, in seconds: 30 days.
pub const KNOWN_FOR: u64 = 30 * DAY;
/// How many known networks of an account are remembered.
pub const MOST_KNOWN: u64 = 32;
/// How many networks that have failed are remembered: more than the strangers that can take a
/// unit within a day (100) and the known ones together, so that none is forgotten within a day.
pub const MOST_NETWORKS: u64 = 144;

pub(super) const DAY: u64 = 86_400;
/// Units that each strange network has in the reserve, beside one a day that comes back.
pub(super) const RESERVED: u64 = 3;
/// Seconds by which clocks may differ. A statement's clock stands while it waits for a row; nobody
/// is to wait for that.
pub(super) const TOLERANCE: u64 = 120;
/// Seconds after which every budget is full again, for all [`Limits`] that can be configured.
pub(super) const MEMORY: u64 = 8 * DAY;

/// The bytes of a time: ten decimal digits.
pub(super) const TIME: u64 = 10;
/// The bytes of a network's entry in `budgets`: its hash and two times.
pub(super) const ENTRY: u64 = 8 + 2 * TIME;
/// The bytes of a network's entry in `known`: its hash and a time.
pub(super) const KNOWN_ENTRY: u64 = 8 + TIME;

/// How many failed logins of one account are let through within 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From one network: three quarters of them at once, and the rest as the day goes.
    pub per_network: u32,
    /// From all networks together that have not logged in to it within [`KNOWN_FOR`]: half of them
    /// at once, and half as the day goes.
    pub per_account: u32,
}

impl Limits {
    /// Seconds until a unit of a network's budget comes back.
    pub(super) fn network_interval(self) -> u64 {
        DAY.div_ceil(u64::from(self.per_network / 4).max(1))
    }

    /// Units in the full budget of a network.
    pub(super) fn network_units(self) -> u64 {
        u64::from(self.per_network - self.per_network / 4)
    }

    /// Seconds until a unit of the strangers' budget comes back.
    pub(super) fn strangers_interval(self) -> u64 {
        DAY.div_ceil(u64::from(self.per_account / 2).max(1))
    }

    /// Units in the full budget of the strangers.
    pub(super) fn strangers_units(self) -> u64 {
        u64::from(self.per_account - self.per_account / 2)
    }
}
