//! The database as the handlers see it: a session for one request, with deadlines.

/// SQL for a text column as UTF-8, whatever the connection's character set. A server may ignore the
/// one of the handshake (`character_set_client_handshake`, `init_connect`), and `SET NAMES` would be
/// a statement more for every connection. What is binary comes as it is.
macro_rules! utf8 {
    ($column:literal) => {
        concat!("CAST(CONVERT(`", $column, "` USING utf8mb4) AS BINARY)")
    };
}

mod by_email;
pub mod refusal;
pub mod schema;
pub mod throttle;
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
    /// The table is not as it must be.
    #[error("{0}")]
    Schema(String),
}

/// What makes an [`Error`] of a failure of the client or the server.
fn failed(doing: &'static str) -> impl Fn(mysql::Error) -> Error {
    move |source| Error::Failed { doing, source }
}

impl Error {
    /// Whether the connection was lost while it was made, or before any of a reply had come.
    #[must_use]
    pub fn was_unanswered(&self) -> bool {
        match self {
            Self::Failed { doing, source } => match source {
                mysql::Error::Unanswered(_) => true,
                mysql::Error::Io(_) => *doing == CONNECTING,
                _ => false,
            },
            Self::Timeout { .. } | Self::Schema(_) => false,
        }
    }

    /// What the client says of it, if it is the client's.
    #[must_use]
    pub fn as_mysql(&self) -> Option<&mysql::Error> {
        match self {
            Self::Failed { source, .. } => Some(source),
            Self::Timeout { .. } | Self::Schema(_) => None,
        }
    }
}

/// What [`Database::connect`] does.
const CONNECTING: &str = "connecting";

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
            .within(self.connect_timeout, CONNECTING, connect)
            .await?;
        Ok(Session {
            database: self,
            connection,
        })
    }

    /// Opens a connection, reads on it, and hands both on. It is done once more, on another
    /// connection, if this one was lost before any of a reply had come: a pool between here and
    /// there may have held a connection that had died. What was late is not tried again; the time is
    /// used up.
    ///
    /// # Errors
    /// [`Error`] of either.
    pub async fn read<'a, T, F>(
        &'a self,
        read: impl Fn(Session<'a>) -> F,
    ) -> Result<(Session<'a>, T), Error>
    where
        F: Future<Output = Result<(Session<'a>, T), Error>>,
    {
        let mut is_last = false;
        loop {
            let result = async { read(self.connect().await?).await };
            match result.await {
                Err(error) if error.was_unanswered() && !is_last => is_last = true,
                result => return result,
            }
        }
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

/// Something to read from: a [`Session`], or the [`Database`] itself.
pub trait Query {
    /// Runs a statement that returns rows. `doing` says what for, in the log.
    fn query(
        &mut self,
        doing: &'static str,
        statement: &Statement,
    ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;
}

/// A [`Database::read`] on a connection of its own.
impl Query for &Database {
    async fn query(
        &mut self,
        doing: &'static str,
        statement: &Statement,
    ) -> Result<Vec<Row>, Error> {
        let (session, rows) = self
            .read(|mut session| async {
                let rows = Query::query(&mut &mut session, doing, statement).await?;
                Ok((session, rows))
            })
            .await?;
        session.close().await;
        Ok(rows)
    }
}

impl Query for &mut Session<'_> {
    async fn query(
        &mut self,
        doing: &'static str,
        statement: &Statement,
    ) -> Result<Vec<Row>, Error> {
        let query = self.connection.query(statement);
        let limit = self.database.statement_timeout;
        self.database.within(limit, doing, query).await
    }
}

/// A connection for one request.
pub struct Session<'a> {
    database: &'a Database,
    connection: Connection<Box<dyn Stream>>,
}

impl Session<'_> {
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
}
