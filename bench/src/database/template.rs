//! The statements of a request, as the router sends them, and the same for another user.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use gatehouse::platform::Limiter;
use hyperdrive_local::Hyperdrive;
use hyperdrive_local::options::Options;
use mysql_async::prelude::Queryable as _;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use testkit::MariaDb;
use testkit::database::Credentials;
use testkit_native::Platform;

use super::fill::{digits, key};
use crate::servers;

const PASSWORD: &str = "correct horse battery staple";
/// What is replaced in the e-mail of the user whose statements are captured.
const DIGITS: &str = "9999999";
/// The id of that user.
const ID: &str = "987654321";

/// A statement with the values of one user.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// What it is sent for, in Markdown.
    pub(crate) request: &'static str,
    /// Its first word.
    pub(crate) kind: String,
    /// The side table that it is on.
    table: Option<&'static str>,
    sql: String,
    /// The key of the row in that table, in hexadecimal.
    key: Option<String>,
}

impl Template {
    /// The statement for another user.
    pub(crate) fn of(&self, number: u32) -> String {
        let digits = digits(number);
        let sql = self.sql.replace(&hex::encode(DIGITS), &hex::encode(digits));
        let sql = sql.replace(ID, &(number + 1).to_string());
        match &self.key {
            // A new session, of which a user has any number.
            Some(known) if self.starts_session() => sql.replace(known, &random_key()),
            Some(known) => sql.replace(known, &key(number)),
            None => sql,
        }
    }

    /// The side table that it writes to, for a table of figures.
    pub(crate) fn table(&self) -> String {
        let table = self
            .table
            .filter(|_| self.kind != "SELECT" && self.request != UPDATE);
        table.map_or_else(String::new, |table| format!(" `{table}`"))
    }

    /// Whether it starts a session.
    fn starts_session(&self) -> bool {
        self.table == Some(SESSION) && self.kind == "INSERT"
    }

    /// Whether it makes a row, which must then be a new user's.
    pub(crate) fn inserts(&self) -> bool {
        self.request == REGISTER && self.kind == "INSERT"
    }

    /// Whether it stands for others: the read of `/me`, and the write of each login.
    pub(crate) fn is_typical(&self) -> bool {
        let counts_login = self.table == Some(THROTTLE) && self.kind == "INSERT";
        self.request == ME || counts_login
    }
}

const THROTTLE: &str = "gatehouse_login_throttle";
const SESSION: &str = "gatehouse_session";
const REGISTER: &str = "`POST /auth/register`";
const LOGIN: &str = "`POST /auth/login`";
const AFTER: &str = "after a login";
const REFRESH: &str = "`POST /auth/refresh`";
const ME: &str = "`GET /me`";
const UPDATE: &str = "`PATCH /user/update`";

/// Does each request once, and takes its statements.
pub(crate) async fn capture(database: &MariaDb) -> Result<Vec<Template>> {
    let mut conn = database.conn().await;
    let first = format!("ALTER TABLE `user` AUTO_INCREMENT = {ID}");
    conn.query_drop(first).await?;
    let options = Options {
        keep_statements: true,
        ..Options::new(database.options())
    };
    let hyperdrive = Arc::new(Hyperdrive::start(options).await?);
    let url = serve(&hyperdrive)?;
    let email = format!("user{DIGITS}@example.com");
    let login = json!({ "email": &email, "password": PASSWORD });
    let user =
        json!({ "email": &email, "password": PASSWORD, "name": "Ada", "username": "Lovelace" });
    let client = Client::new();
    let post = |path: &str, body: &Value| client.post(format!("{url}{path}")).json(body);

    let mut all = Vec::new();
    answer(post("/auth/register", &user)).await?;
    all.extend(taken(&hyperdrive, &[REGISTER; 2]).await?);
    answer(post("/auth/login", &login)).await?;
    // Its network is known from then on, as most are.
    let login_and_after = [LOGIN, LOGIN, LOGIN, AFTER, AFTER];
    taken(&hyperdrive, &login_and_after).await?;
    let tokens = answer(post("/auth/login", &login)).await?;
    all.extend(taken(&hyperdrive, &login_and_after).await?);
    let token = tokens.get("access_token").and_then(Value::as_str);
    let token = token.context("a token")?;
    let refresh = json!({ "refresh_token": tokens.get("refresh_token") });
    answer(post("/auth/refresh", &refresh)).await?;
    all.extend(taken(&hyperdrive, &[REFRESH]).await?);
    answer(client.get(format!("{url}/me")).bearer_auth(token)).await?;
    all.extend(taken(&hyperdrive, &[ME]).await?);
    let change = client
        .patch(format!("{url}/user/update"))
        .bearer_auth(token);
    answer(change.json(&json!({ "name": "Augusta" }))).await?;
    all.extend(taken(&hyperdrive, &[UPDATE; 2]).await?);
    conn.disconnect().await?;
    Ok(all)
}

/// Serves the router in this process, and returns its URL.
fn serve(hyperdrive: &Hyperdrive) -> Result<String> {
    let platform = Platform {
        credentials: Credentials {
            port: hyperdrive.port(),
            user: hyperdrive.user().to_owned(),
            password: hyperdrive.password().to_owned(),
            database: hyperdrive.database().to_owned(),
        },
        limits: [(Limiter::Login, u32::MAX), (Limiter::Register, u32::MAX)],
        output: Box::new(|_| {}),
    };
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    let router = testkit_native::gatehouse(&servers::variables(), platform).router;
    tokio::spawn(testkit_native::serve(listener, router));
    Ok(format!("http://127.0.0.1:{port}"))
}

async fn answer(request: RequestBuilder) -> Result<Value> {
    Ok(request.send().await?.error_for_status()?.json().await?)
}

/// The statements since the last call: as many as there are requests that they are for.
async fn taken(hyperdrive: &Hyperdrive, requests: &[&'static str]) -> Result<Vec<Template>> {
    let mut taken = hyperdrive.take_statements();
    for _ in 0..100 {
        if taken.len() >= requests.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        taken.extend(hyperdrive.take_statements());
    }
    ensure!(taken.len() == requests.len(), "{taken:?} for {requests:?}");
    let template = |(sql, request): (String, &&'static str)| {
        let mut tables = [THROTTLE, SESSION].into_iter();
        let table = tables.find(|table| sql.contains(table));
        Template {
            request,
            kind: sql.split_whitespace().next().unwrap_or_default().to_owned(),
            table,
            key: table.and_then(|_| literal_of_16_bytes(&sql)),
            sql,
        }
    };
    Ok(taken.into_iter().zip(requests).map(template).collect())
}

/// The literal of 16 bytes in a statement: an account in the login budgets, or a session.
fn literal_of_16_bytes(sql: &str) -> Option<String> {
    let mut literals = sql.split('\'').skip(1).step_by(2);
    let found = literals.find(|literal| literal.len() == 32);
    found.map(str::to_owned)
}

/// A key that no row has.
fn random_key() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}
