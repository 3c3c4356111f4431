//! Generates the filter of common passwords that `src/password/common` uses.
//!
//! The filter is built from two lists, without passwords that a pattern rule refuses. The first is
//! the list of the `zxcvbn` crate, which is a build-dependency only for it: the 30,000 most
//! frequent passwords of several breaches. The crate does not export the list, so it is read from
//! the crate's source, which `cargo metadata` locates. It has hardly any passwords of 15 and more
//! characters; those are in `long.keys`, whose origin `src/password/common/mod.rs` describes.

#![expect(
    clippy::disallowed_methods,
    reason = "unlike a Worker, a build script has an environment"
)]

#[path = "src/password/common/key.rs"]
mod key;
#[path = "src/password/common/pattern.rs"]
mod pattern;

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use xorf::{BinaryFuse16, DmaSerializable as _};

/// The shortest password in the filter; shorter ones are refused for their length.
const MIN_LENGTH: usize = 8;
/// The fewest passwords expected in zxcvbn's list; fewer mean that it was not read correctly.
const MIN_COUNT: usize = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    for file in ["build.rs", "Cargo.lock", "src/password/common"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let source = std::fs::read_to_string(zxcvbn()?.join("src/frequency_lists.rs"))?;
    let passwords: BTreeSet<String> = list(&source)
        .ok_or("the list of passwords is not in zxcvbn's source")?
        .filter(|password| password.chars().count() >= MIN_LENGTH)
        .map(str::to_lowercase)
        .collect();
    if passwords.len() < MIN_COUNT {
        return Err(format!("only {} passwords in zxcvbn's list", passwords.len()).into());
    }
    let listed = passwords.iter().filter(|password| {
        let characters: Vec<char> = password.chars().collect();
        !pattern::is_patterned(&characters)
    });
    let long = std::fs::read("src/password/common/long.keys")?;
    let long = long
        .as_chunks()
        .0
        .iter()
        .map(|key| u64::from_le_bytes(*key));
    let keys: BTreeSet<u64> = listed
        .map(|password| key::key(password))
        .chain(long)
        .collect();
    let keys: Vec<u64> = keys.into_iter().collect();
    let filter = BinaryFuse16::try_from(&keys)?;
    let mut descriptor = [0; BinaryFuse16::DESCRIPTOR_LEN];
    filter.dma_copy_descriptor_to(&mut descriptor);
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    std::fs::write(out.join("common_descriptor.bin"), descriptor)?;
    std::fs::write(
        out.join("common_fingerprints.bin"),
        filter.dma_fingerprints(),
    )?;
    println!("cargo::rustc-env=COMMON_PASSWORDS={}", keys.len());
    Ok(())
}

/// Extracts the passwords from the line `const PASSWORDS: &str = "one,two,...";`.
fn list(source: &str) -> Option<impl Iterator<Item = &str>> {
    let (_, rest) = source.split_once("const PASSWORDS: &str = \"")?;
    let (list, _) = rest.split_once('"')?;
    Some(list.split(','))
}

/// The folder of the `zxcvbn` crate's source.
fn zxcvbn() -> Result<PathBuf, Box<dyn Error>> {
    // This works offline if every package of the lock file has been fetched. Otherwise cargo
    // fetches the others now, although this build does not need them.
    let metadata = metadata(&["--offline"]).or_else(|_| metadata(&[]))?;
    let packages = metadata
        .get("packages")
        .and_then(|packages| packages.as_array());
    let text = |package: &serde_json::Value, name: &str| {
        let text = package.get(name).and_then(|text| text.as_str());
        text.map(str::to_owned)
    };
    let mut packages = packages.into_iter().flatten();
    let package = packages.find(|package| text(package, "name").as_deref() == Some("zxcvbn"));
    let manifest = package.and_then(|package| text(package, "manifest_path"));
    let manifest = manifest.ok_or("zxcvbn is not a dependency")?;
    Ok(Path::new(&manifest)
        .parent()
        .unwrap_or(Path::new(""))
        .to_owned())
}

fn metadata(arguments: &[&str]) -> Result<serde_json::Value, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").ok_or("no CARGO")?;
    let host = std::env::var("HOST")?;
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--filter-platform",
            &host,
        ])
        .args(arguments)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
