//! `cargo xtask check`: what can be said without running anything.

use anyhow::{Result, bail};

use xtask_host::process::{command, output, show};

pub(crate) async fn run() -> Result<()> {
    show(command("cargo").args(["fmt", "--all", "--check"])).await?;
    clippy(&["--workspace", "--all-targets"]).await?;
    clippy(&["--target", "wasm32-unknown-unknown"]).await?;
    clippy(&[
        "--target",
        "wasm32-unknown-unknown",
        "--features",
        "test-panic",
    ])
    .await?;
    show(
        command("cargo")
            .args(["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
    .await?;
    deny().await
}

async fn clippy(arguments: &[&str]) -> Result<()> {
    show(
        command("cargo")
            .args(["clippy", "--quiet"])
            .args(arguments)
            .args(["--", "-D", "warnings"]),
    )
    .await
}

/// Licences, bans and sources. Advisories change without the tree changing and need a database from
/// the network, so a job of its own looks them up: `cargo deny check advisories` in ci.yml.
async fn deny() -> Result<()> {
    if output(command("cargo").args(["deny", "--version"])).is_none() {
        if std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
            bail!("there is no cargo-deny, and CI needs the dependency check");
        }
        eprintln!(
            "skipped the dependency check: install it with `cargo install --locked cargo-deny`"
        );
        return Ok(());
    }
    show(command("cargo").args([
        "deny",
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
    .await
}
