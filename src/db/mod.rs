//! Connections with timeouts and retries, and the SQL statements, one module for each table.

/// SQL for a text column as UTF-8 bytes, independent of the connection's character set.
///
/// A server may override the character set of the handshake (`character_set_client_handshake`,
/// `init_connect`), and `SET NAMES` would cost each connection one more statement. A binary result
/// is never converted.
macro_rules! utf8 {
    ($column:literal) => {
        concat!("CAST(CONVERT(`", $column, "` USING utf8mb4) AS BINARY)")
    };
}

mod database;
mod error;
pub mod login_session;
pub mod login_throttle;
mod retry;
pub mod schema;
mod session;
pub mod user;

pub use database::{Database, Timeouts};
pub use error::Error;
pub use retry::Observer;
pub use session::Session;
