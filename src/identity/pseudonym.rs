//! Keyed pseudonyms that stand for e-mails in the login budgets and the log, and for networks in
//! the login budgets.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::session_id::SessionId;

/// A keyed hash of an e-mail, whether or not a user has it. Without the key, the e-mail cannot be
/// found even by trying all e-mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountPseudonym([u8; 16]);

impl AccountPseudonym {
    /// Returns the hash as it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for AccountPseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A keyed hash of a network and an account. Without the key, it reveals neither the network nor
/// whether two accounts were tried from the same network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkPseudonym([u8; 8]);

impl NetworkPseudonym {
    /// Returns the hash as it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The groups of the devices of an account. Each has one budget of failed logins, so that old
/// sessions, of which an account can have any number, do not bring as many guesses.
pub const DEVICES: u8 = 12;

/// A keyed hash of one of [`DEVICES`] groups of devices, and an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevicePseudonym([u8; 8]);

impl DevicePseudonym {
    /// Returns the hash as it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Makes [`AccountPseudonym`]s, [`DevicePseudonym`]s and [`NetworkPseudonym`]s.
pub struct Pseudonyms {
    accounts: Hmac<Sha256>,
    networks: Hmac<Sha256>,
    devices: Hmac<Sha256>,
}

/// The keys of the pseudonyms could not be derived. HKDF fails for overlong output only, and HMAC
/// takes keys of any length, so this does not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no keys can be derived from SECRET_KEY")]
pub struct DerivationError;

impl Pseudonyms {
    /// Derives the keys from `SECRET_KEY`, one for each kind of pseudonym (HKDF, RFC 5869).
    ///
    /// # Errors
    /// [`DerivationError`], which does not happen.
    pub fn new(secret_key: &str) -> Result<Self, DerivationError> {
        let derivation = Hkdf::<Sha256>::new(None, secret_key.as_bytes());
        let derive = |purpose: &[u8]| {
            let mut key = Zeroizing::new([0; 32]);
            let derived = derivation.expand(purpose, &mut *key);
            derived.map_err(|_| DerivationError)?;
            Hmac::new_from_slice(&*key).map_err(|_| DerivationError)
        };
        Ok(Self {
            accounts: derive(b"gatehouse account keys")?,
            networks: derive(b"gatehouse network keys")?,
            devices: derive(b"gatehouse device keys")?,
        })
    }

    /// Returns the pseudonym of an e-mail, given in its canonical form or as an old row holds it.
    #[must_use]
    pub fn account(&self, email: &str) -> AccountPseudonym {
        AccountPseudonym(start_of_mac(&self.accounts, &[email.as_bytes()]))
    }

    /// Returns the pseudonym of a network, given as [`crate::http::address::Network`] displays it.
    #[must_use]
    pub fn network(&self, account: &AccountPseudonym, network: &str) -> NetworkPseudonym {
        NetworkPseudonym(start_of_mac(
            &self.networks,
            &[&account.0, network.as_bytes()],
        ))
    }

    /// Returns the pseudonym of a device that had a session of an account.
    #[must_use]
    pub fn device(&self, account: &AccountPseudonym, session: SessionId) -> DevicePseudonym {
        let [hash] = start_of_mac(&self.devices, &[session.as_bytes()]);
        let group = hash % DEVICES;
        DevicePseudonym(start_of_mac(&self.devices, &[&account.0, &[group]]))
    }
}

/// Returns the first `N` bytes (at most 32) of the HMAC of all parts.
fn start_of_mac<const N: usize>(key: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; N] {
    let mut mac = key.clone();
    for part in parts {
        mac.update(part);
    }
    let digest = mac.finalize().into_bytes();
    let mut start = [0; N];
    for (byte, digit) in start.iter_mut().zip(digest) {
        *byte = digit;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::email::Lookup;

    fn key(secret: &str, email: &str) -> AccountPseudonym {
        let keys = Pseudonyms::new(secret).unwrap();
        keys.account(Lookup::new(email).canonical())
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
    fn a_network_has_another_key_for_each_account_and_secret() {
        let network = |secret, email, network| {
            let keys = Pseudonyms::new(secret).unwrap();
            let account = keys.account(email);
            keys.network(&account, network)
        };
        let key = network("secret", "ada@example.com", "192.0.2.7");
        assert_eq!(network("secret", "ada@example.com", "192.0.2.7"), key);
        for other in [
            network("secret", "ada@example.com", "192.0.2.8"),
            network("secret", "bob@example.com", "192.0.2.7"),
            network("another secret", "ada@example.com", "192.0.2.7"),
        ] {
            assert_ne!(other, key);
        }
    }

    #[test]
    fn pseudonyms_that_are_stored_stay_the_same_from_version_to_version() {
        // Computed in Python by RFC 5869 and RFC 2104, from `hmac` and `hashlib`.
        let keys = Pseudonyms::new("secret").unwrap();
        let account = keys.account("ada@example.com");
        let network = keys.network(&account, "192.0.2.7");
        assert_eq!(account.to_string(), "a5ac1d6db16721555bb92b4695ff52ca");
        assert_eq!(hex::encode(network.as_bytes()), "e64ccbfa20920013");
    }

    #[test]
    fn a_key_shows_nothing_of_the_address() {
        let shown = format!("{}", key("secret", "ada@example.com"));
        assert_eq!(shown.len(), 32);
        assert!(shown.bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
