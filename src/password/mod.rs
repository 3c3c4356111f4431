//! Passwords: the policy for new ones, hashing and verification.

mod argon2;
mod bcrypt;
mod breach;
mod common;
mod hasher;
mod memory;

use std::fmt;

use zeroize::Zeroizing;

use crate::identity::email::{Email, Lookup};
use crate::validation::Violation;

pub use breach::RangeQuery;
pub use hasher::{Cost, HashError, Hasher, Verdict};

/// The longest new password, in code points: enough for any passphrase, and cheap to hash.
const MAX_LENGTH: usize = 256;

/// The name of this service, which is refused as a password.
const SERVICE: &str = "gatehouse";

/// The configurable rules for a new password. [`Password::check`] adds the fixed ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The minimum length, in code points.
    pub min_length: usize,
    /// Words, in lower case, that are refused as the whole password.
    pub forbidden_words: Vec<String>,
}

/// A password exactly as the client sent it: never trimmed, normalised or truncated. Its memory is
/// overwritten when it is dropped, and `Debug` hides it.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Wraps a password without checking it. New passwords must pass [`Password::check`]; at login
    /// no rule applies.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Checks a new password: its length, and that it is not the account's e-mail (if known), a
    /// forbidden word or a common password.
    ///
    /// # Errors
    /// The first rule that the password breaks.
    pub fn check(&self, policy: &Policy, email: Option<&Email>) -> Result<(), Violation> {
        let length = self.0.chars().count();
        let min_length = policy.min_length;
        if length < min_length {
            let message = format!("A password has at least {min_length} characters.");
            return Err(Violation::new("too_short", message));
        }
        if length > MAX_LENGTH {
            let message = format!("A password has at most {MAX_LENGTH} characters.");
            return Err(Violation::new("too_long", message));
        }
        let is_email = |email: &Email| {
            let password = self.0.trim();
            let (local, _) = email.as_str().split_once('@').unwrap_or_default();
            // The address in any spelling, for example with an internationalised domain as typed.
            Lookup::new(email.as_str()).is(password) || password.eq_ignore_ascii_case(local)
        };
        if email.is_some_and(is_email) {
            return Err(Violation::new(
                "is_email",
                "A password is neither the e-mail nor the part of it before the @.",
            ));
        }
        let word = Zeroizing::new(self.0.trim().to_lowercase());
        if *word == SERVICE || policy.forbidden_words.contains(&word) {
            let message = "This word alone is no password here; choose another.";
            return Err(Violation::new("context_word", message));
        }
        match common::problem(&self.0) {
            Some(message) => Err(Violation::new("too_common", message)),
            None => Ok(()),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), &'static str> {
        let email = Email::parse("ada.lovelace@example.com").unwrap();
        let policy = Policy {
            min_length: 8,
            forbidden_words: vec!["acme corp".into()],
        };
        Password::new(password.into())
            .check(&policy, Some(&email))
            .map_err(|rule| rule.code)
    }

    #[test]
    fn length_is_counted_in_code_points() {
        assert_eq!(check("👩👩👩👩👩👩👩"), Err("too_short"));
        assert_eq!(check("👩👨👧👦👩👦👨👵"), Ok(()));
        let long = "Größenwahn".repeat(26);
        let cut = |length| long.chars().take(length).collect::<String>();
        assert_eq!(check(&cut(256)), Ok(()));
        assert_eq!(check(&cut(257)), Err("too_long"));
    }

    #[test]
    fn any_character_counts_and_no_composition_is_asked_for() {
        for password in [
            "alllower",
            "3141592653",
            "\0\u{1}\0\0\u{2}\0\u{7}\0",
            "\u{202e}pirate ship",
            "  two  spaces",
        ] {
            assert_eq!(check(password), Ok(()), "{password:?}");
        }
    }

    #[test]
    fn the_e_mail_and_its_local_part_are_no_password() {
        for password in [
            "ada.lovelace@example.com",
            "ADA.LOVELACE@EXAMPLE.COM",
            "Ada.Lovelace",
            " ada.lovelace@example.com ",
        ] {
            assert_eq!(check(password), Err("is_email"), "{password}");
        }
        assert_eq!(check("ada.lovelace1"), Ok(()));
        let email = Email::parse("ada@b\u{fc}cher.example").unwrap();
        for password in ["ada@b\u{fc}cher.example", "Ada@xn--bcher-kva.example"] {
            let policy = Policy {
                min_length: 8,
                forbidden_words: Vec::new(),
            };
            let checked = Password::new(password.into()).check(&policy, Some(&email));
            assert!(
                checked.is_err_and(|rule| rule.code == "is_email"),
                "{password}"
            );
        }
    }

    #[test]
    fn the_name_of_the_service_and_what_everyone_tries_first_are_no_password() {
        for word in ["gatehouse", "GateHouse", " gatehouse ", "Acme Corp"] {
            assert_eq!(check(word), Err("context_word"), "{word}");
        }
        assert_eq!(check("my gatehouse"), Ok(()), "only as the whole password");
        for common in ["password", "QwertyUiop", "aaaaaaaa", "passwordpassword"] {
            assert_eq!(check(common), Err("too_common"), "{common}");
        }
    }

    #[test]
    fn a_password_does_not_show_itself() {
        assert_eq!(
            format!("{:?}", Password::new("hunter22".into())),
            "Password(***)"
        );
    }
}
