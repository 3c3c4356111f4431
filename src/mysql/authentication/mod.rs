//! The client side of MySQL's authentication plugins, without I/O: a challenge in, a response out.
//!
//! `mysql_common` computes the scrambles and the RSA encryption. Its own plugin state machines are
//! not used: they read the server's RSA key with a regular expression, panic on a malformed key,
//! and would send the password in clear text (`mysql_clear_password`) over any transport.

use mysql_common::auth::plugins::{
    caching_sha2_password::scramble_sha256, mysql_native_password::scramble_native,
};
use mysql_common::crypto::rsa::{GetRandom, Pkcs1OaepPadding, PublicKey};
use num_bigint::BigUint;
use spki::{SubjectPublicKeyInfoRef, der::Decode as _, der::Document};

use super::Error;

/// Length of the server's challenge, in bytes.
pub(super) const NONCE: usize = 20;

/// `caching_sha2_password`: the client's request for the server's public key.
const REQUEST_PUBLIC_KEY: u8 = 2;
/// `caching_sha2_password`: the response matched the server's cache; an OK packet follows.
const FAST_AUTH_SUCCESS: u8 = 3;
/// `caching_sha2_password`: the server needs the password itself.
const PERFORM_FULL_AUTHENTICATION: u8 = 4;

/// Accepted sizes of an RSA modulus, in bytes (2048 to 8192 bits).
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;
/// Bytes of the modulus that the message must leave free. OAEP with SHA-1 takes 41 of them; at
/// exactly 41, a subtraction in `mysql_common` overflows, hence one more.
const OAEP_OVERHEAD: usize = 42;

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
                encrypt(self.password, self.nonce, pem).map(Answer::Send)
            }
            _ => Err(Error::Protocol("unexpected authentication data")),
        }
    }
}

/// Masks the password and a final NUL with the challenge (XOR), and encrypts the result with the
/// server's RSA key.
fn encrypt(password: &[u8], nonce: [u8; NONCE], pem: &[u8]) -> Result<Vec<u8>, Error> {
    let key = public_key(pem).ok_or(Error::Protocol("an RSA key that cannot be read"))?;
    let message: Vec<u8> = password
        .iter()
        .chain(&[0])
        .zip(nonce.iter().cycle())
        .map(|(byte, mask)| byte ^ mask)
        .collect();
    if message.len() > key.num_octets() - OAEP_OVERHEAD {
        return Err(Error::Unsupported(
            "RSA encryption of a password that is too long for its key".into(),
        ));
    }
    key.encrypt_block(message, Pkcs1OaepPadding::new(GetRandom))
        .map_err(|error| Error::Io(std::io::Error::other(error.to_string())))
}

/// Reads a PEM public key, or returns `None` if it is malformed or not fit for encryption.
fn public_key(pem: &[u8]) -> Option<PublicKey> {
    let (_, document) = Document::from_pem(std::str::from_utf8(pem).ok()?).ok()?;
    let info = SubjectPublicKeyInfoRef::from_der(document.as_bytes()).ok()?;
    let key = pkcs1::RsaPublicKeyRef::from_der(info.subject_public_key.as_bytes()?).ok()?;
    let (modulus, exponent) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
    // An RSA modulus and exponent are odd. An exponent over 32 bits would only cost time.
    let sound = MODULUS.contains(&modulus.len())
        && (1..=4).contains(&exponent.len())
        && [modulus, exponent]
            .iter()
            .all(|number| number.last().is_some_and(|byte| byte & 1 == 1));
    let key = PublicKey::new(
        BigUint::from_bytes_be(modulus),
        BigUint::from_bytes_be(exponent),
    );
    (sound && MODULUS.contains(&key.num_octets())).then_some(key)
}

#[cfg(test)]
mod tests;
