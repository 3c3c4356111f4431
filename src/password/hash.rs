//! New hashes and the verification of all: argon2id, in the PHC string format that passlib reads too.
//!
//! Verification takes what the stored hash says of algorithm and cost, within bounds: an isolate
//! has 128 MiB, and whoever can write to the table must not be able to stop the service. Whatever
//! is wrong with a stored hash, the answer is "no" at the price of a new hash.

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64Unpadded, Encoding as _};
use subtle::ConstantTimeEq as _;

use super::{Password, bcrypt};

/// Bytes of salt of a new hash.
const SALT: usize = 16;
/// Bytes of a new hash.
const OUTPUT: usize = 32;

/// The most that a stored hash may cost, beside its memory.
const MAX_ITERATIONS: u32 = 16;
const MAX_LANES: u32 = 16;
/// Bytes; passlib writes 32.
const MAX_OUTPUT: usize = 128;

/// The cost of new hashes (OWASP's Password Storage Cheat Sheet: 19456 KiB and 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
}

/// What comes of comparing a password with a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password, and the hash is to stay: it is as it would be made today, or it is one
    /// that does not tell this password from others.
    Match,
    /// It is the password, and the hash is another than would be made today: to be replaced.
    Outdated,
    /// It is not the password, or there is no hash.
    Mismatch,
    /// The hash is of no form that can be read, or costs more than it may: nobody can log in.
    Unreadable,
}

impl Verdict {
    fn of(matches: bool, outdated: bool) -> Self {
        match (matches, outdated) {
            (false, _) => Self::Mismatch,
            (true, false) => Self::Match,
            (true, true) => Self::Outdated,
        }
    }

    /// Whether it is the password.
    #[must_use]
    pub fn is_match(self) -> bool {
        matches!(self, Self::Match | Self::Outdated)
    }
}

/// Why a password cannot be hashed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// argon2 knows no such cost, or has no memory for it.
    #[error("argon2: {0}")]
    Argon2(#[from] argon2::Error),
    /// There is no randomness for the salt.
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The parameters cannot be written.
    #[error("parameters out of range")]
    Parameters,
    /// The salt or the output cannot be written.
    #[error("{0}")]
    Encoding(#[from] argon2::password_hash::phc::Error),
}

/// Hashes new passwords and verifies old ones.
pub struct Hasher {
    params: Params,
    max_memory_kib: u32,
}

impl Hasher {
    /// A hasher of a cost that verifies hashes of up to so much memory.
    ///
    /// # Errors
    /// [`HashError`], when argon2 knows no such cost.
    pub fn new(cost: Cost, max_memory_kib: u32) -> Result<Self, HashError> {
        Ok(Self {
            params: Params::new(cost.memory_kib, cost.iterations, 1, Some(OUTPUT))?,
            max_memory_kib,
        })
    }

    /// Hashes a password with a new random salt.
    ///
    /// # Errors
    /// [`HashError`], when there is no randomness or no memory.
    pub fn hash(&self, password: &Password) -> Result<String, HashError> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt)?;
        let output = self.compute(password, &salt)?;
        self.encode(&salt, &output)
    }

    /// Characters of a new hash.
    ///
    /// # Errors
    /// [`HashError`], when it cannot be written.
    pub fn hash_length(&self) -> Result<usize, HashError> {
        self.encode(&[0; SALT], &[0; OUTPUT]).map(|hash| hash.len())
    }

    /// A hash as it is stored.
    fn encode(&self, salt: &[u8], output: &[u8]) -> Result<String, HashError> {
        let hash = PasswordHash {
            algorithm: argon2::ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: (&self.params)
                .try_into()
                .map_err(|_| HashError::Parameters)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        };
        Ok(hash.to_string())
    }

    /// Compares a password with a stored hash. Without a hash that can be read and paid for, the
    /// password is hashed all the same: how long it takes must not tell who has an account.
    ///
    /// # Errors
    /// [`HashError`], when there is no memory: that is no answer, and least of all a no.
    pub fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verdict, HashError> {
        if let Some(bcrypt) = stored.and_then(bcrypt::Stored::parse) {
            let matches = bcrypt.verify(password.as_bytes());
            return Ok(Verdict::of(matches, bcrypt.proves(password.as_bytes())));
        }
        if let Some(stored) = stored.and_then(|stored| readable(stored, self.max_memory_kib)) {
            let matches = is_password(password, &stored)?;
            return Ok(Verdict::of(matches, !self.is_current(&stored)));
        }
        std::hint::black_box(self.compute(password, &[0; SALT])?);
        Ok(stored.map_or(Verdict::Mismatch, |_| Verdict::Unreadable))
    }

    /// Whether a hash is as this hasher would make it.
    fn is_current(&self, stored: &Stored) -> bool {
        let Stored {
            algorithm,
            version,
            params,
            salt,
            output,
        } = stored;
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        (*algorithm, *version) == (Algorithm::Argon2id, Version::V0x13)
            && cost(params) == cost(&self.params)
            && (salt.len(), output.len()) == (SALT, OUTPUT)
    }

    fn compute(&self, password: &Password, salt: &[u8]) -> argon2::Result<[u8; OUTPUT]> {
        let mut output = [0; OUTPUT];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone()).hash_password_into(
            password.as_bytes(),
            salt,
            &mut output,
        )?;
        Ok(output)
    }
}

