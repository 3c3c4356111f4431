//! The tools that a build needs beyond cargo, each in the one version that works; but for the
//! nightly compiler.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::npm;
use xtask_host::process::{command, output, root, step};
use xtask_start::machine::node_version;

/// What wrangler asks for.
const NODE: (u32, u32) = (22, 12);
/// The Worker is compiled with its standard library, which only a nightly compiler does.
pub(crate) const NIGHTLY: &str = "nightly";
/// What the Worker is compiled for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Where the tools are.
pub(crate) struct Tools {
    node_modules: PathBuf,
    node: PathBuf,
}

impl Tools {
    /// Installs what is missing.
    pub(crate) async fn ensure() -> Result<Self> {
        ensure_compilers().await?;
        npm::ensure().await?;
        let node_modules = root().join("node_modules");
        Ok(Self {
            node: node(&node_modules)?,
            node_modules,
        })
    }

    /// A program that npm has installed, in the Node.js that it has installed.
    pub(crate) fn npm_program(&self, name: &str) -> Command {
        self.command(self.program(name))
    }

    /// The Node.js that runs wrangler, and wrangler.
    pub(crate) fn wrangler(&self) -> (&Path, PathBuf) {
        (
            &self.node,
            self.node_modules.join("wrangler/bin/wrangler.js"),
        )
    }

    /// `PATH` with the programs that npm has installed before all others, as under `npx`.
    pub(crate) fn path(&self) -> OsString {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path);
        std::env::join_paths([self.node_modules.join(".bin")].into_iter().chain(folders))
            .unwrap_or(path)
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

    fn program(&self, name: &str) -> PathBuf {
        self.node_modules.join(".bin").join(name)
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = command(program.as_ref());
        command.env("PATH", self.path());
        command
    }
}

/// The Node.js that npm has installed for this platform, or else the machine's.
fn node(node_modules: &Path) -> Result<PathBuf> {
    let (major, minor) = NODE;
    let candidates = [node_modules.join(".bin/node"), PathBuf::from("node")];
    let mut candidates = candidates.into_iter();
    candidates
        .find(|node| node_version(node).is_some_and(|version| version >= NODE))
        .with_context(|| {
            format!(
                "npm has no Node.js for this platform, and the machine's is older than \
                 {major}.{minor}, which wrangler needs"
            )
        })
}

async fn ensure_compilers() -> Result<()> {
    if output(Command::new("rustup").arg("--version")).is_none() {
        bail!("rustup is missing: install it as https://rustup.rs says");
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
        let mut install = command("rustup");
        install.args(["toolchain", "install", NIGHTLY, "--no-self-update"]);
        install.args(["--profile", "minimal"]);
        step("installing the nightly compiler", &mut install).await?;
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
