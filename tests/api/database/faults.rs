//! A database that is down, slow or wrong: 503 in time, the reason in the log, and recovery.

use std::time::{Duration, Instant};

use hyperdrive_local::fault::{Kind, Stage};
use mysql_async::prelude::Queryable as _;
use serde_json::json;

use crate::support::database::Database;
use crate::support::hyperdrive::{always, once};
use crate::support::{Answer, App, Builder, PASSWORD, Reaches, eventually, unique_email};

fn impatient() -> Builder {
    App::with()
        .variable("DATABASE_CONNECT_TIMEOUT_SECONDS", "1")
        .variable("DATABASE_STATEMENT_TIMEOUT_SECONDS", "1")
}

#[track_caller]
fn unavailable(answer: Answer, what: &str) {
    assert_eq!(
        answer.status,
        503,
        "{what}: {}",
        String::from_utf8_lossy(&answer.body)
    );
    let answer = answer.problem(503, "database_unavailable");
    let retry_after = answer.header("retry-after");
    assert!(
        ["2", "3", "4"].contains(&retry_after.as_str()),
        "{retry_after}"
    );
    let detail = "The service cannot use its database; try again in a moment.";
    assert_eq!(answer.json()["detail"], json!(detail));
}

/// The endpoints that need the database.
const ENDPOINTS: [&str; 5] = ["register", "login", "me", "update", "ready"];

async fn call(app: &App, endpoint: &str, token: &str) -> Answer {
    match endpoint {
        "register" => app.register(&unique_email(), PASSWORD).await,
        "login" => app.login(&unique_email(), PASSWORD).await,
        "me" => app.me(token).await,
        "update" => app.update(token, &json!({ "name": "Ada" })).await,
        _ => app.get("/ready").await,
    }
}

fn works(endpoint: &str) -> u16 {
    match endpoint {
        "register" => 201,
        "login" => 401,
        _ => 200,
    }
}

#[tokio::test]
async fn a_database_that_is_down_is_503_everywhere_and_not_in_the_root() {
    let token = App::shared().user().await.token;
    let app = impatient().reaches(Reaches::Nothing).start();
    for endpoint in ENDPOINTS {
        unavailable(call(&app, endpoint, &token).await, endpoint);
    }
    app.get("/").await.expect(200);
    app.get("/me").await.expect(401);
    assert!(app.log().contains("while connecting"), "{}", app.log());
}

/// Every fault, with what the log says of it.
const FAULTS: [(Kind, &str); 8] = [
    (Kind::Close, "connection to MySQL"),
    (Kind::Cut, "connection to MySQL"),
    (Kind::Hang, "no answer within 1 s while"),
    (Kind::Garble, "database: "),
    (Kind::Error, "error 1105 (58000): Internal error."),
    (
        Kind::PoolExhausted,
        "Failed to acquire a connection from the pool.",
    ),
    (Kind::CloseAfterBytes(3), "connection to MySQL"),
    (Kind::CloseAfterPackets(0), "connection to MySQL"),
];

async fn every_fault_at(stage: Stage) {
    let name = format!("{stage:?}").to_lowercase();
    let database = Database::start(&name, "CHARACTER SET utf8mb4");
    let app = impatient().on(&database).start();
    let token = app.user().await.token;
    for (kind, reason) in FAULTS {
        for endpoint in ENDPOINTS {
            let what = format!("{kind:?} at {stage:?}, {endpoint}");
            app.hyperdrive().fail(always(stage, kind));
            let (before, started) = (app.log().len(), Instant::now());
            unavailable(call(&app, endpoint, &token).await, &what);
            // A second to connect, one for each statement, a hash, and a slow machine.
            assert!(
                started.elapsed() < Duration::from_secs(6),
                "{what}: {:?}",
                started.elapsed()
            );
            let log = app.log().split_off(before);
            assert!(log.contains(reason), "{what}: {log}");

            app.hyperdrive().fail(None);
            let after = call(&app, endpoint, &token).await;
            assert_eq!(after.status, works(endpoint), "after {what}");
        }
    }
    // Nothing is left over of all that: what one request at a time needs, and this. A connection is
    // reset after its reply, so the last ones take a moment.
    eventually(async || {
        let sql = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE()";
        let mut conn = database.conn().await;
        let at_origin: Option<u64> = conn.query_first(sql).await.expect("a count");
        at_origin.expect("a count") <= 5
    })
    .await;
}

#[tokio::test]
async fn every_fault_at_the_greeting_is_503_in_time_and_then_it_works_again() {
    every_fault_at(Stage::Connect).await;
}

