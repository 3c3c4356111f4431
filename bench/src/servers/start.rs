//! Starting a server of each kind.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use testkit::database::Credentials;
use testkit::workerd::Config;
use testkit::{Workerd, empty_folder, free_port, root, variable, wait};
use xtask_host::process::{Background, End, guarded};

use super::{Ground, Hyperdrive, Kind, Process, Server, twin, variables};
use crate::gauge::Meter;

impl Server {
    /// Starts one before a database.
    pub(crate) async fn start(kind: Kind, ground: &Ground) -> Result<Self> {
        match kind {
            Kind::Worker => Ok(Self::worker(
                &variable("TEST_WORKER"),
                &ground.hyperdrive,
                &[],
            )),
            Kind::Floor => Ok(Self::floor(&ground.hyperdrive)),
            Kind::Native => Self::native(&ground.hyperdrive),
            Kind::Twin | Kind::Tuned => {
                let python = twin::python().await?;
                Self::twin(kind, &python, ground)
            }
        }
    }

    /// Gatehouse in workerd, with further arguments of `workerd serve`.
    pub(crate) fn worker(build: &str, hyperdrive: &Hyperdrive, arguments: &[&str]) -> Self {
        let modules = built(build);
        Self::workerd(Kind::Worker, &modules, hyperdrive, arguments)
    }

    pub(crate) fn floor(hyperdrive: &Hyperdrive) -> Self {
        let modules = [root().join("bench/floor.js")];
        Self::workerd(Kind::Floor, &modules, hyperdrive, &[])
    }

    /// A Worker that tells its memory at `/bench/memory`, in a workerd that logs V8's collections.
    pub(crate) fn with_memory(kind: Kind, hyperdrive: &Hyperdrive) -> Result<Self> {
        let own = ["memory.mjs", "instance.mjs"].map(|file| root().join("bench/memory").join(file));
        let folder = folder();
        let mut modules = Vec::from(own);
        if kind == Kind::Worker {
            modules.extend(built(&variable("TEST_WORKER")));
        } else {
            let other = empty_folder(&format!("bench-{}-floor", std::process::id()));
            std::fs::copy(root().join("bench/floor.js"), other.join("index.js"))?;
            modules.push(other.join("index.js"));
        }
        // V8 writes its trace with the C library, which keeps it back if nobody asks for lines.
        let program = folder.join("workerd");
        let script = format!(
            "#!/bin/sh\nexec stdbuf -oL '{}' \"$@\"\n",
            variable("TEST_WORKERD")
        );
        std::fs::write(&program, script)?;
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700))?;
        let flags = ["--expose-gc", "--trace-gc"];
        let program = program.display().to_string();
        Ok(Self::served(
            kind,
            &modules,
            hyperdrive,
            &flags,
            &program,
            &folder,
            &[],
        ))
    }

    fn workerd(
        kind: Kind,
        modules: &[PathBuf],
        hyperdrive: &Hyperdrive,
        arguments: &[&str],
    ) -> Self {
        let program = variable("TEST_WORKERD");
        Self::served(
            kind,
            modules,
            hyperdrive,
            &[],
            &program,
            &folder(),
            arguments,
        )
    }

    fn served(
        kind: Kind,
        modules: &[PathBuf],
        hyperdrive: &Hyperdrive,
        v8_flags: &[&str],
        program: &str,
        folder: &Path,
        arguments: &[&str],
    ) -> Self {
        let config = Config {
            modules,
            variables: &variables(),
            hyperdrive: &hyperdrive.credentials(),
            limiters: ["LOGIN_LIMITER", "REGISTER_LIMITER"].map(|name| (name, u32::MAX)),
            v8_flags,
            logs_counts: false,
            fires_cron: false,
        };
        config.write(folder);
        let workerd = Workerd::start_with(program, folder.to_owned(), arguments);
        Self {
            kind,
            port: workerd.port(),
            users: folder.join("users"),
            meter: hyperdrive.meter(),
            log: workerd.log_file(),
            process: Process::Workerd(workerd),
        }
    }

    pub(crate) fn native(hyperdrive: &Hyperdrive) -> Result<Self> {
        let port = free_port();
        let mut command = guarded(std::env::current_exe()?, End::Kill);
        command
            .args(["native", "--port", &port.to_string()])
            .env("DATABASE_URL", hyperdrive.url());
        Self::process(Kind::Native, &mut command, port, hyperdrive.meter())
    }

    fn twin(kind: Kind, python: &Path, ground: &Ground) -> Result<Self> {
        let (port, database) = (free_port(), ground.database.options());
        let mut command = twin::command(python, port, kind == Kind::Tuned);
        command.env("DATABASE_URL", url("mysql+pymysql", &(&database).into()));
        Self::process(kind, &mut command, port, Meter::Database(database))
    }

    fn process(kind: Kind, command: &mut Command, port: u16, meter: Meter) -> Result<Self> {
        let folder = folder();
        let log = folder.join("log");
        let errors = File::create(folder.join("errors"))?;
        command.stdout(File::create(&log)?).stderr(errors);
        let process = Background::start(command)?;
        let why = || format!("{} does not start: {}", kind.title(), folder.display());
        wait::blocking(Duration::from_secs(20), || wait::is_served(port), why);
        Ok(Self {
            kind,
            port,
            users: folder.join("users"),
            meter,
            log,
            process: Process::Other(process),
        })
    }
}

/// The files of a built Worker.
fn built(folder: &str) -> [PathBuf; 2] {
    ["index.js", "index_bg.wasm"].map(|file| Path::new(folder).join(file))
}

/// The URL of a database.
pub(super) fn url(scheme: &str, credentials: &Credentials) -> String {
    let Credentials {
        port,
        user,
        password,
        database,
    } = credentials;
    format!("{scheme}://{user}:{password}@127.0.0.1:{port}/{database}")
}

/// A folder for what a server writes.
fn folder() -> PathBuf {
    empty_folder(&format!("bench-{}-{}", std::process::id(), free_port()))
}
