//! Suites: the test programs that cargo builds, run side by side.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use xtask_host::process::{Background, command, root};

/// Suites that take long, the longest first: they begin first, so that none of them runs alone at
/// the end.
const LONG: [&str; 6] = ["api", "mysql", "dev", "wrangler", "docs", "vectors"];
/// The suite that runs twice.
const API: &str = "api";
const POLL: Duration = Duration::from_millis(50);

/// Where the API runs while it is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    Native,
    Workerd,
}

impl Runtime {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Workerd => "workerd",
        }
    }

    /// The folder of the tests that are for the other one.
    fn not_here(self) -> &'static str {
        match self {
            Self::Native => "workerd::",
            Self::Workerd => "native::",
        }
    }
}

/// A test program with its arguments.
pub(super) struct Suite {
    name: String,
    command: Command,
    runtime: Option<Runtime>,
}

impl Suite {
    /// A program of a package, beside the programs that it may run.
    fn new(artifact: &Artifact, runtime: Option<Runtime>, programs: &[Artifact]) -> Self {
        let mut command = command(&artifact.executable);
        command
            // Where `cargo test` runs it.
            .current_dir(&artifact.package)
            .env("CARGO_MANIFEST_DIR", &artifact.package)
            .stdout(Stdio::piped());
        for program in programs {
            let name = format!("CARGO_BIN_EXE_{}", program.name);
            command.env(name, &program.executable);
        }
        // A checkout may have any name, so the folder is told from there.
        let folder = artifact
            .package
            .strip_prefix(root())
            .unwrap_or(Path::new(""));
        let mut name = folder.join(&artifact.name).display().to_string();
        if let Some(runtime) = runtime {
            name = format!("{name} ({})", runtime.name());
            command.env("TEST_TARGET", runtime.name());
            command.args(["--skip", runtime.not_here()]);
        }
        Self {
            name,
            command,
            runtime,
        }
    }

    /// The tests in the documentation, which cargo builds as it runs them.
    fn documentation() -> Self {
        let mut command = command("cargo");
        command
            .args(["test", "--quiet", "--workspace", "--doc", "--"])
            .stdout(Stdio::piped());
        Self {
            name: "documentation".to_owned(),
            command,
            runtime: None,
        }
    }

    pub(super) fn name(&self) -> String {
        self.name.clone()
    }

    pub(super) fn runtime(&self) -> Option<Runtime> {
        self.runtime
    }

    /// Only tests whose names hold this.
    pub(super) fn filter(&mut self, filter: Option<&str>) {
        self.command.args(filter);
    }

    /// Passes over the tests of a folder of the API's.
    pub(super) fn skip_of_api(&mut self, folder: &str) {
        if self.runtime.is_some() {
            self.arguments(&["--skip", folder]);
        }
    }

    /// Passes arguments on to the test program.
    pub(super) fn arguments(&mut self, more: &[&str]) {
        self.command.args(more);
    }

    /// Sets a variable for its tests.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.command.env(name, value);
    }

    /// Shows what its tests print.
    pub(super) fn show(&mut self) {
        self.command.arg("--nocapture");
    }
}

/// A program that cargo has built.
struct Artifact {
    name: String,
    package: PathBuf,
    executable: OsString,
    is_test: bool,
}

impl Artifact {
    /// Reads a line that cargo prints about it.
    fn read(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let text = |pointer: &str| line.pointer(pointer).and_then(Value::as_str);
        Some(Self {
            executable: text("/executable")?.into(),
            name: text("/target/name")?.to_owned(),
            package: Path::new(text("/manifest_path")?).parent()?.to_owned(),
            is_test: line.pointer("/profile/test")?.as_bool()?,
        })
    }
}

/// The variables that suites are built and run with.
pub(super) type Environment = Vec<(&'static str, OsString)>;

/// Builds all suites; the API's is there twice, once for each runtime.
pub(super) async fn build(environment: &Environment) -> Result<Vec<Suite>> {
    let mut cargo = command("cargo");
    cargo
        .args(["test", "--workspace", "--no-run"])
        .arg("--message-format=json-render-diagnostics")
        .envs(environment.iter().cloned())
        .stdout(Stdio::piped());
    let mut process = Background::start(&mut cargo)?;
    let output = process.take_output().context("cargo has no output")?;
    let output = tokio::task::spawn_blocking(|| read(output)).await?;
    let status = end(&mut process).await?;
    if !status.success() {
        bail!("cargo test ended with {status} before it had a result");
    }
    let artifacts = output.lines().filter_map(Artifact::read);
    let (mut tests, programs): (Vec<_>, Vec<_>) = artifacts.partition(|artifact| artifact.is_test);
    let rank = |test: &Artifact| LONG.iter().position(|name| *name == test.name);
    tests.sort_by_key(|test| rank(test).unwrap_or(LONG.len()));
    let mut suites = Vec::new();
    for test in &tests {
        let runtimes = match &*test.name {
            API => vec![Some(Runtime::Workerd), Some(Runtime::Native)],
            _ => vec![None],
        };
        let twice = runtimes.into_iter();
        suites.extend(twice.map(|runtime| Suite::new(test, runtime, &programs)));
    }
    suites.push(Suite::documentation());
    for suite in &mut suites {
        suite.command.envs(environment.iter().cloned());
    }
    Ok(suites)
}

async fn end(process: &mut Background) -> Result<ExitStatus> {
    loop {
        match process.ended()? {
            Some(status) => return Ok(status),
            None => tokio::time::sleep(POLL).await,
        }
    }
}

/// Runs suites, as many at a time as there are processors, and tells of each when it has ended.
pub(super) async fn run_all(
    suites: Vec<Suite>,
    mut tell: impl FnMut(&Suite, &str, Duration),
) -> Result<()> {
    let lanes = thread::available_parallelism().map_or(1, usize::from);
    let mut waiting = VecDeque::from(suites);
    let (send, mut ended) = tokio::sync::mpsc::unbounded_channel();
    let mut running = Vec::new();
    while !waiting.is_empty() || !running.is_empty() {
        while running.len() < lanes
            && let Some(mut suite) = waiting.pop_front()
        {
            let mut process = Background::start(&mut suite.command)?;
            let output = process.take_output().context("a suite has no output")?;
            let (send, id) = (send.clone(), process.id());
            thread::spawn(move || send.send((id, read(output))));
            running.push((suite, process, Instant::now()));
        }
        let (id, output) = ended.recv().await.context("no suite runs")?;
        let place = running
            .iter()
            .position(|(_, process, _)| process.id() == id);
        let (suite, mut process, started) = running.swap_remove(place.context("a suite")?);
        let status = end(&mut process).await?;
        if !status.success() && !output.contains("test result: FAILED") {
            let name = &suite.name;
            bail!("{name} ended with {status} before it had a result:\n{output}");
        }
        tell(&suite, &output, started.elapsed());
    }
    Ok(())
}

fn read(mut output: impl Read) -> String {
    let mut text = Vec::new();
    // What was read until then counts.
    let _ = output.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}
