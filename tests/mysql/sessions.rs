//! Refreshing a session: the statement that the Worker sends, on real servers, and what it means for
//! whoever holds a token.

use gatehouse::db::login_session::{Lifetimes, Refreshed, refreshing};
use gatehouse::mysql::{Connection, Credentials, Statement};
use gatehouse::statement;
use gatehouse::token::RefreshToken;
use proptest::prelude::*;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::live::{RealServer, servers};

const LIFETIMES: Lifetimes = Lifetimes {
    idle: Duration::from_secs(1000),
    absolute: Duration::from_mins(50),
    grace: Duration::from_secs(10),
};
const ID: [u8; 16] = [7; 16];
const USER: i64 = 42;

/// A session, by the rules of docs/sessions.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Model {
    counter: u64,
    refreshed: u64,
    expires: u64,
    ends: u64,
}

impl Model {
    fn new(now: u64) -> Self {
        let ends = now + LIFETIMES.absolute.as_secs();
        Self {
            counter: 0,
            refreshed: now,
            expires: LIFETIMES.expires(now, ends),
            ends,
        }
    }

    fn refresh(&mut self, counter: u64, now: u64) -> Refreshed {
        if self.expires <= now {
            return Refreshed::Over;
        }
        if counter >= self.counter {
            let is_today = now / 86400 == self.refreshed / 86400;
            self.counter = counter + 1;
            self.refreshed = now;
            self.expires = LIFETIMES.expires(now, self.ends);
            return if is_today {
                Refreshed::Advanced
            } else {
                Refreshed::FirstOfDay
            };
        }
        if counter + 1 == self.counter && now <= self.refreshed + LIFETIMES.grace.as_secs() {
            return Refreshed::Repeated;
        }
        self.expires = 0;
        Refreshed::Reused
    }

    fn token(&self, counter: u64) -> RefreshToken {
        RefreshToken {
            session: ID.into(),
            user: USER.into(),
            counter: u32::try_from(counter).expect("a small number"),
            ends: self.ends,
        }
    }
}

/// A session on a real server.
struct Stored(Connection<TcpStream>);

impl Stored {
    async fn on(server: &RealServer, test: &str) -> Self {
        let name = format!("gatehouse_sessions_{test}");
        server.migrated(&name).await;
        let credentials = Credentials {
            database: name,
            ..server.credentials()
        };
        let connection = server.try_connect(&credentials).await;
        let mut stored = Self(connection.expect("a connection"));
        let user = statement!(
            "testing",
            "INSERT INTO `user` (`id`) VALUES (:id)",
            id = USER
        );
        stored.run(&user).await;
        stored
    }

    async fn run(&mut self, statement: &Statement) -> u64 {
        let done = self.0.execute(statement).await.expect("done");
        done.last_insert_id
    }

    async fn set(&mut self, model: &Model) {
        let delete = Statement::new("testing", "DELETE FROM gatehouse_session");
        self.run(&delete).await;
        let insert = statement!(
            "testing",
            "INSERT INTO gatehouse_session VALUES
             (:id, :user, :counter, 0, :refreshed, :expires, :ends, '', '')",
            id = ID.as_slice(),
            user = USER,
            counter = model.counter,
            refreshed = model.refreshed,
            expires = model.expires,
            ends = model.ends,
        );
        self.run(&insert).await;
    }

    async fn row(&mut self) -> Model {
        let select = Statement::new(
            "testing",
            "SELECT counter, refreshed, expires, ends FROM gatehouse_session",
        );
        let rows = self.0.query(&select).await.expect("rows");
        let row = rows[0].columns::<4>().expect("columns");
        let [counter, refreshed, expires, ends] = row.map(|cell| {
            let number = cell.int().expect("an integer").expect("a value");
            u64::try_from(number).expect("not negative")
        });
        Model {
            counter,
            refreshed,
            expires,
            ends,
        }
    }
}

/// How far the counter of a token is ahead of the last one, and how much later it is used (clocks of
/// isolates differ).
fn steps() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let ahead = prop_oneof![6 => Just(0), 4 => Just(-1), 1 => Just(-2), 1 => 0..3_i64];
    let later = prop_oneof![4 => -3..8_i64, 2 => 8..14_i64, 1 => 14..400_i64, 1 => 900..1100_i64];
    prop::collection::vec((ahead, later), 1..14)
}

