//! The same API in Python: `bench/twin`, in a virtual environment of its own.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use testkit::root;
use xtask_host::process::{End, command as run, dev_folder, guarded, output, step};

use super::{SECRET_KEY, TOKEN_MINUTES};
use crate::hash::{Costs, OURS};

const REQUIREMENTS: &str = "bench/twin/requirements.txt";

/// The Python that has what the twin needs, which is installed if it is not there.
pub(crate) async fn python() -> Result<PathBuf> {
    let folder = dev_folder().join("bench-python");
    let python = folder.join("bin/python");
    let wanted = fs::read_to_string(root().join(REQUIREMENTS))?;
    // Made last, so that what was stopped half-way is done again.
    let stamp = folder.join("installed");
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    if output(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_none() {
        bail!(
            "Python's venv and pip are missing: install the packages python3-venv and python3-pip"
        );
    }
    let mut make = run("python3");
    make.args(["-m", "venv", "--clear"]).arg(&folder);
    step("making a virtual environment for FastAPI", &mut make).await?;
    let mut install = run(&python);
    install
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        // The file lists all that there is to be.
        .args(["--no-deps", "--requirement", REQUIREMENTS]);
    step("installing FastAPI", &mut install).await?;
    fs::write(stamp, wanted)?;
    Ok(python)
}

/// What serves the twin: with defaults, or with Gatehouse's costs of a hash and a pool that has a
/// connection for each client.
pub(super) fn command(python: &Path, port: u16, tuned: bool) -> Command {
    let mut serve = guarded(python, End::Kill);
    serve
        .args(["-m", "uvicorn", "main:app", "--app-dir", "bench/twin"])
        .args(["--loop", "uvloop", "--http", "httptools"])
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .env("SECRET_KEY", SECRET_KEY)
        .env("ACCESS_TOKEN_EXPIRE_MINUTES", TOKEN_MINUTES)
        // No files beside the source.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    if tuned {
        let Costs(memory, passes, lanes) = OURS;
        serve.env("ARGON2", format!("{memory},{passes},{lanes}"));
        serve.env("POOL_SIZE", "20");
    }
    serve
}

/// The versions of Python and of what matters in the twin.
pub(crate) fn versions(python: &Path) -> Result<String> {
    let version = output(Command::new(python).arg("--version")).context("Python's version")?;
    let wanted = fs::read_to_string(root().join(REQUIREMENTS))?;
    let shown = [
        "fastapi",
        "uvicorn",
        "uvloop",
        "httptools",
        "SQLAlchemy",
        "PyMySQL",
    ];
    let shown = shown
        .iter()
        .chain(&["passlib", "argon2-cffi", "python-jose"]);
    let mut all = version;
    for name in shown {
        let line = wanted
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}==")));
        let _ = write!(all, ", {name} {}", line.unwrap_or("?"));
    }
    Ok(all)
}
