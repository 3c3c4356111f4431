//! Who guesses and who logs in at one account, over days of simulated time: what
//! `docs/security.md` says of it.

use std::collections::HashMap;
use std::io::Write as _;

use gatehouse::db::login_throttle::Decision;

use super::{Account, DAY, HOUR, MINUTE};
use crate::live::servers;

/// How an attacker goes about it.
#[derive(Debug, Clone, Copy)]
enum Pace {
    /// One request from each network after so many seconds.
    Every(u64),
    /// One request from each network at the moment when its `Retry-After` is over.
    AtTheMoment,
}

/// What came of some days.
#[derive(Debug)]
struct Outcome {
    /// Guesses of all networks and of the busiest one in the worst 24 hours.
    guesses: usize,
    guesses_of_one: usize,
    /// Guesses of all networks on the last day.
    lasting: usize,
    /// Logins of the owner, one an hour each: from a network that has logged in before, and from
    /// a new one each time, on the first day and on the others.
    known: usize,
    new_first: usize,
    new_later: usize,
}

const DAYS: u32 = 3;

async fn siege(account: &mut Account, networks: u32, pace: Pace) -> Outcome {
    account.run("DELETE FROM gatehouse_login_throttle").await;
    account.run("BEGIN").await;
    let start = account.now;
    let owner = u32::MAX;
    assert!(account.log_in(owner).await);
    let mut next: Vec<u64> = vec![start; networks as usize];
    let mut made: Vec<(u64, u32)> = Vec::new();
    let (mut known, mut new) = (0, [0; DAYS as usize]);
    // The owner comes at half past, an attacker begins at the full hour.
    let mut owner_next = start + 30 * MINUTE;
    loop {
        let attacker = (0..networks).min_by_key(|number| next[*number as usize]);
        let attacker = attacker.expect("an attacker");
        let at = next[attacker as usize].min(owner_next);
        if at >= start + u64::from(DAYS) * DAY {
            break;
        }
        account.now = at;
        if at == owner_next {
            let hour = u32::try_from((at - start) / HOUR).expect("few hours");
            known += usize::from(account.log_in(owner).await);
            new[hour as usize / 24] += usize::from(account.log_in(owner - 1 - hour).await);
            owner_next += HOUR;
            continue;
        }
        let pause = match account.take(attacker).await {
            Decision::Go(_) => {
                made.push((at, attacker));
                0
            }
            Decision::Wait(wait) => wait.as_secs(),
        };
        next[attacker as usize] = match pace {
            Pace::Every(seconds) => at + seconds,
            Pace::AtTheMoment => at + pause,
        };
    }
    account.run("COMMIT").await;
    account.now = start + 100 * DAY;
    let within = |from: u64| {
        made.iter()
            .filter(move |(at, _)| (from..from + DAY).contains(at))
    };
    let of_one = |from: u64| {
        let mut count: HashMap<u32, usize> = HashMap::new();
        within(from).for_each(|(_, network)| *count.entry(*network).or_default() += 1);
        count.into_values().max().unwrap_or(0)
    };
    let starts = || made.iter().map(|(at, _)| *at);
    Outcome {
        guesses: starts().map(|at| within(at).count()).max().unwrap_or(0),
        guesses_of_one: starts().map(of_one).max().unwrap_or(0),
        lasting: within(start + u64::from(DAYS - 1) * DAY).count(),
        known,
        new_first: new[0],
        new_later: new[1..].iter().sum(),
    }
}

/// The page that tells of it, whose table has a row for each case.
const PAGE: &str = include_str!("../../../docs/security.md");

fn row(networks: u32, pace: Pace, outcome: &Outcome) -> String {
    let pace = match pace {
        Pace::Every(HOUR) => "once an hour".to_owned(),
        Pace::Every(seconds) => format!("every {seconds} s"),
        Pace::AtTheMoment => "at the moment".to_owned(),
    };
    let (first, hours) = (24, 24 * DAYS);
    let later = hours - first;
    let Outcome {
        guesses,
        lasting,
        known,
        new_first,
        new_later,
        ..
    } = outcome;
    format!(
        "\n| {networks}, {pace} | {guesses} | {lasting} | {known} of {hours} \
         | {new_first} of {first} | {new_later} of {later} |\n"
    )
}

#[tokio::test]
async fn guessing_for_days_stays_within_its_limits_and_keeps_no_known_network_out() {
    let cases = [
        (1, Pace::Every(HOUR)),
        (1, Pace::Every(9)),
        (1, Pace::AtTheMoment),
        (4, Pace::AtTheMoment),
        (12, Pace::AtTheMoment),
        (25, Pace::AtTheMoment),
        (50, Pace::AtTheMoment),
        (100, Pace::AtTheMoment),
    ];
    let server = servers().remove(0);
    // At the same time, each in a database of its own: they wait for the server.
    let sieges = cases
        .iter()
        .enumerate()
        .map(async |(number, (networks, pace))| {
            let mut account = Account::on(&server, &format!("siege_{number}")).await;
            siege(&mut account, *networks, *pace).await
        });
    let outcomes = futures_util::future::join_all(sieges).await;
    for ((networks, pace), outcome) in cases.into_iter().zip(outcomes) {
        let line = format!("  {networks} networks, {pace:?}: {outcome:?}");
        // Past the capture of the test harness.
        writeln!(std::io::stderr(), "{line}").expect("standard error");
        assert!(PAGE.contains(&row(networks, pace, &outcome)), "{line}");
        let hours = 24 * DAYS as usize;
        assert_eq!(outcome.known, hours);
        assert!(outcome.guesses <= 100 && outcome.guesses_of_one <= 30);
        assert!(outcome.lasting <= 50, "half of them come back in a day");
        match networks {
            ..=4 => assert_eq!(outcome.new_first + outcome.new_later, hours),
            5..=12 => assert_eq!(outcome.new_later, hours - 24),
            _ => {}
        }
    }
}
