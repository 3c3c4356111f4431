//! Which failed statements are run again, and after how long.
//!
//! Each statement is a transaction of its own, so it can be run again by itself. A write that
//! may not be run twice is repeated only after an error that tells that nothing was changed.

use std::time::Duration;

use super::Error;
use crate::mysql::{self, ServerError};
use crate::random;

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
    /// A statement that may be run twice: it changes nothing, or nothing more.
    Repeatable,
    /// A statement that changes rows, and more if it is run twice.
    Write,
}

/// Which statements are repeated after an error of the server, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// All, because the statement was not applied.
    All,
    /// All, but once: the statement was not applied, and more attempts would add to the overload.
    Once,
    /// Those that may be run twice ([`Step::Repeatable`]), because it is unknown whether the statement was
    /// applied.
    Reads,
}

/// The errors after which a statement is repeated, by number. `docs/reliability.md` has the same
/// table with the evidence.
const ERRORS: [(u16, Repeat); 16] = [
    // ER_CON_COUNT_ERROR, ER_TOO_MANY_USER_CONNECTIONS and ER_USER_LIMIT_REACHED refuse the
    // connection, so the statement has not reached the server.
    (1040, Repeat::Once),
    (1203, Repeat::Once),
    (1226, Repeat::Once),
    // ER_UNKNOWN_COM_ERROR: a Galera node that is not part of the cluster's primary component
    // refuses every statement before it runs.
    (1047, Repeat::All),
    // ER_SERVER_SHUTDOWN and ER_QUERY_INTERRUPTED come at any point of a statement.
    (1053, Repeat::Reads),
    (1317, Repeat::Reads),
    // ER_ERROR_DURING_COMMIT: a Galera node that was cut off after it has sent the transaction to the
    // others.
    (1180, Repeat::Reads),
    // ER_LOCK_WAIT_TIMEOUT: InnoDB has rolled back the statement.
    (1205, Repeat::All),
    // ER_LOCK_DEADLOCK: InnoDB, or the certification of Galera, has rolled back the transaction.
    (1213, Repeat::All),
    // ER_OPEN_AS_READONLY, ER_OPTION_PREVENTS_STATEMENT, ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION and
    // ER_READ_ONLY_MODE: a server that is read-only refuses a write before it runs, or its commit.
    (1036, Repeat::All),
    (1290, Repeat::All),
    (1792, Repeat::All),
    (1836, Repeat::All),
    // ER_CONNECTION_KILLED (MariaDB): statements were seen to be applied nevertheless.
    (1927, Repeat::Reads),
    // ER_SERVER_OFFLINE_MODE refuses the connection.
    (3032, Repeat::All),
    // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: a conflict in Group Replication, or a member that leaves
    // the group after it has sent the transaction to the others.
    (3101, Repeat::Reads),
];

/// Errors of Hyperdrive, which have the SQLSTATE 58000 and no documented numbers, by the start of
/// their texts.
const HYPERDRIVE_ERRORS: [(&str, Repeat); 3] = [
    // Both mean that Hyperdrive had no connection on which to send the statement.
    ("Failed to acquire a connection", Repeat::Once),
    ("Server connection attempt failed", Repeat::All),
    // Hyperdrive lost the server, before the statement or after it.
    ("Internal error", Repeat::Reads),
];

/// The most attempts of a statement.
const MOST_ATTEMPTS: u32 = 6;
/// The most attempts where more would add to an overload.
const MOST_WHEN_OVERLOADED: u32 = 2;
/// The mean of the first pause.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The mean of the pause where the server is overloaded.
const PAUSE_WHEN_OVERLOADED: Duration = Duration::from_millis(540);

/// Returns how long to wait before a statement is run again whose attempts have failed, so many and
/// the last one at this step with this error; `None` if it is not to be run again.
///
/// The mean grows from 20 ms to 1.6 s, 2.4 s in all: the first pauses let the holder of a lock
/// finish, the last ones let a proxy notice that a server is gone. Each is random by half its mean,
/// so that statements which were in each other's way are not again.
pub(super) fn pause(step: Step, error: &mysql::Error, failed: u32) -> Option<Duration> {
    let (most, mean) = match repeat(error)? {
        Repeat::Reads if step == Step::Write => return None,
        Repeat::Once => (MOST_WHEN_OVERLOADED, PAUSE_WHEN_OVERLOADED),
        Repeat::All | Repeat::Reads => {
            let mean = FIRST_PAUSE.saturating_mul(3_u32.saturating_pow(failed.saturating_sub(1)));
            (MOST_ATTEMPTS, mean)
        }
    };
    // Without randomness the pause is its mean.
    let per_mille = random::byte().map_or(1000, |byte| 500 + u32::from(byte) * 1000 / 255);
    (failed < most).then(|| mean * per_mille / 1000)
}

/// Returns whether the same work may succeed a moment later.
pub(super) fn is_transient(error: &mysql::Error) -> bool {
    repeat(error).is_some()
}

