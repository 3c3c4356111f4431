//! The `config.capnp` of a workerd: a Worker with its modules, variables and bindings.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::database::Credentials;

/// Where the cron trigger is fired.
pub const CRON_PATH: &str = "/cdn-cgi/local/scheduled";

/// A Worker, and what it is bound to: a Hyperdrive, two limiters and a dataset.
#[derive(Debug)]
pub struct Config<'a> {
    /// The files that the Worker is made of, the main module first: JavaScript, and wasm where the
    /// name ends so.
    pub modules: &'a [PathBuf],
    /// Bound as wrangler binds `[vars]`.
    pub variables: &'a [(&'a str, Value)],
    /// Where its Hyperdrive is.
    pub hyperdrive: &'a Credentials,
    /// The names of the limiters, and how many requests each lets through for one key.
    pub limiters: [(&'a str, u32); 2],
    /// Flags of V8, such as `--trace-gc`.
    pub v8_flags: &'a [&'a str],
    /// Whether the dataset logs what is counted.
    pub logs_counts: bool,
    /// Whether a GET of [`CRON_PATH`] fires the cron trigger, as under `wrangler dev`. Needs
    /// `--experimental`.
    pub fires_cron: bool,
}

impl Config<'_> {
    /// Writes it into a folder, from which [`Workerd::start`](super::Workerd::start) serves it on a
    /// port that the system chooses.
    ///
    /// # Panics
    /// When that fails.
    pub fn write(&self, folder: &Path) {
        for module in self.modules {
            // A link, so that nothing is copied for each of a hundred servers.
            let original = std::path::absolute(module).expect("a path");
            std::os::unix::fs::symlink(original, folder.join(name(module))).expect("a module");
        }
        std::fs::write(folder.join("bindings.mjs"), include_str!("bindings.mjs"))
            .expect("bindings");
        std::fs::write(folder.join("cron.mjs"), include_str!("cron.mjs")).expect("a module");
        std::fs::write(folder.join("config.capnp"), self.text()).expect("a configuration");
    }

    fn text(&self) -> String {
        let Credentials {
            port,
            user,
            password,
            database,
        } = self.hyperdrive;
        let modules: String = self.modules.iter().map(|path| embedded(path)).collect();
        let variables: String = self.variables.iter().map(variable).collect();
        let limiters: String = self.limiters.iter().map(limiter).collect();
        let logs = self.logs_counts;
        let flags = self.v8_flags;
        let front = if self.fires_cron { "cron" } else { "main" };
        let cron = if self.fires_cron { CRON } else { "" };
        format!(
            r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = {flags:?},
  services = [
    (name = "main", worker = .api),
{cron}    (name = "database", external = (address = "127.0.0.1:{port}", tcp = ())),
    # What `fetch` reaches: servers of the tests.
    (name = "internet", network = (allow = ["local"])),
  ],
  extensions = [(modules = [
    (name = "test:bindings", internal = true, esModule = embed "bindings.mjs"),
  ])],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "{front}")],
);
const api :Workerd.Worker = (
  compatibilityDate = "2026-11-17",
  modules = [
{modules}  ],
  bindings = [
{variables}{limiters}    (name = "HYPERDRIVE", hyperdrive = (
      designator = "database", database = "{database}", user = "{user}", password = {password:?}, scheme = "mysql")),
    (name = "METRICS", wrapped = (moduleName = "test:bindings", entrypoint = "dataset",
      innerBindings = [(name = "logs", json = "{logs}")])),
  ],
);
"#
        )
    }
}

/// A Worker before the one that is tested, which passes on everything but one path.
const CRON: &str = r#"    (name = "cron", worker = (
      compatibilityDate = "2026-11-17",
      compatibilityFlags = ["service_binding_extra_handlers"],
      modules = [(name = "cron.mjs", esModule = embed "cron.mjs")],
      bindings = [(name = "MAIN", service = "main")],
    )),
"#;

fn name(module: &Path) -> String {
    let name = module.file_name().expect("a file");
    name.to_string_lossy().into_owned()
}

fn embedded(module: &Path) -> String {
    let kind = match module.extension() {
        Some(end) if end == "wasm" => "wasm",
        _ => "esModule",
    };
    let name = name(module);
    format!("    (name = \"{name}\", {kind} = embed \"{name}\"),\n")
}

/// As wrangler makes it of one of `[vars]`.
fn variable((name, value): &(&str, Value)) -> String {
    match value {
        Value::String(text) => format!("    (name = \"{name}\", text = {text:?}),\n"),
        other => {
            let json = other.to_string();
            format!("    (name = \"{name}\", json = {json:?}),\n")
        }
    }
}

fn limiter((name, limit): &(&str, u32)) -> String {
    format!(
        "    (name = \"{name}\", wrapped = (moduleName = \"test:bindings\", \
         entrypoint = \"ratelimit\",\n      innerBindings = [(name = \"limit\", json = \"{limit}\")])),\n"
    )
}
