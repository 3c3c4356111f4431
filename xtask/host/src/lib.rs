//! Processes and servers on this machine, for xtask and for the tests: [`process`] runs programs
//! that end with whoever started them, [`mariadb`] serves a private database,
//! [`cluster`] three of them as one, and [`private`] writes
//! what is nobody else's business.

pub mod cluster;
pub mod mariadb;
pub mod private;
pub mod process;
