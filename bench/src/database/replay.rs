//! Sends a statement for one user after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use mysql_async::prelude::Queryable as _;
use testkit::MariaDb;

use super::template::Template;
use crate::gauge;

const TIME: Duration = Duration::from_secs(4);
/// Without a common divisor with the number of users.
const STEP: u64 = 611_953;
/// Until what a write leaves for later is done.
const PAUSE: Duration = Duration::from_secs(1);

/// What a load has shown; times in milliseconds, CPU in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Statements in a second.
    pub(crate) rate: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Of the database, for each statement.
    pub(crate) cpu: f64,
}

/// Whose turn it is.
#[derive(Debug)]
pub(crate) struct Counter {
    users: u32,
    read: Arc<AtomicU32>,
    /// A row is written once: the second time an UPDATE would change nothing.
    written: Arc<AtomicU32>,
    new: Arc<AtomicU32>,
}

impl Counter {
    pub(crate) fn new(users: u32) -> Self {
        Self {
            users,
            read: Arc::default(),
            written: Arc::default(),
            new: Arc::new(AtomicU32::new(2 * users)),
        }
    }

    /// Gives the users for a statement, each once.
    fn of(&self, template: &Template) -> impl Fn() -> u32 + Send + use<> {
        let (users, is_new) = (self.users, template.inserts());
        let counter = match template.kind.as_str() {
            _ if is_new => self.new.clone(),
            "SELECT" | "DELETE" => self.read.clone(),
            _ => self.written.clone(),
        };
        move || {
            let number = counter.fetch_add(1, Ordering::Relaxed);
            if is_new {
                return number;
            }
            // All of them, in no order.
            let number = u64::from(number) * STEP % u64::from(users);
            u32::try_from(number).unwrap_or_default()
        }
    }
}

/// Sends a statement for some seconds on so many connections.
pub(crate) async fn run(
    database: &MariaDb,
    template: &Template,
    clients: usize,
    counter: &Counter,
) -> Result<Sample> {
    let mut sending = Vec::new();
    let before = gauge::cpu(database.id())?;
    let started = Instant::now();
    for _ in 0..clients {
        let mut conn = database.conn().await;
        let template = template.clone();
        let next = counter.of(&template);
        sending.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while started.elapsed() < TIME {
                let sql = template.of(next());
                let sent = Instant::now();
                conn.query_drop(sql).await?;
                times.push(sent.elapsed().as_secs_f64() * 1000.0);
            }
            conn.disconnect().await?;
            anyhow::Ok(times)
        }));
    }
    let mut times = Vec::new();
    for sending in sending {
        times.extend(sending.await??);
    }
    let seconds = started.elapsed().as_secs_f64();
    tokio::time::sleep(PAUSE).await;
    let cpu = gauge::cpu(database.id())? - before;
    times.sort_by(f64::total_cmp);
    let count = number(times.len());
    let at = |hundredth: usize| {
        let place = times.len() * hundredth / 100;
        times.get(place).copied().unwrap_or(f64::NAN)
    };
    Ok(Sample {
        rate: count / seconds,
        p50: at(50),
        p99: at(99),
        cpu: number(usize::try_from(cpu)?) * 1000.0 / count,
    })
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn number(whole: usize) -> f64 {
    whole as f64
}
