//! The keys of the tokens: one signs, all verify.

use super::key::{Jwk, Key};

/// The keys that verify tokens, one of which also signs. With several keys, the signing key can be
/// changed without anybody having to log in again.
#[derive(Clone)]
pub struct Keyring {
    signing: Key,
    others: Vec<Key>,
}

/// The reason for refusing to add a key to a keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The same key is already there for another algorithm (RFC 8725, 3.1).
    #[error("is a key that another algorithm has already")]
    OtherAlgorithm,
    /// A shared secret is the text of a public key, so that anybody could sign (CVE-2015-9235).
    #[error("has the text of a public key as a secret")]
    PublicText,
}

impl Keyring {
    /// Creates a keyring with the key that signs.
    #[must_use]
    pub fn new(signing: Key) -> Self {
        Self {
            signing,
            others: Vec::new(),
        }
    }

    /// Adds a key that verifies. Adding the same key again changes nothing.
    ///
    /// # Errors
    /// [`KeyringError`] if the key must not be used beside those of the keyring.
    pub fn add(&mut self, key: Key) -> Result<(), KeyringError> {
        if let Some(same) = self.iter().find(|other| other.is_same(&key)) {
            let is_alike = same.algorithm() == key.algorithm();
            return is_alike.then_some(()).ok_or(KeyringError::OtherAlgorithm);
        }
        let is_text = |other: &Key| key.is_text_of(other) || other.is_text_of(&key);
        if self.iter().any(is_text) {
            return Err(KeyringError::PublicText);
        }
        self.others.push(key);
        Ok(())
    }

    /// The key that signs.
    #[must_use]
    pub fn signing(&self) -> &Key {
        &self.signing
    }

    /// All keys, the one that signs first.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.signing).chain(&self.others)
    }

    /// The key with this `kid`.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Key> {
        self.iter().find(|key| key.id() == id)
    }

    /// The public halves of the key pairs, for a JWK Set (RFC 7517, 5).
    #[must_use]
    pub fn public_keys(&self) -> Vec<Jwk> {
        self.iter().filter_map(Key::jwk).collect()
    }
}
