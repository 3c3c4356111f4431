//! Running other programs: each in a process group of its own, which ends with whatever waits for
//! it, so that Ctrl-C leaves nothing behind, and for servers not even SIGKILL does.

use std::ffi::OsStr;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

pub use xtask_start::machine::{find, output};

/// How long a process has to end by itself once it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// The root of the checkout that this run is for; empty outside of one.
#[must_use]
pub fn root() -> PathBuf {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| xtask_start::root().unwrap_or_default());
    ROOT.clone()
}

/// The folder for what belongs to this checkout and to no commit.
#[must_use]
pub fn dev_folder() -> PathBuf {
    std::env::var_os("XTASK_DEV_FOLDER").map_or_else(|| root().join(".dev"), PathBuf::from)
}

/// A command that runs in the project's root.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// How a guarded process is ended when this process is gone.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// It is asked to end, and may clean up.
    Term,
    /// It is killed, whatever it waits for.
    Kill,
}

/// A command that lives no longer than this process, even if this one is killed: its standard
/// input is a pipe of ours, and a watcher in its group ends the group when that pipe closes. The
/// group is the one that [`Background::start`] makes.
pub fn guarded(program: impl AsRef<OsStr>, end: End) -> Command {
    const SCRIPT: &str = "exec 3<&0 </dev/null; \
        { read -r _ <&3; kill -\"$0\" 0; } >/dev/null 2>&1 & \
        exec 3<&-; exec \"$@\"";
    let signal = match end {
        End::Term => "TERM",
        End::Kill => "KILL",
    };
    let mut command = command("sh");
    command
        .args(["-c", SCRIPT, signal])
        .arg(program)
        .stdin(Stdio::piped());
    command
}

/// Runs a command whose output matters only when it fails, with a line that shows how long it has
/// been at it.
///
/// # Errors
/// When it cannot be run or fails; with its last lines.
pub async fn step(what: &str, command: &mut Command) -> Result<()> {
    let folder = dev_folder().join("log");
    std::fs::create_dir_all(&folder)?;
    let name: String = what
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let log = folder.join(format!("{name}.log"));
    let file =
        std::fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdout(file.try_clone()?).stderr(file);
    let program = command.get_program().to_string_lossy().into_owned();
    let mut process = Background::start(command)?;
    let status = wait(what, &mut process).await?;
    if !status.success() {
        let output = std::fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<_> = output.lines().collect();
        let tail = lines
            .get(lines.len().saturating_sub(40)..)
            .unwrap_or_default()
            .join("\n");
        let log = log.display();
        bail!("{what}: {program} ended with {status}. The last lines of {log}:\n{tail}");
    }
    Ok(())
}

/// Waits for a process, showing the seconds on a terminal and a start and an end elsewhere.
async fn wait(what: &str, process: &mut Background) -> Result<ExitStatus> {
    let started = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    if !terminal {
        eprintln!("  {what} ...");
    }
    loop {
        let ended = process.ended()?;
        let seconds = started.elapsed().as_secs();
        if terminal {
            eprint!("\r  {what} ... {seconds} s");
            std::io::stderr().flush()?;
        }
        if let Some(status) = ended {
            if terminal {
                eprintln!();
            } else {
                eprintln!("  {what}: done in {seconds} s");
            }
            return Ok(status);
        }
        let young = started.elapsed() < Duration::from_millis(500);
        tokio::time::sleep(Duration::from_millis(if young { 20 } else { 250 })).await;
    }
}

/// Runs a command with its output shown.
///
/// # Errors
/// When it cannot be run or fails.
pub async fn show(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut process = Background::start(command)?;
    loop {
        match process.ended()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("{program} ended with {status}"),
            None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// A process in a group of its own, ended with all its children when this is dropped.
#[derive(Debug)]
pub struct Background {
    child: Child,
}

impl Background {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        // A group of its own, so that Ctrl-C reaches it through us and in our order.
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot run {program}"))?;
        Ok(Self { child })
    }

    /// Whether it has ended by itself.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Its standard input, if that is piped and was not taken before.
    pub fn take_input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Its standard output, if that is piped and was not taken before.
    pub fn take_output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its standard output and error, as far as they are piped and were not taken before.
    pub fn take_outputs(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// The number of the process, which is that of its group too.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the process alone to end.
    pub fn terminate(&self) {
        self.signal_alone(Signal::TERM);
    }

    /// Sends a signal to the process alone.
    pub(crate) fn signal_alone(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, signal);
        }
    }

    /// Kills it with all its children.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self) {
        // While its pipe is open, so that its watcher does not end it.
        let watched = self.child.stdin.take();
        let _ = self.child.wait();
        drop(watched);
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // It fails when nothing of the group is left, which is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.signal(Signal::TERM);
            let deadline = Instant::now() + GRACE;
            while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
                thread::sleep(Duration::from_millis(20));
            }
        }
        // Whatever it has left behind.
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}
