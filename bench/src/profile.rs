//! Where a Worker's CPU goes: a profile over workerd's inspector, under load.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use testkit::{free_port, root, variable};
use xtask_host::process::{Background, command};

use crate::gauge;
use crate::load::{Endpoint, Load};
use crate::servers::{Ground, Server};

const WARM_UP: Duration = Duration::from_secs(3);
const TIME: Duration = Duration::from_secs(10);

pub(crate) async fn run(endpoint: Endpoint) -> Result<()> {
    let ground = Ground::prepare().await?;
    let inspector = format!("127.0.0.1:{}", free_port());
    let server = Server::worker(
        &variable("TEST_WORKER"),
        &ground.hyperdrive,
        &[&format!("--inspector-addr={inspector}")],
    );
    server.enrol().await?;
    let load = |time| Load {
        endpoint,
        port: server.port,
        clients: endpoint.clients(),
        time,
        users: &server.users,
    };
    load(WARM_UP).run()?;
    let plain = measured(&server, &load(TIME / 2))?;
    let mut profiler = Profiler::start(&inspector)?;
    let under_profiler = measured(&server, &load(TIME))?;
    let report = profiler.stop()?;
    println!(
        "{}: {plain:.3} ms of CPU a request, {under_profiler:.3} ms under the profiler.\n\
         Self time by function, without idle time:\n{report}",
        endpoint.title()
    );
    Ok(())
}

/// The CPU of a request under a load.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn measured(server: &Server, load: &Load<'_>) -> Result<f64> {
    let before = gauge::cpu(server.pid())?;
    let seen = load.run()?;
    Ok((gauge::cpu(server.pid())? - before) as f64 / seen.requests as f64)
}

/// `profile.mjs`, which speaks to the inspector.
struct Profiler {
    process: Background,
    input: std::process::ChildStdin,
    output: BufReader<std::process::ChildStdout>,
}

impl Profiler {
    /// Returns when the profile has begun.
    fn start(inspector: &str) -> Result<Self> {
        let mut node = command(variable("NODE"));
        node.arg(root().join("bench/profile.mjs"))
            .arg(inspector)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = Background::start(&mut node)?;
        let input = process.take_input().context("its input")?;
        let mut output = BufReader::new(process.take_output().context("its output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        ensure!(line.trim() == "started", "the profiler did not start");
        Ok(Self {
            process,
            input,
            output,
        })
    }

    /// Ends the profile, and gives the table.
    fn stop(&mut self) -> Result<String> {
        self.input.write_all(b"stop\n")?;
        let mut report = String::new();
        self.output.read_to_string(&mut report)?;
        self.process.kill();
        Ok(report)
    }
}
