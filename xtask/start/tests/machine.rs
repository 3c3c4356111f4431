//! `cargo xtask` on a machine that lacks something.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Holds the other tests back: a program that one writes cannot be run while another starts a process,
/// which has the file open until it runs its own program ("Text file busy").
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder for `PATH` with programs that print a version.
fn programs(name: &str, versions: &[(&str, &str)]) -> PathBuf {
    let folder = std::path::absolute("../../target/tmp")
        .expect("the current folder")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    for (program, version) in versions {
        let path = folder.join(program);
        fs::write(&path, format!("#!/bin/sh\necho {version}\n")).expect("a file");
        fs::set_permissions(path, Permissions::from_mode(0o755)).expect("a file");
    }
    folder
}

/// The program, as cargo has built it for these tests.
fn start() -> PathBuf {
    let start = std::env::var_os("CARGO_BIN_EXE_xtask-start");
    PathBuf::from(start.expect("run by `cargo test`"))
}

/// What a command says where only those programs are.
fn refusal(start: &Path, command: &str, path: &Path) -> String {
    let output = Command::new(start)
        .arg(command)
        .env("PATH", path)
        // The server is looked for in the usual places, too.
        .env("DATABASE_URL", "mysql://u:p@127.0.0.1:3306/app")
        .output()
        .expect("xtask-start");
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn the_first_line_says_what_is_going_to_happen_and_how_long_it_takes() {
    let _alone = alone();
    let path = programs("machine-first", &[]);
    // Where no xtask is beside it: nothing has been compiled yet.
    let copy = path.join("xtask-start");
    fs::copy(start(), &copy).expect("a copy");
    let said = refusal(&copy, "dev", &path);
    let first = said.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("Setting everything up, once: about four minutes"),
        "{said}"
    );
}

#[test]
fn all_that_is_missing_is_said_at_once_with_the_command_that_installs_it() {
    let _alone = alone();
    let path = programs("machine-bare", &[]);
    for command in ["dev", "test", "build"] {
        let said = refusal(&start(), command, &path);
        for part in [
            "rustup",
            "Node.js 20.3 or newer\n",
            "npm",
            "\n  Debian, Ubuntu: sudo apt-get install --yes --no-install-recommends nodejs npm",
            "\n  Fedora:         sudo dnf install --assumeyes nodejs nodejs-npm",
            "\n  macOS:          brew install node",
            "https://rustup.rs",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("compiling"), "{said}");
    }
}

#[test]
fn the_benchmark_alone_asks_for_what_loads_and_what_it_compares_with() {
    let _alone = alone();
    let path = programs("machine-bench", &[]);
    let said = refusal(&start(), "bench", &path);
    for part in ["wrk (", "Python 3 with venv", " wrk python3-venv"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!refusal(&start(), "test", &path).contains("wrk"));
}

#[test]
fn a_node_that_is_too_old_is_named_and_what_is_there_is_not() {
    let _alone = alone();
    let path = programs(
        "machine-old",
        &[
            ("rustup", "rustup 1.28.0"),
            ("node", "v20.2.9"),
            ("npm", "9.2.0"),
        ],
    );
    let said = refusal(&start(), "build", &path);
    assert!(
        said.contains("Node.js 20.3 or newer: here is v20.2.9"),
        "{said}"
    );
    assert!(!said.contains("npm"), "{said}");
    assert!(!said.contains("rustup"), "{said}");
}

#[test]
fn the_server_is_asked_for_unless_a_database_is_named() {
    use xtask_start::machine::{DATABASE, TEST_DATABASE, is_set};
    let folder = programs("machine-named", &[]);
    let env = |text: &str| fs::write(folder.join(".env"), text).expect("a file");
    assert!(!is_set(&DATABASE, &folder));
    for line in ["DATABASE_URL=mysql://u:p@h/d", "export DATABASE_HOST='h'"] {
        env(&format!("OTHER=1\n{line}\n"));
        assert!(is_set(&DATABASE, &folder), "{line}");
    }
    for line in [
        "#DATABASE_URL=mysql://u:p@h/d",
        "DATABASE_URL=",
        "DATABASE_HOST = ''",
        "TEST_DATABASE_URL=mysql://u:p@h/d",
    ] {
        env(&format!("{line}\n"));
        assert!(!is_set(&DATABASE, &folder), "{line}");
    }
    // The tests have a variable of their own.
    assert!(is_set(&TEST_DATABASE, &folder));
    env("DATABASE_URL=mysql://u:p@h/d\n");
    let environment = std::env::var_os("TEST_DATABASE_URL").is_some_and(|url| !url.is_empty());
    assert_eq!(is_set(&TEST_DATABASE, &folder), environment);
}
