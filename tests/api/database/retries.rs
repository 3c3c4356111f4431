//! Statements that fail and are run again, and servers that read but do not write.

use std::time::Duration;

use hyperdrive_local::fault::{Kind, Stage};
use mysql_async::prelude::Queryable as _;
use serde_json::json;
use testkit::{MariaDb, lacks};

use crate::support::budgets::{account, row, strangers_owe, until_known};
use crate::support::database::Database;
use crate::support::hyperdrive::after;
use crate::support::{App, PASSWORD, eventually, unique_email};

/// A server that can be made read-only.
async fn server(name: &str, arguments: &'static [&'static str]) -> Option<MariaDb> {
    let server = MariaDb::start(name, arguments).await;
    if server.is_none() {
        lacks("there is no MariaDB on this machine to be made read-only");
    }
    server
}

async fn set(server: &MariaDb, sql: &str) {
    let mut admin = server.admin().await;
    admin.query_drop(sql).await.expect(sql);
}

#[tokio::test]
async fn a_database_that_can_only_be_read_is_not_ready_until_it_can_be_written_to() {
    let Some(server) = server("read_only", &[]).await else {
        return;
    };
    let app = App::with().origin(server.options()).start();
    let user = app.user().await;
    for (on, off, number) in [
        (
            "SET GLOBAL read_only = 1",
            "SET GLOBAL read_only = 0",
            "1290",
        ),
        (
            "SET GLOBAL tx_read_only = 1",
            "SET GLOBAL tx_read_only = 0",
            "1792",
        ),
    ] {
        app.get("/ready").await.expect(200);
        set(&server, on).await;
        let before = app.log().len();
        let answer = app.get("/ready").await.problem(503, "database_unavailable");
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!body.contains(number) && !body.contains("read"), "{body}");
        user.me().await.expect(200);
        let changes = json!({ "name": "Ada" });
        user.update(&changes)
            .await
            .problem(503, "database_unavailable");
        app.register(&unique_email(), PASSWORD)
            .await
            .problem(503, "database_unavailable");
        let log = app.log().split_off(before);
        let reason = "while finding whether rows can be changed: MySQL server: error";
        assert!(log.contains(&format!("{reason} {number}")), "{log}");

        // It becomes the primary while a request waits.
        let retried = app.counted("statement_retried");
        let update = user.update(&changes);
        let promote = async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            set(&server, off).await;
        };
        let (update, ()) = tokio::join!(update, promote);
        update.expect(200);
        assert!(app.counted("statement_retried") > retried);
    }
}

#[tokio::test]
async fn a_server_that_was_started_to_be_read_is_not_ready() {
    let Some(mut server) = server("innodb_read_only", &[]).await else {
        return;
    };
    let app = App::with().origin(server.options()).start();
    let user = app.user().await;
    server.stop();
    server.run_with(&["--innodb-read-only=1"]);
    user.me().await.expect(200);
    app.get("/ready").await.problem(503, "database_unavailable");
    let changed = user.update(&json!({ "name": "Ada" })).await;
    changed.problem(503, "database_unavailable");
    let reason = "while finding whether rows can be changed: MySQL server: error 1036";
    assert!(app.log().contains(reason), "{}", app.log());
}

#[tokio::test]
async fn a_write_that_has_waited_too_long_for_a_lock_is_sent_again() {
    let Some(server) = server("lock_wait", &["--innodb-lock-wait-timeout=1"]).await else {
        return;
    };
    let app = App::with().origin(server.options()).start();
    let user = app.user().await;
    let mut other = server.conn().await;
    other.query_drop("BEGIN").await.expect("a transaction");
    let lock = "SELECT id FROM `user` FOR UPDATE";
    other.query_drop(lock).await.expect("a lock");
    let changes = json!({ "name": "Ada" });
    let release = async {
        tokio::time::sleep(Duration::from_millis(1300)).await;
        other.query_drop("COMMIT").await.expect("an end");
    };
    let (update, ()) = tokio::join!(user.update(&changes), release);
    assert_eq!(update.expect(200).json()["name"], json!("Ada"));
    assert!(app.log().contains("error 1205"), "{}", app.log());
    assert_eq!(app.counted("statement_retried"), 1);
}

/// What a login asks for before its answer, on two connections: the user and the count; the session.
const BEFORE_THE_ANSWER: u32 = 3;