fn repeat(error: &mysql::Error) -> Option<Repeat> {
    match error {
        mysql::Error::Io(_) => Some(Repeat::Reads),
        mysql::Error::Server(error) => repeat_after(error),
        _ => None,
    }
}

fn repeat_after(error: &ServerError) -> Option<Repeat> {
    if error.state.as_deref() == Some("58000") {
        let known = HYPERDRIVE_ERRORS.iter();
        let mut known = known.filter(|(start, _)| error.message.starts_with(start));
        return known.next().map(|(_, repeat)| *repeat);
    }
    let found = ERRORS.iter().find(|(code, _)| *code == error.code);
    found.map(|(_, repeat)| *repeat)
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

    /// How often a read and a write are repeated.
    fn repeats(error: &mysql::Error) -> (u32, u32) {
        let count = |step| {
            let paused = |failed: &u32| pause(step, error, *failed).is_some();
            u32::try_from((1..10).take_while(paused).count()).unwrap()
        };
        (count(Step::Repeatable), count(Step::Write))
    }

    #[test]
    fn a_write_is_repeated_only_after_an_error_that_tells_that_nothing_was_changed() {
        for code in [1036, 1047, 1205, 1213, 1290, 1792, 1836, 3032] {
            assert_eq!(repeats(&server(code, "HY000", "")), (5, 5), "{code}");
        }
        for code in [1053, 1180, 1317, 1927, 3101] {
            assert_eq!(repeats(&server(code, "HY000", "")), (5, 0), "{code}");
        }
        let lost = mysql::Error::Io(io::ErrorKind::ConnectionReset.into());
        assert_eq!(repeats(&lost), (5, 0));
        assert!(pause(Step::Connect, &lost, 1).is_some(), "nothing was sent");
    }

    #[test]
    fn an_overloaded_server_is_asked_once_more_and_later() {
        for code in [1040, 1203, 1226] {
            let error = server(code, "08004", "");
            assert_eq!(repeats(&error), (1, 1), "{code}");
            let pause = pause(Step::Repeatable, &error, 1).unwrap();
            assert!(pause >= Duration::from_millis(270), "{pause:?}");
        }
    }

    #[test]
    fn all_other_errors_are_not_repeated() {
        for code in [1044, 1045, 1062, 1064, 1105, 1142, 1146, 1406, 1690] {
            assert_eq!(repeats(&server(code, "HY000", "")), (0, 0), "{code}");
        }
        assert_eq!(repeats(&mysql::Error::Protocol("")), (0, 0));
        assert_eq!(repeats(&mysql::Error::Broken), (0, 0));
    }

    #[test]
    fn errors_of_hyperdrive_are_known_by_their_text_whatever_their_number() {
        let hyperdrive = |message| repeats(&server(1105, "58000", message));
        let exhausted = "Failed to acquire a connection from the pool.";
        assert_eq!(hyperdrive(exhausted), (1, 1));
        let refused = "Server connection attempt failed: connection_refused";
        assert_eq!(hyperdrive(refused), (5, 5));
        assert_eq!(hyperdrive("Internal error."), (5, 0));
        let prepared = "Hyperdrive does not currently support MySQL prepared statements";
        assert_eq!(hyperdrive(prepared), (0, 0));
        let quoted = server(1062, "23000", "Internal error.");
        assert_eq!(repeats(&quoted), (0, 0));
    }

    #[test]
    fn pauses_grow_and_end() {
        let deadlock = server(1213, "40001", "");
        let means = [20, 60, 180, 540, 1620].map(Duration::from_millis);
        for (failed, mean) in (1..).zip(means) {
            let pause = pause(Step::Write, &deadlock, failed).unwrap();
            assert!((mean / 2..=mean * 3 / 2).contains(&pause), "{pause:?}");
        }
        assert_eq!(pause(Step::Write, &deadlock, MOST_ATTEMPTS), None);
    }

    #[test]
    fn the_table_of_errors_is_the_one_that_is_documented() {
        let page = include_str!("../../docs/reliability.md");
        let (_, section) = page.split_once("## What is tried again").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let rows: Vec<_> = section
            .lines()
            .filter(|line| line.contains(" | reads"))
            .collect();
        let row = |name: String| {
            let row = rows.iter().find(|line| line.starts_with(&name));
            let row = row.unwrap_or_else(|| panic!("{name} is not documented"));
            row.split('|').nth(3).unwrap().trim()
        };
        let words = |repeat| match repeat {
            Repeat::All => "reads and writes",
            Repeat::Once => "reads and writes, once",
            Repeat::Reads => "reads",
        };
        for (code, repeat) in ERRORS {
            assert_eq!(row(format!("| {code} |")), words(repeat), "{code}");
        }
        for (start, repeat) in HYPERDRIVE_ERRORS {
            assert_eq!(row(format!("| 58000 `{start}")), words(repeat), "{start}");
        }
        assert_eq!(row("| lost connection |".to_owned()), "reads");
        assert_eq!(rows.len(), ERRORS.len() + HYPERDRIVE_ERRORS.len() + 1);
    }
}
