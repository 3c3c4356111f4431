//! Loads every server with every endpoint in turn, some times over, so that a slow minute of the
//! machine is everybody's.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::first;
use crate::gauge;
use crate::load::{Endpoint, Load, Seen};
use crate::page::{Section, result};
use crate::servers::{Ground, Kind, Server};

/// How much is measured.
struct Plan {
    rounds: usize,
    warm_up: Duration,
    /// Whether endpoints that hash are warmed up as well.
    warms_hashes: bool,
    time: Duration,
    /// How long after a load its last requests, and what comes after their answers, are done. wrk
    /// corrects for coordinated omission: a request that waits for another run would spoil its p99.
    pause: Duration,
}

impl Plan {
    fn new(quick: bool) -> Self {
        let seconds = Duration::from_secs;
        if quick {
            Self {
                rounds: 1,
                warm_up: seconds(1),
                warms_hashes: false,
                time: seconds(2),
                pause: Duration::from_millis(400),
            }
        } else {
            Self {
                rounds: 3,
                warm_up: seconds(3),
                warms_hashes: true,
                time: seconds(6),
                pause: seconds(1),
            }
        }
    }
}

/// What one load has shown, for each request where it can be said so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Requests in a second.
    pub(crate) rate: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
    /// Milliseconds of CPU.
    pub(crate) cpu: f64,
    pub(crate) statements: f64,
    pub(crate) round_trips: f64,
    /// To and from the database.
    pub(crate) bytes: f64,
}

/// The samples of a server at an endpoint.
pub(crate) struct Row {
    pub(crate) endpoint: Endpoint,
    pub(crate) kind: Kind,
    pub(crate) samples: Vec<Sample>,
}

impl Row {
    /// The median of a figure.
    pub(crate) fn median(&self, figure: impl Fn(&Sample) -> f64) -> f64 {
        let mut all: Vec<f64> = self.samples.iter().map(figure).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// A server's memory in MB, before and after all loads.
pub(crate) struct Memory {
    pub(crate) kind: Kind,
    pub(crate) before: u64,
    pub(crate) after: u64,
}

/// Which endpoints a kind of server is loaded with.
fn endpoints(kind: Kind) -> Vec<Endpoint> {
    match kind {
        Kind::Worker | Kind::Native | Kind::Twin => Endpoint::ALL.to_vec(),
        Kind::Tuned => vec![
            Endpoint::Me,
            Endpoint::Login,
            Endpoint::Register,
            Endpoint::Update,
        ],
        Kind::Floor => vec![Endpoint::Root, Endpoint::Connect],
    }
}

pub(crate) async fn run(quick: bool) -> Result<Section> {
    let plan = Plan::new(quick);
    let ground = Ground::prepare().await?;
    let mut servers = Vec::new();
    for kind in Kind::ALL {
        let server = Server::start(kind, &ground).await?;
        if kind == Kind::Floor {
            std::fs::write(&server.users, "nobody none\n")?;
        } else {
            server.enrol().await?;
        }
        servers.push(server);
    }
    let mut memory = Vec::new();
    for server in &servers {
        let before = server.memory()?;
        memory.push(Memory {
            kind: server.kind,
            before,
            after: before,
        });
    }
    let rows = measure(&servers, &plan).await?;
    for (server, memory) in servers.iter().zip(&mut memory) {
        memory.after = server.memory()?;
    }
    drop(servers);
    let first = first::run(&ground).await?;
    result(quick, &rows, &memory, first).await
}

async fn measure(servers: &[Server], plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let all = Endpoint::ALL.into_iter().chain([Endpoint::Connect]);
    for endpoint in all {
        for kind in Kind::ALL {
            if endpoints(kind).contains(&endpoint) {
                let samples = Vec::new();
                rows.push(Row {
                    endpoint,
                    kind,
                    samples,
                });
            }
        }
    }
    for round in 1..=plan.rounds {
        eprintln!("  round {round} of {}", plan.rounds);
        for row in &mut rows {
            let Some(server) = servers.iter().find(|server| server.kind == row.kind) else {
                continue;
            };
            let load = |time| Load {
                endpoint: row.endpoint,
                port: server.port,
                clients: row.endpoint.clients(),
                time,
                users: &server.users,
            };
            if round == 1 && (plan.warms_hashes || !row.endpoint.hashes()) {
                load(plan.warm_up).run()?;
                sleep(plan.pause);
            }
            let sample = sample(server, &load(plan.time), plan.pause).await?;
            row.samples.push(sample);
        }
    }
    Ok(rows)
}

/// Loads a server.
async fn sample(server: &Server, load: &Load<'_>, pause: Duration) -> Result<Sample> {
    let traffic = server.meter.read().await?;
    let (answered, cpu) = (server.answered()?, gauge::cpu(server.pid())?);
    let seen = load.run()?;
    sleep(pause);
    let cpu = gauge::cpu(server.pid())? - cpu;
    // wrk does not wait for the last answers, and counts fewer.
    let answered = server.answered()? - answered;
    ensure!(
        answered >= seen.requests && answered <= seen.requests + u64::from(load.clients),
        "{} logged {answered} requests where wrk counted {}",
        server.kind.title(),
        seen.requests
    );
    let traffic = server.meter.read().await?.since(&traffic);
    Ok(each(&seen, answered, cpu, &traffic))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn each(seen: &Seen, answered: u64, cpu: u64, traffic: &gauge::Traffic) -> Sample {
    let each = |number: u64| number as f64 / answered as f64;
    Sample {
        rate: seen.rate(),
        p50: seen.p50 as f64 / 1000.0,
        p99: seen.p99 as f64 / 1000.0,
        cpu: each(cpu),
        statements: each(traffic.statements),
        round_trips: each(traffic.round_trips),
        bytes: each(traffic.bytes()),
    }
}
