//! Mixed load with faults at random: half a minute, or as long as `cargo xtask soak` is told to.
//!
//! In workerd alone: what a soak finds that the tests of each fault do not is left-over memory,
//! connections and requests of an isolate.

use std::time::{Duration, Instant};

use hyperdrive_local::fault::{Fault, Kind, Stage};
use mysql_async::prelude::Queryable as _;

use crate::support::database::Database;
use crate::support::ledger::Ledger;
use crate::support::{App, in_workerd};

/// Numbers without a pattern (xorshift); which ones does not matter.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn fault(&mut self) -> Fault {
        const KINDS: [Kind; 8] = [
            Kind::Close,
            Kind::Cut,
            Kind::Hang,
            Kind::Delay(120),
            Kind::Garble,
            Kind::Error,
            Kind::PoolExhausted,
            Kind::CloseAfterBytes(150),
        ];
        let pick = |number: u64| usize::try_from(number).expect("a small number");
        Fault {
            stage: Stage::ALL[pick(self.below(5))],
            kind: KINDS[pick(self.below(8))],
            skip: 0,
            times: Some(u32::try_from(1 + self.below(4)).expect("a small number")),
        }
    }
}

fn duration() -> Duration {
    let told = std::env::var("SOAK_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(told.unwrap_or(30))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_mixed_load_and_faults_at_random_every_answer_is_kept() {
    if !in_workerd() {
        return;
    }
    let database = Database::start("soak", "CHARACTER SET utf8mb4");
    let setup = App::with()
        .variable("DATABASE_CONNECT_TIMEOUT_SECONDS", "1")
        .variable("DATABASE_STATEMENT_TIMEOUT_SECONDS", "1");
    let app = setup.on(&database).start();
    let (first, second) = (app.user().await, app.user().await);
    let ledger = Ledger::default();
    let (started, memory) = (Instant::now(), app.memory());
    let load = async {
        tokio::join!(
            ledger.register(&app),
            ledger.login(&first),
            ledger.rename(&first),
            ledger.rename(&second),
            ledger.read(&first),
            ledger.read(&second),
        )
    };
    let breaking = async {
        let mut random = Random(0x2545_f491_4f6c_dd1d);
        while started.elapsed() < duration() {
            app.hyperdrive().fail(random.fault());
            tokio::time::sleep(Duration::from_millis(100 + random.below(300))).await;
            app.hyperdrive().fail(None);
            tokio::time::sleep(Duration::from_millis(random.below(300))).await;
        }
        ledger.end();
    };
    tokio::join!(load, breaking);

    // The faults are over: everything works, and at once.
    for _ in 0..20 {
        app.me(&first.token).await.expect(200);
        app.user().await;
    }
    let mut conn = database.conn().await;
    ledger.check(&mut conn).await;
    let sql = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE()";
    let at_origin: Option<usize> = conn.query_first(sql).await.expect("a count");
    let at_origin = at_origin.expect("a count") - 1;
    let (answers, failed) = ledger.totals();
    let counters = app.hyperdrive().counters().snapshot();
    eprintln!(
        "soak of {} s: {answers} requests, {failed} of them 503, {} faults\n  {}\n  {counters:?}\n  \
         connections at the origin at the end: {at_origin}\n  memory of workerd: {memory:?} KiB at the start, \
         {:?} KiB at the end",
        started.elapsed().as_secs(),
        counters.faults,
        ledger.summary(),
        app.memory(),
    );
    assert!(failed > 0 && failed < answers, "{}", ledger.summary());
    // Whatever was struck, nothing is left behind. A connection is reset while its client gets the
    // reply, so a client can have one at work and one in its reset: two for each of the six.
    assert!(at_origin <= 12, "{at_origin} for six clients");
}