#[tokio::test]
async fn what_a_right_login_has_taken_is_given_back_once_whatever_is_lost_after_the_answer() {
    let database = Database::shared();
    let app = App::with().start();
    let one_guess = 24 * 3600 / 50;
    for (fault, retries) in [
        // The change is made, and the reply lost.
        (after(BEFORE_THE_ANSWER, Stage::Query, Kind::Close, 1), 1),
        // The change is made, and the server says that it may not be.
        (
            after(BEFORE_THE_ANSWER, Stage::Query, Kind::CommitFailed, 1),
            1,
        ),
        // Nothing is sent until all attempts of the statement are used up.
        (after(2, Stage::Connect, Kind::Close, 6), 6),
    ] {
        let email = unique_email();
        // Another app, so that the fault strikes nothing that follows these.
        let other = App::shared();
        other.register(&email, PASSWORD).await.expect(201);
        for _ in 0..2 {
            other.login(&email, "wrong password").await.expect(401);
        }
        let owed = strangers_owe(database, &email).await;
        assert!(
            (2 * one_guess - 60..=2 * one_guess).contains(&owed),
            "{owed}"
        );
        let before = app.counted("statement_retried");
        app.hyperdrive().fail(fault);
        app.login(&email, PASSWORD).await.expect(200);
        until_known(database, &email, 1).await;
        eventually(async || app.counted("statement_retried") >= before + retries).await;
        // The statement that is repeated comes within seconds; what was guessed is still owed.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let owed = strangers_owe(database, &email).await;
        assert!(
            (2 * one_guess - 60..=2 * one_guess).contains(&owed),
            "{owed}"
        );
        assert_eq!(app.counted("login_cleanup_failed"), 0);
    }
}

#[tokio::test]
async fn what_a_right_login_has_taken_is_given_back_after_an_error_during_the_commit() {
    let database = Database::start("commit", "");
    let app = App::on(&database);
    let email = unique_email();
    app.register(&email, PASSWORD).await.expect(201);
    // What a Galera node says that is cut off from the others while it commits.
    let trigger =
        "CREATE TRIGGER `cut_off` BEFORE UPDATE ON `gatehouse_login_throttle` FOR EACH ROW
                   SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1180, MESSAGE_TEXT = 'cut off'";
    let mut conn = database.conn().await;
    conn.query_drop(trigger).await.expect("a trigger");
    app.login(&email, PASSWORD).await.expect(200);
    eventually(async || app.log().contains("error 1180")).await;
    let end = "DROP TRIGGER `cut_off`";
    conn.query_drop(end).await.expect("no trigger");
    until_known(&database, &email, 1).await;
    assert_eq!(strangers_owe(&database, &email).await, 0);
    assert_eq!(app.counted("login_cleanup_failed"), 0);
}

#[tokio::test]
async fn what_a_right_login_has_taken_is_given_back_where_the_server_has_its_row_later() {
    let database = Database::shared();
    let app = App::with().start();
    let email = unique_email();
    app.register(&email, PASSWORD).await.expect(201);
    // The reply to the last statement before the answer is late.
    let late = after(BEFORE_THE_ANSWER - 1, Stage::Query, Kind::Delay(1500), 1);
    app.hyperdrive().fail(late);
    let login = app.login(&email, PASSWORD);
    let hide = async {
        eventually(async || row(database, &email).await.is_some()).await;
        rename_row(database, &account(&email), LAGGING).await;
    };
    let (login, ()) = tokio::join!(login, hide);
    login.expect(200);
    let lags =
        "while remembering a login: the servers behind the connection do not have the same rows";
    eventually(async || app.log().contains(lags)).await;
    rename_row(database, LAGGING, &account(&email)).await;
    until_known(database, &email, 1).await;
    assert_eq!(strangers_owe(database, &email).await, 0);
    assert_eq!(app.counted("login_cleanup_failed"), 0);
}

/// A key that no account has.
const LAGGING: &[u8; 16] = b"a lagging server";

/// Gives an account's row another key.
async fn rename_row(database: &Database, from: &[u8], to: &[u8]) {
    let sql = "UPDATE gatehouse_login_throttle SET account = ? WHERE account = ?";
    let mut conn = database.conn().await;
    conn.exec_drop(sql, (to, from)).await.expect("an update");
    assert_eq!(conn.affected_rows(), 1);
}
