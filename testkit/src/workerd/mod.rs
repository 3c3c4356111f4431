//! A workerd, without wrangler.

mod config;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use xtask_host::process::{Background, End, guarded};

pub use config::{CRON_PATH, Config};

/// A workerd that serves the `config.capnp` of a folder, killed when this is dropped: asked to end,
/// it would wait for requests that may hang.
#[derive(Debug)]
pub struct Workerd {
    process: Background,
    port: u16,
    folder: PathBuf,
}

impl Workerd {
    /// Starts the program in a folder, which is removed with it, and returns when it listens.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(program: &str, folder: PathBuf) -> Self {
        Self::start_with(program, folder, &[])
    }

    /// The same with more arguments of `workerd serve`.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start_with(program: &str, folder: PathBuf, arguments: &[&str]) -> Self {
        let script = "exec \"$0\" serve config.capnp \"$@\" --control-fd=3 3>&1 >log 2>&1";
        let mut command = guarded("sh", End::Kill);
        command
            .args(["-c", script, program])
            .args(arguments)
            .current_dir(&folder)
            .stdout(Stdio::piped());
        let mut process = Background::start(&mut command).expect("a shell");
        let output = BufReader::new(process.take_output().expect("its output"));
        let mut events = output.lines().map_while(Result::ok);
        // Before it, the inspector may say where it listens.
        let port = events.find_map(|event| listens(&event));
        let port = port.unwrap_or_else(|| {
            let log = std::fs::read_to_string(folder.join("log"));
            panic!("workerd did not start: {}", log.unwrap_or_default())
        });
        Self {
            process,
            port,
            folder,
        }
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The file that it logs to.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The resident memory of the process, in KiB, where /proc tells.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        let status = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(status).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }

    /// All that it has logged.
    ///
    /// # Panics
    /// When that cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).expect("the log")
    }
}

/// The port of an event that says where a Worker is served.
fn listens(event: &str) -> Option<u16> {
    let event: serde_json::Value = serde_json::from_str(event).ok()?;
    let port = event.get("port")?.as_u64()?;
    (event.get("event")? == "listen").then(|| u16::try_from(port).ok())?
}

impl Drop for Workerd {
    fn drop(&mut self) {
        self.process.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
