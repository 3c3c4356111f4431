//! The client side of MySQL's authentication plugins, without I/O: a challenge in, a response out.
//!
//! `mysql_common` computes the scrambles. Its own plugin state machines are not used: they read the
//! server's RSA key with a regular expression, panic on a malformed key, and would send the
//! password in clear text (`mysql_clear_password`) over any transport.

mod key;

use mysql_common::auth::plugins::{
    caching_sha2_password::scramble_sha256, mysql_native_password::scramble_native,
};

use self::key::PublicKey;
use super::Error;

/// Length of the server's challenge, in bytes.
pub(super) const NONCE: usize = 20;

/// `caching_sha2_password`: the client's request for the server's public key.
const REQUEST_PUBLIC_KEY: u8 = 2;
/// `caching_sha2_password`: the response matched the server's cache; an OK packet follows.
const FAST_AUTH_SUCCESS: u8 = 3;
/// `caching_sha2_password`: the server needs the password itself.
const PERFORM_FULL_AUTHENTICATION: u8 = 4;

/// The authentication plugins that this client implements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plugin {
    /// `mysql_native_password`: two rounds of SHA-1.
    Native,
    /// `caching_sha2_password`: SHA-256 when the server has the password cached, RSA otherwise.
    CachingSha2,
}

impl Plugin {
    /// The plugin with the name that the server sent, or `None` if this client does not have it.
    pub(super) fn by_name(name: &[u8]) -> Option<Self> {
        match name {
            b"mysql_native_password" => Some(Self::Native),
            b"caching_sha2_password" => Some(Self::CachingSha2),
            _ => None,
        }
    }
}

/// The client's next step after an authentication packet from the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Send this payload.
    Send(Vec<u8>),
    /// Encrypt `message` with the server's key, and send the result.
    Encrypt {
        /// The key, a DER `SubjectPublicKeyInfo`.
        spki: Vec<u8>,
        message: Vec<u8>,
    },
    /// Send nothing and read the server's next packet.
    Wait,
}

/// The kind of authentication data that the plugin expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expects {
    CacheState,
    PublicKey,
    Nothing,
}

/// The state of one plugin while it authenticates a connection.
pub(super) struct Authentication<'a> {
    plugin: Plugin,
    expects: Expects,
    nonce: [u8; NONCE],
    password: &'a [u8],
}

impl<'a> Authentication<'a> {
    /// Starts a plugin with the server's challenge.
    ///
    /// # Errors
    /// [`Error::Protocol`] if the challenge, without its optional final NUL, is not 20 bytes long.
    pub(super) fn new(plugin: Plugin, challenge: &[u8], password: &'a [u8]) -> Result<Self, Error> {
        let challenge = match challenge {
            [nonce @ .., 0] if nonce.len() == NONCE => nonce,
            other => other,
        };
        let nonce = challenge
            .try_into()
            .map_err(|_| Error::Protocol("a challenge that is not 20 bytes"))?;
        let expects = match plugin {
            Plugin::Native => Expects::Nothing,
            Plugin::CachingSha2 => Expects::CacheState,
        };
        Ok(Self {
            plugin,
            expects,
            nonce,
            password,
        })
    }

    /// The first response to the challenge; empty for an empty password.
    pub(super) fn scramble(&self) -> Vec<u8> {
        match self.plugin {
            Plugin::Native => scramble_native(&self.nonce, self.password).map(Vec::from),
            Plugin::CachingSha2 => scramble_sha256(&self.nonce, self.password).map(Vec::from),
        }
        .unwrap_or_default()
    }

    /// Handles an `AuthMoreData` packet, given without its leading 0x01.
    pub(super) fn more(&mut self, data: &[u8]) -> Result<Answer, Error> {
        match (self.expects, data) {
            (Expects::CacheState, [FAST_AUTH_SUCCESS]) => {
                self.expects = Expects::Nothing;
                Ok(Answer::Wait)
            }
            (Expects::CacheState, [PERFORM_FULL_AUTHENTICATION]) => {
                self.expects = Expects::PublicKey;
                Ok(Answer::Send(vec![REQUEST_PUBLIC_KEY]))
            }
            (Expects::PublicKey, pem) => {
                self.expects = Expects::Nothing;
                encrypted(self.password, self.nonce, pem)
            }
            _ => Err(Error::Protocol("unexpected authentication data")),
        }
    }
}

/// Masks the password and a final NUL with the challenge (XOR), to be encrypted with the server's
/// RSA key.
fn encrypted(password: &[u8], nonce: [u8; NONCE], pem: &[u8]) -> Result<Answer, Error> {
    let key = PublicKey::from_pem(pem).ok_or(Error::Protocol("an RSA key that cannot be read"))?;
    let message: Vec<u8> = password
        .iter()
        .chain(&[0])
        .zip(nonce.iter().cycle())
        .map(|(byte, mask)| byte ^ mask)
        .collect();
    if message.len() > key.capacity() {
        return Err(Error::Unsupported(
            "RSA encryption of a password that is too long for its key".into(),
        ));
    }
    Ok(Answer::Encrypt {
        spki: key.into_spki(),
        message,
    })
}

#[cfg(test)]
mod tests;
