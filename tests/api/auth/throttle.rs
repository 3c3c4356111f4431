//! Guessing passwords: how often an account can be tried.
//!
//! What a day brings is tested in `tests/mysql/throttle.rs`, where the clock is the test's.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use mysql_async::prelude::Queryable as _;
use serde_json::json;

use testkit::hash::BCRYPT_SHA256;

use crate::support::budgets::{account, pass, row, strangers_owe, until_known};
use crate::support::database::Database;
use crate::support::{Answer, App, PASSWORD, eventually, unique_email};

const WRONG: &str = "wrong password";
/// Guesses that a network has at once, by default.
const AT_ONCE: usize = 23;
/// Those of all strange networks together.
const ALL_AT_ONCE: usize = 50;

async fn login_from(app: &App, address: &str, email: &str, password: &str) -> Answer {
    app.request("POST", "/auth/login")
        .json(&json!({ "email": email, "password": password }))
        .header("cf-connecting-ip", address)
        .send()
        .await
}

async fn wrong(app: &App, address: &str, email: &str, times: usize) {
    for _ in 0..times {
        login_from(app, address, email, WRONG)
            .await
            .problem(401, "invalid_credentials");
    }
}

#[track_caller]
fn wait_of(answer: Answer) -> i64 {
    let answer = answer.problem(429, "too_many_attempts");
    answer.header("retry-after").parse().expect("seconds")
}

/// An address in a network of its own.
fn stranger(number: usize) -> String {
    format!("198.51.{}.{}", 100 + number / 250, number % 250)
}

/// Guesses from many networks until no strange one is let through.
async fn exhaust(app: &App, email: &str) {
    for number in 0..ALL_AT_ONCE {
        login_from(app, &stranger(number), email, WRONG).await;
    }
    wait_of(login_from(app, &stranger(ALL_AT_ONCE), email, WRONG).await);
}

/// The e-mail of a new user who has not logged in.
async fn registered(app: &App) -> String {
    let email = unique_email();
    app.register(&email, PASSWORD).await.expect(201);
    email
}

#[tokio::test]
async fn one_network_runs_out_of_guesses_and_is_told_truly_how_long_and_no_other_waits() {
    let app = App::shared();
    let email = registered(app).await;
    wrong(app, "192.0.2.1", &email, AT_ONCE).await;
    // The right password too: nobody learns from a refusal whether it was.
    let mut wait = 0;
    for password in [PASSWORD, WRONG] {
        wait = wait_of(login_from(app, "192.0.2.1", &email, password).await);
        assert!((3 * 3600..=4 * 3600).contains(&wait), "{wait}");
    }
    let elsewhere = login_from(app, "192.0.2.2", &email, PASSWORD).await;
    elsewhere.expect(200);
    until_known(Database::shared(), &email, 1).await;
    pass(Database::shared(), &email, wait - 60).await;
    let rest = wait_of(login_from(app, "192.0.2.1", &email, PASSWORD).await);
    assert!((1..=60).contains(&rest), "{rest}");
    pass(Database::shared(), &email, rest).await;
    let right = login_from(app, "192.0.2.1", &email, PASSWORD).await;
    right.expect(200);
}

#[tokio::test]
async fn a_right_password_forgets_the_failures_of_its_network() {
    let app = App::shared();
    let email = registered(app).await;
    for _ in 0..3 {
        wrong(app, "192.0.2.1", &email, AT_ONCE - 1).await;
        let right = login_from(app, "192.0.2.1", &email, PASSWORD).await;
        right.expect(200);
        // It is done after the answer.
        eventually(async || {
            let row = row(Database::shared(), &email).await;
            row.is_some_and(|(budgets, known)| budgets.len() == 10 && known.len() == 18)
        })
        .await;
    }
    // The network was a stranger in the first round only, and those failures are not forgotten.
    let owed = strangers_owe(Database::shared(), &email).await;
    let interval = 24 * 3600 / 50;
    assert!((21 * interval..=22 * interval).contains(&owed), "{owed}");
}

#[tokio::test]
async fn a_network_that_has_logged_in_is_let_in_while_many_others_guess() {
    let app = App::shared();
    let email = registered(app).await;
    let home = login_from(app, "192.0.2.1", &email, PASSWORD).await;
    home.expect(200);
    until_known(Database::shared(), &email, 1).await;
    exhaust(app, &email).await;
    wrong(app, "192.0.2.1", &email, 1).await;
    let home = login_from(app, "192.0.2.1", &email, PASSWORD).await;
    home.expect(200);
    // Half an hour brings back a guess for all the others.
    let wait = wait_of(login_from(app, "192.0.2.2", &email, PASSWORD).await);
    assert!((1..=30 * 60).contains(&wait), "{wait}");
    pass(Database::shared(), &email, wait).await;
    let away = login_from(app, "192.0.2.2", &email, PASSWORD).await;
    away.expect(200);
}

