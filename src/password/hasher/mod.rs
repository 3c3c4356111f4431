//! Hashes new passwords with argon2id and verifies all stored hashes. New hashes are PHC strings,
//! which passlib reads too.
//!
//! Verification uses the algorithm and cost of the stored hash, within limits: an isolate has 128
//! MiB, and whoever can write to the table must not be able to stop the service. A stored hash that
//! cannot be used never matches, and takes as long to refuse as a new hash takes to compute.

use ::argon2::password_hash::phc::{Output, PasswordHash, Salt};
use ::argon2::{Algorithm, Argon2, Params, Version};

use super::Password;
use super::argon2::Argon2Hash;
use super::bcrypt::BcryptHash;
use super::memory::Memory;

/// Length of the salt of a new hash, in bytes.
const SALT: usize = 16;
/// Length of the output of a new hash, in bytes.
const OUTPUT: usize = 32;

/// The argon2 cost of new hashes. OWASP's Password Storage Cheat Sheet advises 19456 KiB and 2
/// iterations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Iterations: passes over the memory.
    pub iterations: u32,
}

/// The result of verifying a password against a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The password matches and the hash is kept: either it has the current algorithm and cost, or
    /// other passwords match it too, so that this one must not be rehashed.
    Match,
    /// The password matches, and the hash should be replaced by one of the current algorithm and
    /// cost.
    Outdated,
    /// The password does not match, or there is no stored hash.
    Mismatch,
    /// The stored hash has an unknown format or costs too much, so nobody can log in with it.
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

    /// Returns true if the password matches.
    #[must_use]
    pub fn is_match(self) -> bool {
        matches!(self, Self::Match | Self::Outdated)
    }
}

/// An error of hashing or verifying a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// argon2 does not accept the cost, or memory cannot be allocated.
    #[error("argon2: {0}")]
    Argon2(#[from] ::argon2::Error),
    /// The system's random number generator failed, so there is no salt.
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The parameters cannot be encoded as a PHC string.
    #[error("parameters out of range")]
    Parameters,
    /// The salt or the output cannot be encoded as a PHC string.
    #[error("{0}")]
    Encoding(#[from] ::argon2::password_hash::phc::Error),
}

/// Hashes new passwords and verifies stored hashes.
pub struct Hasher {
    params: Params,
    memory: Memory,
    max_memory_kib: u32,
}

impl Hasher {
    /// Creates a hasher that makes hashes of `cost`. Stored argon2 hashes may use up to
    /// `max_memory_kib` of memory.
    ///
    /// # Errors
    /// [`HashError::Argon2`] if argon2 does not accept the cost.
    pub fn new(cost: Cost, max_memory_kib: u32) -> Result<Self, HashError> {
        let params = Params::new(cost.memory_kib, cost.iterations, 1, Some(OUTPUT))?;
        Ok(Self {
            memory: Memory::default(),
            params,
            max_memory_kib,
        })
    }

    /// Hashes a password with a new random salt.
    ///
    /// # Errors
    /// [`HashError`] if there is no randomness or memory cannot be allocated.
    pub fn hash(&self, password: &Password) -> Result<String, HashError> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt)?;
        let output = self.compute(password, &salt)?;
        self.encode(&salt, &output)
    }

    /// The length of a new hash, in characters.
    ///
    /// # Errors
    /// [`HashError`] if a hash of these parameters cannot be encoded.
    pub fn hash_length(&self) -> Result<usize, HashError> {
        self.encode(&[0; SALT], &[0; OUTPUT]).map(|hash| hash.len())
    }

    /// Encodes a new hash as a PHC string.
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

    /// Verifies a password against a stored hash. Without one, or with one that cannot be used, the
    /// password is hashed all the same, so that the time does not reveal who has an account.
    ///
    /// # Errors
    /// [`HashError`] if memory cannot be allocated. It says nothing about the password, so it must
    /// not count as a mismatch.
    pub fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verdict, HashError> {
        if let Some(bcrypt) = stored.and_then(BcryptHash::parse) {
            let matches = bcrypt.verify(password.as_bytes());
            return Ok(Verdict::of(matches, bcrypt.proves(password.as_bytes())));
        }
        if let Some(stored) =
            stored.and_then(|stored| Argon2Hash::parse(stored, self.max_memory_kib))
        {
            let matches = stored.verify(password.as_bytes(), &self.memory)?;
            return Ok(Verdict::of(matches, !self.is_current(&stored)));
        }
        std::hint::black_box(self.compute(password, &[0; SALT])?);
        Ok(stored.map_or(Verdict::Mismatch, |_| Verdict::Unreadable))
    }

    /// Returns true if this hasher would make a hash of the same algorithm, cost and lengths.
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
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        self.memory.with(self.params.block_count(), |memory| {
            let mut output = [0; OUTPUT];
            argon2.hash_password_into_with_memory(
                password.as_bytes(),
                salt,
                &mut output,
                memory,
            )?;
            Ok(output)
        })
    }
}

#[cfg(test)]
mod tests;
