//! `cargo xtask common-passwords`: the part of the list of common passwords that no crate brings.

#[path = "../../src/password/common/key.rs"]
mod key;
#[path = "../../src/password/common/pattern.rs"]
mod pattern;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};

use anyhow::{Context as _, Result};

/// Characters. Shorter ones are in `zxcvbn`'s list, which `build.rs` reads.
const MIN_LENGTH: usize = 15;

/// Reads passwords from standard input, one a line, and writes the keys of the long ones that no
/// pattern refuses: eight bytes each, sorted.
pub(crate) fn run() -> Result<()> {
    let mut list = Vec::new();
    std::io::stdin()
        .read_to_end(&mut list)
        .context("reading standard input")?;
    let keys = keys(&String::from_utf8_lossy(&list));
    let bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_le_bytes()).collect();
    std::io::stdout()
        .write_all(&bytes)
        .context("writing standard output")?;
    eprintln!("{} keys", keys.len());
    Ok(())
}

fn keys(list: &str) -> BTreeSet<u64> {
    let passwords = list.lines().map(|line| line.trim_end().to_lowercase());
    let kept = passwords.filter(|password| {
        let characters: Vec<char> = password.chars().collect();
        characters.len() >= MIN_LENGTH && !pattern::is_patterned(&characters)
    });
    kept.map(|password| key::key(&password)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_passwords_that_no_pattern_refuses_have_a_key() {
        let list =
            "password\nManchesterUnited\r\nmanchesterunited\npasswordpassword\n\n123456789012345\n";
        let found = keys(list);
        assert_eq!(found, BTreeSet::from([key::key("manchesterunited")]));
    }
}