#[tokio::test]
async fn every_fault_at_authentication_is_503_in_time_and_then_it_works_again() {
    every_fault_at(Stage::Authenticate).await;
}

#[tokio::test]
async fn every_fault_at_a_reply_is_503_in_time_and_then_it_works_again() {
    every_fault_at(Stage::Query).await;
}

#[tokio::test]
async fn every_fault_at_the_first_row_is_503_in_time_and_then_it_works_again() {
    every_fault_at(Stage::FirstRow).await;
}

#[tokio::test]
async fn every_fault_at_the_last_row_is_503_in_time_and_then_it_works_again() {
    every_fault_at(Stage::LastRow).await;
}

#[tokio::test]
async fn what_is_only_late_is_waited_for() {
    let token = App::shared().user().await.token;
    let app = impatient().start();
    for stage in Stage::ALL {
        for endpoint in ENDPOINTS {
            app.hyperdrive().fail(once(stage, Kind::Delay(200)));
            let answer = call(&app, endpoint, &token).await;
            assert_eq!(answer.status, works(endpoint), "{stage:?} {endpoint}");
        }
    }
}

#[tokio::test]
async fn a_read_that_was_lost_is_sent_again_and_a_write_is_not() {
    let token = App::shared().user().await.token;
    let app = impatient().start();
    for stage in Stage::ALL {
        // A registration begins with a read.
        for endpoint in ["register", "login", "me", "ready"] {
            for kind in [Kind::Close, Kind::Cut, Kind::Error] {
                app.hyperdrive().fail(once(stage, kind));
                let answer = call(&app, endpoint, &token).await;
                let what = format!("{kind:?} at {stage:?}, {endpoint}");
                assert_eq!(answer.status, works(endpoint), "{what}");
            }
        }
        app.hyperdrive().fail(once(stage, Kind::Close));
        let update = call(&app, "update", &token).await;
        if stage < Stage::Query {
            let what = "nothing was sent";
            assert_eq!(update.status, works("update"), "{stage:?}: {what}");
        } else {
            unavailable(update, "it may have been written");
        }
    }
}

#[tokio::test]
async fn a_write_that_never_reached_the_database_is_sent_again() {
    let token = App::shared().user().await.token;
    let app = impatient().start();
    let exhausted = Kind::PoolExhausted;
    app.hyperdrive().fail(once(Stage::Query, exhausted));
    let changes = json!({ "name": "Ada" });
    app.update(&token, &changes).await.expect(200);
    assert_eq!(app.counted("statement_retried"), 1, "{}", app.log());
    let line = "while updating a user: MySQL server: error 1105 (58000): \
                Failed to acquire a connection from the pool.";
    assert!(app.log().contains(line), "{}", app.log());
}

#[tokio::test]
async fn a_slow_database_makes_nobody_wait_who_does_not_need_it() {
    let token = App::shared().user().await.token;
    let app = impatient().start();
    app.hyperdrive().fail(always(Stage::Connect, Kind::Hang));
    let slow = async { unavailable(app.me(&token).await, "me") };
    let quick = async {
        let started = Instant::now();
        app.get("/").await.expect(200);
        app.get("/me").await.expect(401);
        started.elapsed()
    };
    let ((), quick) = tokio::join!(slow, quick);
    assert!(quick < Duration::from_millis(900), "{quick:?}");
}

#[tokio::test]
async fn what_was_acknowledged_is_in_the_database_and_only_once() {
    let app = impatient().start();
    let mut acknowledged = Vec::new();
    for stage in Stage::ALL {
        for kind in [Kind::Close, Kind::Cut, Kind::Error] {
            app.hyperdrive().fail(once(stage, kind));
            let email = unique_email();
            let status = app.register(&email, PASSWORD).await.status;
            assert!(matches!(status, 201 | 503), "{stage:?} {kind:?}: {status}");
            if status == 503 {
                // The client tries again: it may have been stored, the answer was lost.
                let status = app.register(&email, PASSWORD).await.status;
                assert!(matches!(status, 201 | 409), "{stage:?} {kind:?}: {status}");
            }
            acknowledged.push(email);
        }
    }
    for email in acknowledged {
        assert_eq!(Database::shared().column("id", &email).await.len(), 1);
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_500_and_the_log_names_the_variable() {
    let app = App::with().variable("SECRET_KEY", "too short").start();
    for path in ["/", "/me", "/nowhere"] {
        app.get(path).await.problem(500, "internal_error");
    }
    let reason = "configuration: SECRET_KEY must have at least 32 bytes";
    assert!(app.log().contains(reason), "{}", app.log());
    assert!(!app.log().contains("too short"));
}
