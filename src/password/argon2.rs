//! Stored argon2 hashes in the PHC string format.

use ::argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64Unpadded, Encoding as _};
use subtle::ConstantTimeEq as _;

use super::memory::Memory;

/// The most iterations accepted in a stored hash.
const MAX_ITERATIONS: u32 = 16;
/// The most lanes (degree of parallelism) accepted in a stored hash.
const MAX_LANES: u32 = 16;
/// The longest output accepted in a stored hash, in bytes; passlib writes 32.
const MAX_OUTPUT: usize = 128;

/// A parsed argon2 hash whose cost is within the limits.
pub(super) struct Argon2Hash {
    pub(super) algorithm: Algorithm,
    pub(super) version: Version,
    pub(super) params: Params,
    pub(super) salt: Vec<u8>,
    pub(super) output: Vec<u8>,
}

impl Argon2Hash {
    /// Parses a stored hash. Returns `None` if it is not an argon2 PHC string or costs too much.
    ///
    /// Only the canonical spelling is accepted: `m`, `t` and `p` in this order and no other
    /// parameter, no leading zeros, no padding or spare bits in the base64. The `phc` crate is not
    /// used here because it refuses the long salts that passlib can be configured to make.
    pub(super) fn parse(stored: &str, max_memory_kib: u32) -> Option<Self> {
        // libargon2, and so passlib, ignores a NUL and everything after it.
        let (stored, _) = stored.split_once('\0').unwrap_or((stored, ""));
        let mut parts = stored.strip_prefix('$')?.split('$');
        let algorithm = Algorithm::try_from(parts.next()?).ok()?;
        let mut params = parts.next()?;
        // A PHC string without a version is of version 1.0 (0x10).
        let mut version = Version::V0x10;
        if let Some(number) = params.strip_prefix("v=") {
            version = Version::try_from(number_of(number)?).ok()?;
            params = parts.next()?;
        }
        let (salt, output) = (decode(parts.next()?)?, decode(parts.next()?)?);
        let params = params_of(params, output.len())?;
        let bearable = params.m_cost() <= max_memory_kib;
        let whole = parts.next().is_none()
            && salt.len() >= ::argon2::MIN_SALT_LEN
            && output.len() <= MAX_OUTPUT;
        (whole && bearable).then_some(Self {
            algorithm,
            version,
            params,
            salt,
            output,
        })
    }

    /// Returns true if the password matches the hash.
    ///
    /// # Errors
    /// If memory cannot be allocated.
    pub(super) fn verify(&self, password: &[u8], memory: &Memory) -> ::argon2::Result<bool> {
        let mut computed = vec![0; self.output.len()];
        let argon2 = Argon2::new(self.algorithm, self.version, self.params.clone());
        memory.with(self.params.block_count(), |memory| {
            argon2.hash_password_into_with_memory(password, &self.salt, &mut computed, memory)
        })?;
        Ok(computed.ct_eq(&self.output).into())
    }
}

/// Parses parameters such as `m=19456,t=2,p=1`.
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
