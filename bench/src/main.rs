//! `gatehouse-bench`, which `cargo xtask bench` runs: the cost of a request to Gatehouse, beside the
//! same API in Python, the same router without a Worker around it, and an empty Worker.
//!
//! * `servers`: what is loaded, each in a process of its own;
//! * `load`: wrk, and what it has seen;
//! * `gauge`: what a server and its database have used;
//! * `rounds`: loads everything in turn, some times over;
//! * `first`: the first answer of an isolate;
//! * `table`, `chart`, `page`: the result on a terminal and in its page;
//! * `database`: what the statements cost the database;
//! * `growth`, `burst`: more users and more clients, and who is served in turn;
//! * `memory`: what a Worker's memory is after many requests;
//! * `profile`: where a Worker's CPU goes;
//! * `hash`: the password hash alone;
//! * `serve`: the servers that are this program itself.

mod burst;
mod chart;
mod database;
mod first;
mod gauge;
mod growth;
mod hash;
mod load;
mod machine;
mod memory;
mod page;
mod profile;
mod rounds;
mod serve;
mod servers;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use load::Endpoint;

/// Loads Gatehouse and what it is compared with.
#[derive(Parser)]
#[command(name = "cargo xtask bench", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures.
    Run(Options),
    /// Serves Gatehouse's router natively.
    #[command(hide = true)]
    Native(serve::Native),
    /// Runs a local Hyperdrive.
    #[command(hide = true)]
    Hyperdrive(serve::Hyperdrive),
}

#[derive(Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
struct Options {
    /// Take a minute: one short round.
    #[arg(long)]
    quick: bool,
    /// Measure with more and more users and clients instead.
    #[arg(long)]
    growth: bool,
    /// Tell what the Worker's memory is after many requests instead, and fail if it has grown.
    #[arg(long, conflicts_with = "growth")]
    memory: bool,
    /// Measure what the statements cost the database instead.
    #[arg(long, conflicts_with_all = ["growth", "memory"])]
    database: bool,
    /// Print where the Worker's CPU goes under the load of one endpoint instead.
    #[arg(long, value_enum)]
    profile: Option<Endpoint>,
    /// Put the result into its page.
    #[arg(long)]
    write: bool,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run(options) => run(&options),
        Command::Native(options) => serve::native(&options),
        Command::Hyperdrive(options) => serve::hyperdrive(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(options: &Options) -> Result<()> {
    if !options.database {
        load::check()?;
    }
    if let Some(endpoint) = options.profile {
        return profile::run(endpoint).await;
    }
    let section = if options.growth {
        growth::run(options.quick).await?
    } else if options.database {
        database::run(options.quick).await?
    } else if options.memory {
        memory::run(options.quick).await?
    } else {
        rounds::run(options.quick).await?
    };
    println!("{}", section.text);
    if options.write {
        page::write(&section)?;
    }
    Ok(())
}
