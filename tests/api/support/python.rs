//! Environments of Python, each made once from a list of packages.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{lacks, scratch_folder};

use super::programs::output;

/// Returns the `bin` folder of a virtual environment with these packages, or `None` if it cannot be made.
/// The list pins every package, dependencies too.
pub(crate) fn environment(name: &str, requirements: &str) -> Option<PathBuf> {
    // The suite runs twice at the same time, and its tests are threads.
    let lock = File::create(scratch_folder().join(format!("{name}.lock"))).expect("a file");
    lock.lock().expect("a lock");
    let folder = scratch_folder().join(name);
    let programs = folder.join("bin");
    let wanted = fs::read_to_string(requirements).expect("a list");
    // Made last, so that what was stopped half-way is done again.
    let stamp = folder.join("installed");
    let is_installed = fs::read_to_string(&stamp).is_ok_and(|there| there == wanted);
    if is_installed && programs.join("python").exists() {
        return Some(programs);
    }
    if let Err(error) = make(&folder, requirements) {
        lacks(&format!("no environment of Python: {error}"));
        return None;
    }
    fs::write(stamp, wanted).expect("a file");
    Some(programs)
}

fn make(folder: &Path, requirements: &str) -> Result<(), String> {
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(folder);
    let mut install = Command::new(folder.join("bin/python"));
    install
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        .args(["--quiet", "--no-deps", "--requirement", requirements]);
    output(&mut make)?;
    output(&mut install)?;
    Ok(())
}
