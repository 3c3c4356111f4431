//! The budgets of failed logins: the statements that the Worker sends, on real servers whose time
//! the tests set.

use std::collections::HashMap;
use std::time::Duration;

use gatehouse::db::login_throttle::{self, Decision, Limits, MOST_KNOWN, MOST_NETWORKS, Taken};
use gatehouse::identity::pseudonym::{AccountPseudonym, NetworkPseudonym, Pseudonyms};
use gatehouse::mysql::{Connection, Credentials, Statement};
use gatehouse::statement;
use mysql_async::prelude::Queryable as _;
use proptest::prelude::*;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::live::{Server, servers};

pub(crate) const LIMITS: Limits = Limits {
    per_network: 30,
    per_account: 100,
};
pub(crate) const MINUTE: u64 = 60;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;
/// When the tests begin: 2026-11-24.
pub(crate) const START: u64 = 1_795_516_428;

/// An account on a server whose time stands where a test puts it.
pub(crate) struct Account {
    connection: Connection<TcpStream>,
    keys: Pseudonyms,
    key: AccountPseudonym,
    limits: Limits,
    /// Seconds since [`START`].
    pub(crate) now: u64,
    time_of_server: Option<u64>,
}

impl Account {
    /// An account that nobody has tried, in a database of this test's own.
    pub(crate) async fn on(server: &Server, test: &str) -> Self {
        let database = format!("gatehouse_throttle_{test}");
        let mut admin = server.admin().await;
        for sql in [
            format!("DROP DATABASE IF EXISTS {database}"),
            format!("CREATE DATABASE {database}"),
            format!("USE {database}"),
            include_str!("../../migrations/0003_create_gatehouse_login_throttle.sql").to_owned(),
        ] {
            admin.query_drop(sql).await.expect("a database");
        }
        let credentials = Credentials {
            database,
            ..server.credentials()
        };
        let connection = server.try_connect(&credentials).await;
        let keys = Pseudonyms::new("a secret of the tests").expect("keys");
        Self {
            connection: connection.expect("a connection"),
            key: keys.key("ada@example.com"),
            keys,
            limits: LIMITS,
            now: 0,
            time_of_server: None,
        }
    }

    fn network(&self, number: u32) -> NetworkPseudonym {
        self.keys.network(&self.key, &number.to_string())
    }

    /// Runs SQL of the test.
    pub(crate) async fn run(&mut self, sql: &'static str) -> u64 {
        let done = self
            .connection
            .execute(&Statement::new("testing", sql))
            .await;
        done.expect("done").rows
    }

    async fn set_time(&mut self) {
        if self.time_of_server != Some(self.now) {
            let set = statement!("testing", "SET TIMESTAMP = :a", a = START + self.now);
            self.connection.execute(&set).await.expect("a time");
            self.time_of_server = Some(self.now);
        }
    }

    /// Asks to compare a password.
    pub(crate) async fn take(&mut self, network: u32) -> Decision {
        self.set_time().await;
        let take = login_throttle::taking(&self.key, self.network(network), self.limits);
        let done = self.connection.execute(&take).await.expect("a decision");
        Decision::read(done.last_insert_id).expect("a decision")
    }

    /// The password was right.
    pub(crate) async fn succeed(&mut self, network: u32, taken: Taken) {
        let network = self.network(network);
        let succeed = login_throttle::succeeding(&self.key, network, taken, self.limits);
        self.connection.execute(&succeed).await.expect("an update");
    }

    /// Logs in with the right password; says whether it was compared.
    pub(crate) async fn log_in(&mut self, network: u32) -> bool {
        match self.take(network).await {
            Decision::Go(taken) => {
                self.succeed(network, taken).await;
                true
            }
            Decision::Wait(_) => false,
        }
    }

    /// Guesses wrong until told to wait; says how often, and how long to wait.
    async fn guess_all(&mut self, network: u32) -> (u32, u64) {
        for count in 0.. {
            if let Decision::Wait(wait) = self.take(network).await {
                return (count, wait.as_secs());
            }
        }
        unreachable!()
    }
}

/// The rules of the budgets, written down without SQL and in other terms: what is owed, and since
/// when.
#[derive(Debug, Default)]
struct Model {
    clock: u64,
    strangers: u64,
    /// Newest first: the network, when it has paid, and when it has paid the reserve.
    networks: Vec<(u32, u64, u64)>,
    known: Vec<(u32, u64)>,
}

