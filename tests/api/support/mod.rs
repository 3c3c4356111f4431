//! An API to test: started on a port of its own, with a database of its own.

pub(crate) mod answer;
mod app;
pub(crate) mod budgets;
mod builder;
pub(crate) mod client;
pub(crate) mod contract;
pub(crate) mod database;
pub(crate) mod dialect;
pub(crate) mod front;
pub(crate) mod hyperdrive;
pub(crate) mod ledger;
pub(crate) mod lossy;
mod native;
pub(crate) mod programs;
pub(crate) mod python;
pub(crate) mod race;
pub(crate) mod raw;
pub(crate) mod request;
mod user;
mod workerd;

use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(crate) use answer::Answer;
pub(crate) use app::App;
pub(crate) use builder::{Builder, Limits, Reaches};
pub(crate) use user::User;

/// A password that every policy accepts.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The key of all apps under test.
pub(crate) const SECRET_KEY: &str = "a secret of the tests, 0123456789abcdef";

/// Whether the Worker in workerd is tested, and not the router in this process.
pub(crate) fn in_workerd() -> bool {
    std::env::var("TEST_TARGET").is_ok_and(|target| target == "workerd")
}

/// Prints a figure, which a passing test's output would not show.
pub(crate) fn figure(text: &str) {
    let target = if in_workerd() { "workerd" } else { "native" };
    // Past the capture of the test harness.
    writeln!(std::io::stderr(), "  {target}: {text}").expect("standard error");
}

/// Waits for something that happens after an answer.
#[track_caller]
pub(crate) fn eventually(condition: impl AsyncFn() -> bool) -> impl Future<Output = ()> {
    testkit::wait::until(Duration::from_secs(10), condition)
}

/// An e-mail that no other test uses.
pub(crate) fn unique_email() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("user{count}.{}@example.com", std::process::id())
}
