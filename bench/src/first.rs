//! The first answer of an isolate, which is slower than those that follow.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::gauge;
use crate::servers::{Ground, Kind, Server};
use crate::table::figure;

/// How many processes of each kind.
const PROCESSES: usize = 15;

/// A table of medians: until the process listens, and of the first `GET /` and the second one.
pub(crate) async fn run(ground: &Ground) -> Result<String> {
    let mut table =
        "| server | start, ms | CPU of it, ms | first answer, ms | second answer, ms |\n\
                     |---|--:|--:|--:|--:|\n"
            .to_owned();
    for kind in [Kind::Worker, Kind::Floor] {
        let mut all: [Vec<f64>; 4] = Default::default();
        for _ in 0..PROCESSES {
            let begun = Instant::now();
            let server = Server::start(kind, ground).await?;
            let start = milliseconds(begun);
            let cpu = gauge::cpu(server.pid())?;
            let url = format!("http://127.0.0.1:{}/", server.port);
            let client = reqwest::Client::new();
            let (first, second) = (answer(&client, &url).await?, answer(&client, &url).await?);
            #[expect(clippy::cast_precision_loss, reason = "a few milliseconds")]
            let measured = [start, cpu as f64, first, second];
            for (all, one) in all.iter_mut().zip(measured) {
                all.push(one);
            }
        }
        let [start, cpu, first, second] = all.map(|all| figure(median(all)));
        let title = kind.title();
        let _ = writeln!(table, "| {title} | {start} | {cpu} | {first} | {second} |");
    }
    let wasm = testkit::variable("TEST_WORKER") + "/index_bg.wasm";
    let size = std::fs::metadata(&wasm).context(wasm)?.len() / 1000;
    let _ = writeln!(
        table,
        "\nMedians of {PROCESSES} processes; the wasm has {size} KB."
    );
    Ok(table)
}

/// How long an answer takes.
async fn answer(client: &reqwest::Client, url: &str) -> Result<f64> {
    let sent = Instant::now();
    let response = client.get(url).send().await?.error_for_status()?;
    response.bytes().await?;
    Ok(milliseconds(sent))
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}
