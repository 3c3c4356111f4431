//! Access tokens: signed JSON Web Tokens, verified without a database query; and refresh tokens.
//!
//! One key signs and any number of others verify, so that keys can be changed without anybody
//! having to log in again. `jwt-compact` provides the cryptography. Before it is used, `strict`
//! refuses every token that a lenient parser might read in two ways.

mod access;
mod error;
mod key;
mod keyring;
mod legacy;
mod refresh;
mod strict;
mod typ;

pub use access::{AccessToken, Settings, Subject, Tokens, verify_signature};
pub use error::{SigningError, TokenError};
pub use key::{Algorithm, Jwk, Key};
pub use keyring::{Keyring, KeyringError};
pub use refresh::{RefreshKeys, RefreshToken};
pub use typ::Type;

#[cfg(test)]
mod tests;
