//! `wrangler dev`, as a developer starts it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use xtask_host::process::{Background, End, guarded};

use crate::{empty_folder, free_port, root, wait};

/// A running `wrangler dev`, killed with all that it has started when this is dropped.
#[derive(Debug)]
pub struct Wrangler {
    process: Background,
    port: u16,
    log: PathBuf,
}

impl Wrangler {
    /// Starts it in the folder of a Worker, with the connection string of its Hyperdrive, and
    /// returns when it answers.
    ///
    /// # Panics
    /// When it cannot be run or does not answer.
    #[must_use]
    pub fn start(worker: &Path, connection: &str) -> Self {
        let modules = root().join("node_modules");
        let program = modules.join("wrangler/bin/wrangler.js");
        assert!(
            program.exists(),
            "run the tests with `cargo xtask test`, which installs wrangler"
        );
        let port = free_port();
        let home = empty_folder(&format!("wrangler-{port}"));
        let log = home.join("output.log");
        let output = File::create(&log).expect("a log");
        let mut command = guarded(modules.join(".bin/node"), End::Kill);
        command
            .arg(program)
            .args(["dev", "--ip", "127.0.0.1", "--inspector-port", "0"])
            .arg("--show-interactive-dev-session=false")
            .args(["--port", &port.to_string()])
            .current_dir(worker)
            .env(
                "CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE",
                connection,
            )
            // It is a test: nothing to report, ask or fetch.
            .env("WRANGLER_SEND_METRICS", "false")
            .env("WRANGLER_SEND_ERROR_REPORTS", "false")
            .env("WRANGLER_HIDE_BANNER", "true")
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .env("XDG_CONFIG_HOME", &home)
            .env("WRANGLER_LOG_PATH", home)
            .stdout(output.try_clone().expect("a log"))
            .stderr(output);
        let process = Background::start(&mut command).expect("node");
        let wrangler = Self { process, port, log };
        let why = || format!("no answer: {}", wrangler.log());
        wait::blocking(Duration::from_mins(1), || wait::is_answered(port), why);
        wrangler
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Wrangler {
    fn drop(&mut self) {
        self.process.kill();
    }
}
