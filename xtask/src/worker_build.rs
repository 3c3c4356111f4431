//! worker-build, compiled from its published source without what only its downloads need: OpenSSL,
//! four compression libraries and a second program. All that it would download, it is given.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use xtask_host::process::{command, step};

const VERSION: &str = "0.8.7";
/// The parts of its manifest that are left out.
const LEFT_OUT: [&str; 4] = [
    // It is used nowhere.
    "[dependencies.binary-install]\nversion = \"0.4.1\"\n",
    "[[bin]]\nname = \"worker-codegen\"\npath = \"src/bin/worker-codegen.rs\"\n",
    "[dependencies.worker-codegen]\nversion = \"0.2.0\"\n",
    "    \"native-tls\",\n",
];

/// Installs it into a folder of its own, unless it is there.
pub(crate) async fn ensure(cache: &Path) -> Result<PathBuf> {
    let folder = cache.join(format!("worker-build-{VERSION}-lean"));
    let program = folder.join("worker-build");
    if program.exists() {
        return Ok(program);
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Beside another run that does the same, and renamed when it is done.
    let place = folder.join(format!("new-{}", std::process::id()));
    let package = format!("worker-build@{VERSION}");
    let what = format!("compiling worker-build {VERSION}");
    let mut fetch = command("cargo");
    fetch.args(["info", "--quiet", &package]);
    step(&format!("downloading worker-build {VERSION}"), &mut fetch).await?;
    copy(&downloaded()?, &place)?;
    let built = step(&what, &mut compile(&place)).await;
    if built.is_ok() {
        fs::rename(place.join("target/debug/worker-build"), &program)?;
    }
    fs::remove_dir_all(&place)?;
    built.map(|()| program)
}

fn compile(place: &Path) -> Command {
    let mut cargo = command("cargo");
    cargo
        .args(["build", "--config", "profile.dev.debug=false"])
        .arg("--target-dir")
        .arg(place.join("target"))
        .current_dir(place);
    cargo
}

/// Where cargo has unpacked the source.
fn downloaded() -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = || std::env::home_dir().map(|home| home.join(".cargo"));
    let cargo = cargo.or_else(home).context("cargo has no home")?;
    let registries = fs::read_dir(cargo.join("registry/src")).context("cargo has no sources")?;
    registries
        .filter_map(Result::ok)
        .map(|registry| registry.path().join(format!("worker-build-{VERSION}")))
        .find(|source| source.join("Cargo.lock").is_file())
        .with_context(|| format!("cargo has not unpacked worker-build {VERSION}"))
}

/// Copies the source, but its manifest without what is left out.
fn copy(source: &Path, place: &Path) -> Result<()> {
    copy_folder(source, place)?;
    let manifest = fs::read_to_string(source.join("Cargo.toml"))?;
    fs::write(place.join("Cargo.toml"), lean(&manifest)?)?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn lean(manifest: &str) -> Result<String> {
    LEFT_OUT.iter().try_fold(manifest.to_owned(), |text, part| {
        let (before, after) = text
            .split_once(part)
            .with_context(|| format!("worker-build's manifest has no {part:?}"))?;
        Ok(format!("{before}{after}"))
    })
}
