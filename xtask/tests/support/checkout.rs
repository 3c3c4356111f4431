//! A checkout of a test's own: this one's files by symbolic links, with its own settings.

use std::path::PathBuf;

use testkit::{empty_folder, root};

/// What is shared with this checkout: nothing in it is written but what is fresh already.
const SHARED: [&str; 16] = [
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "assets",
    "build",
    "build.rs",
    "hyperdrive-local",
    "migrations",
    "migrator",
    "node_modules",
    "openapi.yaml",
    "package-lock.json",
    "package.json",
    "src",
    "testkit",
    "xtask",
];

/// Makes it, with the lines of a `.dev.vars`, and without `[build]`, since it is built.
pub(crate) fn checkout(name: &str, secrets: &str) -> PathBuf {
    let folder = empty_folder(name);
    for shared in SHARED {
        let original = root().join(shared);
        std::os::unix::fs::symlink(original, folder.join(shared)).expect("a link");
    }
    let settings = std::fs::read_to_string(root().join("wrangler.toml")).expect("wrangler.toml");
    let (before, rest) = settings.split_once("[build]\n").expect("a build");
    let (_, after) = rest.split_once("\n\n").expect("its end");
    // One client does what a hundred do.
    let settings = format!("{before}{after}")
        .replace("limit = 30,", "limit = 100000,")
        .replace("limit = 10,", "limit = 100000,");
    std::fs::write(folder.join("wrangler.toml"), settings).expect("wrangler.toml");
    std::fs::write(folder.join(".dev.vars"), secrets).expect(".dev.vars");
    folder
}
