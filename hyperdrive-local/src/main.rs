//! The program `hyperdrive-local`: a local Hyperdrive for one database.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;
use hyperdrive_local::fault::{Fault, Kind, Stage};
use hyperdrive_local::options::{Options, Plugin};
use hyperdrive_local::{Hyperdrive, url};

/// A local Hyperdrive for MySQL that refuses what the real one refuses and can inject faults.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The database: <mysql://user:password@host:3306/database>. Prefer the environment variable,
    /// because every user of this machine can read arguments. A database on another machine is
    /// reached over TLS and its certificate is checked, unless the URL ends with ?ssl-mode=disabled
    /// or ?ssl-mode=required (which accepts any certificate).
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    origin: String,
    /// The port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 3307)]
    port: u16,
    /// The port of the HTTP endpoint for counters and faults; without it there is no endpoint.
    #[arg(long)]
    control_port: Option<u16>,
    /// The authentication plugin of the handshake with the Worker.
    #[arg(long, value_enum, default_value = "native")]
    plugin: Plugin,
    /// Offer the capabilities of a MySQL server instead of Hyperdrive's few.
    #[arg(long)]
    rich: bool,
    /// The maximum number of connections to the database.
    #[arg(long, default_value_t = 20)]
    origin_connection_limit: usize,
    /// The time that a statement waits for a connection to the database, in seconds.
    #[arg(long, default_value_t = 15)]
    acquire_timeout: u64,
    /// The time that a statement may run, in seconds.
    #[arg(long, default_value_t = 60)]
    statement_timeout: u64,
    /// Answer reads from a cache, as the real Hyperdrive does without --caching-disabled.
    #[arg(long)]
    caching: bool,
    /// The fault to inject, as JSON: {"stage": "query", "kind": "hang", "times": 1}.
    #[arg(long, value_parser = fault)]
    fault: Option<Fault>,
}

fn fault(text: &str) -> Result<Fault, String> {
    serde_json::from_str(text).map_err(|error| {
        let example = Fault {
            stage: Stage::Query,
            kind: Kind::Delay(500),
            skip: 0,
            times: Some(1),
        };
        let example = serde_json::to_string(&example).unwrap_or_default();
        format!("{error}; for example: {example}")
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let origin = url::origin(&arguments.origin).context("the database's URL is wrong")?;
    let hyperdrive = Hyperdrive::start(Options {
        port: arguments.port,
        plugin: arguments.plugin,
        rich: arguments.rich,
        origin_connection_limit: arguments.origin_connection_limit,
        acquire_timeout: Duration::from_secs(arguments.acquire_timeout),
        statement_timeout: Duration::from_secs(arguments.statement_timeout),
        caching: arguments.caching,
        ..Options::new(origin)
    })
    .await?;
    hyperdrive.fail(arguments.fault);
    if let Some(port) = arguments.control_port {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.with_context(|| format!("cannot listen on port {port}"))?;
        let control = hyperdrive.control();
        tokio::spawn(async { axum::serve(listener, control).await });
        println!("Counters on http://127.0.0.1:{port}/counters");
    }
    println!("{}", hyperdrive.connection_string());
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    println!(
        "{}",
        serde_json::to_string_pretty(&hyperdrive.counters().snapshot())?
    );
    Ok(())
}
