//! What is loaded: a database, and servers before it, each in a process of its own.

mod hyperdrive;
mod start;
mod twin;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use testkit::{MariaDb, Workerd};
use xtask_host::process::Background;

use crate::gauge::{self, Meter};

pub(crate) use hyperdrive::Hyperdrive;
pub(crate) use twin::{python, versions};

/// What everybody signs tokens with.
const SECRET_KEY: &str = "a secret of the benchmark, 0123456789abcdef";
/// Longer than a run takes.
const TOKEN_MINUTES: &str = "600";
/// The password in `load.lua`.
const PASSWORD: &str = "correct horse battery staple";
/// How many users a server is loaded with.
const USERS: usize = 8;

/// The variables of Gatehouse.
pub(crate) fn variables() -> Vec<(&'static str, Value)> {
    vec![
        ("SECRET_KEY", SECRET_KEY.into()),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", TOKEN_MINUTES.into()),
        ("CORS_ORIGINS", "http://localhost:5173".into()),
    ]
}

/// What kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Gatehouse in workerd.
    Worker,
    /// Gatehouse's router in a native process.
    Native,
    /// FastAPI, with the defaults of its libraries.
    Twin,
    /// The same with Gatehouse's costs of a hash, and a connection for each client.
    Tuned,
    /// The empty Worker.
    Floor,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Worker,
        Self::Native,
        Self::Twin,
        Self::Tuned,
        Self::Floor,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Worker => "Gatehouse in workerd",
            Self::Native => "Gatehouse, native",
            Self::Twin => "FastAPI",
            Self::Tuned => "FastAPI, tuned",
            Self::Floor => "empty Worker",
        }
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) port: u16,
    /// The file of e-mails and tokens that it is loaded with.
    pub(crate) users: PathBuf,
    pub(crate) meter: Meter,
    pub(crate) log: PathBuf,
    process: Process,
}

#[derive(Debug)]
enum Process {
    Workerd(Workerd),
    Other(Background),
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        match &self.process {
            Process::Workerd(workerd) => workerd.id(),
            Process::Other(process) => process.id(),
        }
    }

    /// Its resident memory in MB.
    pub(crate) fn memory(&self) -> Result<u64> {
        gauge::memory(self.pid())
    }

    /// How many requests it has answered.
    pub(crate) fn answered(&self) -> Result<u64> {
        gauge::lines(&self.log)
    }

    /// Registers users, logs them in and keeps their tokens for the load.
    pub(crate) async fn enrol(&self) -> Result<()> {
        let name = self.port;
        let mut emails = Vec::new();
        for number in 0..USERS {
            let email = format!("user{number}.{name}@example.com");
            let user = json!({ "email": email, "password": PASSWORD, "name": "Ada Lovelace" });
            self.post("/auth/register", &user).await?;
            emails.push(email);
        }
        self.log_in(&emails).await
    }

    /// Logs users in and keeps their tokens for the load.
    pub(crate) async fn log_in(&self, emails: &[String]) -> Result<()> {
        let mut users = String::new();
        for email in emails {
            let login = json!({ "email": email, "password": PASSWORD });
            let answer = self.post("/auth/login", &login).await?;
            let token = answer.get("access_token").and_then(Value::as_str);
            writeln!(users, "{email} {}", token.context("no token")?)?;
        }
        fs::write(&self.users, users)?;
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let answer = reqwest::Client::new().post(url).json(body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        let title = self.kind.title();
        ensure!(status.is_success(), "{title}: {path}: {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // workerd's folder goes with it.
        if let Process::Other(process) = &mut self.process {
            process.kill();
            if let Some(folder) = self.log.parent() {
                let _ = fs::remove_dir_all(folder);
            }
        }
    }
}

/// A database with a local Hyperdrive before it.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) hyperdrive: Hyperdrive,
    pub(crate) database: MariaDb,
}

impl Ground {
    pub(crate) async fn prepare() -> Result<Self> {
        let database = MariaDb::start("bench", &["--max-connections=300"]).await;
        let database = database.context("there is no MariaDB: install mariadb-server-core")?;
        let hyperdrive = Hyperdrive::start(&database.options(), 20)?;
        Ok(Self {
            hyperdrive,
            database,
        })
    }
}
