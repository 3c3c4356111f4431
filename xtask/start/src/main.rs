//! `cargo xtask` begins here: it says what is going to happen, checks what the machine must have,
//! compiles xtask, which takes a minute the first time, and hands over to it.

use std::convert::Infallible;
use std::env;
use std::ffi::OsStr;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use xtask_start::machine::{self, Advice, Need};
use xtask_start::root;

fn main() -> ExitCode {
    match run() {
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Infallible, String> {
    let started = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let root = root().ok_or("the current folder is in no checkout of Gatehouse")?;
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let xtask = env::current_exe()
        .map_err(|error| format!("cannot tell where this program is: {error}"))?
        .with_file_name("xtask");
    let needs = needs(arguments.first().map(|argument| &**argument), &root);
    if !xtask.exists() {
        eprintln!("{}", announcement(&needs));
    }
    let missing = machine::missing(&needs);
    let packages = if missing.is_empty() {
        Vec::new()
    } else {
        machine::installable(&missing).ok_or_else(|| Advice(&missing).to_string())?
    };
    // Side by side: the one waits for the network, the other for the processor.
    let mut work = vec![Work::start("compiling cargo xtask", &mut compile(&root))?];
    if !packages.is_empty() {
        let what = format!("installing {} (no service is started)", packages.join(" "));
        work.push(Work::start(&what, &mut apt(&packages))?);
    }
    wait(work)?;
    // A system's own Node.js may be older than what is needed.
    let still_missing = machine::missing(&needs);
    if !still_missing.is_empty() {
        return Err(Advice(&still_missing).to_string());
    }
    let error = Command::new(&xtask)
        .args(arguments)
        .env("CARGO_MANIFEST_DIR", root.join("xtask"))
        .env("XTASK_STARTED", started.as_millis().to_string())
        .exec();
    Err(format!("cannot run {}: {error}", xtask.display()))
}

/// What a command of xtask cannot do without.
fn needs(command: Option<&OsStr>, root: &Path) -> Vec<Need> {
    let build = [Need::Rustup, Need::Node, Need::Npm];
    let more: &[Need] = match command.and_then(OsStr::to_str) {
        Some("dev") if !machine::is_set(&machine::DATABASE, root) => &[Need::Server],
        Some("test" | "soak") if !machine::is_set(&machine::TEST_DATABASE, root) => &[Need::Server],
        Some("bench") => &[Need::Server, Need::Wrk, Need::Python],
        Some("dev" | "test" | "soak" | "build") => &[],
        _ => return Vec::new(),
    };
    build.iter().chain(more).copied().collect()
}

fn announcement(needs: &[Need]) -> &'static str {
    if needs.is_empty() {
        "Compiling cargo xtask itself, which takes about a minute, once."
    } else {
        "Setting everything up, once: about four minutes on two cores, of which cargo xtask itself \
         takes one and the Worker three. Later runs take seconds."
    }
}

fn compile(root: &Path) -> Command {
    let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut cargo = Command::new(cargo);
    cargo
        .args(["build", "--quiet", "--package", "xtask"])
        .current_dir(root);
    cargo
}

fn apt(packages: &[&str]) -> Command {
    let mut apt = Command::new("sh");
    apt.args([
        "-c",
        "apt-get update && exec apt-get install --yes --no-install-recommends \"$@\"",
        "apt-get",
    ])
    .args(packages)
    .env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

/// A program that is running, and what it is doing.
struct Work {
    what: String,
    process: thread::JoinHandle<std::io::Result<Output>>,
}

impl Work {
    fn start(what: &str, command: &mut Command) -> Result<Self, String> {
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{what}: {error}"))?;
        Ok(Self {
            what: what.to_owned(),
            process: thread::spawn(move || process.wait_with_output()),
        })
    }

    /// Waits for the end, and passes on what was said if that matters.
    fn end(self) -> Result<(), String> {
        let output = self.process.join().map_err(|_| "a thread failed")?;
        let output = output.map_err(|error| format!("{}: {error}", self.what))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!(
                "{} ended with {}\n{said}",
                self.what, output.status
            ));
        }
        Ok(())
    }
}

/// Waits for all of it, showing the seconds on a terminal and a start and an end elsewhere. What
/// takes less than a second needs no line.
fn wait(work: Vec<Work>) -> Result<(), String> {
    let started = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    let what: Vec<_> = work.iter().map(|work| work.what.clone()).collect();
    let what = what.join("; ");
    let mut shown = false;
    while work.iter().any(|work| !work.process.is_finished()) {
        thread::sleep(Duration::from_millis(20));
        let elapsed = started.elapsed();
        if elapsed < Duration::from_secs(1) {
            continue;
        }
        if terminal {
            eprint!("\r  {what} ... {} s", elapsed.as_secs());
            let _ = std::io::stderr().flush();
        } else if !shown {
            eprintln!("  {what} ...");
        }
        shown = true;
    }
    if shown && terminal {
        eprintln!();
    } else if shown {
        eprintln!("  {what}: done in {} s", started.elapsed().as_secs());
    }
    work.into_iter().try_for_each(Work::end)
}
