//! More users and more clients: what stays flat, and who is served out of turn.

use std::fmt::Write as _;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, params};

use crate::burst::{self, Answers};
use crate::gauge;
use crate::load::{Endpoint, Load};
use crate::machine;
use crate::page::{PERFORMANCE, Section};
use crate::servers::{Ground, Hyperdrive, Kind, Server};
use crate::table::figure;

const SIZES: [u32; 3] = [1_000, 100_000, 1_000_000];
const CLIENTS: [u32; 4] = [1, 10, 100, 1_000];
/// How many rows a statement inserts.
const BATCH: u32 = 100_000;
/// How many users are logged in.
const USERS: u32 = 32;
/// The connections to the database of a larger pool and of a smaller one.
const POOLS: [usize; 2] = [100, 4];

const HEAD: &str = "| users | clients | server | request | req/s | p50 ms | p99 ms | \
     clients ÷ req/s, ms | CPU ms | refused |\n|--:|--:|---|---|--:|--:|--:|--:|--:|--:|\n";

const TURNS: &str = "Answers to `GET /` in eight seconds, by connection:\n\n\
     | server | connections | fewest | median | most |\n|---|--:|--:|--:|--:|\n";

pub(crate) async fn run(quick: bool) -> Result<Section> {
    let ground = Ground::prepare().await?;
    let worker = Server::start(Kind::Worker, &ground).await?;
    worker.enrol().await?;
    let mut text = machine::describe("cargo xtask bench --growth --write").await?;
    let _ = write!(text, "\n{HEAD}");
    let mut users = 0;
    for size in SIZES {
        if quick && size > 100_000 {
            continue;
        }
        grow(&ground, users, size).await?;
        users = size;
        worker.log_in(&some_of(users)).await?;
        for clients in CLIENTS {
            for endpoint in [Endpoint::Root, Endpoint::Me] {
                text += &line(users, clients, "", endpoint, &worker)?;
            }
        }
    }
    let _ = write!(text, "\nWho is served out of turn:\n\n{HEAD}");
    text += &others(&ground, &worker, users).await?;
    Ok(Section {
        page: PERFORMANCE,
        name: "growth",
        text,
        chart: None,
    })
}

/// The same load on what a request to the Worker goes through.
async fn others(ground: &Ground, worker: &Server, users: u32) -> Result<String> {
    let [.., clients] = CLIENTS;
    let (mut text, mut turns) = (String::new(), TURNS.to_owned());
    let floor = Server::floor(&ground.hyperdrive);
    std::fs::copy(&worker.users, &floor.users)?;
    for endpoint in [Endpoint::Root, Endpoint::Connect] {
        text += &line(users, clients, "", endpoint, &floor)?;
    }
    turns += &turn(&floor).await?;
    drop(floor);
    let native = Server::native(&ground.hyperdrive)?;
    std::fs::copy(&worker.users, &native.users)?;
    for endpoint in [Endpoint::Root, Endpoint::Me] {
        text += &line(users, clients, "", endpoint, &native)?;
    }
    turns += &turn(&native).await?;
    drop(native);
    text += &line(users, clients, ", a pool of 20", Endpoint::Me, worker)?;
    turns += &turn(worker).await?;
    for connections in POOLS {
        let hyperdrive = Hyperdrive::start(&ground.database.options(), connections)?;
        let build = testkit::variable("TEST_WORKER");
        let other = Server::worker(&build, &hyperdrive, &[]);
        std::fs::copy(&worker.users, &other.users)?;
        let pool = format!(", a pool of {connections}");
        text += &line(users, clients, &pool, Endpoint::Me, &other)?;
    }
    Ok(format!("{text}\n{turns}"))
}

/// How many answers the connections to a server get, a hundred of them and a thousand.
async fn turn(server: &Server) -> Result<String> {
    let mut text = String::new();
    for connections in [100, 1000] {
        let Answers {
            fewest,
            median,
            most,
        } = burst::run(server.port, connections).await?;
        let title = server.kind.title();
        let _ = writeln!(
            text,
            "| {title} | {connections} | {fewest} | {median} | {most} |"
        );
        sleep(Duration::from_secs(2));
    }
    eprint!("{text}");
    Ok(text)
}

/// Loads a server, and gives its line of the table.
fn line(
    users: u32,
    clients: u32,
    more: &str,
    endpoint: Endpoint,
    server: &Server,
) -> Result<String> {
    let many = clients >= 1_000;
    let load = Load {
        endpoint,
        port: server.port,
        clients,
        time: Duration::from_secs(if many { 10 } else { 4 }),
        users: &server.users,
    };
    let (answered, cpu) = (server.answered()?, gauge::cpu(server.pid())?);
    let seen = load.seen()?;
    // Until whoever was still waiting has been served.
    sleep(Duration::from_secs(if many { 4 } else { 1 }));
    let (answered, cpu) = (
        server.answered()? - answered,
        gauge::cpu(server.pid())? - cpu,
    );
    let [p50, p99] = [seen.p50, seen.p99].map(|microseconds| ratio(microseconds, 1000));
    let line = format!(
        "| {users} | {clients} | {}{more} | {} | {:.0} | {} | {} | {} | {} | {} |\n",
        server.kind.title(),
        endpoint.title(),
        seen.rate(),
        figure(p50),
        figure(p99),
        figure(f64::from(clients) * 1000.0 / seen.rate()),
        figure(ratio(cpu, answered)),
        seen.refused + seen.broken,
    );
    eprint!("  {line}");
    Ok(line)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn ratio(one: u64, other: u64) -> f64 {
    one as f64 / other as f64
}

fn email(number: u32) -> String {
    format!("grown{number}@example.com")
}

/// Some users, from all over the table.
fn some_of(users: u32) -> Vec<String> {
    (0..USERS).map(|one| email(one * (users / USERS))).collect()
}

/// Adds users, all with the password of one that is there.
async fn grow(ground: &Ground, from: u32, to: u32) -> Result<()> {
    eprintln!("  adding users up to {to}");
    let mut conn = Conn::new(ground.database.options()).await?;
    let hash: Option<String> = conn
        .query_first("SELECT password FROM `user` LIMIT 1")
        .await?;
    let hash = hash.context("a user")?;
    let digits: Vec<_> = (0..10)
        .map(|digit| format!("SELECT {digit} AS d"))
        .collect();
    let digits = digits.join(" UNION ALL ");
    let tables: Vec<_> = (0..6)
        .map(|place| format!("({digits}) AS t{place}"))
        .collect();
    let number: Vec<_> = (0..6)
        .map(|place| format!("t{place}.d * {}", 10_u32.pow(place)))
        .collect();
    let (tables, number) = (tables.join(", "), number.join(" + "));
    let sql = format!(
        "INSERT INTO `user` (email, password, name) \
         SELECT CONCAT('grown', n, '@example.com'), :hash, 'Ada Lovelace' \
         FROM (SELECT {number} AS n FROM {tables}) AS numbers WHERE n >= :from AND n < :to"
    );
    let mut from = from;
    while from < to {
        let next = to.min(from + BATCH);
        let values = params! { "hash" => &hash, "from" => from, "to" => next };
        conn.exec_drop(&sql, values).await?;
        from = next;
    }
    conn.query_drop("ANALYZE TABLE `user`").await?;
    conn.disconnect().await?;
    Ok(())
}
