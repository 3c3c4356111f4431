//! `cargo xtask`: everything that is done to Gatehouse from a terminal.
//!
//! `xtask-start` has checked what the machine must have; all else is installed here, pinned, into
//! the project or the user's cache. What is done already is not done again.

mod bench;
mod bindgen;
mod build;
mod bundle;
mod check;
mod common;
mod dev;
mod docs;
mod known_secrets;
mod migrate;
mod npm;
mod secret;
mod settings;
mod test;
mod tools;
mod wrangler;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Sets up, runs, tests, builds and migrates Gatehouse.
#[derive(Parser)]
#[command(name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set everything up and run the Worker in workerd until Ctrl-C.
    Dev(dev::Options),
    /// Set everything up and run every test suite.
    Test(test::Options),
    /// Run mixed load with faults at random against the Worker, and compare what its clients were
    /// told with the database.
    Soak(test::SoakOptions),
    /// Measure what a request costs, beside the same API in Python and an empty Worker.
    Bench(bench::Options),
    /// Check formatting, lints (native and wasm) and dependencies.
    Check,
    /// Build the Worker into build/ and print its size.
    Build(build::Options),
    /// Apply the migrations to the database that `DATABASE_URL` or `.env` names.
    Migrate(migrate::Options),
    /// Print the keys of the long passwords on standard input:
    /// `cargo xtask common-passwords <list >src/password/common/long.keys`.
    CommonPasswords,
    /// Print what the Worker keeps of the secrets on standard input, which are known to everyone:
    /// `cargo xtask known-secrets <jwt.secrets.list >src/config/known_secrets.bin`.
    KnownSecrets,
    /// Print a random `SECRET_KEY`; with --dev, put one into `.dev.vars` if there is none.
    Secret(secret::Options),
}

fn main() -> ExitCode {
    start().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

#[tokio::main(flavor = "current_thread")]
async fn start() -> Result<ExitCode> {
    // What is under way is dropped when a signal comes, and with it every process it has started.
    // The handlers come first, before anything is started.
    tokio::select! {
        biased;
        signal = stopped() => {
            eprintln!("\nstopped");
            Ok(ExitCode::from(128 + signal))
        }
        result = run(Arguments::parse().command) => result.map(|()| ExitCode::SUCCESS),
    }
}

async fn run(command: Command) -> Result<()> {
    xtask_start::root().context("the current folder is in no checkout of Gatehouse")?;
    match command {
        Command::Dev(options) => dev::run(&options).await,
        Command::Test(options) => test::run(&options).await,
        Command::Soak(options) => test::soak(&options).await,
        Command::Bench(options) => bench::run(&options).await,
        Command::Check => check::run().await,
        Command::Build(options) => build::run(&options).await,
        Command::Migrate(options) => migrate::run(&options).await,
        Command::CommonPasswords => common::run(),
        Command::KnownSecrets => known_secrets::run(),
        Command::Secret(options) => secret::run(&options),
    }
}

/// Completes with the number of the signal that asks for an end.
async fn stopped() -> u8 {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        // Without handlers the signals end the process by themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => 2,
        _ = terminate.recv() => 15,
        _ = hangup.recv() => 1,
    }
}
