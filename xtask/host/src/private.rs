//! Private files and random values.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Makes a new and empty file that only this account can read, in the place of what was there.
///
/// # Errors
/// When it cannot be written.
pub fn file(path: &Path) -> Result<File> {
    let cannot = || format!("cannot write {}", path.display());
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(cannot);
        }
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(cannot)
}

/// Random bytes in hexadecimal.
///
/// # Errors
/// When the system has no randomness.
pub fn random_hex(bytes: usize) -> Result<String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).context("the system has no randomness")?;
    Ok(hex::encode(random))
}