#[test]
fn the_statement_refreshes_as_the_rules_say_under_every_sql_mode() {
    let runtime = Runtime::new().expect("a runtime");
    for server in servers() {
        let is_mariadb = runtime.block_on(server.is_mariadb());
        let stored = runtime.block_on(Stored::on(&server, "rules"));
        let stored = tokio::sync::Mutex::new(stored);
        for sql in [
            "SET SESSION sql_mode = ''",
            "SET SESSION sql_mode = 'ANSI'",
            "SET SESSION sql_mode = 'TRADITIONAL'",
            "SET SESSION sql_mode = 'SIMULTANEOUS_ASSIGNMENT'",
        ] {
            if sql.contains("SIMULTANEOUS") && !is_mariadb {
                continue;
            }
            runtime.block_on(async {
                let mut stored = stored.lock().await;
                stored.run(&Statement::new("testing", sql)).await;
            });
            proptest!(ProptestConfig::with_cases(60), |(steps in steps())| {
                runtime.block_on(async {
                    let mut stored = stored.lock().await;
                    // Shortly before midnight.
                    let mut now = 172_790;
                    let mut model = Model::new(now);
                    stored.set(&model).await;
                    for (ahead, later) in steps {
                        now = now.saturating_add_signed(later);
                        let counter = model.counter.saturating_add_signed(ahead);
                        let refresh = refreshing(&model.token(counter), &LIFETIMES, now);
                        let answer = Refreshed::read(stored.run(&refresh).await);
                        let expected = model.refresh(counter, now);
                        prop_assert_eq!(answer, expected, "{} at {}", counter, now);
                        prop_assert_eq!(stored.row().await, model, "{}", sql);
                    }
                    Ok(())
                })?;
            });
        }
    }
}

#[tokio::test]
async fn the_session_of_a_user_who_is_gone_is_over() {
    for server in servers() {
        let mut stored = Stored::on(&server, "others").await;
        let model = Model::new(100_000);
        stored.set(&model).await;
        let other = RefreshToken {
            user: 43_i64.into(),
            ..model.token(0)
        };
        let delete = Statement::new("testing", "DELETE FROM `user`");
        for token in [other, model.token(0)] {
            let refresh = refreshing(&token, &LIFETIMES, 100_001);
            assert_eq!(Refreshed::read(stored.run(&refresh).await), Refreshed::Over);
            assert_eq!(stored.row().await, model);
            stored.run(&delete).await;
        }
    }
}

/// What a client does with the token that it holds.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Refreshes, and hears the answer.
    Refresh,
    /// Refreshes, and the answer is lost, so often; then within the grace it is heard.
    Lose(u8),
    /// Both of two tabs refresh.
    TwoTabs,
}

fn acts() -> impl Strategy<Value = Vec<(Act, u64)>> {
    let act = prop_oneof![
        Just(Act::Refresh),
        (1..4_u8).prop_map(Act::Lose),
        Just(Act::TwoTabs),
    ];
    prop::collection::vec((act, 0..1000_u64), 1..40)
}

proptest! {
    #[test]
    fn a_client_that_repeats_in_time_is_never_logged_out_before_the_session_ends(acts in acts()) {
        let (mut now, mut held) = (100_000, 0);
        let mut model = Model::new(now);
        for (act, pause) in acts {
            now += pause;
            if now + 10 >= model.expires {
                break;
            }
            let repeats = match act {
                Act::Refresh => 0,
                Act::Lose(times) => times,
                Act::TwoTabs => 1,
            };
            prop_assert_eq!(model.refresh(held, now), Refreshed::Advanced);
            for _ in 0..repeats {
                now += 3;
                prop_assert_eq!(model.refresh(held, now), Refreshed::Repeated);
            }
            held += 1;
        }
    }

    #[test]
    fn a_stolen_token_that_is_used_ends_the_session_as_soon_as_its_owner_goes_on(
        before in 0..5_u64, thiefs in 1..5_u64, pause in 11..500_u64, after in 0..5_u64
    ) {
        let now = 100_000;
        let mut model = Model::new(now);
        for counter in 0..before {
            prop_assert_eq!(model.refresh(counter, now), Refreshed::Advanced);
        }
        // The thief has the owner's token, and is first.
        for counter in before..before + thiefs {
            prop_assert_eq!(model.refresh(counter, now), Refreshed::Advanced);
        }
        let now = now + pause;
        prop_assert_eq!(model.refresh(before, now), Refreshed::Reused);
        for counter in 0..before + thiefs + after {
            prop_assert_eq!(model.refresh(counter, now), Refreshed::Over);
        }
    }
}
