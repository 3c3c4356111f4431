//! bcrypt, as the replaced system stored it: plain, and passlib's `bcrypt_sha256` in its two
//! versions. Only read: new hashes are argon2id.

use base64ct::{Base64, Encoding as _};
use bcrypt::HashParts;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// What a stored hash may cost, as a power of two of rounds: bcrypt has no less than 4, and 12,
/// passlib's default, takes about 350 ms in wasm.
const COST: std::ops::RangeInclusive<u32> = 4..=13;

/// A stored hash taken apart, its cost within bounds.
pub(super) struct Stored {
    /// `$2b$..$` and so on, whatever form it had in the table.
    hash: String,
    prehash: Prehash,
}

/// What is done to a password before bcrypt, which takes 72 bytes and ends at a NUL.
enum Prehash {
    None,
    /// `bcrypt_sha256` version 1.
    Sha256,
    /// `bcrypt_sha256` version 2: keyed with the salt as it is written.
    HmacSha256 {
        salt: String,
    },
}

impl Stored {
    /// Reads a stored hash; none for anything but one of these forms at a bearable cost.
    pub(super) fn parse(stored: &str) -> Option<Self> {
        let (hash, prehash) = match stored.strip_prefix("$bcrypt-sha256$") {
            None => (stored.to_owned(), Prehash::None),
            Some(rest) => parse_sha256(rest)?,
        };
        let known = ["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|prefix| hash.starts_with(prefix));
        let parts: HashParts = hash.parse().ok().filter(|_| known)?;
        let cost = parts.get_cost();
        // In its one spelling: `$2b$12$`.
        let bearable = COST.contains(&cost) && hash.get(3..7) == Some(&*format!("${cost:02}$"));
        bearable.then_some(Self { hash, prehash })
    }

    /// Whether a password is the one of the hash. bcrypt compares in constant time.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let encoded = match &self.prehash {
            Prehash::None => {
                // passlib refuses a NUL. It costs the same: a quick no would tell of the account.
                let verified = bcrypt::verify(password, &self.hash).unwrap_or(false);
                return verified && !password.contains(&0);
            }
            Prehash::Sha256 => Base64::encode_string(&Sha256::digest(password)),
            Prehash::HmacSha256 { salt } => {
                let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(salt.as_bytes()) else {
                    return false;
                };
                mac.update(password);
                Base64::encode_string(&mac.finalize().into_bytes())
            }
        };
        bcrypt::verify(encoded, &self.hash).unwrap_or(false)
    }
}

/// `v=2,t=2b,r=12$<salt>$<hash>` of version 2, `2b,12$<salt>$<hash>` of version 1.
fn parse_sha256(rest: &str) -> Option<(String, Prehash)> {
    let mut parts = rest.split('$');
    let (settings, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || salt.len() != 22 || hash.len() != 31 {
        return None;
    }
    let (ident, cost, prehash) = if let Some(settings) = settings.strip_prefix("v=2,t=") {
        let (ident, cost) = settings.split_once(",r=")?;
        let salt = salt.to_owned();
        (ident, cost, Prehash::HmacSha256 { salt })
    } else {
        let (ident, cost) = settings.split_once(',')?;
        (ident, cost, Prehash::Sha256)
    };
    // Written without a zero in front, which bcrypt's own form has.
    let number: u32 = cost
        .parse()
        .ok()
        .filter(|number: &u32| number.to_string() == cost)?;
    matches!(ident, "2a" | "2b").then(|| (format!("${ident}${number:02}${salt}{hash}"), prehash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verify(stored: &str, password: &str) -> Option<bool> {
        Stored::parse(stored).map(|stored| stored.verify(password.as_bytes()))
    }

    #[test]
    fn each_form_of_the_replaced_system_is_verified() {
        for stored in [
            "$bcrypt-sha256$v=2,t=2b,r=12$abcdefghijklmnopqrstuu$aP56a.SWvVzRr1c7jVmZnIGQHwjrhZe",
            "$bcrypt-sha256$2b,12$abcdefghijklmnopqrstuu$v2fnfVQklJlvU7qhfpno9h8rEbPjT2e",
        ] {
            assert_eq!(verify(stored, "correct horse"), Some(true), "{stored}");
            assert_eq!(verify(stored, "correct horse "), Some(false), "{stored}");
        }
    }

    #[test]
    fn plain_bcrypt_is_verified_with_each_of_its_prefixes() {
        let made = bcrypt::hash_with_salt("correct horse", 4, *b"a salt of a test");
        let hash = made.unwrap().to_string();
        for prefix in ["$2a$", "$2b$", "$2y$"] {
            let hash = hash.replace("$2b$", prefix);
            assert_eq!(verify(&hash, "correct horse"), Some(true));
            assert_eq!(verify(&hash, "correct horse\0"), Some(false));
            assert_eq!(verify(&hash, "correct Horse"), Some(false));
        }
        for (from, to) in [
            ("$2b$", "$2x$"),
            ("$04$", "$14$"),
            ("$04$", "$31$"),
            ("$04$", "$4$"),
            ("$04$", "$03$"),
            ("$04$", "$00$"),
            ("$04$", "$+4$"),
        ] {
            assert!(Stored::parse(&hash.replace(from, to)).is_none(), "{to}");
        }
        assert!(Stored::parse(&format!("{hash}\0")).is_none());
    }

    #[test]
    fn what_is_none_of_the_forms_or_costs_too_much_is_not_read() {
        let good =
            "$bcrypt-sha256$v=2,t=2b,r=12$abcdefghijklmnopqrstuu$aP56a.SWvVzRr1c7jVmZnIGQHwjrhZe";
        assert!(Stored::parse(good).is_some());
        for (from, to) in [
            ("r=12", "r=31"),
            ("r=12", "r=012"),
            ("r=12", "r=3"),
            ("r=12", "r=+9"),
            ("v=2", "v=3"),
            ("t=2b", "t=2y"),
            ("uu$", "u$"),
            ("hZe", "hZe$"),
            ("$bcrypt-sha256", "$bcrypt_sha256"),
        ] {
            assert!(Stored::parse(&good.replace(from, to)).is_none(), "{to}");
        }
        for stored in ["", "$2b$", "$bcrypt-sha256$", "$bcrypt-sha256$$$"] {
            assert!(Stored::parse(stored).is_none(), "{stored}");
        }
    }
}
