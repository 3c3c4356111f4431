//! The built Worker in a workerd of its own, without wrangler: a Hyperdrive binding, the variables
//! as bindings, a port that the system chooses.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use super::database::Credentials;
use super::{Limits, Setup, scratch_folder};

pub(crate) struct Workerd {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Workerd {
    pub(crate) fn start(setup: &Setup, credentials: &Credentials) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = scratch_folder().join(format!("workerd-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let build = variable(if setup.panics {
            "TEST_WORKER_PANIC"
        } else {
            "TEST_WORKER"
        });
        for file in ["index.js", "index_bg.wasm"] {
            std::fs::copy(Path::new(&build).join(file), folder.join(file))
                .expect("the built Worker");
        }
        std::fs::write(folder.join("bindings.mjs"), include_str!("bindings.mjs"))
            .expect("bindings");
        std::fs::write(folder.join("config.capnp"), config(setup, credentials)).expect("config");

        // The shell ends workerd when this process is gone, however it went: then its standard
        // input ends. SIGKILL, since SIGTERM waits for requests that may hang.
        let script = "\"$0\" serve config.capnp --control-fd=3 3>&1 >log 2>&1 & echo $! >pid; exec >&-; read -r _; kill -9 $!";
        let mut child = Command::new("sh")
            .args(["-c", script, &variable("TEST_WORKERD")])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut ready = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output)
            .read_line(&mut ready)
            .expect("a line of workerd");
        let event: serde_json::Value = serde_json::from_str(&ready).unwrap_or_else(|_| {
            panic!(
                "workerd did not start: {}",
                std::fs::read_to_string(folder.join("log")).unwrap_or_default()
            )
        });
        let port = event["port"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok())
            .expect("a port");
        Self {
            child,
            port,
            folder,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The resident memory of the process, in KiB, where /proc tells.
    pub(crate) fn memory(&self) -> Option<u64> {
        let pid = std::fs::read_to_string(self.folder.join("pid")).ok()?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).expect("the log")
    }
}

impl Drop for Workerd {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run the tests with `cargo xtask test`"))
}

fn config(setup: &Setup, credentials: &Credentials) -> String {
    let Limits { login, register } = setup.limits;
    let Credentials {
        port,
        user,
        password,
        database,
    } = credentials;
    // As wrangler makes them of `[vars]`.
    let binding = |(name, value): &(&str, Value)| match value {
        Value::String(text) => format!("(name = \"{name}\", text = {text:?}),"),
        other => format!("(name = \"{name}\", json = {:?}),", other.to_string()),
    };
    let variables: Vec<_> = setup.all_variables().iter().map(binding).collect();
    let variables = variables.join("\n    ");
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .api),
    (name = "database", external = (address = "127.0.0.1:{port}", tcp = ())),
    # What `fetch` reaches: servers of the tests.
    (name = "internet", network = (allow = ["local"])),
  ],
  extensions = [(modules = [
    (name = "test:bindings", internal = true, esModule = embed "bindings.mjs"),
  ])],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const api :Workerd.Worker = (
  compatibilityDate = "2026-11-17",
  modules = [
    (name = "index.js", esModule = embed "index.js"),
    (name = "index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  bindings = [
    {variables}
    (name = "HYPERDRIVE", hyperdrive = (
      designator = "database", database = "{database}", user = "{user}", password = "{password}", scheme = "mysql")),
    (name = "LOGIN_LIMITER", wrapped = (moduleName = "test:bindings", entrypoint = "ratelimit",
      innerBindings = [(name = "limit", json = "{login}")])),
    (name = "REGISTER_LIMITER", wrapped = (moduleName = "test:bindings", entrypoint = "ratelimit",
      innerBindings = [(name = "limit", json = "{register}")])),
    (name = "METRICS", wrapped = (moduleName = "test:bindings", entrypoint = "dataset")),
  ],
);
"#
    )
}
