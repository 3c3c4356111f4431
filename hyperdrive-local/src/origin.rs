//! Connections to the database.
//!
//! The connections are `mysql_async`'s, because it has TLS and the authentication plugins. Results
//! are therefore decoded, held in memory once and encoded again for the Worker. The pool of
//! `mysql_async` is not used, because this one must behave like Hyperdrive's: its limit, its
//! waiting time and its reset.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::lock;
use crate::options::Options;

/// The pool of connections to the origin.
pub(crate) struct Pool {
    options: Opts,
    idle: Arc<Mutex<Vec<Conn>>>,
    permits: Arc<Semaphore>,
    acquire_timeout: Duration,
    open: Arc<AtomicUsize>,
}

/// A connection taken from the pool, for one statement or one transaction.
pub(crate) struct Lease {
    pub(crate) conn: Conn,
    _open: Open,
    _permit: OwnedSemaphorePermit,
}

/// A guard that counts a connection while it is in use.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The reason why the pool returned no connection.
pub(crate) enum NoLease {
    /// No connection became free in time.
    Exhausted,
    /// Connecting to the database failed.
    Failed(mysql_async::Error),
}

impl Pool {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            // On a MySQL server a reset restores the server's character set, so the setup
            // statements set utf8mb4 again after it.
            options: OptsBuilder::from_opts(options.origin.clone())
                .setup(
                    [
                        options.origin.setup(),
                        &["SET NAMES utf8mb4".to_owned()][..],
                    ]
                    .concat(),
                )
                .into(),
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(options.origin_connection_limit)),
            acquire_timeout: options.acquire_timeout,
            open: Arc::default(),
        }
    }

    /// The number of open connections, in use or idle.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed) + lock(&self.idle).len()
    }

    /// Takes a connection from the pool, waiting at most [`Options::acquire_timeout`].
    pub(crate) async fn lease(&self) -> Result<Lease, NoLease> {
        let lease = tokio::time::timeout(self.acquire_timeout, self.try_lease());
        lease.await.unwrap_or(Err(NoLease::Exhausted))
    }

    async fn try_lease(&self) -> Result<Lease, NoLease> {
        let permit = self.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| NoLease::Exhausted)?;
        self.open.fetch_add(1, Ordering::Relaxed);
        let open = Open(self.open.clone());
        let conn = match self.idle_conn().await {
            Some(conn) => conn,
            None => Conn::new(self.options.clone())
                .await
                .map_err(NoLease::Failed)?,
        };
        Ok(Lease {
            conn,
            _open: open,
            _permit: permit,
        })
    }

    /// An idle connection that still works; others, as after a restart of the database, are
    /// dropped.
    async fn idle_conn(&self) -> Option<Conn> {
        loop {
            let mut conn = lock(&self.idle).pop()?;
            if reset(&mut conn).await {
                return Some(conn);
            }
        }
    }

    /// Returns a connection to the pool. The reset clears session variables and rolls back an open
    /// transaction.
    pub(crate) async fn give_back(&self, mut lease: Lease) {
        if reset(&mut lease.conn).await {
            lock(&self.idle).push(lease.conn);
        }
    }

    /// Kills the statement that runs on a connection.
    pub(crate) async fn kill(&self, lease: &Lease) {
        let kill = async {
            let mut conn = Conn::new(self.options.clone()).await?;
            conn.query_drop(format!("KILL QUERY {}", lease.conn.id()))
                .await?;
            conn.disconnect().await
        };
        if !matches!(tokio::time::timeout(RESET, kill).await, Ok(Ok(()))) {
            tracing::warn!("a statement over its time limit could not be killed at the origin");
        }
    }
}

/// The time limit for a reset, after which the connection is dropped, and for a kill.
const RESET: Duration = Duration::from_secs(3);

async fn reset(conn: &mut Conn) -> bool {
    let reset = tokio::time::timeout(RESET, conn.reset());
    matches!(reset.await, Ok(Ok(true)))
}
