//! `cargo xtask test`: every suite, natively and in workerd.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::build::{self, Variant};
use crate::database;
use crate::process::command;
use crate::settings::variable;
use crate::tools::Tools;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only tests whose names hold this.
    filter: Option<String>,
}

/// Passed, failed, ignored.
#[derive(Default)]
struct Count {
    passed: u32,
    failed: u32,
    ignored: u32,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let tools = Tools::ensure()?;
    build::build(&tools, Variant::Release)?;
    build::build(&tools, Variant::TestPanic)?;
    let server = match variable("TEST_DATABASE_URL") {
        Some(_) => None,
        None => Some(database::ensure().await?),
    };
    let url = variable("TEST_DATABASE_URL")
        .or_else(|| server.as_ref().map(database::Server::test_url))
        .unwrap_or_default();
    if variable("TEST_MYSQL_URL").is_none() {
        eprintln!("  no TEST_MYSQL_URL: the live suite runs on the private server only");
    }
    let mut count = Count::default();
    let suites: [(&str, &[&str], &str); 2] = [
        (
            "unit tests, protocol suites and the API in process",
            &["--workspace"],
            "native",
        ),
        (
            "the API in workerd",
            &["--package", "gatehouse", "--test", "api"],
            "workerd",
        ),
    ];
    for (what, arguments, target) in suites {
        eprintln!("  running {what}");
        let mut cargo = command("cargo");
        cargo
            .args(["test", "--no-fail-fast"])
            .args(arguments)
            .args(["--"])
            .args(&options.filter);
        cargo
            .env("TEST_DATABASE_URL", &url)
            .env("TEST_TARGET", target)
            .env("TEST_WORKERD", tools.workerd())
            .env("TEST_WORKER", Variant::Release.folder())
            .env("TEST_WORKER_PANIC", Variant::TestPanic.folder());
        run_suite(&mut cargo, &mut count)?;
    }
    if count.passed == 0 {
        bail!("no test ran");
    }
    let ignored = if count.ignored > 0 {
        format!(", {} skipped", count.ignored)
    } else {
        String::new()
    };
    println!("{} passed, {} failed{ignored}", count.passed, count.failed);
    if count.failed > 0 {
        bail!("{} tests failed", count.failed);
    }
    Ok(())
}

/// Runs one `cargo test`, passing its output on and adding its results up.
fn run_suite(cargo: &mut Command, count: &mut Count) -> Result<()> {
    let mut child = cargo
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    let failed_before = count.failed;
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        if let Some(results) = line.strip_prefix("test result: ") {
            for part in results.split(['.', ';']) {
                let mut words = part.split_whitespace();
                if let (Some(Ok(number)), Some(what)) =
                    (words.next().map(str::parse::<u32>), words.next())
                {
                    match what {
                        "passed" => count.passed += number,
                        "failed" => count.failed += number,
                        "ignored" => count.ignored += number,
                        _ => {}
                    }
                }
            }
        }
    }
    let status = child.wait()?;
    if !status.success() && count.failed == failed_before {
        bail!("cargo test ended with {status} before it had a result");
    }
    Ok(())
}
