//! Waiting for what happens in its own time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::panic::Location;
use std::time::{Duration, Instant};

/// Waits, for so long at most, until something is so.
///
/// # Panics
/// When it is not so in time.
#[track_caller]
pub fn until(longest: Duration, condition: impl AsyncFn() -> bool) -> impl Future<Output = ()> {
    let place = Location::caller();
    async move {
        let started = Instant::now();
        while !condition().await {
            let waited = started.elapsed();
            assert!(waited < longest, "not within {longest:?}: {place}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// The same without a runtime; `why` says more when it fails.
///
/// # Panics
/// When it is not so in time.
#[track_caller]
pub fn blocking(longest: Duration, condition: impl Fn() -> bool, why: impl Fn() -> String) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < longest, "{}", why());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether something listens on a port of 127.0.0.1.
#[must_use]
pub fn is_served(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Whether a port of 127.0.0.1 answers a request for `/` with HTTP.
#[must_use]
pub fn is_answered(port: u16) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut start = [0; 5];
        stream.read_exact(&mut start)?;
        std::io::Result::Ok(start == *b"HTTP/")
    };
    ask().unwrap_or(false)
}
