//! Which checkout xtask works in: never the one that it was compiled in.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]
#![expect(dead_code, reason = "not all of the support is used here")]

mod support;

use std::path::{Path, PathBuf};

use support::xtask;
use testkit::scratch_folder;

/// What makes a folder a checkout.
fn checkout(path: PathBuf) -> PathBuf {
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(path.join("xtask/src")).expect("a folder");
    for file in ["wrangler.toml", "xtask/Cargo.toml"] {
        std::fs::write(path.join(file), "").expect("a file");
    }
    path
}

/// Runs it there, and tells whether it has made a secret of its own.
fn makes_its_secret(current: &Path, manifest: Option<&Path>, checkout: &Path) -> bool {
    let secret = checkout.join(".dev.vars");
    let _ = std::fs::remove_file(&secret);
    let mut command = xtask();
    command.args(["secret", "--dev"]).current_dir(current);
    match manifest {
        Some(manifest) => command.env("CARGO_MANIFEST_DIR", manifest),
        None => command.env_remove("CARGO_MANIFEST_DIR"),
    };
    assert!(command.output().expect("xtask").status.success());
    secret.exists()
}

#[test]
fn a_run_works_in_the_checkout_that_started_it_or_that_it_stands_in() {
    let here = checkout(scratch_folder().join("place"));
    let other = checkout(scratch_folder().join("two words, \u{e4}\u{e9}"));
    let outside = std::env::temp_dir();
    assert!(makes_its_secret(&outside, Some(&here.join("xtask")), &here));
    assert!(makes_its_secret(
        &outside,
        Some(&other.join("xtask")),
        &other
    ));
    assert!(makes_its_secret(&other.join("xtask/src"), None, &other));
    assert!(makes_its_secret(&other, Some(&here.join("xtask")), &here));

    let link = scratch_folder().join("place-by-another-name");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&other, &link).expect("a link");
    assert!(makes_its_secret(
        &outside,
        Some(&link.join("xtask")),
        &other
    ));
    assert!(makes_its_secret(&link, None, &other));

    // Compiled long ago, and then moved.
    let moved = scratch_folder().join("place-moved");
    let _ = std::fs::remove_dir_all(&moved);
    std::fs::rename(&here, &moved).expect("a move");
    assert!(makes_its_secret(&moved, None, &moved));
    assert!(!here.exists());
}

#[test]
fn outside_of_a_checkout_it_says_so() {
    let output = xtask()
        .args(["secret", "--dev"])
        .current_dir("/")
        .env_remove("CARGO_MANIFEST_DIR")
        .output()
        .expect("xtask");
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("in no checkout of Gatehouse"), "{error}");
}
