//! A MySQL client for one short conversation over any byte stream.
//!
//! Three layers, each ignorant of the one above it:
//!
//! * `packet`: bytes to packets and back, sequence numbers, size limits;
//! * `handshake`: greeting to authenticated, and what was negotiated on the way;
//! * `connection`: `COM_QUERY` and its reply, `COM_QUIT`.
//!
//! [`Statement`] is the only thing a connection sends: the text protocol is all that Hyperdrive
//! passes on, so parameters are written into the statement, as hexadecimal literals and digits.
//! This module imports nothing from the rest of the crate.

mod authentication;
mod connection;
mod credentials;
mod error;
mod handshake;
mod packet;
mod row;
mod sql;
mod statement;
mod template;

pub use connection::{Affected, Connection};
pub use credentials::Credentials;
pub use error::{Error, ServerError};
pub use row::{Cell, Row};
pub use sql::{Argument, Sql, Value};
pub use statement::Statement;
pub use template::Template;
