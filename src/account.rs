//! The name of an account where its e-mail must not stand: in the counters and in the log.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A keyed hash of an e-mail, whether or not anybody has it: without the key
/// nobody can tell which e-mail it was, not even by trying all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountKey([u8; 16]);

impl AccountKey {
    /// The hash, as it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Makes [`AccountKey`]s.
pub struct AccountKeys(Zeroizing<[u8; 32]>);

impl AccountKeys {
    /// Derives the key from `SECRET_KEY`, for this purpose alone (HKDF, RFC 5869).
    ///
    /// # Errors
    /// A sentence, which HKDF has for keys of more than 8160 bytes only.
    pub fn new(secret_key: &str) -> Result<Self, String> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, secret_key.as_bytes())
            .expand(b"gatehouse account keys", &mut *key)
            .map_err(|error| error.to_string())?;
        Ok(Self(key))
    }

    /// The key of an e-mail: of the canonical form, or of the one that an old row has.
    ///
    /// # Errors
    /// A sentence, which HMAC has for no key.
    pub fn key(&self, email: &str) -> Result<AccountKey, String> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&*self.0).map_err(|error| error.to_string())?;
        mac.update(email.as_bytes());
        let digest = mac.finalize().into_bytes();
        let start = digest.first_chunk().copied();
        start
            .map(AccountKey)
            .ok_or_else(|| "a short digest".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::Lookup;

    fn key(secret: &str, email: &str) -> AccountKey {
        let keys = AccountKeys::new(secret).unwrap();
        keys.key(Lookup::new(email).canonical()).unwrap()
    }

    #[test]
    fn spellings_of_one_address_share_a_key_and_others_do_not() {
        let ada = key("secret", "ada@example.com");
        for same in ["ADA@Example.COM", " ada@example.com\n"] {
            assert_eq!(key("secret", same), ada);
        }
        for other in [
            "bob@example.com",
            "ad\u{e1}@example.com",
            "ada+x@example.com",
            "",
        ] {
            assert_ne!(key("secret", other), ada);
        }
        assert_ne!(key("another secret", "ada@example.com"), ada);
    }

    #[test]
    fn a_key_shows_nothing_of_the_address() {
        let shown = format!("{}", key("secret", "ada@example.com"));
        assert_eq!(shown.len(), 32);
        assert!(shown.bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
