//! `cargo xtask bench`: builds the Worker, and has `gatehouse-bench` load it.

use anyhow::Result;
use xtask_host::process::{command, show};

use crate::build::{self, Variant};
use crate::tools::Tools;

#[derive(clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Options {
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
    /// Print where the Worker's CPU goes under the load of one endpoint instead: root, me, bad,
    /// login, register or update.
    #[arg(long, value_name = "ENDPOINT")]
    profile: Option<String>,
    /// Put the result into its page: docs/performance.md, docs/scale.md.
    #[arg(long)]
    write: bool,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let tools = Tools::ensure().await?;
    let variant = match options.profile {
        Some(_) => Variant::Named,
        None => Variant::Release,
    };
    build::build(&tools, variant).await?;
    let (node, _) = tools.wrangler();
    let mut bench = command("cargo");
    bench
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "gatehouse-bench",
        ])
        .args(["--", "run"])
        .args(options.quick.then_some("--quick"))
        .args(options.growth.then_some("--growth"))
        .args(options.memory.then_some("--memory"))
        .args(options.database.then_some("--database"))
        .args(options.write.then_some("--write"))
        .env("TEST_WORKER", variant.folder())
        .env("TEST_WORKERD", tools.workerd())
        .env("NODE", node);
    if let Some(endpoint) = &options.profile {
        bench.args(["--profile", endpoint]);
    }
    show(&mut bench).await
}