impl Model {
    fn take(&mut self, limits: Limits, now: u64, network: u32) -> Decision {
        if self.clock > now + 120 {
            (self.strangers, self.clock) = (0, 0);
            self.networks.clear();
        }
        self.clock = self.clock.max(now);
        let (back, all_back) = (limits.per_network / 4, limits.per_account / 2);
        let own_pace = DAY.div_ceil(back.into());
        let pace = DAY.div_ceil(all_back.into());
        let own_most = u64::from(limits.per_network - back - 1) * own_pace + 120;
        let most = u64::from(limits.per_account - all_back - 1) * pace + 120;
        let half = u64::from((limits.per_account - all_back) / 2) * pace + 120;

        let known = self.known.iter().find(|(other, _)| *other == network);
        let known = known.is_some_and(|(_, since)| since + 30 * DAY > now);
        let entry = self.networks.iter().find(|(other, ..)| *other == network);
        let (own, reserve) = entry.map_or((0, 0), |(_, own, reserve)| (*own, *reserve));
        let over = |until: u64, most: u64| until.saturating_sub(now + most);
        let of_all = over(self.strangers, most).max(over(reserve, 2 * DAY + 120));
        let of_all = of_all.min(over(self.strangers, half));
        let wait = over(own, own_most).max(if known { 0 } else { of_all });
        if wait > 0 {
            return Decision::Wait(Duration::from_secs(wait));
        }
        let open = self.strangers <= now + half;
        let reserve = reserve.max(now) + if known || open { 0 } else { DAY };
        self.networks.retain(|(other, ..)| *other != network);
        self.networks
            .insert(0, (network, own.max(now) + own_pace, reserve));
        self.networks
            .truncate(usize::try_from(MOST_NETWORKS).expect("a length"));
        self.strangers = self.strangers.max(now) + if known { 0 } else { pace };
        Decision::Go(if known {
            Taken::Network
        } else {
            Taken::NetworkAndStrangers
        })
    }

    fn succeed(&mut self, limits: Limits, now: u64, network: u32, taken: Taken) {
        if taken == Taken::NetworkAndStrangers {
            self.strangers -= DAY.div_ceil(u64::from(limits.per_account / 2));
        }
        self.networks.retain(|(other, ..)| *other != network);
        self.known.retain(|(other, _)| *other != network);
        self.known.insert(0, (network, now));
        self.known
            .truncate(usize::try_from(MOST_KNOWN).expect("a length"));
    }
}

/// Something that happens to an account.
#[derive(Debug, Clone)]
enum Event {
    Pass(u64),
    /// The clock goes back, as that of a statement does which has waited, or of another server.
    Back(u64),
    Wrong(u32, u32),
    Right(u32),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let network = prop_oneof![8 => 0..4_u32, 4 => 0..200_u32];
    let event = prop_oneof![
        4 => prop_oneof![0..MINUTE, 0..HOUR, 0..DAY, 0..40 * DAY].prop_map(Event::Pass),
        1 => prop_oneof![0..=120_u64, 0..DAY].prop_map(Event::Back),
        6 => (network.clone(), 1..30_u32).prop_map(|(network, times)| Event::Wrong(network, times)),
        2 => network.prop_map(Event::Right),
    ];
    prop::collection::vec(event, 1..60)
}

fn limits() -> impl Strategy<Value = Limits> {
    let whole = (4..=33_u32).prop_flat_map(|network| (Just(network), (3 * network).max(12)..=100));
    whole.prop_map(|(per_network, per_account)| Limits {
        per_network,
        per_account,
    })
}

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

