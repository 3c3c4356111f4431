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
    let python = versions(&python().await?)?;
    Ok(format!(
        "{}* {}; {}; {}; {}; {python}.\n",
        made(command, "wrk, server and database")?,
        said(&variable("TEST_WORKERD"), &["--version"])?,
        database()?,
        load::version()?,
        said("rustc", &["--version"])?,
    ))
}

/// The same for a run that needs a database only.
pub(crate) fn describe_database(command: &str) -> Result<String> {
    let made = made(command, "client and database")?;
    Ok(format!("{made}* {}.\n", database()?))
}

/// When, where and by which command a run was made.
fn made(command: &str, sharers: &str) -> Result<String> {
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
    Ok(format!(
        "* Made on {date} at commit {commit} with `{command}`.\n\
         * Machine: {model}, {cores} cores (shared by {sharers}), Linux {kernel}; \
         load averages at the end {load}.\n",
        date = said("date", &["-u", "+%Y-%m-%d"])?,
        commit = commit()?,
        kernel = kernel.trim(),
        load = load.join(", "),
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
