//! New hashes and the verification of all: argon2id, in the PHC string format that passlib reads too.
//!
//! Verification takes what the stored hash says of algorithm and cost, within bounds: an isolate
//! has 128 MiB, and whoever can write to the table must not be able to stop the service. Whatever
//! is wrong with a stored hash, the answer is "no" at the price of a new hash.

use ::argon2::password_hash::phc::{Output, PasswordHash, Salt};
use ::argon2::{Algorithm, Argon2, Params, Version};

use super::Password;
use super::argon2::Argon2Hash;
use super::bcrypt::BcryptHash;

/// Bytes of salt of a new hash.
const SALT: usize = 16;
/// Bytes of a new hash.
const OUTPUT: usize = 32;

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
    Argon2(#[from] ::argon2::Error),
    /// There is no randomness for the salt.
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The parameters cannot be written.
    #[error("parameters out of range")]
    Parameters,
    /// The salt or the output cannot be written.
    #[error("{0}")]
    Encoding(#[from] ::argon2::password_hash::phc::Error),
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
            algorithm: ::argon2::ARGON2ID_IDENT,
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
        if let Some(bcrypt) = stored.and_then(BcryptHash::parse) {
            let matches = bcrypt.verify(password.as_bytes());
            return Ok(Verdict::of(matches, bcrypt.proves(password.as_bytes())));
        }
        if let Some(stored) =
            stored.and_then(|stored| Argon2Hash::parse(stored, self.max_memory_kib))
        {
            let matches = stored.verify(password.as_bytes())?;
            return Ok(Verdict::of(matches, !self.is_current(&stored)));
        }
        std::hint::black_box(self.compute(password, &[0; SALT])?);
        Ok(stored.map_or(Verdict::Mismatch, |_| Verdict::Unreadable))
    }

    /// Whether a hash is as this hasher would make it.
    fn is_current(&self, stored: &Argon2Hash) -> bool {
        let Argon2Hash {
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

    fn compute(&self, password: &Password, salt: &[u8]) -> ::argon2::Result<[u8; OUTPUT]> {
        let mut output = [0; OUTPUT];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone()).hash_password_into(
            password.as_bytes(),
            salt,
            &mut output,
        )?;
        Ok(output)
    }
}

#[cfg(test)]
mod tests;
