//! The database is stopped, killed and started again under load.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable as _;
use serde_json::json;

use crate::support::server::Server;
use crate::support::{App, PASSWORD, Setup, User, unique_email};

/// What clients were told.
#[derive(Default)]
struct Ledger {
    registered: Mutex<Vec<String>>,
    /// The last name that was acknowledged, by user.
    named: Mutex<HashMap<i64, String>>,
    failures: Mutex<u32>,
}

async fn register(app: &App, ledger: &Ledger, end: &AtomicBool) {
    while !end.load(Ordering::Relaxed) {
        let email = unique_email();
        match app.register(&email, PASSWORD).await.status {
            201 => ledger.registered.lock().expect("the ledger").push(email),
            503 => *ledger.failures.lock().expect("the ledger") += 1,
            other => panic!("register: {other}"),
        }
    }
}

async fn rename(app: &App, user: &User, ledger: &Ledger, end: &AtomicBool) {
    let mut round = 0;
    while !end.load(Ordering::Relaxed) {
        round += 1;
        let name = format!("name {round}");
        let answer = app.update(&user.token, &json!({ "name": name })).await;
        match answer.status {
            200 => {
                assert_eq!(answer.json()["name"], json!(name));
                ledger
                    .named
                    .lock()
                    .expect("the ledger")
                    .insert(user.id, name);
            }
            503 => {
                *ledger.failures.lock().expect("the ledger") += 1;
                // It may have been written without an answer; then it counts as said.
                ledger.named.lock().expect("the ledger").remove(&user.id);
            }
            other => panic!("update: {other}"),
        }
    }
}

async fn read(app: &App, user: &User, end: &AtomicBool) {
    while !end.load(Ordering::Relaxed) {
        let answer = app.me(&user.token).await;
        match answer.status {
            200 => assert_eq!(answer.json()["email"], json!(user.email)),
            503 => {}
            other => panic!("me: {other}"),
        }
    }
}

async fn nothing_is_lost(signal: &str) {
    let Some(mut server) = Server::start(signal.trim_start_matches('-')).await else {
        eprintln!("skipped: there is no MariaDB on this machine to be stopped");
        return;
    };
    let setup = Setup::default()
        .variable("DATABASE_CONNECT_TIMEOUT_SECONDS", "1")
        .variable("DATABASE_STATEMENT_TIMEOUT_SECONDS", "2");
    let app = App::start(&Setup {
        database: Some(server.options()),
        ..setup
    });
    let (reader, writer) = (app.user().await, app.user().await);
    let (ledger, end) = (Ledger::default(), AtomicBool::new(false));
    let load = async {
        tokio::join!(
            register(&app, &ledger, &end),
            register(&app, &ledger, &end),
            rename(&app, &writer, &ledger, &end),
            read(&app, &reader, &end),
        )
    };
    let breaking = async {
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(700)).await;
            server = tokio::task::block_in_place(|| {
                server.end(signal);
                server
            });
            tokio::time::sleep(Duration::from_millis(700)).await;
            server = tokio::task::block_in_place(|| {
                server.run();
                server
            });
            // It comes back by itself.
            let deadline = Instant::now() + Duration::from_secs(20);
            while app.me(&reader.token).await.status != 200 {
                assert!(Instant::now() < deadline, "it does not come back");
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        end.store(true, Ordering::Relaxed);
        server
    };
    let (_, server) = tokio::join!(load, breaking);

    let mut conn = server.conn().await;
    let registered = ledger.registered.into_inner().expect("the ledger");
    assert!(registered.len() > 5, "{}", registered.len());
    for email in registered {
        let count: Option<u64> = conn
            .exec_first("SELECT COUNT(*) FROM `user` WHERE email = ?", (&email,))
            .await
            .expect("count");
        assert_eq!(count, Some(1), "{email} was acknowledged");
    }
    for (id, name) in ledger.named.into_inner().expect("the ledger") {
        let stored: Option<String> = conn
            .exec_first("SELECT name FROM `user` WHERE id = ?", (id,))
            .await
            .expect("a name");
        assert_eq!(stored, Some(name), "{id} was acknowledged");
    }
    let twice: Vec<String> = conn
        .query("SELECT email FROM `user` GROUP BY email HAVING COUNT(*) > 1")
        .await
        .expect("rows");
    assert!(twice.is_empty(), "{twice:?}");
    assert!(
        *ledger.failures.lock().expect("the ledger") > 0,
        "the load was there when it was down"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_stopped_and_started_loses_nothing_that_was_acknowledged() {
    nothing_is_lost("-TERM").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_and_started_loses_nothing_that_was_acknowledged() {
    nothing_is_lost("-KILL").await;
}
