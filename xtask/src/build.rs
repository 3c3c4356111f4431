//! `cargo xtask build`: the Worker as it is deployed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};

use crate::bundle::{Names, bundle};
use crate::docs;
use crate::tools::Tools;
use xtask_host::process::root;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Build even when nothing has changed.
    #[arg(long)]
    force: bool,
}

/// Which Worker.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// The one that is deployed.
    Release,
    /// The same with a route that panics, for a test.
    TestPanic,
    /// The deployed one with the names of functions, for a profile.
    Named,
}

impl Variant {
    /// The folder that it is built into.
    pub(crate) fn folder(self) -> PathBuf {
        match self {
            Self::Release => root().join("build"),
            Self::TestPanic => root().join(".dev/build-test-panic"),
            Self::Named => root().join(".dev/build-named"),
        }
    }
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let tools = Tools::ensure().await?;
    if options.force && Variant::Release.folder().exists() {
        std::fs::remove_dir_all(Variant::Release.folder())?;
    }
    build(&tools, Variant::Release).await
}

/// Builds a Worker unless it is newer than everything that it is made of.
pub(crate) async fn build(tools: &Tools, variant: Variant) -> Result<()> {
    let folder = variant.folder();
    let wasm = folder.join("index_bg.wasm");
    let sources = [
        "src",
        "build.rs",
        "Cargo.toml",
        "Cargo.lock",
        ".cargo",
        "rust-toolchain.toml",
        // wasm-opt and esbuild.
        "package-lock.json",
        "xtask/src/bindgen.rs",
        "xtask/src/build.rs",
        "xtask/src/bundle.rs",
    ];
    let newest = sources
        .iter()
        .map(|path| newest(&root().join(path)))
        .max()
        .flatten();
    // Made last, so that a build that was stopped half-way is none.
    let stamp = folder.join("built");
    let built = std::fs::metadata(&stamp)
        .and_then(|file| file.modified())
        .ok();
    if built.is_none() || built < newest {
        let (features, names): (&[&str], _) = match variant {
            Variant::Release => (&[], Names::Stripped),
            Variant::TestPanic => (&["test-panic"], Names::Stripped),
            Variant::Named => (&[], Names::Kept),
        };
        bundle(tools, &folder, features, names).await?;
        std::fs::write(stamp, "")?;
    }
    if variant == Variant::Release {
        docs::build()?;
        print_size(&wasm)?;
    }
    Ok(())
}

fn print_size(wasm: &Path) -> Result<()> {
    let bytes = std::fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&bytes)?;
    let gzipped = gzip.finish()?.len();
    eprintln!(
        "  the Worker's wasm: {} KB, {} KB gzipped",
        bytes.len() / 1000,
        gzipped / 1000
    );
    Ok(())
}

/// The time of the newest file in a folder, or of a file.
fn newest(path: &Path) -> Option<SystemTime> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).ok()?;
        return entries
            .filter_map(Result::ok)
            .filter_map(|entry| newest(&entry.path()))
            .max();
    }
    std::fs::metadata(path)
        .and_then(|file| file.modified())
        .ok()
}
