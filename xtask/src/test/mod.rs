//! `cargo xtask test`: every suite, the API natively and in workerd. All of it is built once; then
//! suites run side by side, because most of them wait most of the time.

mod cluster;
mod contract;
mod count;
mod suite;

use std::time::Instant;

use anyhow::Result;
use xtask_host::mariadb;
use xtask_host::process::root;

use crate::build::{self, Variant};
use crate::settings::variable;
use crate::tools::Tools;
use count::Count;
use suite::{Environment, Runtime, Suite};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only tests whose names hold this.
    filter: Option<String>,
    /// On a cluster of three database nodes behind HAProxy: what fails there and comes back, and then
    /// the API's other tests.
    #[arg(long)]
    cluster: bool,
    /// The three minutes of it that CI runs.
    #[arg(long, requires = "cluster")]
    short: bool,
}

#[derive(clap::Args)]
pub(crate) struct SoakOptions {
    /// How long.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=600))]
    minutes: u64,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    if options.cluster {
        return cluster::run(options).await;
    }
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
    let started = Instant::now();
    let mut environment = ground.environment();
    environment.extend(corpora.map(|folder| ("TEST_CORPORA", folder.into())));
    let mut suites = suite::build(&environment).await?;
    for suite in &mut suites {
        suite.filter(options.filter.as_deref());
        suite.skip_of_api(cluster::TESTS);
        contract::record(suite)?;
    }
    eprintln!(
        "  built in {} s; running {} suites",
        seconds(started),
        suites.len()
    );

    let mut count = Count::default();
    let mut times = Vec::new();
    let started = Instant::now();
    suite::run_all(suites, |suite, output, time| {
        println!("\n{}: {:.0} s\n{output}", suite.name(), time.as_secs_f32());
        output.lines().for_each(|line| count.add(line));
        times.push((time, suite.name()));
    })
    .await?;
    eprintln!("  ran in {} s, of which the longest:", seconds(started));
    times.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    for (time, name) in times.iter().take(8) {
        eprintln!("  {:5.0} s  {name}", time.as_secs_f32());
    }
    count.report()?;
    // A part of the tests sees a part of it.
    if options.filter.is_none() {
        contract::compare()?;
    }
    Ok(())
}

fn seconds(since: Instant) -> u64 {
    since.elapsed().as_secs()
}

pub(crate) async fn soak(options: &SoakOptions) -> Result<()> {
    let ground = Ground::ensure().await?;
    let mut environment = ground.environment();
    let seconds = (options.minutes * 60).to_string();
    environment.push(("SOAK_SECONDS", seconds.into()));
    let suites = suite::build(&environment).await?;
    let is_api = |suite: &Suite| suite.runtime() == Some(Runtime::Workerd);
    let mut suites: Vec<_> = suites.into_iter().filter(is_api).collect();
    for suite in &mut suites {
        suite.filter(Some("workerd::soak::"));
        suite.show();
    }
    let mut count = Count::default();
    suite::run_all(suites, |_, output, _| {
        println!("{output}");
        output.lines().for_each(|line| count.add(line));
    })
    .await?;
    count.report()
}

/// What the suites stand on.
struct Ground {
    tools: Tools,
    url: String,
    _server: Option<mariadb::Server>,
}

impl Ground {
    /// With the database that a variable names, or a private server.
    async fn ensure() -> Result<Self> {
        if let Some(url) = variable("TEST_DATABASE_URL")? {
            return Self::on(url).await;
        }
        let ground = Self::on(String::new()).await?;
        let server = mariadb::ensure().await?;
        Ok(Self {
            url: server.test_url(),
            _server: Some(server),
            ..ground
        })
    }

    /// With the database of a URL.
    async fn on(url: String) -> Result<Self> {
        let tools = Tools::ensure().await?;
        build::build(&tools, Variant::Release).await?;
        build::build(&tools, Variant::TestPanic).await?;
        Ok(Self {
            tools,
            url,
            _server: None,
        })
    }

    /// What all suites are told. No test may touch a database that somebody works with.
    fn environment(&self) -> Environment {
        vec![
            ("DATABASE_URL", "".into()),
            ("DATABASE_HOST", "".into()),
            ("TEST_DATABASE_URL", (&self.url).into()),
            ("TEST_WORKERD", self.tools.workerd().into()),
            ("TEST_WORKER", Variant::Release.folder().into()),
            ("TEST_WORKER_PANIC", Variant::TestPanic.folder().into()),
        ]
    }
}
