//! The built Worker in a workerd of its own, without wrangler.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use testkit::database::Credentials;
use testkit::workerd::Config;
use testkit::{Workerd, empty_folder, variable};

use super::builder::Instrument;
use super::{Builder, Limits};

pub(super) fn start(with: &Builder, credentials: &Credentials) -> Workerd {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = empty_folder(&format!("workerd-{}-{count}", std::process::id()));
    let build = variable(if with.instrument == Instrument::Panics {
        "TEST_WORKER_PANIC"
    } else {
        "TEST_WORKER"
    });
    let mut modules =
        Vec::from(["index.js", "index_bg.wasm"].map(|file| Path::new(&build).join(file)));
    if with.instrument == Instrument::CountsCalls {
        let counting = ["count.mjs", "wrap.mjs"];
        modules.splice(
            ..0,
            counting.map(|file| Path::new("tests/api/workerd/bridge").join(file)),
        );
    }
    let Limits { login, register } = with.limits;
    let fires_cron = with.instrument == Instrument::FiresCron;
    let config = Config {
        modules: &modules,
        variables: &with.variables(),
        hyperdrive: credentials,
        limiters: [("LOGIN_LIMITER", login), ("REGISTER_LIMITER", register)],
        v8_flags: &[],
        logs_counts: true,
        fires_cron,
    };
    config.write(&folder);
    let arguments: &[&str] = if fires_cron { &["--experimental"] } else { &[] };
    Workerd::start_with(&variable("TEST_WORKERD"), folder, arguments)
}
