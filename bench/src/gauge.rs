//! What a server has used: CPU, memory, statements, and bytes to and from its database.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;
use serde::Deserialize;

/// The clock ticks of `/proc`: a hundredth of a second in every Linux that is likely to be met.
const MILLISECONDS_PER_TICK: u64 = 10;

/// What a process has used of the CPU so far, with all its threads, in milliseconds.
pub(crate) fn cpu(pid: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
        .context("CPU is read from /proc, as on Linux")?;
    // The name of the program, in parentheses, may hold spaces.
    let (_, fields) = stat.rsplit_once(") ").context("a line of /proc")?;
    let fields: Vec<_> = fields.split(' ').collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    let (user, system) = (ticks(11), ticks(12));
    let ticks = user.zip(system).map(|(user, system)| user + system);
    Ok(ticks.context("times in /proc")? * MILLISECONDS_PER_TICK)
}

/// The resident memory of a process in MB.
pub(crate) fn memory(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: Option<u64> = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    Ok(kib.context("memory in /proc")? * 1024 / 1_000_000)
}

/// The requests that a server has answered, each of which is a line of its log.
pub(crate) fn lines(log: &Path) -> Result<u64> {
    let log = fs::File::open(log).with_context(|| format!("{}", log.display()))?;
    let mut log = std::io::BufReader::with_capacity(1 << 20, log);
    let mut lines = 0;
    loop {
        let block = std::io::BufRead::fill_buf(&mut log)?;
        if block.is_empty() {
            return Ok(lines);
        }
        lines += block
            .iter()
            .map(|&byte| u64::from(byte == b'\n'))
            .sum::<u64>();
        let length = block.len();
        std::io::BufRead::consume(&mut log, length);
    }
}

/// The traffic with a database.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Traffic {
    pub(crate) statements: u64,
    pub(crate) round_trips: u64,
    bytes_in: u64,
    bytes_out: u64,
}

impl Traffic {
    /// Bytes in both directions.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes_in + self.bytes_out
    }

    /// What was added to an earlier one.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            statements: self.statements.saturating_sub(earlier.statements),
            round_trips: self.round_trips.saturating_sub(earlier.round_trips),
            bytes_in: self.bytes_in.saturating_sub(earlier.bytes_in),
            bytes_out: self.bytes_out.saturating_sub(earlier.bytes_out),
        }
    }
}

/// Who counts the traffic.
#[derive(Debug, Clone)]
pub(crate) enum Meter {
    /// The control port of a local Hyperdrive.
    Hyperdrive(u16),
    /// The database, which counts everybody's. Each statement is a round trip.
    Database(mysql_async::Opts),
}

impl Meter {
    pub(crate) async fn read(&self) -> Result<Traffic> {
        match self {
            Self::Hyperdrive(port) => {
                let url = format!("http://127.0.0.1:{port}/counters");
                Ok(reqwest::get(url).await?.json().await?)
            }
            Self::Database(options) => {
                let mut conn = Conn::new(options.clone()).await?;
                let rows: Vec<(String, u64)> = conn
                    .query(
                        "SHOW GLOBAL STATUS WHERE Variable_name IN \
                         ('Questions', 'Bytes_received', 'Bytes_sent')",
                    )
                    .await?;
                conn.disconnect().await?;
                let value = |name: &str| {
                    let found = rows.iter().find(|(other, _)| other == name);
                    found.map_or(0, |(_, value)| *value)
                };
                Ok(Traffic {
                    statements: value("Questions"),
                    round_trips: value("Questions"),
                    bytes_in: value("Bytes_received"),
                    bytes_out: value("Bytes_sent"),
                })
            }
        }
    }
}
