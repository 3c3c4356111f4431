//! The events that are logged and counted, and the writing of log lines.

mod line;
mod log;

use crate::platform::Severity;

pub(crate) use line::Line;
pub(crate) use log::report_stray;
pub use log::{Audit, Log};

/// An event in the log. `docs/architecture.md` tells operators what each one means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A request that caused no other event.
    Request,
    /// A user was registered.
    UserRegistered,
    /// A user logged in.
    LoginSucceeded,
    /// A session was refreshed.
    SessionRefreshed,
    /// A refresh was repeated a moment after it.
    SessionRefreshRepeated,
    /// A refresh token was used that was used before, so that its session has ended.
    RefreshTokenReused,
    /// A user ended the session of a token.
    LoggedOut,
    /// A user ended all sessions.
    LoggedOutEverywhere,
    /// A user ended one of the sessions.
    SessionEnded,
    /// A login was refused: unknown e-mail or wrong password.
    LoginFailed,
    /// A login was refused after too many failed logins of its account.
    LoginThrottled,
    /// A user changed the password.
    PasswordChanged,
    /// A user deleted the account.
    UserDeleted,
    /// A user was given everything that is stored (`GET /me/export`).
    UserExported,
    /// A wrong password where a user who is logged in was asked for it again.
    ReauthenticationFailed,
    /// The same was refused after too many failed logins of the account.
    ReauthenticationThrottled,
    /// A user was read (`GET /me`).
    UserRead,
    /// A user was changed (`PATCH /user/update`).
    UserUpdated,
    /// A request was refused by the rate limit of its network.
    RateLimited,
    /// The rate limiter failed, and the request was let through.
    RateLimiterFailed,
    /// The breach check failed, and the new password was accepted.
    BreachCheckFailed,
    /// A stored hash cannot be read or is too expensive to verify: its user cannot log in.
    UnreadableHash,
    /// An outdated hash was replaced after a login.
    HashUpgraded,
    /// An outdated hash was not replaced, because the stored password has changed meanwhile.
    HashUpgradeSkipped,
    /// The work after a login, or after a password that was asked for again, failed.
    LoginCleanupFailed,
    /// The network of a refresh was not remembered.
    NetworkNotRemembered,
    /// Rows that nothing needs any more were deleted.
    HousekeepingDone,
    /// Some of them were not.
    HousekeepingFailed,
    /// A statement failed and was run again.
    StatementRetried,
    /// A variable looks like a misspelt setting.
    UnknownSetting,
}

impl Event {
    /// All events.
    pub const ALL: [Self; 30] = [
        Self::Request,
        Self::UserRegistered,
        Self::LoginSucceeded,
        Self::SessionRefreshed,
        Self::SessionRefreshRepeated,
        Self::RefreshTokenReused,
        Self::LoggedOut,
        Self::LoggedOutEverywhere,
        Self::SessionEnded,
        Self::LoginFailed,
        Self::LoginThrottled,
        Self::PasswordChanged,
        Self::UserDeleted,
        Self::UserExported,
        Self::ReauthenticationFailed,
        Self::ReauthenticationThrottled,
        Self::UserRead,
        Self::UserUpdated,
        Self::RateLimited,
        Self::RateLimiterFailed,
        Self::BreachCheckFailed,
        Self::UnreadableHash,
        Self::HashUpgraded,
        Self::HashUpgradeSkipped,
        Self::LoginCleanupFailed,
        Self::NetworkNotRemembered,
        Self::HousekeepingDone,
        Self::HousekeepingFailed,
        Self::StatementRetried,
        Self::UnknownSetting,
    ];

    /// Returns the name in the log, which is also the name of the counter.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::UserRegistered => "user_registered",
            Self::LoginSucceeded => "login_succeeded",
            Self::SessionRefreshed => "session_refreshed",
            Self::SessionRefreshRepeated => "session_refresh_repeated",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::LoggedOut => "logged_out",
            Self::LoggedOutEverywhere => "logged_out_everywhere",
            Self::SessionEnded => "session_ended",
            Self::LoginFailed => "login_failed",
            Self::LoginThrottled => "login_throttled",
            Self::PasswordChanged => "password_changed",
            Self::UserDeleted => "user_deleted",
            Self::UserExported => "user_exported",
            Self::ReauthenticationFailed => "reauthentication_failed",
            Self::ReauthenticationThrottled => "reauthentication_throttled",
            Self::UserRead => "user_read",
            Self::UserUpdated => "user_updated",
            Self::RateLimited => "rate_limited",
            Self::RateLimiterFailed => "rate_limiter_failed",
            Self::BreachCheckFailed => "breach_check_failed",
            Self::UnreadableHash => "unreadable_hash",
            Self::HashUpgraded => "hash_upgraded",
            Self::HashUpgradeSkipped => "hash_upgrade_skipped",
            Self::LoginCleanupFailed => "login_cleanup_failed",
            Self::NetworkNotRemembered => "network_not_remembered",
            Self::HousekeepingDone => "housekeeping_done",
            Self::HousekeepingFailed => "housekeeping_failed",
            Self::StatementRetried => "statement_retried",
            Self::UnknownSetting => "unknown_setting",
        }
    }

    /// Returns the severity of the event's log lines.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::RateLimiterFailed
            | Self::BreachCheckFailed
            | Self::UnreadableHash
            | Self::LoginCleanupFailed
            | Self::NetworkNotRemembered
            | Self::HousekeepingFailed
            | Self::UnknownSetting => Severity::Error,
            _ => Severity::Info,
        }
    }

    /// Returns whether the event is counted, for charts and alerts.
    #[must_use]
    pub fn is_counted(self) -> bool {
        matches!(
            self,
            Self::SessionRefreshRepeated
                | Self::RefreshTokenReused
                | Self::LoginThrottled
                | Self::ReauthenticationThrottled
                | Self::RateLimited
                | Self::RateLimiterFailed
                | Self::BreachCheckFailed
                | Self::UnreadableHash
                | Self::HashUpgraded
                | Self::HashUpgradeSkipped
                | Self::LoginCleanupFailed
                | Self::NetworkNotRemembered
                | Self::HousekeepingDone
                | Self::HousekeepingFailed
                | Self::StatementRetried
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
