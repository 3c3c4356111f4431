//! `cargo xtask dev`, started and ended.

pub(crate) mod checkout;

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use testkit::{free_port, root, scratch_folder, wait};

/// `cargo xtask dev` on a free port, ended by a signal.
pub(crate) struct Dev {
    child: Child,
    pub(crate) port: u16,
    log: PathBuf,
    lines: Receiver<String>,
}

impl Dev {
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        Self::start_in(&root(), variables)
    }

    /// Starts it in another checkout.
    pub(crate) fn start_in(checkout: &Path, variables: &[(&str, &str)]) -> Self {
        let port = free_port();
        let log = scratch_folder().join(format!("dev-{port}.log"));
        let mut command = xtask();
        command
            .args(["dev", "--port", &port.to_string()])
            .current_dir(checkout)
            .env_remove("CARGO_MANIFEST_DIR")
            // Whatever the machine's own settings name is not to be touched.
            .envs([("DATABASE_URL", ""), ("DATABASE_HOST", "")])
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).expect("a log"));
        let mut child = command.spawn().expect("xtask");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (send, lines) = channel();
        std::thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            lines.map(|line| send.send(line)).all(|sent| sent.is_ok())
        });
        let dev = Self {
            child,
            port,
            log,
            lines,
        };
        dev.wait_for(&format!("Ready on http://127.0.0.1:{port} after "));
        dev
    }

    /// Waits for a line of its output that begins so.
    pub(crate) fn wait_for(&self, start: &str) {
        let deadline = Instant::now() + Duration::from_mins(5);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.starts_with(start) => return,
                Ok(_) => {}
                Err(error) => panic!("{error} before the line {start:?}: {}", self.log()),
            }
        }
    }

    /// What it has said of its own steps.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("its log")
    }

    pub(crate) fn signal(&self, signal: &str) {
        let kill = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(kill.expect("kill").success());
    }

    /// Asks it to end, and sees that it does.
    pub(crate) fn stop(mut self, signal: &str, code: i32) {
        self.signal(signal);
        assert_eq!(self.child.wait().expect("an end").code(), Some(code));
        no_longer_served(self.port);
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("-TERM");
            let _ = self.child.wait();
        }
    }
}

/// xtask itself, as cargo has built it for these tests.
pub(crate) fn xtask() -> Command {
    // At run time: the checkout may have moved since it was compiled.
    Command::new(std::env::var_os("CARGO_BIN_EXE_xtask").expect("run by `cargo test`"))
}

/// Waits until nothing listens on a port any more.
pub(crate) fn no_longer_served(port: u16) {
    let why = || format!("port {port} is still served");
    wait::blocking(Duration::from_secs(20), || !wait::is_served(port), why);
}
