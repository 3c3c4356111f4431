//! `cargo xtask dev`: the Worker in workerd, on a database, until Ctrl-C.

use std::net::TcpListener;
use std::process::ExitStatus;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, bail};
use hyperdrive_local::Hyperdrive;
use xtask_host::mariadb;

use crate::build::{self, Variant};
use crate::tools::Tools;
use crate::wrangler::Wrangler;
use crate::{migrate, secret, settings};

/// How long wrangler may take to start.
const START: Duration = Duration::from_mins(2);
/// How often it is started again when it keeps ending by itself.
const RESTARTS: u32 = 5;
/// How long it has to run for its end to be counted from one again.
const STEADY: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(200);

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 8787)]
    port: u16,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let started = started();
    if TcpListener::bind(("127.0.0.1", options.port)).is_err() {
        bail!("port {} is taken; choose another with --port", options.port);
    }
    // Before minutes of compiling: here are the slips that can be made.
    secret::ensure_dev_secret()?;
    let (url, _server) = if let Some(url) = settings::database_url()? {
        (url, None)
    } else {
        let server = mariadb::ensure().await?;
        (server.dev_url(), Some(server))
    };
    migrate::apply(&url, false).await?;
    let tools = Tools::ensure().await?;
    build::build(&tools, Variant::Release).await?;

    // The Worker gets to the database as it does in production, with all that is refused there.
    let origin = hyperdrive_local::options::Options::new(settings::options(&url)?);
    let hyperdrive = Hyperdrive::start(origin).await?;
    let connection = hyperdrive.connection_string();
    let address = format!("http://127.0.0.1:{}", options.port);
    let mut wrangler = ready(&tools, options.port, &connection).await?;
    let seconds = started.elapsed().unwrap_or_default().as_secs_f32();
    println!("Ready on {address} after {seconds:.1} s; the page of the API: {address}/docs");
    let mut restarts = 0;
    loop {
        let since = Instant::now();
        let status = end(&mut wrangler).await?;
        // What it has left of itself ends before another one takes its place.
        drop(wrangler);
        restarts = if since.elapsed() < STEADY {
            restarts + 1
        } else {
            1
        };
        if restarts > RESTARTS {
            bail!("wrangler ended with {status}, {restarts} times within a minute of its start");
        }
        eprintln!("wrangler ended by itself with {status}; starting it again");
        wrangler = ready(&tools, options.port, &connection).await?;
        println!("Ready again on {address}");
    }
}

/// When this run began, which is before xtask itself was compiled.
fn started() -> SystemTime {
    let milliseconds = std::env::var("XTASK_STARTED").ok();
    milliseconds
        .and_then(|text| text.parse().ok())
        .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(since)))
        .unwrap_or_else(SystemTime::now)
}

/// A wrangler whose Worker answers.
async fn ready(tools: &Tools, port: u16, connection: &str) -> Result<Wrangler> {
    let mut wrangler = Wrangler::start(tools, port, connection)?;
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        if let Some(status) = wrangler.ended()? {
            // Its last words may still be on their way.
            tokio::time::sleep(POLL).await;
            let reason = wrangler.failed();
            bail!("wrangler ended with {status}: {reason}");
        }
        match status(port).await {
            Some(200) => {
                wrangler.serves();
                return Ok(wrangler);
            }
            Some(status) => {
                tokio::time::sleep(POLL * 5).await;
                let reason = wrangler.failed();
                bail!(
                    "the Worker answers {status}: {reason} (its settings: wrangler.toml, .dev.vars)"
                );
            }
            None => tokio::time::sleep(POLL).await,
        }
    }
    let reason = wrangler.failed();
    bail!(
        "wrangler does not answer on port {port} after {} s: {reason}",
        START.as_secs()
    )
}

async fn end(wrangler: &mut Wrangler) -> Result<ExitStatus> {
    loop {
        match wrangler.ended()? {
            Some(status) => return Ok(status),
            None => tokio::time::sleep(POLL).await,
        }
    }
}

/// The status of the root, if it answers.
async fn status(port: u16) -> Option<u16> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .ok()?;
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.ok()?;
        std::str::from_utf8(&answer)
            .ok()?
            .strip_prefix("HTTP/1.1 ")?
            .parse()
            .ok()
    };
    tokio::time::timeout(Duration::from_secs(5), ask)
        .await
        .ok()
        .flatten()
}
