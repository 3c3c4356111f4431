//! Environments of Python, each made once from a list of packages.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{lacks, scratch_folder};

/// The folder of the programs of an environment with these packages, or `None` where there is no
/// Python for it. The list names all that there is to be, with versions.
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
    if !make(&folder, requirements) {
        lacks("no python3 with venv and pip, so no program in Python is run");
        return None;
    }
    fs::write(stamp, wanted).expect("a file");
    Some(programs)
}

fn make(folder: &Path, requirements: &str) -> bool {
    let works = |command: &mut Command| {
        let output = command.output();
        output.is_ok_and(|output| output.status.success())
    };
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(folder);
    let mut install = Command::new(folder.join("bin/python"));
    install
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        .args(["--quiet", "--no-deps", "--requirement", requirements]);
    works(&mut make) && works(&mut install)
}
