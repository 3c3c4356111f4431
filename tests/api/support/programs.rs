//! Programs out of the pages, run by Node.js, Python and sh against an app.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testkit::empty_folder;

use super::python;

/// What the programs of the pages import in Python, with all that these need.
const REQUIREMENTS: &str = "tests/api/requirements.txt";

/// The program under a heading of a page, with an app on this port in its host's place.
pub(crate) fn program(page: &str, heading: &str, language: &str, port: u16) -> String {
    let program = block(page, heading, language);
    let host = format!("http://127.0.0.1:{port}");
    let local = program.replace("https://app.example.com", &host);
    assert_ne!(local, program, "{heading} asks another host");
    local
}

/// The block of a language under a heading of a page.
pub(crate) fn block(page: &str, heading: &str, language: &str) -> String {
    let (_, section) = page
        .split_once(&format!("\n## {heading}"))
        .expect("a section");
    let (_, block) = section
        .split_once(&format!("\n```{language}\n"))
        .expect("a program");
    let (program, _) = block.split_once("\n```\n").expect("its end");
    program.to_owned() + "\n"
}

/// Runs the first of these files of JavaScript; returns the JSON that it prints.
pub(crate) fn javascript(name: &str, files: &[(&str, &str)], arguments: &[&str]) -> Value {
    let folder = folder(name, files);
    link_modules(&folder, &["axios", "hono", "jose"]);
    run("node".as_ref(), &folder, files[0].0, arguments)
}

/// Runs the first of these files of Python; returns the JSON that it prints, or `None` where there
/// is no Python for it.
pub(crate) fn python(name: &str, files: &[(&str, &str)], arguments: &[&str]) -> Option<Value> {
    let python = python::environment("python", REQUIREMENTS)?.join("python");
    let folder = folder(name, files);
    Some(run(&python, &folder, files[0].0, arguments))
}

/// Runs a program of sh; returns the JSON that it prints.
pub(crate) fn shell(name: &str, program: &str, arguments: &[&str]) -> Value {
    let folder = folder(name, &[("main.sh", program)]);
    run("sh".as_ref(), &folder, "main.sh", arguments)
}

/// A new folder with these files.
pub(crate) fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = empty_folder(&format!("program-{}-{name}", std::process::id()));
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file");
    }
    folder
}

/// Lets the programs of a folder import what npm has installed; these are to be there.
pub(crate) fn link_modules(folder: &Path, wanted: &[&str]) {
    let modules = std::path::absolute("node_modules").expect("the current folder");
    for module in wanted {
        assert!(
            modules.join(module).is_dir(),
            "no {module}: run `cargo xtask test`, or npm ci --ignore-scripts"
        );
    }
    std::os::unix::fs::symlink(modules, folder.join("node_modules")).expect("a link");
}

/// A variable `PATH` in which a folder comes first.
pub(crate) fn path_with(programs: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(all).expect("a path")
}

/// Runs a program; returns what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().expect("a program");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}\n{text}\n{errors}", output.status))
}

fn run(program: &Path, folder: &Path, file: &str, arguments: &[&str]) -> Value {
    let mut command = Command::new(program);
    command.current_dir(folder).arg(file).args(arguments);
    let said = output(&mut command).unwrap_or_else(|error| panic!("{error}"));
    fs::remove_dir_all(folder).expect("the folder");
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}
