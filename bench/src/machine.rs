//! What a run was made on and with.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};
use testkit::variable;
use xtask_host::process::{command, output};

use crate::load;
use crate::servers::{python, versions};

/// A list in Markdown.
pub(crate) async fn describe(command: &str) -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |model| {
        model.trim_start_matches([' ', '\t', ':'])
    });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<_> = load.split(' ').take(3).collect();
    let python = versions(&python().await?)?;
    Ok(format!(
        "* Made on {date} at commit {commit} with `{command}`.\n\
         * Machine: {model}, {cores} cores (shared by wrk, server and database), Linux {kernel}; \
         load averages at the end {load}.\n\
         * {workerd}; {database}; {wrk}; {rustc}; {python}.\n",
        date = said("date", &["-u", "+%Y-%m-%d"])?,
        commit = commit()?,
        kernel = kernel.trim(),
        load = load.join(", "),
        workerd = said(&variable("TEST_WORKERD"), &["--version"])?,
        database = database()?,
        wrk = load::version()?,
        rustc = said("rustc", &["--version"])?,
    ))
}

fn said(program: &str, arguments: &[&str]) -> Result<String> {
    let said = output(command(program).args(arguments));
    said.with_context(|| format!("{program} does not run"))
}

/// The commit, and whether the tree differs from it.
fn commit() -> Result<String> {
    let commit = said("git", &["rev-parse", "--short", "HEAD"])?;
    let changed = said("git", &["status", "--porcelain", "--untracked-files=no"])?;
    let changed = if changed.is_empty() { "" } else { ", changed" };
    Ok(format!("{commit}{changed}"))
}

fn database() -> Result<String> {
    let mut program = Command::new("mariadbd");
    let version = output(program.args(["--no-defaults", "--version"]));
    let version = version.context("the version of MariaDB")?;
    let (_, version) = version
        .split_once("Ver ")
        .context("the version of MariaDB")?;
    let version = version.split([' ', '-']).next().unwrap_or_default();
    Ok(format!("MariaDB {version}"))
}
