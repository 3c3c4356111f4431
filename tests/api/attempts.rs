//! Guessing passwords: how often an account can be tried.

use std::time::Duration;

use futures_util::future::join_all;
use gatehouse::account::AccountKeys;
use gatehouse::email::Lookup;
use mysql_async::prelude::Queryable as _;
use serde_json::json;

use crate::support::database::Database;
use crate::support::{Answer, App, PASSWORD, SECRET_KEY, Setup, eventually, unique_email};

const WRONG: &str = "wrong password";

async fn wrong(app: &App, email: &str, times: u32) {
    for _ in 0..times {
        app.login(email, WRONG)
            .await
            .problem(401, "invalid_credentials");
    }
}

#[track_caller]
fn wait_of(answer: Answer) -> u64 {
    let answer = answer.problem(429, "too_many_attempts");
    answer.header("retry-after").parse().expect("seconds")
}

/// The e-mail of a new user who has not logged in: clearing the count comes after an answer, and
/// would come in between.
async fn registered(app: &App) -> String {
    let email = unique_email();
    app.register(&email, PASSWORD).await.expect(201);
    email
}

/// The name of an account in the counters.
fn account(email: &str) -> Vec<u8> {
    let keys = AccountKeys::new(SECRET_KEY).expect("keys");
    let key = keys.key(&Lookup::new(email)).expect("a key");
    key.as_bytes().to_vec()
}

/// Whether any failure of an account is remembered.
async fn is_remembered(email: &str) -> bool {
    let sql = "SELECT failures FROM gatehouse_login_attempt WHERE account = ?";
    let mut conn = Database::shared().conn().await;
    let row: Option<i64> = conn
        .exec_first(sql, (account(email),))
        .await
        .expect("a row");
    row.is_some()
}

/// Puts off the time when an account may be tried again: how fast the machine is must not matter.
async fn put_off(email: &str, seconds: i64) {
    let sql = "UPDATE gatehouse_login_attempt SET retry_at = retry_at + ? WHERE account = ?";
    let mut conn = Database::shared().conn().await;
    let values = (seconds * 1000, account(email));
    conn.exec_drop(sql, values).await.expect("an update");
}

/// The rows of the counters, as failures and milliseconds from now.
async fn counters(database: &Database) -> Vec<(i64, i64)> {
    let sql = "SELECT failures, CAST(retry_at - UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) \
               FROM gatehouse_login_attempt ORDER BY failures";
    database.conn().await.query(sql).await.expect("rows")
}

