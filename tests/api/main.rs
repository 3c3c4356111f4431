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

mod breaches;
mod charsets;
mod columns;
mod constraints;
mod cors;
mod drain;
mod faults;
mod headers;
mod health;
mod http;
mod ids;
mod isolation;
mod keys;
mod legacy;
mod limits;
mod login;
mod logs;
mod me;
mod naughty;
mod privileges;
mod register;
mod restart;
mod settings;
mod soak;
mod spellings;
mod statements;
mod throttle;
mod timing;
mod update;
mod upgrade;
mod verifying;
