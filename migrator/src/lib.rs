//! Migrations: numbered SQL files, each applied once to a MySQL or MariaDB database.
//!
//! [`Migrations::read`] reads a folder, [`Migrations::apply`] brings a database up to date, and
//! [`Migrations::plan`] says what that would take. What was applied is recorded, with a checksum, in
//! the table `gatehouse_migration`. Runs at the same time wait for each other.
//!
//! The runners on crates.io take no lock on MySQL, so this is our own.

mod database;
mod error;
mod files;
mod notes;

pub use database::Plan;
pub use error::Error;
pub use files::{FORMER, Migration, Migrations};
pub use notes::notes;
