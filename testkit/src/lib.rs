//! What the tests of several packages and the benchmark stand on. Everything here panics where it
//! cannot go on: it runs in tests and benchmarks only.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

pub mod database;
pub mod hash;
mod mariadb;
pub mod rsa;
pub mod wait;
pub mod workerd;
mod wrangler;

use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;

pub use mariadb::MariaDb;
pub use workerd::Workerd;
pub use wrangler::Wrangler;
pub use xtask_host::process::root;

/// A folder for what the tests of this checkout leave behind, wherever the checkout is now.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn scratch_folder() -> PathBuf {
    let folder = root().join("target/tmp");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A new and empty folder for a test.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn empty_folder(name: &str) -> PathBuf {
    let folder = scratch_folder().join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A port of 127.0.0.1 that nobody uses at the moment.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A variable that `cargo xtask test` sets.
///
/// # Panics
/// When it is not set.
#[must_use]
pub fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run the tests with `cargo xtask test`"))
}

/// Says why a test ends without having tested anything; in CI it fails instead. `cargo xtask test`
/// counts these lines.
///
/// # Panics
/// In CI.
pub fn lacks(what: &str) {
    assert!(std::env::var("CI").is_err(), "{what}");
    skipped(what);
}

/// Says why a test ends without having tested anything. `cargo xtask test` counts these lines.
///
/// # Panics
/// When nothing can be said.
pub fn skipped(why: &str) {
    // Past the capture of the test harness, on a line of its own.
    let mut output = std::io::stdout().lock();
    writeln!(output, "\nskipped: {why}").expect("standard output");
}
