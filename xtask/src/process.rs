//! Running other programs: quietly with a progress line, or in the background with a sure end.

use std::ffi::OsStr;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// How long a process has to end by itself once it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// The root of the project, whatever the current folder.
pub(crate) fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or(manifest.clone(), PathBuf::from)
}

/// The folder for what belongs to this checkout and to no commit.
pub(crate) fn dev_folder() -> PathBuf {
    root().join(".dev")
}

/// A command that runs in the project's root.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Runs a command whose output matters only when it fails, with a line that shows how long it has
/// been at it.
pub(crate) fn step(what: &str, command: &mut Command) -> Result<()> {
    let log = dev_folder().join("log");
    std::fs::create_dir_all(&log)?;
    let name: String = what
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let log = log.join(format!("{name}.log"));
    let file =
        std::fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file);
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {program}"))?;
    let status = show_progress(what, || child.try_wait())?;
    if !status.success() {
        let output = std::fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<_> = output.lines().collect();
        let tail = lines
            .get(lines.len().saturating_sub(40)..)
            .unwrap_or_default()
            .join("\n");
        bail!(
            "{what}: {program} ended with {status}. The last lines of {}:\n{tail}",
            log.display()
        );
    }
    Ok(())
}

/// Waits for something, showing the seconds on a terminal and a start and an end elsewhere.
fn show_progress<T>(what: &str, mut poll: impl FnMut() -> std::io::Result<Option<T>>) -> Result<T> {
    let started = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    if !terminal {
        eprintln!("  {what} ...");
    }
    loop {
        let done = poll()?;
        let seconds = started.elapsed().as_secs();
        if terminal {
            eprint!("\r  {what} ... {seconds} s");
            std::io::stderr().flush()?;
        }
        if let Some(value) = done {
            eprintln!(
                "{}",
                if terminal {
                    String::new()
                } else {
                    format!("  {what}: done in {seconds} s")
                }
            );
            return Ok(value);
        }
        thread::sleep(Duration::from_millis(
            if started.elapsed().as_millis() < 500 {
                20
            } else {
                250
            },
        ));
    }
}

/// Runs a command with its output shown.
pub(crate) fn show(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("cannot run {program}"))?;
    if !status.success() {
        bail!("{program} ended with {status}");
    }
    Ok(())
}

/// What a command prints, or none when it cannot be run or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A process in a group of its own, ended with all its children when this is dropped.
pub(crate) struct Background {
    child: Child,
}

impl Background {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        // A group of its own, so that Ctrl-C reaches it through us and in our order.
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot run {program}"))?;
        Ok(Self { child })
    }

    /// Whether it has ended by itself.
    pub(crate) fn ended(&mut self) -> Result<Option<std::process::ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Its standard output, if that is piped and was not taken before.
    pub(crate) fn take_output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It fails when nothing of the group is left, which is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}
