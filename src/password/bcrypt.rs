//! Stored bcrypt hashes of the replaced system: plain bcrypt and both versions of passlib's
//! `bcrypt_sha256`, in every spelling that passlib accepts. They are only verified; new hashes are
//! argon2id.

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Accepted costs of a stored hash, each the binary logarithm of the number of rounds. 4 is
/// bcrypt's minimum; 12, passlib's default, takes about 350 ms in wasm.
const COST: std::ops::RangeInclusive<u32> = 4..=13;

/// The number of bytes of a password that bcrypt uses.
const LOOKED_AT: usize = 72;

/// The digits of bcrypt's base64, in order of their values.
const DIGITS: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A parsed bcrypt hash whose cost is within the limits.
pub(super) struct BcryptHash {
    /// The hash as `$2b$12$` and 53 base64 digits, whatever its form in the table.
    hash: String,
    prehash: Prehash,
}

/// The transformation of a password before bcrypt, which uses 72 bytes and stops at a NUL.
enum Prehash {
    None,
    /// `$2$`: the password is repeated, without the terminating NUL of later versions.
    Repeat,
    /// `bcrypt_sha256` version 1: the base64 of the password's SHA-256.
    Sha256,
    /// `bcrypt_sha256` version 2: the base64 of an HMAC-SHA-256 keyed with the encoded salt.
    HmacSha256 {
        salt: String,
    },
}

impl BcryptHash {
    /// Parses a stored hash. Returns `None` if its format is unknown or it costs too much.
    pub(super) fn parse(stored: &str) -> Option<Self> {
        match stored.strip_prefix("$bcrypt-sha256$") {
            None => parse_plain(stored),
            Some(rest) => parse_sha256(rest),
        }
    }

    fn new(cost: u32, salt: &str, checksum: &str, prehash: Prehash) -> Option<Self> {
        let (salt, checksum) = (clear_spare_bits(salt, 4)?, clear_spare_bits(checksum, 2)?);
        // passlib keys the HMAC of version 2 with the salt after clearing its spare bits.
        let prehash = match prehash {
            Prehash::HmacSha256 { .. } => Prehash::HmacSha256 { salt: salt.clone() },
            other => other,
        };
        let hash = format!("$2b${cost:02}${salt}{checksum}");
        (COST.contains(&cost) && salt.len() == 22 && checksum.len() == 31)
            .then_some(Self { hash, prehash })
    }

