//! Statements on a connection that is opened when it is needed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select};

use super::database::Database;
use super::error::Error;
use super::retry::{self, Observer, Step};
use crate::mysql::{self, Affected, Row, Statement};
use crate::platform::Stream;

/// The pauses before a statement is repeated that has not seen what another one has written: behind
/// the connection may be a server that does not have it yet.
pub(super) const LAG_PAUSES: [Duration; 3] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(800),
];

/// A connection over the platform's stream.
pub(super) type Connection = mysql::Connection<Box<dyn Stream>>;

/// Runs a statement on a connection.
type Run<T> = for<'c> fn(&'c mut Connection, &'c Statement) -> BoxFuture<'c, Outcome<T>>;
type Outcome<T> = Result<T, mysql::Error>;

/// A handle to the database for a piece of work, with a connection that is opened for its first
/// statement.
///
/// Statements that fail are run again on a new connection, if that cannot apply them twice. Each is a
/// transaction of its own, and behind Hyperdrive two of them may reach two different servers: no
/// statement can rely on reading what another one has just written.
pub struct Session<'a> {
    database: &'a Database,
    observer: &'a dyn Observer,
    slot: Slot,
}

/// The place of the connection while no statement runs on it. Shared with [`Database::run`], which
/// closes the connection when the work has consumed the session.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Connection>>>);

impl Slot {
    pub(super) fn take(&self) -> Option<Connection> {
        // Nothing panics while it holds the lock.
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.take()
    }

    fn put(&self, connection: Connection) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(connection);
    }
}

impl<'a> Session<'a> {
    pub(super) fn new(database: &'a Database, observer: &'a dyn Observer, slot: Slot) -> Self {
        Self {
            database,
            observer,
            slot,
        }
    }

    /// Runs a statement that returns rows, and reads each row with `read`.
    ///
    /// # Errors
    /// [`Error`] if the statement fails or times out, or if a row cannot be read.
    pub async fn query<T>(
        &self,
        statement: &Statement,
        read: impl Fn(&Row) -> Result<T, mysql::Error>,
    ) -> Result<Vec<T>, Error> {
        let rows = self.run(statement, Step::Repeatable, |connection, statement| {
            Box::pin(connection.query(statement))
        });
        let rows = rows.await?;
        let values = rows.iter().map(read).collect::<Result<_, _>>();
        values.map_err(|source| failed(statement, source))
    }

    /// Runs a statement that changes rows.
    ///
    /// # Errors
    /// [`Error`] if the statement fails or times out. The change may have happened nevertheless.
    pub async fn execute(&self, statement: &Statement) -> Result<Affected, Error> {
        self.change(statement, Step::Write).await
    }

    /// Runs a statement that changes rows and may be run twice: the second time it changes nothing
    /// more.
    ///
    /// # Errors
    /// [`Error`] if the statement fails or times out. The change may have happened nevertheless.
    pub async fn execute_repeatable(&self, statement: &Statement) -> Result<Affected, Error> {
        self.change(statement, Step::Repeatable).await
    }

    /// Runs a statement that changes rows, as `step` says.
    ///
    /// # Errors
    /// [`Error`] if the statement fails or times out. The change may have happened nevertheless.
    pub(super) fn change<'s>(
        &'s self,
        statement: &'s Statement,
        step: Step,
    ) -> BoxFuture<'s, Result<Affected, Error>> {
        self.run(statement, step, |connection, statement| {
            Box::pin(connection.execute(statement))
        })
    }

    /// Waits, for work that tries again by itself.
    pub(super) async fn wait(&self, duration: Duration) {
        self.database.runtime.sleep(duration).await;
    }

    /// Runs a statement until it succeeds, fails for good or is late. The deadline of the statement
    /// begins when there is a connection for its first attempt, and spans all of its attempts.
    ///
    /// Boxed, since it would be compiled again for each kind of work otherwise.
    fn run<'s, T: Send + 's>(
        &'s self,
        statement: &'s Statement,
        step: Step,
        run: Run<T>,
    ) -> BoxFuture<'s, Result<T, Error>> {
        Box::pin(async move {
            let Self { database, .. } = self;
            let mut connected = match self.slot.take() {
                Some(connection) => Ok(connection),
                None => database.connect().await,
            };
            let mut deadline = database.runtime.sleep(database.timeouts.statement);
            let mut attempts = 0;
            loop {
                let (failed_step, error) = match connected {
                    Err(error) => (Step::Connect, error),
                    Ok(connection) => {
                        let attempt = self.attempt(statement, connection, run, &mut deadline);
                        match attempt.await {
                            Ok(value) => return Ok(value),
                            Err(error) => (step, error),
                        }
                    }
                };
                attempts += 1;
                let cause = error.as_mysql();
                let pause = cause.and_then(|cause| retry::pause(failed_step, cause, attempts));
                let Some(pause) = pause else {
                    return Err(error);
                };
                let reconnect = async {
                    // It is not documented what Hyperdrive does with a connection after its errors.
                    database.close(&self.slot).await;
                    database.runtime.sleep(pause).await;
                    database.connect().await
                };
                // Nothing is sent after the deadline.
                connected = match select(Box::pin(reconnect), &mut deadline).await {
                    Either::Left((connected, _)) => connected,
                    Either::Right(_) => return Err(error),
                };
                self.observer.retrying(&error);
            }
        })
    }

    /// Runs a statement once, until the deadline.
    async fn attempt<T>(
        &self,
        statement: &Statement,
        mut connection: Connection,
        run: Run<T>,
        deadline: &mut BoxFuture<'static, ()>,
    ) -> Result<T, Error> {
        let done = match select(run(&mut connection, statement), deadline).await {
            Either::Left((done, _)) => done.map_err(|source| failed(statement, source)),
            Either::Right(_) => Err(Error::Timeout {
                purpose: statement.purpose(),
                limit: self.database.timeouts.statement,
            }),
        };
        self.slot.put(connection);
        done
    }
}

fn failed(statement: &Statement, source: mysql::Error) -> Error {
    Error::Failed {
        purpose: statement.purpose(),
        source,
    }
}
