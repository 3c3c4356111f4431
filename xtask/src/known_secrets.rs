//! `cargo xtask known-secrets`: the secrets that `SECRET_KEY` must not be, as the Worker keeps them.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// Bytes. Shorter ones are refused for their length.
const MIN_LENGTH: usize = 32;

/// Reads secrets from standard input, one a line, and writes the first four bytes of the SHA-256 of
/// each, sorted.
pub(crate) fn run() -> Result<()> {
    let mut list = Vec::new();
    std::io::stdin()
        .read_to_end(&mut list)
        .context("reading standard input")?;
    let digests = digests(&String::from_utf8_lossy(&list));
    let bytes: Vec<u8> = digests.iter().flatten().copied().collect();
    std::io::stdout()
        .write_all(&bytes)
        .context("writing standard output")?;
    eprintln!("{} secrets", digests.len());
    Ok(())
}

/// White space around a secret does not count, as in the Worker.
fn digests(list: &str) -> BTreeSet<[u8; 4]> {
    let secrets = list.split('\n').filter(|line| line.len() >= MIN_LENGTH);
    let digests = secrets.map(|secret| Sha256::digest(secret.trim()));
    digests
        .filter_map(|digest| digest.first_chunk().copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_of_32_bytes_are_kept_without_white_space_around_them() {
        let known = "my-ultra-super-secure-and-super-long-secret";
        let list = format!("short\n{known}\r\n {known}\n");
        assert_eq!(digests(&list).len(), 1);
        let kept = include_bytes!("../../src/config/known_secrets.bin");
        let (kept, rest) = kept.as_chunks::<4>();
        assert!(rest.is_empty() && kept.is_sorted());
        let digest = digests(&list).pop_first().unwrap_or_default();
        assert!(kept.binary_search(&digest).is_ok(), "{digest:02x?}");
    }
}
