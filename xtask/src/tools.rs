//! The tools that a build needs beyond cargo, each in the one version that works; but for the
//! nightly compiler, which worker-build takes by the name `nightly`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process::{command, output, root, step};

const WORKER_BUILD: &str = "0.8.7";
const NODE: (u32, u32) = (20, 3);
/// `--panic-unwind` rebuilds the standard library, which only a nightly compiler does.
const NIGHTLY: &str = "nightly";

/// Where the tools are.
pub(crate) struct Tools {
    pub(crate) worker_build: PathBuf,
    pub(crate) wasm_bindgen: PathBuf,
    pub(crate) node_modules: PathBuf,
}

impl Tools {
    /// Installs what is missing.
    pub(crate) async fn ensure() -> Result<Self> {
        check_node()?;
        ensure_compilers().await?;
        ensure_node_modules().await?;
        Ok(Self {
            wasm_bindgen: ensure_crate(
                "wasm-bindgen-cli",
                &wasm_bindgen_version()?,
                "wasm-bindgen",
            )
            .await?,
            worker_build: ensure_crate("worker-build", WORKER_BUILD, "worker-build").await?,
            node_modules: root().join("node_modules"),
        })
    }

    pub(crate) fn wasm_opt(&self) -> PathBuf {
        self.node_modules.join("binaryen/bin/wasm-opt")
    }

    pub(crate) fn esbuild(&self) -> PathBuf {
        self.node_modules.join("esbuild/bin/esbuild")
    }

    pub(crate) fn wrangler(&self) -> PathBuf {
        self.node_modules.join("wrangler/bin/wrangler.js")
    }

    /// The program itself: `workerd/bin/workerd` is a script that passes on no descriptors.
    pub(crate) fn workerd(&self) -> PathBuf {
        let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
            ("macos", "aarch64") => "darwin-arm64",
            ("macos", _) => "darwin-64",
            (_, "aarch64") => "linux-arm64",
            _ => "linux-64",
        };
        self.node_modules
            .join(format!("@cloudflare/workerd-{platform}/bin/workerd"))
    }
}

fn check_node() -> Result<()> {
    let (major, minor) = NODE;
    let Some(version) = output(Command::new("node").arg("--version")) else {
        bail!(
            "Node.js is missing: install version {major}.{minor} or newer from your system's packages or nodejs.org"
        );
    };
    let mut numbers = version
        .trim_start_matches('v')
        .split('.')
        .map(|part| part.parse().unwrap_or(0));
    if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < NODE {
        bail!("Node.js is {version}: install version {major}.{minor} or newer");
    }
    output(Command::new("npm").arg("--version"))
        .context("npm is missing: it comes with Node.js")?;
    Ok(())
}

async fn ensure_compilers() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    if output(Command::new("rustup").arg("--version")).is_none() {
        bail!(
            "rustup is missing: install it from rustup.rs; a Worker's build needs its targets and a nightly compiler"
        );
    }
    let installed = |toolchain: &[&str], what: &str| {
        output(
            command("rustup")
                .args([what, "list", "--installed"])
                .args(toolchain),
        )
        .unwrap_or_default()
    };
    if output(command("rustup").args(["run", NIGHTLY, "rustc", "--version"])).is_none() {
        let install = [
            "toolchain",
            "install",
            NIGHTLY,
            "--profile",
            "minimal",
            "--no-self-update",
        ];
        step(
            "installing the nightly compiler",
            command("rustup").args(install),
        )
        .await?;
    }
    for toolchain in [&[][..], &["--toolchain", NIGHTLY]] {
        if !installed(toolchain, "target").contains(TARGET) {
            step(
                "adding the wasm target",
                command("rustup")
                    .args(["target", "add", TARGET])
                    .args(toolchain),
            )
            .await?;
        }
    }
    let nightly = ["--toolchain", NIGHTLY];
    if !installed(&nightly, "component").contains("rust-src") {
        step(
            "adding the standard library's source",
            command("rustup")
                .args(["component", "add", "rust-src"])
                .args(nightly),
        )
        .await?;
    }
    Ok(())
}

/// The exact version of `wasm-bindgen` in `Cargo.lock`, which its command line must have too.
fn wasm_bindgen_version() -> Result<String> {
    let lock =
        std::fs::read_to_string(root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let (_, after) = lock
        .split_once("name = \"wasm-bindgen\"\nversion = \"")
        .context("Cargo.lock has no wasm-bindgen")?;
    let (version, _) = after.split_once('"').context("Cargo.lock cannot be read")?;
    Ok(version.to_owned())
}

/// Installs a crate's program into the user's cache, a folder for each version.
async fn ensure_crate(name: &str, version: &str, program: &str) -> Result<PathBuf> {
    let folder = cache()?.join(format!("{name}-{version}"));
    let path = folder.join("bin").join(program);
    if !path.exists() {
        let mut install = command("cargo");
        install
            .args(["install", "--locked", "--root"])
            .arg(&folder)
            .args([name, "--version", version]);
        step(&format!("installing {name} {version}"), &mut install).await?;
    }
    Ok(path)
}

fn cache() -> Result<PathBuf> {
    if let Some(cache) =
        std::env::var_os("XDG_CACHE_HOME").filter(|path| Path::new(path).is_absolute())
    {
        return Ok(PathBuf::from(cache).join("gatehouse"));
    }
    let home = std::env::var_os("HOME").context("HOME is not set")?;
    Ok(PathBuf::from(home).join(".cache/gatehouse"))
}

/// `npm ci` when `package-lock.json` is newer than what is installed.
async fn ensure_node_modules() -> Result<()> {
    let time = |path: &str| std::fs::metadata(root().join(path)).and_then(|file| file.modified());
    let installed = time("node_modules/.package-lock.json");
    if installed
        .is_ok_and(|installed| time("package-lock.json").is_ok_and(|lock| lock <= installed))
    {
        return Ok(());
    }
    // Nothing here needs an install script; the binaries come inside the packages.
    let mut install = command("npm");
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    step("installing wrangler, workerd and binaryen", &mut install).await
}
