//! Load on an app, and what its clients were told: afterwards the database must agree.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use serde_json::json;

use super::{App, PASSWORD, User, unique_email};

/// What clients were told.
#[derive(Default)]
pub(crate) struct Ledger {
    registered: Mutex<Vec<String>>,
    /// The last name that was acknowledged, by user.
    named: Mutex<HashMap<i64, String>>,
    answers: Mutex<BTreeMap<(&'static str, u16), u32>>,
    rounds: AtomicU32,
    ended: AtomicBool,
}

impl Ledger {
    /// Tells the load to end.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        !self.ended.load(Ordering::Relaxed)
    }

    /// Counts an answer, which is the one that is expected or 503.
    fn count(&self, what: &'static str, status: u16, expected: u16) -> bool {
        assert!(status == expected || status == 503, "{what}: {status}");
        *self
            .answers
            .lock()
            .expect("the ledger")
            .entry((what, status))
            .or_default() += 1;
        status == expected
    }

    /// Counts the answer to a login, which may also be 429: what failed for the database's sake was
    /// counted as a failure, and with it what could not be forgotten after a right password.
    fn count_login(&self, what: &'static str, status: u16, expected: u16) {
        let expected = if status == 429 { 429 } else { expected };
        self.count(what, status, expected);
    }

    /// Registers one user after the other.
    pub(crate) async fn register(&self, app: &App) {
        while self.goes_on() {
            let email = unique_email();
            let status = app.register(&email, PASSWORD).await.status;
            if self.count("register", status, 201) {
                self.registered.lock().expect("the ledger").push(email);
            }
        }
    }

    /// Renames a user again and again.
    pub(crate) async fn rename(&self, user: &User<'_>) {
        while self.goes_on() {
            let round = self.rounds.fetch_add(1, Ordering::Relaxed);
            let name = format!("name {round}");
            let answer = user.update(&json!({ "name": name })).await;
            let mut named = None;
            if self.count("update", answer.status, 200) {
                assert_eq!(answer.json()["name"], json!(name));
                named = Some(name);
            }
            let mut known = self.named.lock().expect("the ledger");
            match named {
                Some(name) => known.insert(user.id, name),
                // It may have been written without an answer, so nothing is known.
                None => known.remove(&user.id),
            };
        }
    }

    /// Reads a user again and again.
    pub(crate) async fn read(&self, user: &User<'_>) {
        while self.goes_on() {
            let answer = user.me().await;
            if self.count("me", answer.status, 200) {
                assert_eq!(answer.json()["email"], json!(user.email));
            }
        }
    }

    /// Logs a user in again and again, with the right password and a wrong one.
    pub(crate) async fn login(&self, user: &User<'_>) {
        while self.goes_on() {
            let status = user.login().await.status;
            self.count_login("login", status, 200);
            let status = user.login_with("wrong password").await.status;
            self.count_login("wrong password", status, 401);
        }
    }

    /// Answers so far: all, and those with 503.
    pub(crate) fn totals(&self) -> (u32, u32) {
        let answers = self.answers.lock().expect("the ledger");
        let failed = answers.iter().filter(|((_, status), _)| *status == 503);
        (answers.values().sum(), failed.map(|(_, count)| count).sum())
    }

    /// How often each request got which answer.
    pub(crate) fn summary(&self) -> String {
        let answers = self.answers.lock().expect("the ledger");
        let lines = answers
            .iter()
            .map(|((what, status), count)| format!("{what} {status}: {count}"));
        lines.collect::<Vec<_>>().join(", ")
    }

    /// Compares what was told with what is stored.
    pub(crate) async fn check(&self, conn: &mut Conn) {
        let registered = self.registered.lock().expect("the ledger").clone();
        assert!(!registered.is_empty(), "nobody was registered");
        for email in registered {
            let sql = "SELECT COUNT(*) FROM `user` WHERE email = ?";
            let count: Option<u64> = conn.exec_first(sql, (&email,)).await.expect("a count");
            assert_eq!(count, Some(1), "{email} was acknowledged");
        }
        let named = self.named.lock().expect("the ledger").clone();
        for (id, name) in named {
            let sql = "SELECT name FROM `user` WHERE id = ?";
            let stored: Option<String> = conn.exec_first(sql, (id,)).await.expect("a name");
            assert_eq!(stored, Some(name), "{id} was acknowledged");
        }
        let sql = "SELECT email FROM `user` GROUP BY email HAVING COUNT(*) > 1";
        let twice: Vec<String> = conn.query(sql).await.expect("rows");
        assert!(twice.is_empty(), "{twice:?}");
    }
}
