//! One node of the cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use mysql_async::prelude::Queryable as _;
use rustix::process::Signal;

use super::state::{ASK, State, connect};
use super::{Kind, USER, galera, group};
use crate::mariadb::{Owner, Program};
use crate::process::{Background, End};

/// The ports of a node, no two nodes' alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    /// Of MariaDB's clients.
    pub(super) sql: u16,
    /// Of the other nodes.
    pub(super) group: u16,
    /// Where a Galera node receives all data (SST), and what it has missed (IST).
    pub(super) transfers: [u16; 2],
}

/// A node, whether it runs or not.
pub struct Node {
    folder: PathBuf,
    ports: Ports,
    kind: Kind,
    /// The addresses of all nodes.
    peers: String,
    password: String,
    process: Option<Background>,
}

impl Node {
    /// A node that does not run yet, in a new folder.
    pub(super) fn new(
        folder: PathBuf,
        ports: Ports,
        kind: Kind,
        peers: &str,
        password: &str,
    ) -> Self {
        Self {
            folder,
            ports,
            kind,
            peers: peers.to_owned(),
            password: password.to_owned(),
            process: None,
        }
    }

    /// Its port for clients on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.ports.sql
    }

    pub(super) fn url(&self, database: &str, password: &str) -> String {
        url(database, password, self.ports.sql)
    }

    /// Whether its process runs, frozen or not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts it with more arguments, and does not wait for it.
    pub(super) fn run(&mut self, program: &Program, owner: &Owner, more: &[&str]) -> Result<()> {
        let mut serve = program.serve(&self.folder, self.ports.sql, owner, End::Kill)?;
        let arguments = match self.kind {
            Kind::Galera => galera::arguments(self.ports, &self.peers)?,
            Kind::Group => group::arguments(self.ports, &self.peers),
        };
        serve.args(arguments).args(more);
        self.process = Some(Background::start(&mut serve)?);
        Ok(())
    }

    /// Asks it to end, and returns when it has.
    ///
    /// # Errors
    /// When the system does not tell whether it has.
    pub async fn stop(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.terminate();
            while process.ended()?.is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }

    /// Kills it, and returns when it has gone.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Stops it where it is: its connections stay open, and nothing answers on them.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            process.signal_alone(signal);
        }
    }

    /// Cuts it off from the other nodes, but not from its clients.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn isolate(&self) -> Result<()> {
        self.execute("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'")
            .await
    }

    /// Ends what [`isolate`](Self::isolate) began.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn rejoin(&self) -> Result<()> {
        self.execute("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'")
            .await
    }

    /// Runs a statement on it alone.
    ///
    /// # Errors
    /// When it fails or takes long.
    pub async fn execute(&self, sql: &str) -> Result<()> {
        let work = async {
            let mut conn = connect(&self.url("", &self.password)).await?;
            conn.query_drop(sql).await?;
            Ok(conn.disconnect().await?)
        };
        tokio::time::timeout(ASK, work).await?
    }

    /// What it says of itself; none when it does not answer.
    pub(super) async fn state(&self) -> Option<State> {
        State::ask(&self.url("", &self.password), self.kind).await
    }

    /// Whether it takes statements: it belongs to the majority, and has caught up with it.
    pub async fn is_synced(&self) -> bool {
        self.state().await.is_some_and(|state| state.is_synced)
    }

    /// Fails when it has ended by itself.
    pub(super) fn check(&mut self) -> Result<()> {
        if let Some(process) = &mut self.process
            && let Some(status) = process.ended()?
        {
            let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
            let (folder, end) = (self.folder.display(), last(&log));
            bail!("the node in {folder} ended with {status}:\n{end}");
        }
        Ok(())
    }

    /// How many clients it has.
    pub async fn clients(&self) -> u64 {
        let url = self.url("", &self.password);
        let ask = async {
            let mut conn = connect(&url).await.ok()?;
            let sql = "SHOW GLOBAL STATUS LIKE 'Threads_connected'";
            let row: Option<(String, u64)> = conn.query_first(sql).await.ok()?;
            row.map(|(_, clients)| clients)
        };
        let answer = tokio::time::timeout(ASK, ask).await;
        answer.ok().flatten().unwrap_or(0)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Nobody needs its data, and a frozen one does not end when asked to.
        self.kill();
    }
}

fn last(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    let start = lines.len().saturating_sub(20);
    lines.get(start..).unwrap_or_default().join("\n")
}

pub(super) fn url(database: &str, password: &str, port: u16) -> String {
    format!("mysql://{USER}:{password}@127.0.0.1:{port}/{database}")
}
