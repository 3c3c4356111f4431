//! Access tokens: signed JSON Web Tokens, verified without asking anyone.
//!
//! One key signs, and any number of others verify, so that keys can be changed without anybody
//! having to log in again. `jwt-compact` computes; before anything is made of a token's content,
//! `strict` refuses what a lenient parser might read in two ways.

mod access;
mod error;
mod key;
mod keyring;
mod legacy;
mod strict;
mod typ;

pub use access::{AccessToken, Settings, Subject, Tokens, verify_signature};
pub use error::{SigningError, TokenError};
pub use key::{Algorithm, Jwk, Key};
pub use keyring::{Keyring, KeyringError};
pub use typ::Type;

#[cfg(test)]
mod tests;
