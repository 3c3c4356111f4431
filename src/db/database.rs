//! The database: pieces of work on sessions, and connections with timeouts.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::error::Error;
use super::retry::Observer;
use super::session::{Connection, Session, Slot};
use crate::mysql;
use crate::platform::{self, Runtime, Services};

/// Timeout for sending `COM_QUIT`, a few bytes.
const QUIT_TIMEOUT: Duration = Duration::from_millis(100);

/// The timeouts of the database.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For connecting, with the handshake.
    pub connect: Duration,
    /// For each statement, with its retries.
    pub statement: Duration,
}

/// Opens connections to the database.
pub struct Database {
    services: Arc<dyn Services>,
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) timeouts: Timeouts,
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

    /// Runs `work` on a session, and then closes its connection. Do everything else first, because
    /// the connection is held until the work is done.
    ///
    /// `observer` is told of each statement that is run again.
    ///
    /// # Errors
    /// The errors of `work`.
    pub async fn run<'a, T, E, F>(
        &'a self,
        observer: &'a dyn Observer,
        work: impl FnOnce(Session<'a>) -> F,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let slot = Slot::default();
        let result = work(Session::new(self, observer, slot.clone())).await;
        self.close(&slot).await;
        result
    }

    /// Opens a connection. Boxed, since it would be compiled again for each kind of work otherwise.
    pub(super) fn connect(&self) -> BoxFuture<'_, Result<Connection, Error>> {
        Box::pin(async {
            let connect = async {
                let (stream, credentials) = self.services.connect().await?;
                Connection::connect(stream, &credentials, &*self.runtime).await
            };
            self.within(self.timeouts.connect, "connecting", connect)
                .await
        })
    }

    /// Closes the connection of a session, if there is one.
    pub(super) fn close(&self, slot: &Slot) -> BoxFuture<'_, ()> {
        let connection = slot.take();
        Box::pin(async move {
            if let Some(mut connection) = connection {
                // Failing to close loses nothing, so the result is ignored; the timeout keeps a
                // stalled peer from delaying the answer.
                let close = connection.close();
                let _ = self.within(QUIT_TIMEOUT, "closing", close).await;
            }
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
