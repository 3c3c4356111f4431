//! What the statements cost the database: its CPU, its time and its disk, with a million users.
//!
//! The statements are those of the router, captured once and sent again for other users straight to a
//! MariaDB with its default durability.
//!
//! * `template`: captures the statements, and makes those of another user of them;
//! * `fill`: makes the rows, and measures them;
//! * `replay`: sends the statements.

mod fill;
mod replay;
mod template;

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use testkit::MariaDb;

use crate::machine;
use crate::page::Section;
use crate::table::figure;
use replay::{Counter, Sample};
use template::Template;

/// Users in the tables.
const USERS: u32 = 1_000_000;
/// Connections that send at the same time.
const CLIENTS: [usize; 2] = [1, 16];
const ROUNDS: usize = 3;

const LARGE_POOL: [&str; 2] = ["--max-connections=300", "--innodb-buffer-pool-size=1G"];
const SMALL_POOLS: [(&str, [&str; 2]); 2] = [
    (
        "128 MB",
        ["--max-connections=300", "--innodb-buffer-pool-size=128M"],
    ),
    (
        "32 MB",
        ["--max-connections=300", "--innodb-buffer-pool-size=32M"],
    ),
];

pub(crate) async fn run(quick: bool) -> Result<Section> {
    // Enough that no row is written twice, which would change nothing.
    let users = if quick { USERS / 10 } else { USERS };
    let database = MariaDb::start("bench-database", &LARGE_POOL).await;
    let mut database = database.context("there is no MariaDB: install mariadb-server-core")?;
    let templates = template::capture(&database).await?;
    fill::fill(&database, users).await?;
    let mut text = machine::describe_database("cargo xtask bench --database --write")?;
    let counter = Counter::new(users);
    text += &statements(&database, &templates, &counter, quick).await?;
    text += &fill::sizes(&database, users).await?;
    text += &pools(&mut database, &templates, &counter).await?;
    Ok(Section {
        page: "docs/scale.md",
        name: "database",
        text,
        chart: None,
    })
}

/// What each statement costs.
async fn statements(
    database: &MariaDb,
    templates: &[Template],
    counter: &Counter,
    quick: bool,
) -> Result<String> {
    let rounds = if quick { 1 } else { ROUNDS };
    let mut all: Vec<Vec<Sample>> = vec![Vec::new(); templates.len() * CLIENTS.len()];
    for round in 1..=rounds {
        eprintln!("  round {round} of {rounds}");
        let mut samples = all.iter_mut();
        for template in templates {
            for clients in CLIENTS {
                let sample = replay::run(database, template, clients, counter).await?;
                samples.next().context("a place")?.push(sample);
            }
        }
    }
    let mut text =
        "\n| request | statement | connections | statements/s | p50 ms | p99 ms | CPU µs \
         of MariaDB |\n|---|---|--:|--:|--:|--:|--:|\n"
            .to_owned();
    let mut samples = all.iter();
    for template in templates {
        for clients in CLIENTS {
            let line = line(template, clients, samples.next().context("samples")?);
            text += &line;
        }
    }
    eprint!("{text}");
    Ok(text)
}

fn line(template: &Template, clients: usize, samples: &[Sample]) -> String {
    let median = |of: fn(&Sample) -> f64| {
        let mut all: Vec<f64> = samples.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    };
    format!(
        "| {} | {}{} | {clients} | {:.0} | {} | {} | {:.0} |\n",
        template.request,
        template.kind,
        template.table(),
        median(|sample| sample.rate),
        figure(median(|sample| sample.p50)),
        figure(median(|sample| sample.p99)),
        median(|sample| sample.cpu),
    )
}

/// What a read and a write cost where the buffer pool is too small for the tables.
async fn pools(
    database: &mut MariaDb,
    templates: &[Template],
    counter: &Counter,
) -> Result<String> {
    let [_, clients] = CLIENTS;
    let mut text = "\n| buffer pool | request | statement | statements/s | p50 ms | p99 ms | \
         CPU µs of MariaDB |\n|--:|---|---|--:|--:|--:|--:|\n"
        .to_owned();
    for (size, arguments) in &SMALL_POOLS {
        database.stop();
        database.run_with(arguments);
        for template in templates.iter().filter(|template| template.is_typical()) {
            // Once to fill the pool.
            replay::run(database, template, clients, counter).await?;
            let sample = replay::run(database, template, clients, counter).await?;
            let Sample {
                rate,
                p50,
                p99,
                cpu,
            } = sample;
            let _ = writeln!(
                text,
                "| {size} | {} | {} | {rate:.0} | {} | {} | {cpu:.0} |",
                template.request,
                template.kind,
                figure(p50),
                figure(p99),
            );
        }
    }
    eprint!("{text}");
    Ok(text)
}
