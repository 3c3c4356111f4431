//! `cargo xtask test --cluster`: the API in workerd on three Galera nodes, which its tests break.

use std::fs;

use anyhow::{Result, bail};
use xtask_host::cluster::{Arrangement, Cluster, missing};
use xtask_host::process::{dev_folder, root};

use super::count::Count;
use super::suite::{self, Runtime, Suite};
use super::{Ground, Options};

/// The folder of the tests that start a cluster of their own.
pub(super) const TESTS: &str = "cluster::";

pub(super) async fn run(options: &Options) -> Result<()> {
    if let Some(advice) = missing() {
        bail!(advice);
    }
    let mut count = Count::default();
    let form = if options.short { "short" } else { "long" };
    let name = options.filter.as_deref().unwrap_or_default();
    // They need no other database.
    let mut suite = workerd(&Ground::on(String::new()).await?).await?;
    suite.set("TEST_CLUSTER", form);
    suite.filter(Some(&format!("{TESTS}{name}")));
    suite.arguments(&["--test-threads=1"]);
    suite.show();
    run_one(suite, &mut count).await?;
    if count.is_good() {
        // What is left is of no use: the nodes have ended with the tests.
        let _ = fs::remove_dir_all(root().join("target/tmp/cluster"));
    }
    if !options.short && options.filter.is_none() {
        on_cluster(&mut count).await?;
    }
    count.report()
}

/// The API's other tests, on a cluster in the place of a server.
async fn on_cluster(count: &mut Count) -> Result<()> {
    let folder = dev_folder().join("cluster");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let cluster = Cluster::galera(&folder).await?;
    let url = cluster.url(Arrangement::OneWriter, "mysql");
    let mut suite = workerd(&Ground::on(url).await?).await?;
    suite.skip_of_api(TESTS);
    run_one(suite, count).await?;
    drop(cluster);
    Ok(fs::remove_dir_all(&folder)?)
}

/// The API's suite in workerd.
async fn workerd(ground: &Ground) -> Result<Suite> {
    let suites = suite::build(&ground.environment()).await?;
    let mut suites = suites.into_iter();
    let suite = suites.find(|suite| suite.runtime() == Some(Runtime::Workerd));
    suite.ok_or_else(|| anyhow::anyhow!("cargo built no suite of the API"))
}

async fn run_one(suite: Suite, count: &mut Count) -> Result<()> {
    suite::run_all(vec![suite], |suite, output, time| {
        println!("\n{}: {:.0} s\n{output}", suite.name(), time.as_secs_f32());
        output.lines().for_each(|line| count.add(line));
    })
    .await
}