    /// Returns true if the password matches the hash. bcrypt compares in constant time.
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let encoded = match &self.prehash {
            Prehash::None => {
                // passlib refuses a NUL. Hash first, because a faster answer would reveal that the
                // account exists.
                return self.is_hash_of(password) && !password.contains(&0);
            }
            Prehash::Repeat => {
                let times = LOOKED_AT.div_ceil(password.len().max(1));
                let repeated = Zeroizing::new(password.repeat(times));
                return self.is_hash_of(&repeated) && !password.contains(&0);
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
        self.is_hash_of(encoded.as_bytes())
    }

    fn is_hash_of(&self, bytes: &[u8]) -> bool {
        ::bcrypt::verify(bytes, &self.hash).unwrap_or(false)
    }

    /// Returns true if a match proves the whole password, so that it may be rehashed. Plain bcrypt
    /// ignores everything after 72 bytes, and a `$2$` hash of `ab` also matches `abab`.
    pub(super) fn proves(&self, password: &[u8]) -> bool {
        match self.prehash {
            Prehash::None => password.len() < LOOKED_AT,
            Prehash::Repeat => false,
            Prehash::Sha256 | Prehash::HmacSha256 { .. } => true,
        }
    }
}

/// Parses `$2b$12$<salt><hash>`, also with `2`, `2a` and `2y`. (`2x` marks hashes of a faulty
/// implementation, which passlib does not verify.)
fn parse_plain(stored: &str) -> Option<BcryptHash> {
    let mut parts = stored.strip_prefix('$')?.split('$');
    let (ident, cost, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let prehash = match ident {
        "2a" | "2b" | "2y" => Prehash::None,
        "2" => Prehash::Repeat,
        _ => return None,
    };
    let (salt, checksum) = rest.split_at_checked(22)?;
    let number: u32 = cost.parse().ok()?;
    let whole = parts.next().is_none() && format!("{number:02}") == cost;
    whole.then(|| BcryptHash::new(number, salt, checksum, prehash))?
}

/// Parses `v=2,t=2b,r=12$<salt>$<hash>` (version 2) or `2b,12$<salt>$<hash>` (version 1), each with
/// an optional newline at the end.
fn parse_sha256(rest: &str) -> Option<BcryptHash> {
    let rest = rest.strip_suffix('\n').unwrap_or(rest);
    let mut parts = rest.split('$');
    let (settings, salt, checksum) = (parts.next()?, parts.next()?, parts.next()?);
    let (cost, known, prehash) = if let Some(settings) = settings.strip_prefix("v=") {
        let (version, cost) = settings.split_once(",t=2b,r=")?;
        // passlib parses the version with Python's `int`, which accepts leading zeros.
        let known = version.trim_start_matches('0') == "2";
        let salt = salt.to_owned();
        (cost, known, Prehash::HmacSha256 { salt })
    } else {
        let (ident, cost) = settings.split_once(',')?;
        (cost, matches!(ident, "2a" | "2b"), Prehash::Sha256)
    };
    // Unlike plain bcrypt, this format writes the cost without a leading zero.
    let number: u32 = cost.parse().ok()?;
    let whole = known && parts.next().is_none() && number.to_string() == cost;
    whole.then(|| BcryptHash::new(number, salt, checksum, prehash))?
}

/// Clears the spare bits of the last base64 digit, which belong to no byte. Old versions of passlib
/// set them at random; other versions ignore them.
fn clear_spare_bits(digits: &str, bits: u32) -> Option<String> {
    let value = |digit: u8| DIGITS.iter().position(|&other| other == digit);
    let (last, rest) = digits.as_bytes().split_last()?;
    let last = *DIGITS.get(value(*last)? >> bits << bits)?;
    let mut cleared = String::with_capacity(digits.len());
    for &digit in rest {
        value(digit)?;
        cleared.push(digit.into());
    }
    cleared.push(last.into());
    Some(cleared)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verify(stored: &str, password: &str) -> Option<bool> {
        BcryptHash::parse(stored).map(|stored| stored.verify(password.as_bytes()))
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

    /// A plain hash of `correct horse`.
    fn plain() -> String {
        let made = ::bcrypt::hash_with_salt("correct horse", 4, *b"a salt of a test");
        made.unwrap().to_string()
    }

    #[test]
    fn plain_bcrypt_is_verified_with_each_of_its_prefixes() {
        for prefix in ["$2a$", "$2b$", "$2y$"] {
            let hash = plain().replace("$2b$", prefix);
            assert_eq!(verify(&hash, "correct horse"), Some(true));
            assert_eq!(verify(&hash, "correct horse\0"), Some(false));
            assert_eq!(verify(&hash, "correct Horse"), Some(false));
        }
    }

    #[test]
    fn only_a_hash_that_no_other_password_matches_proves_one() {
        let proves = |stored: &str, length| {
            let stored = BcryptHash::parse(stored).unwrap();
            stored.proves("x".repeat(length).as_bytes())
        };
        assert!(proves(&plain(), 71));
        assert!(!proves(&plain(), 72), "it may be the start of a longer one");
        assert!(!proves(&plain(), 73));
        assert!(!proves(&plain().replace("$2b$", "$2$"), 8));
        let wrapped = "$bcrypt-sha256$2b,12$abcdefghijklmnopqrstuu$v2fnfVQklJlvU7qhfpno9h8rEbPjT2e";
        assert!(proves(wrapped, 200));
    }

    #[test]
    fn what_costs_too_much_is_not_read() {
        for cost in ["14", "31"] {
            assert!(BcryptHash::parse(&plain().replace("$04$", &format!("${cost}$"))).is_none());
        }
        let good =
            "$bcrypt-sha256$v=2,t=2b,r=12$abcdefghijklmnopqrstuu$aP56a.SWvVzRr1c7jVmZnIGQHwjrhZe";
        assert!(BcryptHash::parse(good).is_some());
        assert!(BcryptHash::parse(&good.replace("r=12", "r=14")).is_none());
    }

    proptest! {
        #[test]
        fn nothing_stored_makes_it_panic(
            stored in "\\$?(2[abxy]?|bcrypt-sha256)?\\$?[v=0-9,trb2$]{0,20}\\$?[./A-Za-z0-9é]{0,60}"
        ) {
            BcryptHash::parse(&stored);
        }
    }
}
