//! Load by wrk, with the requests of `load.lua`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use testkit::root;
use xtask_host::process::{command, output};

/// A request that is sent over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Endpoint {
    /// `GET /`
    Root,
    /// `GET /me`
    Me,
    /// `GET /me` with a token whose signature is wrong.
    Bad,
    /// `POST /auth/login`
    Login,
    /// `POST /auth/register`, with a new e-mail each time.
    Register,
    /// `PATCH /user/update`
    Update,
    /// `GET /connect` of the empty Worker.
    #[value(skip)]
    Connect,
}

impl Endpoint {
    /// Those that an API has.
    pub(crate) const ALL: [Self; 6] = [
        Self::Root,
        Self::Me,
        Self::Bad,
        Self::Login,
        Self::Register,
        Self::Update,
    ];

    /// Its name in `load.lua`.
    fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Me => "me",
            Self::Bad => "bad",
            Self::Login => "login",
            Self::Register => "register",
            Self::Update => "update",
            Self::Connect => "connect",
        }
    }

    /// Its name in a table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Root => "`GET /`",
            Self::Me => "`GET /me`",
            Self::Bad => "`GET /me`, bad token",
            Self::Login => "`POST /auth/login`",
            Self::Register => "`POST /auth/register`",
            Self::Update => "`PATCH /user/update`",
            Self::Connect => "connect and close",
        }
    }

    /// Whether it hashes a password.
    pub(crate) fn hashes(self) -> bool {
        matches!(self, Self::Login | Self::Register)
    }

    /// How many clients load it: no more than the machine can serve at once where it computes.
    pub(crate) fn clients(self) -> u32 {
        if self.hashes() { 2 } else { 10 }
    }
}

/// What wrk has seen; times in microseconds.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Seen {
    pub(crate) requests: u64,
    pub(crate) microseconds: u64,
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    /// Answers with a status of 400 or more.
    pub(crate) refused: u64,
    /// Requests without an answer.
    pub(crate) broken: u64,
}

impl Seen {
    /// Requests answered in a second.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub(crate) fn rate(&self) -> f64 {
        self.requests as f64 * 1e6 / self.microseconds.max(1) as f64
    }
}

/// A load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) port: u16,
    pub(crate) clients: u32,
    pub(crate) time: Duration,
    /// A file of e-mails and tokens.
    pub(crate) users: &'a Path,
}

impl Load<'_> {
    /// Loads, and fails if an answer was not the right one.
    pub(crate) fn run(&self) -> Result<Seen> {
        let seen = self.seen()?;
        let refused = match self.endpoint {
            Endpoint::Bad => seen.requests,
            _ => 0,
        };
        ensure!(
            seen.refused == refused && seen.broken == 0 && seen.requests > 0,
            "of {} answers to {} {} were refusals, and {} requests had none",
            seen.requests,
            self.endpoint.title(),
            seen.refused,
            seen.broken,
        );
        Ok(seen)
    }

    /// Loads, whatever the answers are.
    pub(crate) fn seen(&self) -> Result<Seen> {
        let mut wrk = command("wrk");
        wrk.args(["--threads=1", "--timeout=60s", "--script"])
            .arg(root().join("bench/load.lua"))
            .arg(format!("--connections={}", self.clients))
            .arg(format!("--duration={}s", self.time.as_secs().max(1)))
            .arg(format!("http://127.0.0.1:{}", self.port))
            .args(["--", self.endpoint.name()])
            .arg(self.users)
            .arg(unique());
        let output = output(&mut wrk).context("wrk failed")?;
        let last = output.lines().rfind(|line| line.starts_with('{'));
        let last = last.with_context(|| format!("wrk printed no result:\n{output}"))?;
        serde_json::from_str(last).context("what wrk printed")
    }
}

/// A word that no other load has had.
fn unique() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    format!("load{}", now.unwrap_or_default().as_nanos())
}

/// Fails if there is no wrk.
pub(crate) fn check() -> Result<()> {
    version().map(|_| ())
}

/// The version of wrk.
pub(crate) fn version() -> Result<String> {
    // It ends with 1 after printing that.
    let printed = Command::new("wrk").arg("--version").output();
    let printed = printed.context("wrk is missing: install the package `wrk`")?;
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    let version = printed.split(" [").next().unwrap_or_default();
    Ok(version.to_owned())
}
