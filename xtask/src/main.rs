//! `cargo xtask`: everything that is done to Gatehouse from a terminal.
//!
//! A machine needs rustup, cargo and Node.js; all else is installed here, pinned, into the project
//! or the user's cache. What is done already is not done again.

mod build;
mod check;
mod database;
mod dev;
mod migrate;
mod process;
mod secret;
mod settings;
mod test;
mod tools;

use clap::{Parser, Subcommand};

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
    /// Check formatting, lints (native and wasm) and dependencies.
    Check,
    /// Build the Worker into build/ and print its size.
    Build(build::Options),
    /// Apply the migrations to the database that `DATABASE_URL` or `.env` names.
    Migrate(migrate::Options),
    /// Print a random `SECRET_KEY`; with --dev, put one into `.dev.vars` if there is none.
    Secret(secret::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    let result = match Arguments::parse().command {
        Command::Dev(options) => dev::run(&options).await,
        Command::Test(options) => test::run(&options).await,
        Command::Check => check::run(),
        Command::Build(options) => build::run(&options),
        Command::Migrate(options) => migrate::run(&options).await,
        Command::Secret(options) => secret::run(&options),
    };
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