#[tokio::test]
async fn five_failures_are_free_and_the_sixth_costs_a_second_that_is_told_truly() {
    let app = App::shared();
    let email = registered(app).await;
    wrong(app, &email, 5).await;
    put_off(&email, 10).await;
    // There is no wait yet, but for what was just put on.
    assert!((7..=10).contains(&wait_of(app.login(&email, PASSWORD).await)));
    put_off(&email, -10).await;
    wrong(app, &email, 1).await;
    put_off(&email, 10).await;
    // The right password too: nobody learns from a refusal whether it was.
    for password in [PASSWORD, WRONG] {
        assert!((8..=11).contains(&wait_of(app.login(&email, password).await)));
    }
    put_off(&email, -10).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    app.login(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_right_password_forgets_the_failures() {
    let app = App::shared();
    let email = registered(app).await;
    for _ in 0..3 {
        wrong(app, &email, 4).await;
        let before = app.log().len();
        app.login(&email, PASSWORD).await.expect(200);
        // It is done after the answer.
        eventually(async || {
            let log = app.log().split_off(before);
            log.contains("login_succeeded") && !is_remembered(&email).await
        })
        .await;
    }
}

#[tokio::test]
async fn an_e_mail_that_nobody_has_is_counted_alike_and_spellings_share_a_count() {
    let app = App::shared();
    let email = unique_email();
    for spelling in [
        email.clone(),
        email.to_uppercase(),
        format!(" {email}"),
        format!("{email}\n"),
        email.clone(),
        email.replace("user", "User"),
    ] {
        wrong(app, &spelling, 1).await;
    }
    put_off(&email, 10).await;
    assert!(wait_of(app.login(&email, WRONG).await) >= 8);
    let other = app.user().await;
    app.login(&other.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn guesses_at_the_same_time_do_not_slip_past_the_count() {
    let app = App::shared();
    let email = registered(app).await;
    let guesses = (0..30).map(|_| app.login(&email, WRONG));
    let answers = join_all(guesses).await;
    let count = |status| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!(count(401) + count(429), 30);
    // Six, and the one or other whose wait had passed on a slow machine.
    assert!((6..=8).contains(&count(401)), "{} were tried", count(401));
}

#[tokio::test]
async fn waits_double_up_to_the_longest_one_and_a_right_password_then_works() {
    let database = Database::start("attempts", "CHARACTER SET utf8mb4");
    let app = App::start(&Setup {
        database: Some(database.options()),
        ..Setup::default()
            .variable("LOGIN_FREE_FAILURES", "2")
            .variable("LOGIN_MAX_WAIT_SECONDS", "10")
    });
    let user = app.user().await;
    eventually(async || counters(&database).await.is_empty()).await;
    wrong(&app, &user.email, 2).await;
    for wait in [1, 2, 4, 8, 10, 10] {
        wrong(&app, &user.email, 1).await;
        let put_off = "UPDATE gatehouse_login_attempt SET retry_at = retry_at + ? * 1000";
        database.execute(put_off, 10).await;
        let told = wait_of(app.login(&user.email, PASSWORD).await);
        assert!((wait + 7..=wait + 10).contains(&told), "{told} of {wait}");
        // The time passes.
        database
            .execute(put_off, -11 - i64::try_from(wait).expect("a number"))
            .await;
    }
    app.login(&user.email, PASSWORD).await.expect(200);
    eventually(async || counters(&database).await.is_empty()).await;
}

#[tokio::test]
async fn failures_are_forgotten_a_day_after_the_last_wait_and_their_rows_deleted() {
    let database = Database::start("attempts_old", "CHARACTER SET utf8mb4");
    let app = App::start(&Setup {
        database: Some(database.options()),
        ..Setup::default()
    });
    let (user, stranger) = (app.user().await, unique_email());
    eventually(async || counters(&database).await.is_empty()).await;
    wrong(&app, &stranger, 6).await;
    let age = "UPDATE gatehouse_login_attempt SET retry_at = retry_at - ? * 3600000";
    database.execute(age, 23).await;
    wrong(&app, &stranger, 1).await;
    assert_eq!(counters(&database).await[0].0, 7, "remembered for a day");
    database.execute(age, 25).await;
    wrong(&app, &stranger, 1).await;
    assert_eq!(counters(&database).await[0].0, 1, "and then begun anew");
    database.execute(age, 25).await;
    // Of another account, by whom it is deleted.
    app.login(&user.email, PASSWORD).await.expect(200);
    eventually(async || counters(&database).await.is_empty()).await;
}

#[tokio::test]
async fn without_the_counters_a_login_is_503_and_never_free() {
    let database = Database::start("attempts_gone", "CHARACTER SET utf8mb4");
    let app = App::start(&Setup {
        database: Some(database.options()),
        ..Setup::default()
    });
    let user = app.user().await;
    let drop = "RENAME TABLE gatehouse_login_attempt TO elsewhere";
    database.conn().await.query_drop(drop).await.expect("drop");
    for password in [PASSWORD, WRONG] {
        let answer = app.login(&user.email, password).await;
        answer.problem(503, "database_unavailable");
    }
    assert!(app.log().contains("while reserving a login attempt"));
    app.me(&user.token).await.expect(200);
}

#[tokio::test]
async fn a_refused_guess_costs_no_hash_and_one_statement() {
    let app = App::start(&Setup::default().variable("LOGIN_FREE_FAILURES", "1"));
    let email = unique_email();
    wrong(&app, &email, 2).await;
    put_off(&email, 10).await;
    drop(app.hyperdrive().take_statements());
    wait_of(app.login(&email, WRONG).await);
    let statements = app.hyperdrive().take_statements();
    let reserved = |sql: &&String| sql.starts_with("INSERT INTO `gatehouse_login_attempt`");
    assert_eq!(statements.iter().filter(reserved).count(), 1);
    assert!(!statements.iter().any(|sql| sql.starts_with("SELECT")));
}

#[tokio::test]
async fn failed_and_refused_logins_are_logged_by_account_and_never_by_e_mail() {
    let app = App::start(&Setup::default().variable("LOGIN_FREE_FAILURES", "1"));
    let email = unique_email();
    wrong(&app, &email, 2).await;
    put_off(&email, 10).await;
    wait_of(app.login(&email, WRONG).await);
    let log = app.log();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let events: Vec<_> = lines.iter().map(|line| line["event"].clone()).collect();
    assert_eq!(
        events,
        [
            json!("login_failed"),
            json!("login_failed"),
            json!("login_throttled")
        ]
    );
    let accounts: Vec<_> = lines.iter().map(|line| line["account"].as_str()).collect();
    assert!(accounts[0].is_some_and(|account| account.len() == 32));
    assert!(accounts.iter().all(|account| *account == accounts[0]));
    assert!(!log.contains(&email) && !log.contains("user_id"));
    assert_eq!(app.counted("login_throttled"), 1);
}
