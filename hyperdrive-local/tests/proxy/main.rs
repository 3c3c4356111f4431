//! Drivers that speak to a local Hyperdrive.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod clients;
mod counters;
mod faults;
mod pool;
mod refusals;
