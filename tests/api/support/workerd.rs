//! The built Worker in a workerd of its own, without wrangler: a Hyperdrive binding, the variables
//! as bindings, a port that the system chooses.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use testkit::{Workerd, empty_folder, variable};

use super::database::Credentials;
use super::{Builder, Limits};

pub(super) fn start(with: &Builder, credentials: &Credentials) -> Workerd {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = empty_folder(&format!("workerd-{}-{count}", std::process::id()));
    let build = variable(if with.panics {
        "TEST_WORKER_PANIC"
    } else {
        "TEST_WORKER"
    });
    for file in ["index.js", "index_bg.wasm"] {
        // A link, so that nothing is copied for each of a hundred servers.
        let original = std::path::absolute(Path::new(&build).join(file));
        std::os::unix::fs::symlink(original.expect("a path"), folder.join(file))
            .expect("the built Worker");
    }
    std::fs::write(folder.join("bindings.mjs"), include_str!("bindings.mjs")).expect("bindings");
    std::fs::write(folder.join("config.capnp"), config(with, credentials)).expect("config");
    Workerd::start(&variable("TEST_WORKERD"), folder)
}

fn config(with: &Builder, credentials: &Credentials) -> String {
    let Limits { login, register } = with.limits;
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
    let variables: Vec<_> = with.variables().iter().map(binding).collect();
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
      designator = "database", database = "{database}", user = "{user}", password = {password:?}, scheme = "mysql")),
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
