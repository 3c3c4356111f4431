//! A client that is logged in, and its session.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use gatehouse::token::{Algorithm, Key};
use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};

use super::database::Database;
use super::request::Request;
use super::{Answer, App, PASSWORD, SECRET_KEY, eventually, unique_email};

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

    /// A new user, logged in.
    pub(crate) async fn new(app: &'a App) -> Self {
        Self::log_in(app, &registered(app).await).await
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

    /// The same client at another app.
    pub(crate) fn through(self, app: &'a App) -> Self {
        Self { app, ..self }
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

    /// Changes the password.
    pub(crate) async fn change_password(&self, old: &str, new: &str) -> Answer {
        let body = json!({ "current_password": old, "new_password": new });
        let request = self.request("POST", "/auth/password").json(&body);
        request.send().await
    }

    /// Deletes the user.
    pub(crate) async fn delete(&self, password: &str) -> Answer {
        let body = json!({ "password": password });
        self.request("DELETE", "/me").json(&body).send().await
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
    let is_last = |sql: &String| sql.starts_with("SELECT `created`");
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

/// What the replaced system signs.
pub(crate) fn legacy_token(email: &str, expires_in: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(now.expect("a clock").as_secs()).expect("a time");
    let encode = |part: Value| Base64UrlUnpadded::encode_string(part.to_string().as_bytes());
    let message = format!(
        "{}.{}",
        encode(json!({ "alg": "HS256", "typ": "JWT" })),
        encode(json!({ "sub": email, "exp": now + expires_in }))
    );
    let key = Key::from_secret(Algorithm::Hs256, SECRET_KEY.as_bytes()).expect("a key");
    let signature = key.sign(message.as_bytes()).expect("a signature");
    format!("{message}.{}", Base64UrlUnpadded::encode_string(&signature))
}
