//! A MySQL client for a few statements over any byte stream.
//!
//! It has three layers, none of which uses the one above it:
//!
//! * `packet`: framing, sequence numbers and size limits;
//! * `handshake`: the greeting, the negotiated capabilities and authentication;
//! * `connection`: `COM_QUERY` and its reply, and `COM_QUIT`.
//!
//! A connection runs nothing but [`Statement`]s. Hyperdrive forwards only MySQL's text protocol,
//! which has no parameters, so they are written into the statement as hexadecimal literals and
//! digits. This module imports nothing from the rest of the crate.

mod authentication;
mod connection;
mod credentials;
mod error;
mod handshake;
mod packet;
mod row;
mod rsa;
mod sql;
mod statement;
mod template;

pub use connection::{Affected, Connection};
pub use credentials::Credentials;
pub use error::{Error, ServerError};
pub use row::{Cell, Row};
pub use rsa::RsaOaep;
pub use sql::{Argument, Sql, Value};
pub use statement::Statement;
pub use template::Template;
