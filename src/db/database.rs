//! Connections for a piece of work each, with timeouts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::error::Error;
use crate::mysql::{self, Affected, Connection, Row, Statement};
use crate::platform::{self, Runtime, Services, Stream};

/// Timeout for sending `COM_QUIT`, a few bytes.
const QUIT_TIMEOUT: Duration = Duration::from_millis(100);

/// The timeouts of the database.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For connecting, with the handshake.
    pub connect: Duration,
    /// For each statement.
    pub statement: Duration,
}

/// Opens connections to the database.
pub struct Database {
    services: Arc<dyn Services>,
    runtime: Arc<dyn Runtime>,
    timeouts: Timeouts,
}

impl Database {
    /// Creates a database that connects through `services`.
    #[must_use]
    pub fn new(services: Arc<dyn Services>, runtime: Arc<dyn Runtime>, timeouts: Timeouts) -> Self {
        Self {
            services,
            runtime,
            timeouts,
        }
    }

    /// Opens a connection, runs `work` on it and closes it. Do everything else first, because the
    /// connection is held until the work is done.
    ///
    /// The work is run once more, on a new connection, if connecting fails with an I/O error, or if
    /// the connection is lost before the first byte of the reply to a query and no statement that
    /// changes rows was sent before: a pool in between may have handed out a dead connection.
    /// Timeouts are not retried.
    ///
    /// # Errors
    /// [`Error`] if no connection is made within the connect timeout; the errors of `work`.
    pub async fn run<'a, T, E, F>(&'a self, work: impl Fn(Session<'a>) -> F) -> Result<T, E>
    where
        E: From<Error>,
        F: Future<Output = Result<T, E>>,
    {
        let mut is_last = false;
        loop {
            let result = match self.open().await {
                Ok(session) => {
                    let lease = session.lease.clone();
                    let result = work(session).await;
                    (result, self.close(lease).await)
                }
                Err(error) => {
                    let is_repeatable = error.is_io();
                    (Err(error.into()), is_repeatable)
                }
            };
            match result {
                (Err(_), true) if !is_last => is_last = true,
                (result, _) => return result,
            }
        }
    }

    /// Opens a connection. Boxed, since code inside [`Database::run`] is compiled again for each
    /// kind of work.
    fn open(&self) -> BoxFuture<'_, Result<Session<'_>, Error>> {
        Box::pin(async {
            let connect = async {
                let (stream, credentials) = self.services.connect().await?;
                Connection::connect(stream, &credentials, &*self.runtime).await
            };
            let connection = self.within(self.timeouts.connect, "connecting", connect);
            let lease = Lease {
                connection: Some(connection.await?),
                has_written: false,
                is_unanswered: false,
            };
            Ok(Session {
                database: self,
                lease: Arc::new(Mutex::new(lease)),
            })
        })
    }

    /// Closes a connection. Returns true if the work may be run again after a failure.
    fn close(&self, lease: Arc<Mutex<Lease>>) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let connection = lock(&lease).connection.take();
            if let Some(mut connection) = connection {
                // Failing to close loses nothing, so the result is ignored; the timeout keeps a
                // stalled peer from delaying the answer.
                let close = connection.close();
                let _ = self.within(QUIT_TIMEOUT, "closing", close).await;
            }
            let lease = lock(&lease);
            lease.is_unanswered && !lease.has_written
        })
    }

    /// Runs `work` with a timeout. Late work is dropped, which leaves its connection unusable.
    async fn within<T>(
        &self,
        limit: Duration,
        purpose: &'static str,
        work: impl Future<Output = Result<T, mysql::Error>>,
    ) -> Result<T, Error> {
        match platform::within(limit, &*self.runtime, work).await {
            Some(Ok(value)) => Ok(value),
            Some(Err(source)) => Err(Error::Failed { purpose, source }),
            None => Err(Error::Timeout { purpose, limit }),
        }
    }
}

/// A handle to the connection, for the work that [`Database::run`] runs.
pub struct Session<'a> {
    database: &'a Database,
    /// Shared with [`Database::run`], which closes the connection when the work has consumed the
    /// session.
    lease: Arc<Mutex<Lease>>,
}

/// A connection, and the facts that decide whether its work may be run again.
struct Lease {
    /// `None` while a statement runs, and after one whose future was dropped.
    connection: Option<Connection<Box<dyn Stream>>>,
    /// True once a statement that changes rows was sent.
    has_written: bool,
    /// True if a query lost the connection before the first byte of its reply.
    is_unanswered: bool,
}

impl Session<'_> {
    /// Runs a statement that returns rows, and reads each row with `read`.
    ///
    /// # Errors
    /// [`Error`] if the statement fails or times out, or if a row cannot be read.
    pub async fn query<T>(
        &self,
        statement: &Statement,
        read: impl Fn(&Row) -> Result<T, mysql::Error>,
    ) -> Result<Vec<T>, Error> {
        let failed = |source| Error::Failed {
            purpose: statement.purpose(),
            source,
        };
        let mut values = Vec::new();
        for row in &self.rows(statement).await? {
            values.push(read(row).map_err(failed)?);
        }
        Ok(values)
    }

    fn rows<'s>(&'s self, statement: &'s Statement) -> BoxFuture<'s, Result<Vec<Row>, Error>> {
        Box::pin(async move {
            let mut connection = self.take(statement)?;
            let rows = self.within(statement, connection.query(statement)).await;
            let mut lease = lock(&self.lease);
            lease.connection = Some(connection);
            rows.inspect_err(|error| lease.is_unanswered = error.is_unanswered())
        })
    }

    /// Runs a statement that changes rows.
    ///
    /// # Errors
    /// [`Error`] if the statement fails or times out. The change may have happened nevertheless.
    pub async fn execute(&self, statement: &Statement) -> Result<Affected, Error> {
        let execute: BoxFuture<'_, _> = Box::pin(async {
            let mut connection = self.take(statement)?;
            lock(&self.lease).has_written = true;
            let done = self.within(statement, connection.execute(statement)).await;
            lock(&self.lease).connection = Some(connection);
            done
        });
        execute.await
    }

    /// Takes the connection out of the lease for one statement.
    fn take(&self, statement: &Statement) -> Result<Connection<Box<dyn Stream>>, Error> {
        let connection = lock(&self.lease).connection.take();
        connection.ok_or(Error::Failed {
            purpose: statement.purpose(),
            source: mysql::Error::Broken,
        })
    }

    async fn within<T>(
        &self,
        statement: &Statement,
        work: impl Future<Output = Result<T, mysql::Error>>,
    ) -> Result<T, Error> {
        let limit = self.database.timeouts.statement;
        self.database.within(limit, statement.purpose(), work).await
    }
}

fn lock(lease: &Mutex<Lease>) -> MutexGuard<'_, Lease> {
    // Nothing panics while it holds the lock.
    lease.lock().unwrap_or_else(PoisonError::into_inner)
}
