//! A local Hyperdrive for MySQL.
//!
//! `wrangler dev` connects a Worker straight to the database. This proxy goes between the two and
//! behaves like the real Hyperdrive: its own handshake with few capabilities, text statements only,
//! one origin connection for each statement or transaction, and the real error messages for
//! whatever is refused. It can also inject a fault at a chosen point of the conversation.
//!
//! * [`options`]: the settings of a local Hyperdrive;
//! * `wire`: reads and writes packets, and applies faults;
//! * `handshake`: authenticates a Worker;
//! * `statement`: parses statements and refuses unsupported ones;
//! * `origin`: the pool of connections to the database (the origin);
//! * `reply`: encodes results as packets, and caches them;
//! * `session`: one connection of a Worker;
//! * [`counters`], [`fault`]: counters, and faults to inject;
//! * [`control`]: both over HTTP;
//! * [`url`]: parses the origin's URL, and explains connection errors.

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

/// A running local Hyperdrive, which stops when this handle is dropped.
pub struct Hyperdrive {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// The state that all sessions share.
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
    /// Starts a local Hyperdrive on a port of 127.0.0.1. It connects to the origin only when a
    /// statement arrives.
    ///
    /// # Errors
    /// If the port cannot be bound, the system has no randomness, or the origin's URL names no
    /// database.
    pub async fn start(options: Options) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await;
        let listener =
            listener.with_context(|| format!("cannot listen on port {}", options.port))?;
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

    /// The only user that can connect.
    #[must_use]
    pub fn user(&self) -> &'static str {
        USER
    }

    /// The user's password, generated at the start.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.shared.password
    }

    /// The name of the origin's database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.shared.database
    }

    /// The connection string for wrangler's `localConnectionString`.
    #[must_use]
    pub fn connection_string(&self) -> String {
        format!(
            "mysql://{USER}:{}@127.0.0.1:{}/{}",
            self.password(),
            self.port(),
            self.database()
        )
    }

    /// The counters since the start.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// The number of open connections to the origin, in use or idle.
    #[must_use]
    pub fn origin_connections(&self) -> usize {
        self.shared.pool.open()
    }

    /// Sets the fault that applies from now on, or with `None` removes it.
    pub fn fail(&self, fault: impl Into<Option<Fault>>) {
        self.shared.faults.set(fault.into());
    }

    /// Takes the statements received since the last call, if [`Options::keep_statements`] is set.
    #[must_use]
    pub fn take_statements(&self) -> Vec<String> {
        let mut statements = lock(&self.shared.statements);
        std::mem::take(&mut *statements)
    }

    /// The router of the HTTP endpoint for counters and faults.
    pub fn control(&self) -> axum::Router {
        control::router(control::Control(self.shared.clone()))
    }
}

impl Drop for Hyperdrive {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The only user that can connect.
const USER: &str = "hyperdrive";

/// Locks a mutex and ignores poisoning: no thread leaves these values half-changed.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
