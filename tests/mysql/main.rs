//! The MySQL client: against a scripted server, byte by byte, and against real ones.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, on a machine that has clocks and an environment"
)]

mod handshake;
mod hear;
mod live;
mod networks;
mod replies;
mod script;
mod sessions;
mod throttle;
