//! Which failed statements are run again, and after how long.
//!
//! Each statement is a transaction of its own, so it can be run again by itself. A statement that
//! may have changed rows is never sent twice: a write is repeated only after an error that tells
//! that nothing was changed.

use std::time::Duration;

use super::Error;
use crate::mysql::{self, ServerError};

/// Is told of each failed attempt that is followed by another one.
pub trait Observer: Send + Sync {
    /// The statement that failed with this error is about to be run again.
    fn retrying(&self, failed: &Error);
}

/// What was under way when an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Connecting: no statement was sent.
    Connect,
    /// A statement that changes nothing.
    Read,
    /// A statement that changes rows.
    Write,
}

/// Which statements may be repeated after an error of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// All, because the statement was not applied.
    All,
    /// Those that change nothing, because it is unknown whether the statement was applied.
    Reads,
}

/// The errors after which a statement is repeated, by number. `docs/reliability.md` has the same
/// table with the evidence; all other errors would come again.
const ERRORS: [(u16, Repeat); 12] = [
    // ER_CON_COUNT_ERROR and ER_TOO_MANY_USER_CONNECTIONS refuse the connection, so the statement
    // has not reached the server.
    (1040, Repeat::All),
    (1203, Repeat::All),
    // ER_UNKNOWN_COM_ERROR: a Galera node that is not part of the cluster's primary component
    // refuses every statement before it runs.
    (1047, Repeat::All),
    // ER_SERVER_SHUTDOWN and ER_QUERY_INTERRUPTED come at any point of a statement.
    (1053, Repeat::Reads),
    (1317, Repeat::Reads),
    // ER_LOCK_WAIT_TIMEOUT: InnoDB has rolled back the statement.
    (1205, Repeat::All),
    // ER_LOCK_DEADLOCK: InnoDB, or the certification of Galera, has rolled back the transaction.
    (1213, Repeat::All),
    // ER_OPTION_PREVENTS_STATEMENT, ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION and
    // ER_READ_ONLY_MODE: a server that is read-only refuses a write before it runs.
    (1290, Repeat::All),
    (1792, Repeat::All),
    (1836, Repeat::All),
    // ER_CONNECTION_KILLED (MariaDB): statements were seen to be applied nevertheless.
    (1927, Repeat::Reads),
    // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: the certification of Group Replication has rolled back
    // the transaction.
    (3101, Repeat::All),
];

/// Errors of Hyperdrive, which have the SQLSTATE 58000 and no documented numbers, by the start of
/// their texts.
const HYPERDRIVE_ERRORS: [(&str, Repeat); 3] = [
    // Both mean that Hyperdrive had no connection on which to send the statement.
    ("Failed to acquire a connection", Repeat::All),
    ("Server connection attempt failed", Repeat::All),
    // Hyperdrive lost the server, before the statement or after it.
    ("Internal error", Repeat::Reads),
];

/// Returns whether a statement may be run again after its attempt failed at a step.
pub(super) fn is_allowed(step: Step, error: &mysql::Error) -> bool {
    match error {
        mysql::Error::Io(_) => step != Step::Write,
        mysql::Error::Server(error) => match repeat(error) {
            Some(Repeat::All) => true,
            Some(Repeat::Reads) => step != Step::Write,
            None => false,
        },
        _ => false,
    }
}

fn repeat(error: &ServerError) -> Option<Repeat> {
    if error.state.as_deref() == Some("58000") {
        let known = HYPERDRIVE_ERRORS.iter();
        let mut known = known.filter(|(start, _)| error.message.starts_with(start));
        return known.next().map(|(_, repeat)| *repeat);
    }
    let found = ERRORS.iter().find(|(code, _)| *code == error.code);
    found.map(|(_, repeat)| *repeat)
}

