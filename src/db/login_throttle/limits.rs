//! The sizes of the budgets, and of the columns that hold them.

/// Seconds for which a network stays known to an account after a login from it, or after the first
/// refresh of a day: 30 days.
pub const KNOWN_FOR: u64 = 30 * DAY;
/// The most known networks that are remembered for an account.
pub const MOST_KNOWN: u64 = 32;
/// The most networks and groups of devices with failed logins that are remembered for an account: the
/// unknown networks that can take a unit within a day (100), the known ones and the groups together,
/// so that none is forgotten within a day.
pub const MOST_NETWORKS: u64 = 144;

pub(super) const DAY: u64 = 86_400;
/// Units in the full reserve of an unknown network. One unit a day comes back.
pub(super) const RESERVED: u64 = 3;
/// Seconds by which clocks may differ. The time of a statement does not advance while it waits for
/// a row lock, and no login shall be refused for that.
pub(super) const TOLERANCE: u64 = 120;
/// Seconds after which every budget is full again, for all [`Limits`] that can be configured.
pub(super) const MEMORY: u64 = 8 * DAY;

/// Bytes of a time: ten decimal digits.
pub(super) const TIME: u64 = 10;
/// Bytes of a network's entry in `budgets`: its hash and two times.
pub(super) const ENTRY: u64 = 8 + 2 * TIME;
/// Bytes of a network's entry in `known`: its hash and a time.
pub(super) const KNOWN_ENTRY: u64 = 8 + TIME;

/// The failed logins of one account that are let through in any 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From one network: three quarters of them at once, the rest spread over the day.
    pub per_network: u32,
    /// From all networks together that are not known to the account, for [`KNOWN_FOR`]:
    /// half of them at once, the rest spread over the day.
    pub per_account: u32,
}

impl Limits {
    /// Seconds after which a unit of a network's budget comes back.
    pub(super) fn network_interval(self) -> u64 {
        DAY.div_ceil(u64::from(self.per_network / 4).max(1))
    }

    /// Units in the full budget of a network.
    pub(super) fn network_units(self) -> u64 {
        u64::from(self.per_network - self.per_network / 4)
    }

    /// Seconds after which a unit of the strangers' budget comes back.
    pub(super) fn strangers_interval(self) -> u64 {
        DAY.div_ceil(u64::from(self.per_account / 2).max(1))
    }

    /// Units in the full strangers' budget.
    pub(super) fn strangers_units(self) -> u64 {
        u64::from(self.per_account - self.per_account / 2)
    }
}
