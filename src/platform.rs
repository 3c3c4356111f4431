//! What Gatehouse needs of the runtime it runs in: streams, limits, fetches, timers,
//! the time, a log, counters.
//!
//! The Worker implements it over Hyperdrive and the JavaScript timers; the tests over TCP and
//! Tokio, or with a database that fails. A runtime also does the work that [`crate::after::After`]
//! takes off an answer.

use std::{io, time::Duration};

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::mysql::Credentials;

/// A byte stream to the database.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Log severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Normal operation.
    Info,
    /// Someone should look.
    Error,
}

/// What is limited for each client address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limiter {
    /// Logins.
    Login,
    /// Registrations.
    Register,
}

/// The runtime.
pub trait Platform: Send + Sync {
    /// Opens a stream to the database and says who connects. Nothing is kept: a stream lives no
    /// longer than the request that opened it.
    fn connect(&self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, Credentials)>>;

    /// Counts a request of a client against a limit; false when it is over. It may be generous: it
    /// is a first gate against floods, and what must be exact is counted in the database.
    fn limit(&self, limiter: Limiter, client: String) -> BoxFuture<'_, io::Result<bool>>;

    /// Fetches a text; any status but 200 is an error.
    fn get(&self, url: String) -> BoxFuture<'_, io::Result<String>>;

    /// Completes after a time, which begins when it is first polled.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// The time, in seconds since 1970-01-01 UTC. On Workers it stands still between I/O.
    fn now(&self) -> u64;

    /// Writes a line to the log. It cannot fail: a request must not.
    fn log(&self, level: Level, line: &str);

    /// Counts an event under the name that the log has for it, for a chart or an alarm. It cannot
    /// fail either.
    fn count(&self, event: &'static str);
}
