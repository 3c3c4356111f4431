//! The database as the handlers see it: a session for one request, with deadlines.

pub mod users;

use std::{sync::Arc, time::Duration};

use futures_util::future::{Either, select};

use crate::mysql::{self, Affected, Connection, Row, Statement};
use crate::platform::{Platform, Stream};

/// Why the database did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It took too long.
    #[error("no answer within {} s while {doing}", limit.as_secs())]
    Timeout {
        /// What was under way.
        doing: &'static str,
        /// The time it had.
        limit: Duration,
    },
    /// The client or the server failed.
    #[error("while {doing}: {source}")]
    Failed {
        /// What was under way.
        doing: &'static str,
        /// What happened.
        source: mysql::Error,
    },
}

impl Error {
    /// What the client says of it, if it is the client's.
    #[must_use]
    pub fn as_mysql(&self) -> Option<&mysql::Error> {
        match self {
            Self::Failed { source, .. } => Some(source),
            Self::Timeout { .. } => None,
        }
    }
}

/// How long a goodbye may take; it is a few bytes into a buffer.
const FAREWELL: Duration = Duration::from_millis(100);

/// Where the database is and how long it may take.
pub struct Database {
    platform: Arc<dyn Platform>,
    connect_timeout: Duration,
    statement_timeout: Duration,
}

impl Database {
    /// The database of a platform.
    #[must_use]
    pub fn new(
        platform: Arc<dyn Platform>,
        connect_timeout: Duration,
        statement_timeout: Duration,
    ) -> Self {
        Self {
            platform,
            connect_timeout,
            statement_timeout,
        }
    }

    /// Opens a connection for this request. Do everything else first: it is held until dropped.
    ///
    /// # Errors
    /// [`Error`], within the connect timeout.
    pub async fn connect(&self) -> Result<Session<'_>, Error> {
        let connect = async {
            let (stream, credentials) = self.platform.connect().await?;
            Connection::connect(stream, &credentials).await
        };
        let connection = self
            .within(self.connect_timeout, "connecting", connect)
            .await?;
        Ok(Session {
            database: self,
            connection,
        })
    }

    /// Runs something against the clock. What is late is dropped, and its connection with it.
    async fn within<T>(
        &self,
        limit: Duration,
        doing: &'static str,
        work: impl Future<Output = Result<T, mysql::Error>>,
    ) -> Result<T, Error> {
        match select(std::pin::pin!(work), self.platform.sleep(limit)).await {
            Either::Left((Ok(value), _)) => Ok(value),
            Either::Left((Err(source), _)) => Err(Error::Failed { doing, source }),
            Either::Right(((), _)) => Err(Error::Timeout { doing, limit }),
        }
    }
}

/// A connection for one request.
pub struct Session<'a> {
    database: &'a Database,
    connection: Connection<Box<dyn Stream>>,
}

impl Session<'_> {
    /// Runs a statement that returns rows. `doing` says what for, in the log.
    ///
    /// # Errors
    /// [`Error`], within the statement timeout.
    pub async fn query(
        &mut self,
        doing: &'static str,
        statement: &Statement,
    ) -> Result<Vec<Row>, Error> {
        let query = self.connection.query(statement);
        self.database
            .within(self.database.statement_timeout, doing, query)
            .await
    }

    /// Runs a statement that changes rows.
    ///
    /// # Errors
    /// [`Error`], within the statement timeout; the change may have happened nevertheless.
    pub async fn execute(
        &mut self,
        doing: &'static str,
        statement: &Statement,
    ) -> Result<Affected, Error> {
        let execute = self.connection.execute(statement);
        self.database
            .within(self.database.statement_timeout, doing, execute)
            .await
    }

    /// Says goodbye to the server. A failure loses nothing, so it is not reported, and the answer
    /// does not wait for a peer that will not hear.
    pub async fn close(self) {
        let close = self.connection.close();
        let _ = self.database.within(FAREWELL, "closing", close).await;
    }

    /// Asks the server for a sign of life.
    ///
    /// # Errors
    /// [`Error`], within the statement timeout.
    pub async fn ping(&mut self) -> Result<(), Error> {
        self.query("asking for a sign of life", &Statement::new("SELECT 1"))
            .await
            .map(drop)
    }
}
