//! Processes and servers on this machine, for xtask and for the tests: [`process`] runs programs
//! that end with whoever started them, [`mariadb`] serves a private database, and [`private`] writes
//! what is nobody else's business.

pub mod mariadb;
pub mod private;
pub mod process;
