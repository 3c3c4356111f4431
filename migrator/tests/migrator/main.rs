//! Migrations on a real server: the private one that `cargo xtask test` starts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod files;
mod own;
mod scene;
