//! Connections to the database.
//!
//! They are `mysql_async`'s, and results are written anew for the Worker: TLS and every
//! authentication plugin come with it, which raw packets would have to bring themselves. The price
//! is that a result is held in memory once. Its own pool is not used, since the real one's limit,
//! waiting time and reset are what is to be shown.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mysql_async::{Conn, Opts};
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
            options: options.origin.clone(),
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

    pub(crate) async fn lease(&self) -> Result<Lease, NoLease> {
        let permit =
            tokio::time::timeout(self.acquire_timeout, self.permits.clone().acquire_owned());
        let Ok(Ok(permit)) = permit.await else {
            return Err(NoLease::Exhausted);
        };
        self.open.fetch_add(1, Ordering::Relaxed);
        let open = Open(self.open.clone());
        // An idle one may have died with a restart of the database.
        loop {
            let idle = lock(&self.idle).pop();
            let Some(mut conn) = idle else { break };
            if conn.reset().await.unwrap_or(false) {
                return Ok(Lease {
                    conn,
                    _open: open,
                    _permit: permit,
                });
            }
        }
        let connect = tokio::time::timeout(self.acquire_timeout, Conn::new(self.options.clone()));
        match connect.await {
            Ok(Ok(conn)) => Ok(Lease {
                conn,
                _open: open,
                _permit: permit,
            }),
            Ok(Err(error)) => Err(NoLease::Failed(error)),
            Err(_) => Err(NoLease::Exhausted),
        }
    }

    /// Takes a connection back. What a session has set or left open ends here: the connection is
    /// reset, which also rolls a transaction back.
    pub(crate) async fn give_back(&self, mut lease: Lease) {
        if lease.conn.reset().await.unwrap_or(false) {
            lock(&self.idle).push(lease.conn);
        }
    }
}