#[tokio::test]
async fn an_e_mail_that_nobody_has_is_counted_alike_and_spellings_share_a_count() {
    let app = App::shared();
    let (mine, nobodys) = (registered(app).await, unique_email());
    let mut waits = Vec::new();
    for email in [&mine, &nobodys] {
        let spellings = [
            email.clone(),
            email.to_uppercase(),
            format!(" {email}"),
            format!("{email}\n"),
            email.replace("user", "User"),
        ];
        for number in 0..AT_ONCE {
            wrong(app, "192.0.2.1", &spellings[number % 5], 1).await;
        }
        waits.push(wait_of(login_from(app, "192.0.2.1", email, WRONG).await));
        exhaust(app, email).await;
        waits.push(wait_of(login_from(app, "192.0.2.2", email, WRONG).await));
    }
    // But for the seconds that the test takes.
    assert!(waits[0].abs_diff(waits[2]) < 60, "{waits:?}");
    assert!(waits[1].abs_diff(waits[3]) < 60, "{waits:?}");
    let other = app.user().await;
    login_from(app, "192.0.2.1", &other.email, PASSWORD)
        .await
        .expect(200);
}

#[tokio::test]
async fn guesses_at_the_same_time_do_not_slip_past_and_none_waits_too_early() {
    let app = App::shared();
    let count = |answers: &[Answer], status| {
        let with_status = answers.iter().filter(|answer| answer.status == status);
        with_status.count()
    };
    let email = registered(app).await;
    let guesses = (0..60).map(|_| login_from(app, "192.0.2.1", &email, WRONG));
    let answers = join_all(guesses).await;
    assert_eq!(count(&answers, 401), AT_ONCE);
    assert_eq!(count(&answers, 429), 60 - AT_ONCE);

    let email = registered(app).await;
    let addresses: Vec<_> = (0..120).map(stranger).collect();
    let guesses = addresses
        .iter()
        .map(|address| login_from(app, address, &email, WRONG));
    let answers = join_all(guesses).await;
    assert_eq!(count(&answers, 401), ALL_AT_ONCE);
    assert_eq!(count(&answers, 429), 120 - ALL_AT_ONCE);

    let email = registered(app).await;
    let logins = (0..20).map(|_| login_from(app, "192.0.2.1", &email, PASSWORD));
    let answers = join_all(logins).await;
    assert_eq!(count(&answers, 200), 20, "right passwords at once");
    until_known(Database::shared(), &email, 1).await;
    // All that was taken was given back.
    eventually(async || strangers_owe(Database::shared(), &email).await <= 1).await;
}

#[tokio::test]
async fn a_network_is_an_ipv4_address_or_the_64_of_an_ipv6_one_and_without_an_address_all_are_one()
{
    let app = App::with()
        .variable("LOGIN_GUESSES_PER_NETWORK", "4")
        .variable("LOGIN_GUESSES_PER_ACCOUNT", "100")
        .start();
    let email = registered(&app).await;
    for addresses in [
        ["2001:db8:0:7::1", "2001:DB8:0:7:ffff::2", "2001:db8:0:7::3"],
        ["192.0.2.7", "::ffff:192.0.2.7", "192.0.2.7"],
        ["", "unknown", "192.0.2.8, 192.0.2.9"],
    ] {
        for address in addresses {
            wrong(&app, address, &email, 1).await;
        }
        wait_of(login_from(&app, addresses[0], &email, PASSWORD).await);
    }
    wait_of(app.login(&email, PASSWORD).await);
    wrong(&app, "2001:db8:0:8::1", &email, 3).await;
}

#[tokio::test]
async fn nothing_of_an_address_is_stored_and_two_accounts_do_not_show_a_network_in_common() {
    let app = App::shared();
    let (one, other) = (unique_email(), unique_email());
    let mut hashes = Vec::new();
    for email in [&one, &other] {
        wrong(app, "203.0.113.77", email, 1).await;
        let (budgets, _) = row(Database::shared(), email).await.expect("a row");
        assert_eq!(budgets.len(), 10 + 28);
        let network = &budgets[10..18];
        for part in [&[203, 0, 113, 77][..], b"203.0", b"113.77"] {
            assert!(!network.windows(part.len()).any(|window| window == part));
        }
        hashes.push(network.to_vec());
    }
    assert_ne!(hashes[0], hashes[1]);
}

