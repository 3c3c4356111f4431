//! A local Hyperdrive for MySQL.
//!
//! It stands where `wrangler dev` would let a Worker speak to the database directly, and does what
//! the real one does: its own handshake with next to no capabilities, text statements only, one
//! origin connection for each statement or transaction, and the real messages for all that is
//! refused. And it fails on request, at a chosen point of the conversation.
//!
//! * [`options`]: what can be set;
//! * `wire`: packets, and where faults strike;
//! * `handshake`: the Worker's way in;
//! * `statement`: what a statement is, and what is refused;
//! * `origin`: the pool of connections to the database;
//! * `reply`: results as packets;
//! * `session`: one Worker's connection;
//! * [`counters`], [`fault`], [`control`]: looking in, breaking things, and both over HTTP.

pub mod control;
pub mod counters;
pub mod fault;
mod handshake;
pub mod options;
mod origin;
mod reply;
mod session;
mod statement;
pub mod url;
mod wire;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use counters::Counters;
use fault::{Fault, Faults};
use options::Options;
use origin::Pool;

pub use options::Plugin;

/// A running local Hyperdrive; it ends when this is dropped.
pub struct Hyperdrive {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What all sessions share.
struct Shared {
    options: Options,
    password: String,
    database: String,
    pool: Pool,
    cache: reply::Cache,
    counters: Counters,
    faults: Faults,
    statements: Mutex<Vec<String>>,
}

impl Hyperdrive {
    /// Starts one on a port of loopback. The origin is not asked until a statement comes.
    ///
    /// # Errors
    /// When the port cannot be had or the origin's URL names no database.
    pub async fn start(options: Options) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await;
        let listener = listener.with_context(|| format!("port {} cannot be had", options.port))?;
        let address = listener.local_addr()?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).context("the system has no randomness")?;
        let database = options.origin.db_name();
        let shared = Arc::new(Shared {
            password: hex::encode(random),
            database: database
                .context("the origin's URL names no database")?
                .to_owned(),
            pool: Pool::new(&options),
            cache: reply::Cache::default(),
            counters: Counters::default(),
            faults: Faults::default(),
            statements: Mutex::default(),
            options,
        });
        let task = tokio::spawn(session::accept(listener, shared.clone()));
        Ok(Self {
            address,
            shared,
            task,
        })
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The user that gets in.
    #[must_use]
    pub fn user(&self) -> &'static str {
        USER
    }

    /// The user's password, made for this run.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.shared.password
    }

    /// The database: the origin's.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.shared.database
    }

    /// What `localConnectionString` takes.
    #[must_use]
    pub fn connection_string(&self) -> String {
        format!(
            "mysql://{USER}:{}@127.0.0.1:{}/{}",
            self.password(),
            self.port(),
            self.database()
        )
    }

    /// What has happened so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Connections to the origin that are open now, in use or idle.
    #[must_use]
    pub fn origin_connections(&self) -> usize {
        self.shared.pool.open()
    }

    /// Sets what fails from now on; none for nothing.
    pub fn fail(&self, fault: impl Into<Option<Fault>>) {
        self.shared.faults.set(fault.into());
    }

    /// The statements since the last call, if [`Options::keep_statements`] is set.
    #[must_use]
    pub fn take_statements(&self) -> Vec<String> {
        let mut statements = lock(&self.shared.statements);
        std::mem::take(&mut *statements)
    }

    /// The HTTP endpoint for counters and faults.
    pub fn control(&self) -> axum::Router {
        control::router(control::Control(self.shared.clone()))
    }
}

impl Drop for Hyperdrive {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The one account.
const USER: &str = "hyperdrive";

/// Locks what no thread leaves half-changed.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
