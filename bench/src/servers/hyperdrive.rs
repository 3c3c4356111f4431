//! A local Hyperdrive in a process of its own, so that its CPU is not that of a server.

use std::io::{BufRead as _, BufReader};
use std::process::{ChildStdout, Stdio};

use anyhow::{Context as _, Result};
use mysql_async::Opts;
use serde_json::Value;
use testkit::database::{self, Credentials};
use testkit::free_port;
use xtask_host::process::{Background, End, guarded};

use super::start::url;
use crate::gauge::Meter;

#[derive(Debug)]
pub(crate) struct Hyperdrive {
    control: u16,
    url: String,
    _process: Background,
    // It would fail to write to a closed pipe.
    _output: BufReader<ChildStdout>,
}

impl Hyperdrive {
    /// Starts one with so many connections to a database at most.
    pub(crate) fn start(origin: &Opts, connections: usize) -> Result<Self> {
        let control = free_port();
        let mut command = guarded(std::env::current_exe()?, End::Kill);
        command
            .args(["hyperdrive", "--control", &control.to_string()])
            .args(["--connections", &connections.to_string()])
            .env("DATABASE_URL", url("mysql", &origin.into()))
            .stdout(Stdio::piped());
        let mut process = Background::start(&mut command)?;
        let mut output = BufReader::new(process.take_output().context("its output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let line: Value = serde_json::from_str(&line).context("the local Hyperdrive's output")?;
        let url = line.get("url").and_then(Value::as_str);
        Ok(Self {
            control,
            url: url.context("a connection string")?.to_owned(),
            _process: process,
            _output: output,
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn credentials(&self) -> Credentials {
        (&database::options(&self.url)).into()
    }

    pub(crate) fn meter(&self) -> Meter {
        Meter::Hyperdrive(self.control)
    }
}
