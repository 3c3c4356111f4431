//! The platform: what Gatehouse needs of the runtime it runs in and of the services around it.
//!
//! The Worker implements it over Hyperdrive and the JavaScript timers; the tests over TCP and
//! Tokio. A runtime also does the work that [`crate::http::after::After`] takes off an answer.

use std::{io, pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either, select};
use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::mysql::Credentials;

/// What every request needs.
pub trait Runtime: Send + Sync {
    /// Completes after a time, which begins when it is first polled.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// The time, in seconds since 1970-01-01 UTC. On Workers it stands still between I/O.
    fn now(&self) -> u64;

    /// Writes a line to the log. It cannot fail: a request must not.
    fn log(&self, severity: Severity, line: &str);

    /// Counts an event under the name that the log has for it, for a chart or an alarm. It cannot
    /// fail either.
    fn count(&self, event: &'static str);
}

/// What reaches other services.
pub trait Services: Send + Sync {
    /// Opens a stream to the database and says who connects. Nothing is kept: a stream lives no
    /// longer than the request that opened it.
    fn connect(&self) -> BoxFuture<'_, io::Result<(Box<dyn Stream>, Credentials)>>;

    /// Counts a request under a key against a limit; false when it is over. It may be generous: it
    /// is a first gate against floods, and what must be exact is counted in the database.
    fn limit(&self, limiter: Limiter, key: String) -> BoxFuture<'_, io::Result<bool>>;

    /// Sends a request over HTTP. Any status is an answer.
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
    /// Someone should look.
    Error,
}

/// A limit of requests from one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limiter {
    /// Logins.
    Login,
    /// Registrations.
    Register,
}

impl Limiter {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Login, Self::Register];

    /// The binding of `wrangler.toml`.
    #[must_use]
    pub fn binding(self) -> &'static str {
        match self {
            Self::Login => "LOGIN_LIMITER",
            Self::Register => "REGISTER_LIMITER",
        }
    }
}

/// The output of a future, or none if it takes longer than this. What is late is dropped.
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
