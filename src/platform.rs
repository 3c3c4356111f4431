//! Traits for the platform: the runtime that Gatehouse runs in and the services that it calls.
//!
//! The Worker implements them with Hyperdrive and JavaScript timers, the tests with TCP and Tokio.
//! An implementation must also run the work that [`crate::http::after::After`] attaches to a
//! response.

use std::{io, pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either, select};
use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::mysql::{Credentials, RsaOaep};

/// The runtime: timer, clock, log and counters, and RSA encryption.
pub trait Runtime: RsaOaep + Send + Sync {
    /// Returns a future that completes after `duration`, counted from its first poll.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// The time, in seconds since 1970-01-01 UTC. On Workers the clock advances only with I/O.
    fn now(&self) -> u64;

    /// Writes a line to the log. A failure is not reported: it must not fail the request.
    fn log(&self, severity: Severity, line: &str);

    /// Counts an event under its name in the log, for charts and alarms. A failure is not returned
    /// to the caller: it must not fail the request.
    fn count(&self, event: &'static str);
}

/// The services that a request calls: the database, the rate limiters and HTTP servers.
pub trait Services: Send + Sync {
    /// Opens a stream to the database and returns it with the credentials to use on it. Streams
    /// are not pooled: a stream must not outlive the request that opened it.
    fn connect(&self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, Credentials)>>;

    /// Counts a request under `key` and returns false if the limit is exceeded. The limiter may let
    /// more requests through: it only stops floods, and exact counts are kept in the database.
    fn limit(&self, limiter: Limiter, key: String) -> BoxFuture<'_, io::Result<bool>>;

    /// Sends an HTTP request. A response of any status is `Ok`; it has no headers, and a body only if
    /// the status is a success.
    fn fetch(&self, request: Request<Bytes>) -> BoxFuture<'_, io::Result<Response<Bytes>>>;
}

/// A byte stream to the database.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Log severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Normal operation.
    Info,
    /// A fault that someone should look into.
    Error,
}

/// A rate limit for the requests of one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limiter {
    /// Logins.
    Login,
    /// Registrations.
    Register,
}

impl Limiter {
    /// All limiters.
    pub const ALL: [Self; 2] = [Self::Login, Self::Register];

    /// The name of the limiter's binding in `wrangler.toml`.
    #[must_use]
    pub fn binding(self) -> &'static str {
        match self {
            Self::Login => "LOGIN_LIMITER",
            Self::Register => "REGISTER_LIMITER",
        }
    }
}

/// Returns the output of a future, or drops it and returns `None` if it takes longer than `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    runtime: &dyn Runtime,
    work: impl Future<Output = T>,
) -> Option<T> {
    match select(pin!(work), runtime.sleep(limit)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(((), _)) => None,
    }
}