/// A stored hash taken apart, its cost within bounds.
struct Stored {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// Reads a stored hash; none for anything but an argon2 PHC string of bearable cost.
///
/// In its one spelling: no parameters in another order or beside these, no zeros in front, no
/// padding or spare bits in the base64. The `phc` crate would refuse the long salts that passlib
/// can be told to make.
fn readable(stored: &str, max_memory_kib: u32) -> Option<Stored> {
    // To libargon2, and so to passlib, a NUL is the end of it.
    let (stored, _) = stored.split_once('\0').unwrap_or((stored, ""));
    let mut parts = stored.strip_prefix('$')?.split('$');
    let algorithm = Algorithm::try_from(parts.next()?).ok()?;
    let mut params = parts.next()?;
    // Without a version it is the first one.
    let mut version = Version::V0x10;
    if let Some(number) = params.strip_prefix("v=") {
        version = Version::try_from(number_of(number)?).ok()?;
        params = parts.next()?;
    }
    let (salt, output) = (decode(parts.next()?)?, decode(parts.next()?)?);
    let params = params_of(params, output.len())?;
    let bearable = params.m_cost() <= max_memory_kib;
    let whole =
        parts.next().is_none() && salt.len() >= argon2::MIN_SALT_LEN && output.len() <= MAX_OUTPUT;
    (whole && bearable).then_some(Stored {
        algorithm,
        version,
        params,
        salt,
        output,
    })
}

/// `m=19456,t=2,p=1`.
fn params_of(text: &str, output: usize) -> Option<Params> {
    let mut parts = text.split(',');
    let mut next = |name| number_of(parts.next()?.strip_prefix(name)?);
    let (memory, iterations, lanes) = (next("m=")?, next("t=")?, next("p=")?);
    let bearable = iterations <= MAX_ITERATIONS && lanes <= MAX_LANES;
    let params = Params::new(memory, iterations, lanes, Some(output)).ok();
    params.filter(|_| bearable && parts.next().is_none())
}

fn number_of(text: &str) -> Option<u32> {
    text.parse()
        .ok()
        .filter(|number: &u32| number.to_string() == text)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    Base64Unpadded::decode_vec(text).ok()
}

fn is_password(password: &Password, stored: &Stored) -> argon2::Result<bool> {
    let mut computed = vec![0; stored.output.len()];
    Argon2::new(stored.algorithm, stored.version, stored.params.clone()).hash_password_into(
        password.as_bytes(),
        &stored.salt,
        &mut computed,
    )?;
    Ok(computed.ct_eq(&stored.output).into())
}

#[cfg(test)]
mod tests {
    use std::time::Instant as Clock;

    use super::*;

    fn hasher() -> Hasher {
        Hasher::new(
            Cost {
                memory_kib: 19_456,
                iterations: 2,
            },
            65_536,
        )
        .unwrap()
    }

