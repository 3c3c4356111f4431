//! Keys of passwords in the filter of common passwords. `build.rs` and `xtask` compile this file
//! too.

use sha2::{Digest as _, Sha256};

/// The key of a password in lower case: the first eight bytes of its SHA-256, in little-endian
/// order.
pub(super) fn key(lower: &str) -> u64 {
    let digest = Sha256::digest(lower.as_bytes());
    digest.first_chunk().copied().map_or(0, u64::from_le_bytes)
}