async fn follow(
    account: &mut Account,
    model: &mut Model,
    event: Event,
) -> Result<(), TestCaseError> {
    let (network, times) = match event {
        Event::Pass(seconds) => {
            account.now += seconds;
            return Ok(());
        }
        Event::Back(seconds) => {
            account.now = account.now.saturating_sub(seconds);
            return Ok(());
        }
        Event::Wrong(network, times) => (network, times),
        Event::Right(network) => (network, 1),
    };
    for _ in 0..times {
        let decision = account.take(network).await;
        let now = START + account.now;
        prop_assert_eq!(decision, model.take(account.limits, now, network));
        if let (Event::Right(_), Decision::Go(taken)) = (&event, decision) {
            account.succeed(network, taken).await;
            model.succeed(account.limits, now, network, taken);
        }
    }
    Ok(())
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

#[tokio::test]
async fn a_network_has_three_quarters_of_its_guesses_at_once_and_the_rest_in_a_day() {
    for server in servers() {
        let mut account = Account::on(&server, "own").await;
        assert_eq!(account.guess_all(1).await.0, 23);
        let mut more = 0;
        for _ in 0..24 * 60 {
            account.now += MINUTE;
            more += u32::from(matches!(account.take(1).await, Decision::Go(_)));
        }
        assert_eq!(more, 7);
    }
}

#[tokio::test]
async fn after_the_time_that_was_told_a_try_is_let_through_and_not_before() {
    for server in servers() {
        let mut account = Account::on(&server, "told").await;
        for round in 0..6 {
            for network in [1, 2, 3, 4] {
                let (_, wait) = account.guess_all(network).await;
                let told = account.now;
                account.now = told + wait - 1;
                let early = account.take(network).await;
                assert_eq!(early, Decision::Wait(Duration::from_secs(1)), "{round}");
                account.now = told + wait;
                assert!(matches!(account.take(network).await, Decision::Go(_)));
            }
        }
    }
}

#[tokio::test]
async fn guesses_from_one_network_make_no_other_one_wait() {
    for server in servers() {
        for (per_network, per_account) in [(30, 100), (33, 100), (4, 12), (20, 60)] {
            let mut account = Account::on(&server, "one").await;
            account.limits = Limits {
                per_network,
                per_account,
            };
            for hour in 0..72 {
                account.guess_all(1).await;
                account.now += HOUR;
                assert!(account.log_in(100 + hour).await, "{per_network} {hour}");
                account.now += 30 * MINUTE;
            }
        }
    }
}

#[tokio::test]
async fn a_network_that_has_logged_in_waits_for_no_strangers_for_thirty_days() {
    for server in servers() {
        let mut account = Account::on(&server, "known").await;
        assert!(account.log_in(0).await);
        for day in 0..30 {
            account.now = day * DAY + 20 * HOUR;
            for stranger in 1..120 {
                account.guess_all(stranger).await;
            }
            assert!(matches!(account.take(999).await, Decision::Wait(_)));
            // It has slips of its own, too.
            assert!(matches!(
                account.take(0).await,
                Decision::Go(Taken::Network)
            ));
        }
        account.now = 30 * DAY;
        for stranger in 1..120 {
            account.guess_all(stranger).await;
        }
        assert!(matches!(account.take(0).await, Decision::Wait(_)));
        account.now += DAY;
        assert!(account.log_in(0).await, "as any other");
    }
}

#[tokio::test]
async fn a_right_password_gives_back_what_it_took_and_forgives_its_network() {
    for server in servers() {
        let mut account = Account::on(&server, "back").await;
        for _ in 0..500 {
            account.now += 1;
            assert!(account.log_in(1).await, "of a known network");
        }
        for network in 1000..1500 {
            account.now += 1;
            assert!(account.log_in(network).await, "of a new one each time");
        }
        for _ in 0..10 {
            account.now += 1;
            for _ in 0..22 {
                assert!(matches!(account.take(1499).await, Decision::Go(_)));
            }
            assert!(account.log_in(1499).await);
        }
    }
}

#[tokio::test]
async fn a_clock_that_stands_behind_the_row_makes_nobody_wait_and_lets_nobody_slip_past() {
    for server in servers() {
        let mut account = Account::on(&server, "stale").await;
        for count in 0..23 {
            account.now = 1000 - 120 * (count % 2);
            let decision = account.take(1).await;
            assert!(matches!(decision, Decision::Go(_)), "{count}: {decision:?}");
        }
        assert!(matches!(account.take(1).await, Decision::Wait(_)));
    }
}

#[tokio::test]
async fn what_a_clock_has_written_that_was_far_ahead_is_forgotten() {
    for server in servers() {
        for ahead in [121, HOUR, DAY, 3 * DAY, 1000 * DAY] {
            let mut account = Account::on(&server, "ahead").await;
            account.now = ahead;
            account.guess_all(1).await;
            account.guess_all(2).await;
            account.now = 0;
            assert_eq!(account.guess_all(1).await.0, 23, "{ahead} s ahead");
        }
    }
}

#[tokio::test]
async fn a_row_is_deleted_when_nothing_in_it_matters_any_more() {
    for server in servers() {
        let mut account = Account::on(&server, "purge").await;
        for (logs_in, days) in [(false, 8), (true, 30)] {
            account.guess_all(1).await;
            if logs_in {
                assert!(account.log_in(2).await);
            }
            account.now += days * DAY;
            account.set_time().await;
            let purging = login_throttle::purging();
            let kept = account.connection.execute(&purging).await.expect("done");
            assert_eq!(kept.rows, 0);
            account.now += DAY;
            account.set_time().await;
            let deleted = account.connection.execute(&purging).await.expect("done");
            assert_eq!(deleted.rows, 1);
        }
    }
}

#[test]
fn every_budget_is_full_again_before_its_row_is_deleted() {
    for per_network in 4..=33_u32 {
        let back = per_network / 4;
        let whole = u64::from(per_network - back) * DAY.div_ceil(u64::from(back));
        assert!(whole + 120 < 8 * DAY, "{per_network}");
    }
}
