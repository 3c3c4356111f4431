//! The API as its clients see it, over HTTP.
//!
//! The same tests run against the router in this process and against the built Worker in workerd
//! (`TEST_TARGET=workerd`), each with a real database. `cargo xtask test` sets everything up.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails, on a machine that has clocks and an environment"
)]

mod support;

mod auth;
mod browser;
mod cluster;
mod contract;
mod database;
mod http;
mod native;
mod user;
mod workerd;
