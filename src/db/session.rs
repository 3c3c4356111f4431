//! Statements on a connection that is opened when it is needed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select};

use super::database::Database;
use super::error::Error;
use super::retry::{self, Observer, Step};
use crate::mysql::{self, Affected, Row, Statement};
use crate::platform::Stream;

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
        let rows = self.run(statement, Step::Read, |connection, statement| {
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
        let done = self.run(statement, Step::Write, |connection, statement| {
            Box::pin(connection.execute(statement))
        });
        done.await
    }

    /// Waits, for work that tries again by itself.
    pub(super) async fn wait(&self, duration: Duration) {
        self.database.runtime.sleep(duration).await;
    }

    /// Runs a statement until it succeeds, fails for good or is late. The deadline of the statement
    /// spans all of its attempts.
    ///
    /// Boxed, since it would be compiled again for each kind of work otherwise.
    fn run<'s, T: Send + 's>(
        &'s self,
        statement: &'s Statement,
        step: Step,
        run: Run<T>,
    ) -> BoxFuture<'s, Result<T, Error>> {
        Box::pin(async move {
            // Runs from its first poll, so it does not include the first connecting.
            let mut deadline = self
                .database
                .runtime
                .sleep(self.database.timeouts.statement);
            let mut attempts = 0;
            loop {
                let attempt = self.attempt(statement, step, run, &mut deadline);
                let (step, error) = match attempt.await {
                    Ok(value) => return Ok(value),
                    Err(failure) => failure,
                };
                attempts += 1;
                let is_allowed = error
                    .as_mysql()
                    .is_some_and(|error| retry::is_allowed(step, error));
                let Some(pause) = retry::pause(attempts).filter(|_| is_allowed) else {
                    return Err(error);
                };
                // It is not documented what Hyperdrive does with a connection after its own errors.
                self.database.close(&self.slot).await;
                let pause = self.database.runtime.sleep(pause);
                if let Either::Right(_) = select(pause, &mut deadline).await {
                    return Err(error);
                }
                self.observer.retrying(&error);
            }
        })
    }

    /// Runs a statement once; if that fails, says at which step.
    async fn attempt<T>(
        &self,
        statement: &Statement,
        step: Step,
        run: Run<T>,
        deadline: &mut BoxFuture<'static, ()>,
    ) -> Result<T, (Step, Error)> {
        let mut connection = if let Some(connection) = self.slot.take() {
            connection
        } else {
            let connected = self.database.connect().await;
            connected.map_err(|error| (Step::Connect, error))?
        };
        let done = match select(run(&mut connection, statement), deadline).await {
            Either::Left((done, _)) => done.map_err(|source| failed(statement, source)),
            Either::Right(_) => Err(Error::Timeout {
                purpose: statement.purpose(),
                limit: self.database.timeouts.statement,
            }),
        };
        self.slot.put(connection);
        done.map_err(|error| (step, error))
    }
}

fn failed(statement: &Statement, source: mysql::Error) -> Error {
    Error::Failed {
        purpose: statement.purpose(),
        source,
    }
}
