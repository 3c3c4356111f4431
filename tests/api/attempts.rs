//! Guessing passwords: how often an account can be tried.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gatehouse::account::AccountKeys;
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
    let key = keys.key(email).expect("a key");
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

/// The failures of each account.
async fn failures(database: &Database) -> Vec<i64> {
    let sql = "SELECT failures FROM gatehouse_login_attempt ORDER BY failures";
    database.conn().await.query(sql).await.expect("rows")
}

/// Fails once, and returns the wait in milliseconds that came of it: not exactly, but between the
/// least and the most that it can have been.
async fn wait_after_failure(app: &App, database: &Database, email: &str) -> (i64, i64) {
    let mut conn = database.conn().await;
    let now = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000";
    let before: Option<i64> = conn.query_first(now).await.expect("a time");
    wrong(app, email, 1).await;
    let after: Option<i64> = conn.query_first(now).await.expect("a time");
    let sql = "SELECT retry_at FROM gatehouse_login_attempt WHERE account = ?";
    let retry_at: Option<i64> = conn
        .exec_first(sql, (account(email),))
        .await
        .expect("a row");
    let retry_at = retry_at.expect("a row");
    (
        retry_at - after.expect("a time"),
        retry_at - before.expect("a time"),
    )
}

#[tokio::test]
async fn five_failures_are_free_and_the_sixth_costs_a_second_that_is_told_truly() {
    let app = App::shared();
    let email = registered(app).await;
    for wait in [0, 0, 0, 0, 0, 1000] {
        let (least, most) = wait_after_failure(app, Database::shared(), &email).await;
        assert!((least..=most).contains(&wait), "{wait} in {least}..={most}");
    }
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
            .variable("LOGIN_MAX_WAIT_SECONDS", "60")
    });
    let email = registered(&app).await;
    for wait in [0, 0, 1, 2, 4, 8, 16, 32, 60, 60] {
        let (least, most) = wait_after_failure(&app, &database, &email).await;
        assert!(
            (least..=most).contains(&(wait * 1000)),
            "{wait} s in {least}..={most}"
        );
        let put_off = "UPDATE gatehouse_login_attempt SET retry_at = retry_at + ? * 1000";
        if wait < 60 {
            database.execute(put_off, 10).await;
            wait_of(app.login(&email, PASSWORD).await);
            database.execute(put_off, -10).await;
        } else {
            assert!((45..=60).contains(&wait_of(app.login(&email, PASSWORD).await)));
        }
        // The time passes.
        database.execute(put_off, -1 - wait).await;
    }
    app.login(&email, PASSWORD).await.expect(200);
    eventually(async || failures(&database).await.is_empty()).await;
}

#[tokio::test]
async fn failures_are_forgotten_a_day_after_the_last_wait_and_their_rows_deleted() {
    let database = Database::start("attempts_old", "CHARACTER SET utf8mb4");
    let app = App::on(&database);
    let (user, stranger) = (app.user().await, unique_email());
    eventually(async || failures(&database).await.is_empty()).await;
    wrong(&app, &stranger, 6).await;
    let age = "UPDATE gatehouse_login_attempt SET retry_at = retry_at - ? * 3600000";
    database.execute(age, 23).await;
    wrong(&app, &stranger, 1).await;
    assert_eq!(failures(&database).await[0], 7, "remembered for a day");
    database.execute(age, 25).await;
    wrong(&app, &stranger, 1).await;
    assert_eq!(failures(&database).await[0], 1, "and then begun anew");
    database.execute(age, 25).await;
    // Of another account, by whom it is deleted.
    app.login(&user.email, PASSWORD).await.expect(200);
    eventually(async || failures(&database).await.is_empty()).await;
}

#[tokio::test]
async fn a_wait_that_a_wrong_clock_has_written_is_over() {
    let app = App::shared();
    let email = registered(app).await;
    wrong(app, &email, 6).await;
    put_off(&email, 3600 + 180).await;
    app.login(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn rows_that_are_one_address_today_have_each_its_count() {
    let database = Database::start("attempts_rows", "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    let app = App::on(&database);
    let mine = registered(&app).await;
    let theirs = mine.replace("user", "User");
    let hash =
        "$bcrypt-sha256$v=2,t=2b,r=12$abcdefghijklmnopqrstuu$aP56a.SWvVzRr1c7jVmZnIGQHwjrhZe";
    database.insert(Some(&theirs), Some(hash)).await;
    for round in 0..3 {
        for _ in 0..2 {
            app.login(&theirs, WRONG).await.expect(401);
        }
        // My own password does not clear what was tried against theirs.
        app.login(&mine, PASSWORD).await.expect(200);
        eventually(async || failures(&database).await == [2 * (round + 1)]).await;
    }
    let put_off = "UPDATE gatehouse_login_attempt SET retry_at = retry_at + ? * 1000";
    database.execute(put_off, 10).await;
    wait_of(app.login(&theirs, WRONG).await);
    app.login(&mine, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn without_the_counters_a_login_is_503_and_never_free() {
    let database = Database::start("attempts_gone", "CHARACTER SET utf8mb4");
    let app = App::on(&database);
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
async fn a_refused_guess_costs_no_hash_and_two_statements() {
    // A hash that would be noticed.
    let app = App::start(
        &Setup::default()
            .variable("LOGIN_FREE_FAILURES", "1")
            .variable("ARGON2_MEMORY_KIB", "65536")
            .variable("ARGON2_ITERATIONS", "16"),
    );
    let email = unique_email();
    let started = Instant::now();
    wrong(&app, &email, 2).await;
    let two_hashes = started.elapsed();
    put_off(&email, 10).await;
    drop(app.hyperdrive().take_statements());
    let started = Instant::now();
    wait_of(app.login(&email, WRONG).await);
    assert!(started.elapsed() * 4 < two_hashes, "{two_hashes:?}");
    let statements = app.hyperdrive().take_statements();
    assert_eq!(statements.len(), 2, "{statements:?}");
}

#[tokio::test]
async fn under_a_spray_of_made_up_e_mails_old_counters_are_deleted_too() {
    let database = Database::start("attempts_spray", "CHARACTER SET utf8mb4");
    let app = App::on(&database);
    let old = "INSERT INTO gatehouse_login_attempt VALUES (REPEAT('x', 16), 7, ?)";
    database.execute(old, 1_000_000_000_000_i64).await;
    // One login in sixteen does it: 200 without would be one chance in 400,000.
    for _ in 0..200 {
        wrong(&app, &unique_email(), 1).await;
        if !failures(&database).await.contains(&7) {
            return;
        }
    }
    eventually(async || !failures(&database).await.contains(&7)).await;
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
