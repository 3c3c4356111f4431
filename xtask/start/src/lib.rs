//! What `cargo xtask` knows before anything of it is compiled: where the project is, and what the
//! machine lacks.

pub mod machine;

use std::env;
use std::path::{Path, PathBuf};

/// The root of the checkout that this run is for: the one whose `cargo` started it, or else the one
/// around the current folder. It is looked for at run time, because a checkout can be moved, and
/// two can share one target folder, after this was compiled. None outside of a checkout.
#[must_use]
pub fn root() -> Option<PathBuf> {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let current = env::current_dir().ok();
    [manifest, current]
        .into_iter()
        .flatten()
        .find_map(|folder| checkout_around(&folder))
}

fn checkout_around(folder: &Path) -> Option<PathBuf> {
    let is_checkout = |folder: &&Path| {
        folder.join("wrangler.toml").is_file() && folder.join("xtask/Cargo.toml").is_file()
    };
    folder.ancestors().find(is_checkout).map(Path::to_owned)
}
