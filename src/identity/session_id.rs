//! The id of a session.

use std::fmt;

use serde::{Serialize, Serializer};

/// The id of a session: 16 random bytes, written as 32 hexadecimal digits. It is not a secret: it is
/// in access tokens, and proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// Creates a random id.
    ///
    /// # Errors
    /// If the system's random number generator fails.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut id = [0; 16];
        getrandom::fill(&mut id)?;
        Ok(Self(id))
    }

    /// Parses an id in its only spelling, 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut id = [0; 16];
        hex::decode_to_slice(text, &mut id).ok()?;
        let is_lower = !text.bytes().any(|c| c.is_ascii_uppercase());
        is_lower.then_some(Self(id))
    }

    /// Returns the bytes, as they are stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for SessionId {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        for no_id in [
            "",
            "00",
            "0123456789ABCDEF0123456789abcdef",
            "0123456789abcdef0123456789abcde",
            "0123456789abcdef0123456789abcdef0",
            "0123456789abcdef 123456789abcdef",
            "g123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(SessionId::parse(no_id), None, "{no_id:?}");
        }
    }

    proptest! {
        #[test]
        fn an_id_is_read_as_it_was_written(bytes in any::<[u8; 16]>()) {
            let id = SessionId::from(bytes);
            prop_assert_eq!(SessionId::parse(&id.to_string()), Some(id));
        }
    }
}
