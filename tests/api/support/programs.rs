//! Programs out of the pages, run by Node.js, Python and sh against an app.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testkit::{empty_folder, lacks, scratch_folder};

/// What the programs of the pages import in Python, with all that these need.
const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// The program under a heading of a page, with an app on this port in its host's place.
pub(crate) fn program(page: &str, heading: &str, language: &str, port: u16) -> String {
    let (_, section) = page
        .split_once(&format!("\n## {heading}"))
        .expect("a section");
    let (_, block) = section
        .split_once(&format!("\n```{language}\n"))
        .expect("a program");
    let (program, _) = block.split_once("\n```\n").expect("its end");
    let host = format!("http://127.0.0.1:{port}");
    let local = program.replace("https://app.example.com", &host);
    assert_ne!(local, program, "{heading} asks another host");
    local + "\n"
}

/// Runs the first of these files of JavaScript; returns the JSON that it prints.
pub(crate) fn javascript(name: &str, files: &[(&str, &str)], arguments: &[&str]) -> Value {
    let modules = std::path::absolute("node_modules").expect("the current folder");
    for module in ["axios", "hono", "jose"] {
        assert!(
            modules.join(module).is_dir(),
            "no {module}: run `cargo xtask test`, or npm ci --ignore-scripts"
        );
    }
    let folder = folder(name, files);
    std::os::unix::fs::symlink(modules, folder.join("node_modules")).expect("a link");
    run("node".as_ref(), &folder, files[0].0, arguments)
}

/// Runs the first of these files of Python; returns the JSON that it prints, or `None` where there
/// is no Python for it.
pub(crate) fn python(name: &str, files: &[(&str, &str)], arguments: &[&str]) -> Option<Value> {
    let Some(python) = environment() else {
        lacks("no python3 with venv and pip, so no program in Python is run");
        return None;
    };
    let folder = folder(name, files);
    Some(run(&python, &folder, files[0].0, arguments))
}

/// Runs a program of sh; returns the JSON that it prints.
pub(crate) fn shell(name: &str, program: &str, arguments: &[&str]) -> Value {
    let folder = folder(name, &[("main.sh", program)]);
    run("sh".as_ref(), &folder, "main.sh", arguments)
}

fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = empty_folder(&format!("program-{}-{name}", std::process::id()));
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file");
    }
    folder
}

fn run(program: &Path, folder: &Path, file: &str, arguments: &[&str]) -> Value {
    let mut command = Command::new(program);
    command.current_dir(folder).arg(file).args(arguments);
    let output = command.output().expect("a program");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    fs::remove_dir_all(folder).expect("the folder");
    let said = serde_json::from_slice(&output.stdout);
    said.unwrap_or_else(|error| {
        let output = String::from_utf8_lossy(&output.stdout);
        panic!("{error}: {output} {errors}")
    })
}

/// A Python that has what the programs import, in an environment that is made once.
fn environment() -> Option<PathBuf> {
    // The suite runs twice at the same time, and its tests are threads.
    let lock = File::create(scratch_folder().join("python.lock")).expect("a file");
    lock.lock().expect("a lock");
    let folder = scratch_folder().join("python");
    let python = folder.join("bin/python");
    // Made last, so that what was stopped half-way is done again.
    let stamp = folder.join("installed");
    let is_installed = fs::read_to_string(&stamp).is_ok_and(|there| there == REQUIREMENTS);
    if is_installed && python.exists() {
        return Some(python);
    }
    let works = |command: &mut Command| {
        let output = command.output();
        output.is_ok_and(|output| output.status.success())
    };
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&folder);
    let mut install = Command::new(&python);
    install
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        // The file lists all that there is to be.
        .args(["--quiet", "--no-deps", "--requirement"])
        .arg(std::path::absolute("tests/api/requirements.txt").expect("the current folder"));
    let made = works(&mut make) && works(&mut install);
    made.then(|| {
        fs::write(stamp, REQUIREMENTS).expect("a file");
        python
    })
}