/// The most attempts of a statement.
pub(super) const MOST_ATTEMPTS: u32 = 6;
/// The mean of the first pause.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// Returns how long to wait after so many failed attempts of a statement, or `None` if it is not to
/// be run again. The mean grows from 20 ms to 1.6 s, 2.4 s in all: the first pauses let the holder
/// of a lock finish, the last ones let a proxy notice that a server is gone. Each is random by half
/// its mean, so that statements which were in each other's way are not again.
pub(super) fn pause(failed_attempts: u32) -> Option<Duration> {
    let earlier = failed_attempts.checked_sub(1)?;
    if failed_attempts >= MOST_ATTEMPTS {
        return None;
    }
    let mut byte = [127];
    // Without randomness the pause is its mean.
    let _ = getrandom::fill(&mut byte);
    let per_mille = 500 + u32::from(byte[0]) * 1000 / 255;
    Some(FIRST_PAUSE * 3_u32.pow(earlier) * per_mille / 1000)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn server(code: u16, state: &str, message: &str) -> mysql::Error {
        mysql::Error::Server(ServerError {
            code,
            state: Some(state.to_owned()),
            message: message.to_owned(),
        })
    }

    fn allowed(error: &mysql::Error) -> (bool, bool) {
        (
            is_allowed(Step::Read, error),
            is_allowed(Step::Write, error),
        )
    }

    #[test]
    fn a_write_is_repeated_only_if_it_was_not_applied() {
        for (code, repeat) in ERRORS {
            let expected = (true, repeat == Repeat::All);
            assert_eq!(allowed(&server(code, "HY000", "")), expected, "{code}");
        }
        let lost = mysql::Error::Io(io::ErrorKind::ConnectionReset.into());
        assert_eq!(allowed(&lost), (true, false));
        assert!(is_allowed(Step::Connect, &lost));
    }

    #[test]
    fn what_would_fail_again_is_not_repeated() {
        for code in [1044, 1045, 1062, 1064, 1105, 1142, 1146, 1180, 1406, 1690] {
            assert_eq!(
                allowed(&server(code, "HY000", "")),
                (false, false),
                "{code}"
            );
        }
        assert_eq!(allowed(&mysql::Error::Protocol("")), (false, false));
        assert_eq!(allowed(&mysql::Error::Broken), (false, false));
    }

    #[test]
    fn errors_of_hyperdrive_are_known_by_their_text_whatever_their_number() {
        let hyperdrive = |message| allowed(&server(1105, "58000", message));
        let exhausted = "Failed to acquire a connection from the pool.";
        assert_eq!(hyperdrive(exhausted), (true, true));
        let refused = "Server connection attempt failed: connection_refused";
        assert_eq!(hyperdrive(refused), (true, true));
        assert_eq!(hyperdrive("Internal error."), (true, false));
        let prepared = "Hyperdrive does not currently support MySQL prepared statements";
        assert_eq!(hyperdrive(prepared), (false, false));
        let quoted = server(1062, "23000", "Internal error.");
        assert_eq!(allowed(&quoted), (false, false));
    }

    #[test]
    fn pauses_grow_and_end() {
        let means = [20, 60, 180, 540, 1620].map(Duration::from_millis);
        for (failed, mean) in (1..).zip(means) {
            let pause = pause(failed).unwrap();
            assert!((mean / 2..=mean * 3 / 2).contains(&pause), "{pause:?}");
        }
        assert_eq!(pause(MOST_ATTEMPTS), None);
        assert_eq!(pause(0), None);
    }

    #[test]
    fn the_table_of_errors_is_the_one_that_is_documented() {
        let page = include_str!("../../docs/reliability.md");
        let (_, section) = page.split_once("## What is tried again").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let row = |name: String| {
            let row = section.lines().find(|line| line.starts_with(&name));
            let row = row.unwrap_or_else(|| panic!("{name} is not documented"));
            row.split('|').nth(3).unwrap().trim() == "reads and writes"
        };
        for (code, repeat) in ERRORS {
            assert_eq!(row(format!("| {code} |")), repeat == Repeat::All, "{code}");
        }
        for (start, repeat) in HYPERDRIVE_ERRORS {
            let is_all = row(format!("| 58000 `{start}"));
            assert_eq!(is_all, repeat == Repeat::All, "{start}");
        }
        let rows = section.lines().filter(|line| line.ends_with(" |"));
        let repeated = rows.filter(|row| row.contains("| reads"));
        assert_eq!(repeated.count(), ERRORS.len() + HYPERDRIVE_ERRORS.len() + 1);
    }
}