    fn verify(text: &str, stored: Option<&str>) -> Verdict {
        hasher().verify(&password(text), stored).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::new(text.into())
    }

    #[test]
    fn a_new_hash_is_argon2id_at_the_configured_cost_with_its_own_salt() {
        let (first, second) = (
            hasher().hash(&password("x")).unwrap(),
            hasher().hash(&password("x")).unwrap(),
        );
        assert!(
            first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{first}"
        );
        assert_ne!(first, second);
        let parts: Vec<_> = first.split('$').collect();
        assert_eq!(
            (parts[4].len(), parts[5].len()),
            (22, 43),
            "16 bytes of salt, 32 of hash"
        );
    }

    #[test]
    fn only_the_very_same_password_matches() {
        let stored = hasher().hash(&password(" pässword\0")).unwrap();
        assert_eq!(verify(" pässword\0", Some(&stored)), Verdict::Match);
        for other in [
            "pässword\0",
            " pässword",
            " Pässword\0",
            " pa\u{308}ssword\0",
            "",
        ] {
            assert_eq!(verify(other, Some(&stored)), Verdict::Mismatch, "{other:?}");
        }
    }

    #[test]
    fn hashes_of_passlib_are_verified_within_the_bounds_and_to_be_replaced() {
        // RFC 9106's recommended memory is what passlib writes by default.
        let default = "$argon2id$v=19$m=65536,t=3,p=4$P8c4p3ROyRmDcM75nzNmzA$VOQW7OSCzpQKSFauY7I23Wvx2nLzXsVsHmmEstaZ5xI";
        let right = "correct horse battery staple";
        assert_eq!(verify(right, Some(default)), Verdict::Outdated);
        assert_eq!(verify("correct horse", Some(default)), Verdict::Mismatch);
    }

    #[test]
    fn a_hash_of_any_other_cost_is_to_be_replaced() {
        for (memory_kib, iterations) in [(19_457, 2), (19_456, 3), (32_768, 2)] {
            let other = Hasher::new(
                Cost {
                    memory_kib,
                    iterations,
                },
                65_536,
            );
            let stored = other.unwrap().hash(&password("x")).unwrap();
            assert_eq!(verify("x", Some(&stored)), Verdict::Outdated);
            assert_eq!(verify("y", Some(&stored)), Verdict::Mismatch);
        }
    }

    #[test]
    fn what_cannot_be_read_or_paid_for_matches_nothing() {
        let good = hasher().hash(&password("x")).unwrap();
        for stored in [
            String::new(),
            "x".into(),
            "$argon2id$".into(),
            "$argon2id$v=19$m=4294967295,t=4294967295,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
            "$argon2id$v=19$m=102400,t=2,p=8$41yrlZLyfs95z3nvHYNQSg$gHoUN5aHfKp9HiGQtYO/Jw".into(),
            "$2b$12$abcdefghijklmnopqrstuu".into(),
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
            "$argon2id$v=19$m=19456,t=2,p=1$$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA".into(),
            "$argon2id$v=19$m=19456,t=2,p=0$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
            "$argon2id$v=19$m=7,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(),
            format!("{good} "),
            good.replace("m=19456,t=2", "t=2,m=19456"),
            good.replace("argon2id", "argon2x"),
        ] {
            assert_eq!(verify("x", Some(&stored)), Verdict::Unreadable, "{stored}");
        }
        assert_eq!(verify("x", None), Verdict::Mismatch);
    }

    #[test]
    fn an_unknown_user_costs_a_hash_too() {
        let stored = hasher().hash(&password("x")).unwrap();
        let time = |stored: Option<&str>| {
            #[expect(clippy::disallowed_methods, reason = "tests run natively")]
            let started = Clock::now();
            assert_eq!(verify("y", stored), Verdict::Mismatch);
            started.elapsed()
        };
        // The best of some, and far apart only if one of them does not hash: no measurement.
        let best = |stored: Option<&str>| (0..5).map(|_| time(stored)).min().unwrap();
        let (known, unknown) = (best(Some(&stored)), best(None));
        assert!(unknown * 4 > known, "{unknown:?} and {known:?}");
    }
}
