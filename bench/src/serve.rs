//! The servers that are this program itself, each in a process of its own.

use std::time::Duration;

use anyhow::{Context as _, Result};
use gatehouse::platform::Limiter;
use hyperdrive_local::options::Options;
use serde_json::json;
use testkit::database;
use testkit_native::{Line, Platform};

use crate::servers;

#[derive(clap::Args)]
pub(crate) struct Native {
    /// The port on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// The connection string of its Hyperdrive.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database: String,
}

/// Serves Gatehouse's router on one thread, as an isolate has; its log is the standard output.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn native(options: &Native) -> Result<()> {
    let platform = Platform {
        credentials: (&database::options(&options.database)).into(),
        limits: [(Limiter::Login, u32::MAX), (Limiter::Register, u32::MAX)],
        output: Box::new(|line| {
            if let Line::Log(line) = line {
                println!("{line}");
            }
        }),
    };
    let listener = std::net::TcpListener::bind(("127.0.0.1", options.port))?;
    let router = testkit_native::gatehouse(&servers::variables(), platform).router;
    testkit_native::serve(listener, router).await;
    Ok(())
}

#[derive(clap::Args)]
pub(crate) struct Hyperdrive {
    /// The port of its counters.
    #[arg(long)]
    control: u16,
    /// The maximum number of connections to the database.
    #[arg(long)]
    connections: usize,
    /// The database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    origin: String,
}

/// Runs a local Hyperdrive, and prints how to connect to it.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn hyperdrive(options: &Hyperdrive) -> Result<()> {
    let hyperdrive = hyperdrive_local::Hyperdrive::start(Options {
        origin_connection_limit: options.connections,
        acquire_timeout: Duration::from_mins(1),
        ..Options::new(database::options(&options.origin))
    })
    .await?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.control)).await;
    let listener = listener.context("the port of the counters")?;
    println!("{}", json!({ "url": hyperdrive.connection_string() }));
    axum::serve(listener, hyperdrive.control()).await?;
    Ok(())
}
