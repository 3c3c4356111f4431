//! A database that is down, slow or wrong: 503 in time, the reason in the log, and recovery.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::database::Database;
use crate::support::proxy::{Behaviour, Proxy};
use crate::support::{Answer, App, PASSWORD, Setup, unique_email};

fn behind(port: u16) -> App {
    let setup = Setup::default()
        .variable("DATABASE_CONNECT_TIMEOUT_SECONDS", "1")
        .variable("DATABASE_STATEMENT_TIMEOUT_SECONDS", "1");
    App::start(&setup.database_port(port))
}

#[track_caller]
fn unavailable(answer: Answer) {
    let answer = answer.problem(503, "database_unavailable");
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(
        answer.json()["detail"],
        json!("The service cannot reach its database; try again in a moment.")
    );
}

/// Every endpoint that needs the database, on an app that cannot have it.
async fn all_unavailable(app: &App, token: &str) {
    unavailable(app.register(&unique_email(), PASSWORD).await);
    unavailable(app.login("nope@example.com", PASSWORD).await);
    unavailable(app.me(token).await);
    unavailable(app.update(token, &json!({ "name": "Ada" })).await);
    unavailable(app.get("/ready").await);
    app.get("/").await.expect(200);
    app.get("/me").await.expect(401);
}

#[tokio::test]
async fn a_database_that_is_down_is_503_everywhere_and_not_in_the_root() {
    let token = App::shared().user().await.token;
    let app = behind(1);
    all_unavailable(&app, &token).await;
    assert!(app.log().contains("while connecting"), "{}", app.log());
}

#[tokio::test]
async fn whatever_goes_wrong_on_the_way_is_503_in_time_and_then_it_works_again() {
    let token = App::shared().user().await.token;
    let proxy = Proxy::start(Behaviour::Honest);
    let app = behind(proxy.port);
    for (behaviour, reason) in [
        (Behaviour::Closing, "while connecting"),
        (Behaviour::Silent, "no answer within 1 s while connecting"),
        (Behaviour::Garbage, "MySQL protocol"),
        (
            Behaviour::TooManyConnections,
            "error 1040 (-----): Too many connections",
        ),
        (
            Behaviour::SilentAtStatement,
            "no answer within 1 s while finding a user by e-mail",
        ),
        (
            Behaviour::ClosingAtStatement,
            "database: while inserting a user: connection to MySQL",
        ),
    ] {
        proxy.behave(behaviour);
        let before = app.log().len();
        let started = Instant::now();
        all_unavailable(&app, &token).await;
        // Five requests of at most a second each, and the hashes.
        assert!(
            started.elapsed() < Duration::from_secs(15),
            "{behaviour:?} took {:?}",
            started.elapsed()
        );
        let log = app.log().split_off(before);
        assert!(log.contains(reason), "{behaviour:?}: {log}");
        proxy.behave(Behaviour::Honest);
        app.me(&token).await.expect(200);
    }
}

#[tokio::test]
async fn a_slow_database_makes_nobody_wait_who_does_not_need_it() {
    let token = App::shared().user().await.token;
    let proxy = Proxy::start(Behaviour::Silent);
    let app = behind(proxy.port);
    let slow = async { unavailable(app.me(&token).await) };
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
async fn what_was_acknowledged_is_in_the_database() {
    let proxy = Proxy::start(Behaviour::Honest);
    let app = behind(proxy.port);
    let mut acknowledged = Vec::new();
    for round in 0..8 {
        proxy.behave(if round % 2 == 0 {
            Behaviour::Honest
        } else {
            Behaviour::ClosingAtStatement
        });
        let email = unique_email();
        match app.register(&email, PASSWORD).await.status {
            201 => acknowledged.push(email),
            503 => assert_eq!(round % 2, 1),
            other => panic!("{other}"),
        }
    }
    assert_eq!(acknowledged.len(), 4);
    for email in acknowledged {
        assert_eq!(Database::shared().column("id", &email).await.len(), 1);
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_500_and_the_log_names_the_variable() {
    let app = App::start(&Setup::default().variable("SECRET_KEY", "too short"));
    for path in ["/", "/me", "/nowhere"] {
        app.get(path).await.problem(500, "internal_error");
    }
    assert!(
        app.log()
            .contains("configuration: SECRET_KEY must have at least 32 bytes"),
        "{}",
        app.log()
    );
    assert!(!app.log().contains("too short"));
}
