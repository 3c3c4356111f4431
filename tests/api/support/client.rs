//! A client that is logged in, and its session.

use mysql_async::prelude::Queryable as _;
use serde_json::Value;

use super::database::Database;
use super::request::Request;
use super::{Answer, App, PASSWORD, eventually, unique_email};

/// A client that keeps its tokens.
pub(crate) struct Client<'a> {
    app: &'a App,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) session: String,
}

impl<'a> Client<'a> {
    /// Logs in with the right password.
    pub(crate) async fn log_in(app: &'a App, email: &str) -> Self {
        let answer = app.login(email, PASSWORD).await.expect(200).json();
        Self::of(app, &answer)
    }

    /// With the tokens of an answer.
    pub(crate) fn of(app: &'a App, tokens: &Value) -> Self {
        let text = |name: &str| tokens[name].as_str().expect(name).to_owned();
        Self {
            app,
            access: text("access_token"),
            refresh: text("refresh_token"),
            session: text("session_id"),
        }
    }

    /// Refreshes, and keeps the old tokens.
    pub(crate) async fn refresh(&self) -> Answer {
        self.app.refresh(&self.refresh).await
    }

    /// Refreshes, and keeps the new tokens.
    pub(crate) async fn go_on(&mut self) {
        let answer = self.refresh().await.expect(200).json();
        *self = Self::of(self.app, &answer);
    }

    /// A request with the access token.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        self.app.request(method, path).bearer(&self.access)
    }

    /// The list of the user's sessions.
    pub(crate) async fn sessions(&self) -> Vec<Value> {
        let answer = self.request("GET", "/auth/sessions").send().await;
        let answer = answer.expect(200).json();
        answer["sessions"].as_array().expect("a list").clone()
    }
}

/// The e-mail of a new user.
pub(crate) async fn registered(app: &App) -> String {
    let email = unique_email();
    app.register(&email, PASSWORD).await.expect(201);
    email
}

/// Waits for what comes after the answer of the only login of an app.
pub(crate) async fn settled(app: &App) {
    let is_last = |sql: &String| {
        sql.trim_start()
            .starts_with("UPDATE `gatehouse_login_throttle`")
    };
    eventually(async || app.hyperdrive().take_statements().iter().any(is_last)).await;
}

/// Lets time pass for a session.
pub(crate) async fn pass(session: &str, seconds: i64) {
    pass_in(Database::shared(), session, seconds).await;
}

/// The same in a database of a test's own.
pub(crate) async fn pass_in(database: &Database, session: &str, seconds: i64) {
    let id = hex::decode(session).expect("an id");
    let sql = "UPDATE gatehouse_session SET created = created - ?, refreshed = refreshed - ?, \
               expires = expires - ?, ends = ends - ? WHERE id = ?";
    let mut conn = database.conn().await;
    let values = (seconds, seconds, seconds, seconds, id);
    conn.exec_drop(sql, values).await.expect("an update");
}

/// Checks that an answer tells that a session is over.
#[track_caller]
pub(crate) fn over(answer: Answer) {
    let answer = answer.problem(401, "invalid_session");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}
