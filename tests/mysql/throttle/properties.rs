//! What holds of any sequence of logins, and in any session.

use std::collections::HashMap;

use gatehouse::db::login_throttle::Decision;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::model::{Event, Model, events, follow, limits};
use super::{Account, DAY, HOUR};
use crate::live::servers;

#[test]
fn the_statements_do_what_the_rules_say() {
    let runtime = Runtime::new().expect("a runtime");
    for server in servers() {
        let account = runtime.block_on(Account::on(&server, "model"));
        let account = tokio::sync::Mutex::new(account);
        proptest!(ProptestConfig::with_cases(150), |(limits in limits(), events in events())| {
            runtime.block_on(async {
                let mut account = account.lock().await;
                account.run("DELETE FROM gatehouse_login_throttle").await;
                // Quicker than a commit each.
                account.run("BEGIN").await;
                account.limits = limits;
                account.now = 100 * DAY;
                let mut model = Model::default();
                for event in events {
                    follow(&mut account, &mut model, event).await?;
                }
                account.run("COMMIT").await;
                Ok::<_, TestCaseError>(())
            })?;
        });
    }
}

#[test]
fn no_sequence_of_guesses_gets_more_than_its_limits_within_a_day() {
    let runtime = Runtime::new().expect("a runtime");
    let server = servers().remove(0);
    let account = runtime.block_on(Account::on(&server, "bounds"));
    let account = tokio::sync::Mutex::new(account);
    let guess = (
        prop_oneof![Just(0), 0..HOUR, 0..3 * HOUR],
        0..6_u32,
        1..40_u32,
    );
    let guesses = prop::collection::vec(guess, 1..80);
    proptest!(ProptestConfig::with_cases(40), |(limits in limits(), guesses in guesses)| {
        runtime.block_on(async {
            let mut account = account.lock().await;
            account.run("DELETE FROM gatehouse_login_throttle").await;
            account.run("BEGIN").await;
            account.limits = limits;
            let mut made: Vec<(u64, u32)> = Vec::new();
            for (pause, network, times) in guesses {
                account.now += pause;
                for _ in 0..times {
                    if let Decision::Go(_) = account.take(network).await {
                        made.push((account.now, network));
                    }
                }
            }
            account.run("COMMIT").await;
            for (first, _) in &made {
                let mut count: HashMap<u32, u32> = HashMap::new();
                let day = made.iter().filter(|(at, _)| (*first..*first + DAY).contains(at));
                for (_, network) in day {
                    *count.entry(*network).or_default() += 1;
                }
                prop_assert!(count.values().all(|count| *count <= limits.per_network), "{count:?}");
                prop_assert!(count.values().sum::<u32>() <= limits.per_account, "{count:?}");
            }
            Ok(())
        })?;
    });
}

/// Tries a login in every way that a session can be set up for it.
#[tokio::test]
async fn every_sql_mode_and_isolation_level_decides_alike() {
    let modes = [
        "SET SESSION sql_mode = ''",
        "SET SESSION sql_mode = 'ANSI,TRADITIONAL,NO_BACKSLASH_ESCAPES,HIGH_NOT_PRECEDENCE,PAD_CHAR_TO_FULL_LENGTH'",
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_UNSIGNED_SUBTRACTION,REAL_AS_FLOAT'",
    ];
    let of_mariadb = [
        "SET SESSION sql_mode = 'ORACLE'",
        "SET SESSION sql_mode = 'SIMULTANEOUS_ASSIGNMENT,EMPTY_STRING_IS_NULL'",
        "SET SESSION sql_mode = 'MSSQL,STRICT_ALL_TABLES,TIME_ROUND_FRACTIONAL'",
    ];
    let levels = [
        "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    ];
    for server in servers() {
        let mut account = Account::on(&server, "modes").await;
        let mut modes = modes.to_vec();
        if server.is_mariadb().await {
            modes.extend(of_mariadb);
        }
        for mode in modes {
            for level in levels {
                account.run(mode).await;
                account.run(level).await;
                account.run("SET SESSION time_zone = '+05:30'").await;
                account.run("DELETE FROM gatehouse_login_throttle").await;
                let (mut expected, mut random) = (Model::default(), 7_u32);
                for _ in 0..60 {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let event = match random >> 28 {
                        0..=4 => Event::Pass(u64::from(random >> 18)),
                        5 => Event::Right(random >> 26 & 3),
                        _ => Event::Wrong(random >> 26 & 3, 6),
                    };
                    let followed = follow(&mut account, &mut expected, event).await;
                    followed.unwrap_or_else(|error| panic!("{mode}, {level}: {error}"));
                }
            }
        }
    }
}
