//! `cargo xtask check`: what can be said without running anything.

use anyhow::Result;

use crate::process::{command, output, show};

pub(crate) fn run() -> Result<()> {
    show(command("cargo").args(["fmt", "--all", "--check"]))?;
    clippy(&["--workspace", "--all-targets"])?;
    clippy(&["--target", "wasm32-unknown-unknown"])?;
    clippy(&[
        "--target",
        "wasm32-unknown-unknown",
        "--features",
        "test-panic",
    ])?;
    show(
        command("cargo")
            .args(["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    deny()
}

fn clippy(arguments: &[&str]) -> Result<()> {
    show(
        command("cargo")
            .args(["clippy", "--quiet"])
            .args(arguments)
            .args(["--", "-D", "warnings"]),
    )
}

/// Licences, bans and sources; advisories where their database can be had.
fn deny() -> Result<()> {
    if output(command("cargo").args(["deny", "--version"])).is_none() {
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
}
