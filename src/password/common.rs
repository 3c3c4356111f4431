//! Passwords that everyone tries first.
//!
//! `build.rs` makes a binary fuse filter of them: it knows every one, and takes another password
//! for one of them once in 65,536 times.

use sha2::{Digest as _, Sha256};
use xorf::{BinaryFuse16Ref, Filter as _, FilterRef as _};
use zeroize::Zeroizing;

/// What holds `u16`s has to lie on an even address.
#[repr(C, align(2))]
struct Aligned<T: ?Sized>(T);

static DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/common_descriptor.bin"));
static FINGERPRINTS: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(
    env!("OUT_DIR"),
    "/common_fingerprints.bin"
)));

/// Whether a password is among the common ones, in any case.
pub(super) fn is_common(password: &str) -> bool {
    let lower = Zeroizing::new(password.to_lowercase());
    let digest = Sha256::digest(lower.as_bytes());
    let key = digest.first_chunk().copied().map_or(0, u64::from_le_bytes);
    BinaryFuse16Ref::from_dma(DESCRIPTOR, &FINGERPRINTS.0).contains(&key)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn common_passwords_are_known_in_any_case_and_as_a_whole_only() {
        for password in [
            "password",
            "12345678",
            "PassWord1",
            "iloveyou",
            "trustno1",
            "QWERTYUIOP",
        ] {
            assert!(is_common(password), "{password}");
        }
        for password in [
            "correct horse battery staple",
            "password is long",
            " password",
            "",
        ] {
            assert!(!is_common(password), "{password}");
        }
    }

    #[test]
    fn hardly_any_other_password_is_taken_for_one() {
        const TRIED: u32 = 1_000_000;
        let found = (0..TRIED)
            .filter(|number| is_common(&format!("no password {number}")))
            .count();
        // Past the capture of the test harness: a figure is to be seen.
        writeln!(
            std::io::stderr(),
            "  common passwords: {} in a filter of {} bytes; {found} of {TRIED} others are taken for one",
            env!("COMMON_PASSWORDS"),
            FINGERPRINTS.0.len() + DESCRIPTOR.len(),
        )
        .unwrap();
        // 15 are to be expected.
        assert!(found < 60, "{found}");
    }
}
