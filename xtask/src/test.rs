//! `cargo xtask test`: every suite, natively and in workerd.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::build::{self, Variant};
use crate::database;
use crate::process::{Background, command, root};
use crate::settings::variable;
use crate::tools::Tools;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only tests whose names hold this.
    filter: Option<String>,
}

/// What became of the tests.
#[derive(Default)]
struct Count {
    /// Those too that lacked what they test with.
    passed: u32,
    failed: u32,
    ignored: u32,
    /// They lacked what they test with, and said so.
    lacking: u32,
}

#[derive(clap::Args)]
pub(crate) struct SoakOptions {
    /// How long.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=600))]
    minutes: u64,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let ground = Ground::ensure().await?;
    if variable("TEST_MYSQL_URL")?.is_none() {
        eprintln!("  no TEST_MYSQL_URL: the live suite runs on the private server only");
    }
    let corpora = variable("TEST_CORPORA")?.map(|folder| root().join(folder));
    if !corpora.as_ref().is_some_and(|folder| folder.is_dir()) {
        eprintln!(
            "  no corpora: tests that need vectors of other projects are skipped (TEST_CORPORA names the folder)"
        );
    }
    let mut count = Count::default();
    let suites: [(&str, &[&str], &str); 2] = [
        (
            "unit tests, protocol suites and the API in process",
            &[],
            "native",
        ),
        ("the API in workerd", &["--test", "api"], "workerd"),
    ];
    for (what, arguments, target) in suites {
        eprintln!("  running {what}");
        let mut cargo = ground.cargo_test(target);
        cargo.args(arguments).arg("--").args(&options.filter);
        cargo.envs(corpora.iter().map(|folder| ("TEST_CORPORA", folder)));
        run_suite(&mut cargo, &mut count).await?;
    }
    count.report()
}

pub(crate) async fn soak(options: &SoakOptions) -> Result<()> {
    let ground = Ground::ensure().await?;
    let mut cargo = ground.cargo_test("workerd");
    cargo
        .args(["--test", "api", "--", "--nocapture", "soak::"])
        .env("SOAK_SECONDS", (options.minutes * 60).to_string());
    let mut count = Count::default();
    run_suite(&mut cargo, &mut count).await?;
    count.report()
}

/// What the suites stand on.
struct Ground {
    tools: Tools,
    url: String,
    _server: Option<database::Server>,
}

impl Ground {
    async fn ensure() -> Result<Self> {
        let tools = Tools::ensure().await?;
        build::build(&tools, Variant::Release).await?;
        build::build(&tools, Variant::TestPanic).await?;
        let (url, server) = if let Some(url) = variable("TEST_DATABASE_URL")? {
            (url, None)
        } else {
            let server = database::ensure().await?;
            (server.test_url(), Some(server))
        };
        Ok(Self {
            tools,
            url,
            _server: server,
        })
    }

    fn cargo_test(&self, target: &str) -> Command {
        let mut cargo = command("cargo");
        cargo
            .args(["test", "--workspace", "--no-fail-fast"])
            // No test may touch a database that somebody works with.
            .env("DATABASE_URL", "")
            .env("DATABASE_HOST", "")
            .env("TEST_DATABASE_URL", &self.url)
            .env("TEST_TARGET", target)
            .env("TEST_WORKERD", self.tools.workerd())
            .env("TEST_WORKER", Variant::Release.folder())
            .env("TEST_WORKER_PANIC", Variant::TestPanic.folder());
        cargo
    }
}

/// Runs one `cargo test`, passing its output on and adding its results up.
async fn run_suite(cargo: &mut Command, count: &mut Count) -> Result<()> {
    let mut process = Background::start(cargo.stdout(Stdio::piped()))?;
    let output = process.take_output().context("cargo test has no output")?;
    let (send, mut lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        for line in lines {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let failed_before = count.failed;
    while let Some(line) = lines.recv().await {
        println!("{line}");
        count.add(&line);
    }
    let status = loop {
        match process.ended()? {
            Some(status) => break status,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    if !status.success() && count.failed == failed_before {
        bail!("cargo test ended with {status} before it had a result");
    }
    Ok(())
}

impl Count {
    /// Prints the line that counts, and fails if any test has.
    fn report(&self) -> Result<()> {
        println!("{}", self.line().context("no test ran")?);
        if self.failed > 0 {
            bail!("{} tests failed", self.failed);
        }
        Ok(())
    }

    /// The line that counts, after one with what was skipped; none if no test ran.
    fn line(&self) -> Option<String> {
        let passed = self.passed.saturating_sub(self.lacking);
        let failed = self.failed;
        let skipped = match self.ignored + self.lacking {
            0 => String::new(),
            skipped => format!("{skipped} skipped\n"),
        };
        (passed + failed > 0).then(|| format!("{skipped}{passed} passed, {failed} failed"))
    }

    /// Adds a line such as `test result: ok. 7 passed; 0 failed; 1 ignored; ...`, or one of a test
    /// that was skipped for want of something.
    fn add(&mut self, line: &str) {
        self.lacking += u32::from(line.starts_with("skipped: "));
        let Some(results) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in results.split(['.', ';']) {
            let mut words = part.split_whitespace();
            if let (Some(Ok(number)), Some(what)) =
                (words.next().map(str::parse::<u32>), words.next())
            {
                match what {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    "ignored" => self.ignored += number,
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_skipped_is_counted_and_has_not_passed() {
        let mut count = Count::default();
        for line in [
            "test a_test ... ok",
            "skipped: vectors.json is not at hand",
            "test result: ok. 7 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
            "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        ] {
            count.add(line);
        }
        assert_eq!(
            count.line().as_deref(),
            Some("2 skipped\n11 passed, 0 failed")
        );
    }

    #[test]
    fn nothing_is_counted_where_no_test_ran() {
        let mut count = Count::default();
        assert_eq!(count.line(), None);
        count.add("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured");
        assert_eq!(count.line().as_deref(), Some("2 passed, 1 failed"));
        let skipped = Count {
            passed: 1,
            lacking: 1,
            ..Count::default()
        };
        assert_eq!(skipped.line(), None);
    }
}
