//! What a Worker's memory is after many requests: nothing may grow with them.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::gauge;
use crate::load::{Endpoint, Load};
use crate::machine;
use crate::page::{PERFORMANCE, Section};
use crate::servers::{Ground, Kind, Server};

/// How many requests; of those that hash a password fewer.
const REQUESTS: u64 = 100_000;
const HASHES: u64 = 1_000;
/// How much V8's heap and wasm may be larger after all requests than after a tenth of them.
const MOST: f64 = 1.1;
/// The table of references grows by so many at a time, when more are held at once than ever before.
const REFERENCES: u64 = 128;
/// What the live heap may differ by at any time, in MB.
const TOLERANCE: f64 = 0.5;

const HEAD: &str = "| server | request | requests | live heap, MB | wasm, MB | references | resident, MB |\n\
     |---|---|--:|--:|--:|--:|--:|\n";

/// A moment.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// V8's heap after a full collection, in MB.
    heap: f64,
    wasm: Wasm,
    /// Resident memory of the process, in MB.
    resident: u64,
}

/// What the Worker tells.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Wasm {
    /// Bytes.
    wasm: u64,
    /// The length of the table of references to JavaScript.
    references: u64,
}

pub(crate) async fn run(quick: bool) -> Result<Section> {
    let ground = Ground::prepare().await?;
    let mut text = machine::describe("cargo xtask bench --memory --write").await?;
    let _ = write!(text, "\n{HEAD}");
    let own = Endpoint::ALL.map(|endpoint| (Kind::Worker, endpoint));
    let control = [Endpoint::Root, Endpoint::Connect].map(|endpoint| (Kind::Floor, endpoint));
    for (kind, endpoint) in own.into_iter().chain(control) {
        let all = if endpoint.hashes() { HASHES } else { REQUESTS };
        let all = if quick { all / 20 } else { all };
        let server = Server::with_memory(kind, &ground.hyperdrive)?;
        if kind == Kind::Worker {
            server.enrol().await?;
        } else {
            std::fs::write(&server.users, "nobody none\n")?;
        }
        let (mut done, mut samples) = (0, Vec::new());
        for until in [all / 10, all] {
            done += send(&server, endpoint, until.saturating_sub(done))?;
            samples.push(sample(&server).await?);
        }
        let [early, late] = samples[..] else {
            continue;
        };
        text += &line(&server, endpoint, done, early, late);
        check(kind, endpoint, early, late)?;
    }
    Ok(Section {
        page: PERFORMANCE,
        name: "memory",
        text,
        chart: None,
    })
}

/// Sends at least so many requests.
fn send(server: &Server, endpoint: Endpoint, count: u64) -> Result<u64> {
    let mut sent = 0;
    while sent < count {
        let load = Load {
            endpoint,
            port: server.port,
            clients: endpoint.clients(),
            time: Duration::from_secs(2),
            users: &server.users,
        };
        sent += load.run()?.requests;
    }
    Ok(sent)
}

async fn sample(server: &Server) -> Result<Sample> {
    let url = format!("http://127.0.0.1:{}/bench/memory", server.port);
    let mut wasm = None;
    // Twice: what the first collection finalises, the second one frees.
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        wasm = Some(reqwest::get(&url).await?.error_for_status()?.json().await?);
    }
    let log = std::fs::read_to_string(&server.log)?;
    Ok(Sample {
        heap: live_heap(&log).context("no collection in V8's trace")?,
        wasm: wasm.context("a sample")?,
        resident: gauge::memory(server.pid())?,
    })
}

/// What the last full collection has left, in MB, of a line such as
/// `[1:0x2] 1496 ms: Mark-Compact 0.6 (2.0) -> 0.5 (2.0) MB, ...`.
fn live_heap(log: &str) -> Option<f64> {
    let line = log.lines().rfind(|line| line.contains(" Mark-Compact "))?;
    let (_, after) = line.split_once(" -> ")?;
    after.split(' ').next()?.parse().ok()
}

fn line(server: &Server, endpoint: Endpoint, done: u64, early: Sample, late: Sample) -> String {
    let megabytes = |wasm: Wasm| wasm.wasm / 1_000_000;
    let line = format!(
        "| {} | {} | {done} | {:.1} → {:.1} | {} → {} | {} → {} | {} → {} |\n",
        server.kind.title(),
        endpoint.title(),
        early.heap,
        late.heap,
        megabytes(early.wasm),
        megabytes(late.wasm),
        early.wasm.references,
        late.wasm.references,
        early.resident,
        late.resident,
    );
    eprint!("  {line}");
    line
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn check(kind: Kind, endpoint: Endpoint, early: Sample, late: Sample) -> Result<()> {
    let grown = |early: u64, late: u64| late as f64 > early as f64 * MOST;
    ensure!(
        late.heap <= early.heap * MOST + TOLERANCE
            && !grown(early.wasm.wasm, late.wasm.wasm)
            && !grown(early.wasm.references + REFERENCES, late.wasm.references),
        "{} grows with {}",
        kind.title(),
        endpoint.title(),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::live_heap;

    #[test]
    fn the_live_heap_is_what_the_last_full_collection_left() {
        let log = "{\"event\":\"request\"}\n\
                   [1:0x2]     10 ms: Mark-Compact 9.0 (10.0) -> 8.0 (9.0) MB, 1.0 / 0.0 ms\n\
                   [1:0x2]     20 ms: Mark-Compact (reduce) 7.5 (9.0) -> 2.5 (9.0) MB, 1.0 / 0.0 ms\n\
                   [1:0x2]     30 ms: Scavenge 7.1 (9.0) -> 7.0 (9.0) MB, 1.0 / 0.0 ms\n";
        assert_eq!(live_heap(log), Some(2.5));
        assert_eq!(live_heap("nothing"), None);
    }
}