#[tokio::test]
async fn rows_that_are_one_address_today_have_each_its_budgets() {
    let database = Database::start("throttle_rows", "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    let app = App::on(&database);
    let mine = registered(&app).await;
    let theirs = mine.replace("user", "User");
    let hash = BCRYPT_SHA256;
    database.insert(Some(&theirs), Some(hash)).await;
    wrong(&app, "192.0.2.1", &theirs, 2).await;
    // My own password does not clear what was tried against theirs.
    let right = login_from(&app, "192.0.2.1", &mine, PASSWORD).await;
    right.expect(200);
    until_known(&database, &mine, 1).await;
    let (budgets, known) = row(&database, &theirs).await.expect("a row");
    assert_eq!((budgets.len(), known.len()), (10 + 28, 0));
    let (budgets, _) = row(&database, &mine).await.expect("a row");
    assert_eq!(budgets.len(), 10);
}

#[tokio::test]
async fn without_the_budgets_a_login_is_503_and_never_free() {
    let database = Database::start("throttle_gone", "CHARACTER SET utf8mb4");
    let app = App::on(&database);
    let user = app.user().await;
    let rename = "RENAME TABLE gatehouse_login_throttle TO elsewhere";
    let mut conn = database.conn().await;
    conn.query_drop(rename).await.expect("a change");
    drop(app.hyperdrive().take_statements());
    for password in [PASSWORD, WRONG] {
        let answer = user.login_with(password).await;
        answer.problem(503, "database_unavailable");
    }
    assert!(app.log().contains("while counting a login"));
    let statements = app.hyperdrive().take_statements();
    let is_count = |sql: &&String| sql.contains("INSERT INTO `gatehouse_login_throttle`");
    let counts = statements.iter().filter(is_count).count();
    assert_eq!(counts, 2, "only a deadlock is worth another try");
    user.me().await.expect(200);
}

#[tokio::test]
async fn a_refused_guess_costs_no_hash_and_two_statements() {
    // A hash that would be noticed.
    let app = App::with()
        .variable("LOGIN_GUESSES_PER_NETWORK", "4")
        .variable("ARGON2_MEMORY_KIB", "65536")
        .variable("ARGON2_ITERATIONS", "16")
        .start();
    let email = unique_email();
    let started = Instant::now();
    wrong(&app, "192.0.2.1", &email, 3).await;
    let three_hashes = started.elapsed();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(app.hyperdrive().take_statements());
    let started = Instant::now();
    wait_of(login_from(&app, "192.0.2.1", &email, WRONG).await);
    assert!(started.elapsed() * 6 < three_hashes, "{three_hashes:?}");
    let statements = app.hyperdrive().take_statements();
    assert_eq!(statements.len(), 2, "{statements:?}");
}

#[tokio::test]
async fn the_table_of_earlier_versions_is_not_used() {
    let database = Database::start("throttle_earlier", "CHARACTER SET utf8mb4");
    let drop = "DROP TABLE gatehouse_login_attempt";
    database.conn().await.query_drop(drop).await.expect("drop");
    let app = App::on(&database);
    let user = app.user().await;
    user.login_with(WRONG).await.expect(401);
    user.login().await.expect(200);
    until_known(&database, &user.email, 1).await;
    assert_eq!(app.counted("login_cleanup_failed"), 0);
}

#[tokio::test]
async fn failed_and_refused_logins_are_logged_by_account_and_never_by_e_mail() {
    let app = App::with()
        .variable("LOGIN_GUESSES_PER_NETWORK", "4")
        .start();
    let email = unique_email();
    wrong(&app, "192.0.2.1", &email, 3).await;
    wait_of(login_from(&app, "192.0.2.1", &email, WRONG).await);
    let log = app.log();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let events: Vec<_> = lines.iter().map(|line| line["event"].clone()).collect();
    let failed = json!("login_failed");
    let refused = json!("login_throttled");
    assert_eq!(events, [failed.clone(), failed.clone(), failed, refused]);
    let accounts: Vec<_> = lines.iter().map(|line| line["account"].as_str()).collect();
    assert!(accounts[0].is_some_and(|account| account.len() == 32));
    assert!(accounts.iter().all(|account| *account == accounts[0]));
    assert!(!log.contains(&email) && !log.contains("user_id"));
    assert_eq!(app.counted("login_throttled"), 1);
}

#[tokio::test]
async fn a_login_that_meets_another_transaction_in_a_deadlock_is_counted_after_it() {
    let database = Database::start("throttle_deadlock", "CHARACTER SET utf8mb4");
    let app = App::on(&database);
    let email = unique_email();
    wrong(&app, "192.0.2.1", &email, 1).await;
    // So that the login changes the index, too.
    pass(&database, &email, 5 * 86_400).await;
    let mut other = database.conn().await;
    for sql in [
        "CREATE TABLE much (n INT)",
        "BEGIN",
        // The server gives up the transaction that has changed less.
        "INSERT INTO much VALUES (1), (2), (3), (4), (5), (6), (7), (8)",
        // The index alone, which has all that is asked for.
        "SELECT account FROM gatehouse_login_throttle FORCE INDEX (expires_on)
         WHERE expires_on > 0 LOCK IN SHARE MODE",
    ] {
        other.query_drop(sql).await.expect("done");
    }
    let login = login_from(&app, "192.0.2.1", &email, WRONG);
    let meet = async {
        // The login has the row by now, and waits for its place in the index.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let row = "SELECT account FROM gatehouse_login_throttle WHERE account = ? FOR UPDATE";
        other
            .exec_drop(row, (account(&email),))
            .await
            .expect("the row");
        other.query_drop("COMMIT").await.expect("done");
    };
    let (answer, ()) = tokio::join!(login, meet);
    answer.problem(401, "invalid_credentials");
    let statements = app.hyperdrive().take_statements();
    let counts = |sql: &&String| {
        sql.trim_start()
            .starts_with("INSERT INTO `gatehouse_login_throttle`")
    };
    assert_eq!(
        statements.iter().filter(counts).count(),
        3,
        "{statements:?}"
    );
}
