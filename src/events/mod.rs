//! Events: what the log and the counters tell apart, and how they are written.

mod line;
mod log;

use crate::platform::Severity;

pub(crate) use line::Line;
pub(crate) use log::report_stray;
pub use log::{Audit, Log};

/// Something that happened. `docs/architecture.md` says what each means to an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A request to which no other event applies.
    Request,
    /// A user was registered.
    UserRegistered,
    /// A user logged in.
    LoginSucceeded,
    /// A login was refused for its e-mail or password.
    LoginFailed,
    /// A login was refused after too many failures of its account.
    LoginThrottled,
    /// A user read the own data.
    UserRead,
    /// A user changed the own data.
    UserUpdated,
    /// A request was refused by the limit of its address.
    RateLimited,
    /// The limit of an address could not be asked for; the request went on.
    RateLimiterFailed,
    /// A new password could not be looked up among breached ones; it was taken.
    BreachCheckFailed,
    /// A stored hash cannot be read or costs too much: its user cannot log in.
    UnreadableHash,
    /// An outdated hash was replaced after a login.
    HashUpgraded,
    /// An outdated hash was not replaced, since the password has changed meanwhile.
    HashUpgradeSkipped,
    /// What follows a login was not done.
    LoginCleanupFailed,
    /// A variable looks like a setting and is none.
    UnknownSetting,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Request,
        Self::UserRegistered,
        Self::LoginSucceeded,
        Self::LoginFailed,
        Self::LoginThrottled,
        Self::UserRead,
        Self::UserUpdated,
        Self::RateLimited,
        Self::RateLimiterFailed,
        Self::BreachCheckFailed,
        Self::UnreadableHash,
        Self::HashUpgraded,
        Self::HashUpgradeSkipped,
        Self::LoginCleanupFailed,
        Self::UnknownSetting,
    ];

    /// The name in the log and of the counter.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::UserRegistered => "user_registered",
            Self::LoginSucceeded => "login_succeeded",
            Self::LoginFailed => "login_failed",
            Self::LoginThrottled => "login_throttled",
            Self::UserRead => "user_read",
            Self::UserUpdated => "user_updated",
            Self::RateLimited => "rate_limited",
            Self::RateLimiterFailed => "rate_limiter_failed",
            Self::BreachCheckFailed => "breach_check_failed",
            Self::UnreadableHash => "unreadable_hash",
            Self::HashUpgraded => "hash_upgraded",
            Self::HashUpgradeSkipped => "hash_upgrade_skipped",
            Self::LoginCleanupFailed => "login_cleanup_failed",
            Self::UnknownSetting => "unknown_setting",
        }
    }

    /// The severity of a line about it.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::RateLimiterFailed
            | Self::BreachCheckFailed
            | Self::UnreadableHash
            | Self::LoginCleanupFailed
            | Self::UnknownSetting => Severity::Error,
            _ => Severity::Info,
        }
    }

    /// Whether it is counted: what a chart or an alarm is made of, beside the requests themselves.
    #[must_use]
    pub fn is_counted(self) -> bool {
        matches!(
            self,
            Self::LoginThrottled
                | Self::RateLimited
                | Self::RateLimiterFailed
                | Self::BreachCheckFailed
                | Self::UnreadableHash
                | Self::HashUpgraded
                | Self::HashUpgradeSkipped
                | Self::LoginCleanupFailed
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Event;

    #[test]
    fn every_event_is_listed_once_and_documented_with_whether_it_is_counted() {
        let page = include_str!("../../docs/architecture.md");
        let (_, section) = page.split_once("## The log").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let mut names = HashSet::new();
        for event in Event::ALL {
            let name = event.name();
            assert!(names.insert(name), "{name} is there twice");
            let row = section
                .lines()
                .find(|line| line.starts_with(&format!("| `{name}` |")));
            let row = row.unwrap_or_else(|| panic!("{name} is not documented"));
            let counted = row.split('|').nth(3).unwrap().trim();
            assert_eq!(counted == "yes", event.is_counted(), "{row}");
        }
        assert_eq!(
            section
                .lines()
                .filter(|line| line.starts_with("| `"))
                .count(),
            names.len()
        );
    }
}
