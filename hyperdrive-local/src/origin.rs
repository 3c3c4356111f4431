//! Connections to the database.
//!
//! They are `mysql_async`'s, and results are written anew for the Worker: TLS and every
//! authentication plugin come with it, which raw packets would have to bring themselves. The price
//! is that a result is held in memory once. Its own pool is not used, since the real one's limit,
//! waiting time and reset are what is to be shown.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::lock;
use crate::options::Options;

/// The pool.
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

/// Counts a connection for as long as it is in use.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why there is no connection.
pub(crate) enum NoLease {
    /// None came free in time.
    Exhausted,
    /// The database does not take one.
    Failed(mysql_async::Error),
}

impl Pool {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            // A reset takes a MySQL server's own character set; this is run after it.
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

    /// Connections that are open, in use or idle.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed) + lock(&self.idle).len()
    }

    /// Takes a connection, within the time that a statement waits for one.
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

    /// An idle connection that still lives: it may have died with a restart of the database.
    async fn idle_conn(&self) -> Option<Conn> {
        loop {
            let mut conn = lock(&self.idle).pop()?;
            if reset(&mut conn).await {
                return Some(conn);
            }
        }
    }

    /// Takes a connection back. What a session has set or left open ends here: the connection is
    /// reset, which also rolls a transaction back.
    pub(crate) async fn give_back(&self, mut lease: Lease) {
        if reset(&mut lease.conn).await {
            lock(&self.idle).push(lease.conn);
        }
    }

    /// Ends the statement that runs on a connection.
    pub(crate) async fn kill(&self, lease: &Lease) {
        let kill = async {
            let mut conn = Conn::new(self.options.clone()).await?;
            conn.query_drop(format!("KILL QUERY {}", lease.conn.id()))
                .await?;
            conn.disconnect().await
        };
        if !matches!(tokio::time::timeout(RESET, kill).await, Ok(Ok(()))) {
            tracing::warn!("a statement over its time could not be ended at the origin");
        }
    }
}

/// How long a reset may take before the connection is given up.
const RESET: Duration = Duration::from_secs(3);

async fn reset(conn: &mut Conn) -> bool {
    let reset = tokio::time::timeout(RESET, conn.reset());
    matches!(reset.await, Ok(Ok(true)))
}
