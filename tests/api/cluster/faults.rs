//! Load while nodes fail and come back; then every node is compared with what clients were told.

use std::time::Duration;

use testkit::{skipped, wait};
use xtask_host::cluster::Arrangement;

use super::ground::Ground;
use super::{Form, form, ground};
use crate::support::App;
use crate::support::ledger::{Ledger, Phase};

/// The failed logins that one network has at once, by default.
const GUESSES: u32 = 23;
/// The seconds in which a strange network's failed login comes back, by default.
const INTERVAL: u64 = 24 * 3600 / 50;
/// How long it is calm before a fault and after it.
const CALM: Duration = Duration::from_secs(5);

/// What happens to the node that has most clients.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Killed,
    Stopped,
    Frozen,
    Isolated,
}

impl Fault {
    const ALL: [Self; 4] = [Self::Killed, Self::Stopped, Self::Frozen, Self::Isolated];
    /// Those of the short form.
    const FEW: [Self; 2] = [Self::Killed, Self::Isolated];

    /// Strikes a node, and returns when it is to be healed.
    async fn strike(self, ground: &mut Ground, node: usize) {
        let lasts = ground.fault();
        let node = ground.node_mut(node);
        match self {
            Self::Killed => node.kill(),
            Self::Stopped => node.stop().await.expect("an end"),
            Self::Frozen => node.freeze(),
            Self::Isolated => node.isolate().await.expect("a setting"),
        }
        tokio::time::sleep(lasts).await;
    }

    /// The row of a table.
    fn row(self, phase: &Phase) -> String {
        let Phase {
            answers, failed, ..
        } = phase;
        let what = match self {
            Self::Killed => "killed (SIGKILL) and started",
            Self::Stopped => "stopped (SIGTERM) and started",
            Self::Frozen => "frozen, and thawed",
            Self::Isolated => "isolated, and rejoined",
        };
        let [any, write] = [&phase.any, &phase.writes].map(|gap| gap.longest.as_secs_f32());
        format!("| {what} | {answers} | {failed} | {any:.1} s | {write:.1} s |")
    }
}

/// Strikes the writer with each fault, under the load of a ledger, and returns the rows of a table.
async fn break_it(ground: &mut Ground, app: &App, ledger: &Ledger, faults: &[Fault]) -> String {
    let mut rows = Vec::new();
    for fault in faults {
        tokio::time::sleep(CALM).await;
        ledger.next_phase();
        let writer = ground.busiest().await;
        fault.strike(ground, writer).await;
        ground.heal().await;
        // It comes back by itself.
        let works = async || app.get("/ready").await.status == 200;
        wait::until(Duration::from_secs(30), works).await;
        tokio::time::sleep(CALM).await;
        rows.push(fault.row(&ledger.next_phase()));
    }
    ledger.end();
    rows.join("\n")
}

async fn soak(ground: &mut Ground, arrangement: Arrangement, ledger: Ledger, faults: &[Fault]) {
    let app = ground.app(arrangement).start();
    let (first, second, third) = tokio::join!(app.user(), app.user(), app.user());
    let traveller = app.user().await;
    let load = async {
        tokio::join!(
            ledger.register(&app),
            ledger.register(&app),
            ledger.register(&app),
            ledger.login(&first),
            ledger.travel(&app, &traveller),
            ledger.guess(&app, GUESSES),
            ledger.rename(&first),
            ledger.rename(&second),
            ledger.rename(&third),
            ledger.read(&first),
            ledger.read(&second),
            ledger.read(&third),
        )
    };
    let breaking = break_it(ground, &app, &ledger, faults);
    let (_, rows) = tokio::join!(load, breaking);
    let (answers, failed) = ledger.totals();
    eprintln!(
        "\n{arrangement:?}, clients {}: {answers} answers, {failed} of them 503\n\
         | the writer is | answers | 503 | longest time without a good one | without a good write |\n\
         |---|---|---|---|---|\n\
         {rows}\n  {}",
        if ledger.is_patient() {
            "try again after Retry-After"
        } else {
            "do not try again"
        },
        ledger.summary()
    );
    for mut conn in ground.conns().await {
        ledger.check(&mut conn).await;
        ledger.check_budget(&mut conn, &traveller, INTERVAL).await;
    }
    ledger.check_logins(&app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_while_nodes_failed_is_on_every_node_with_three_writers() {
    let Some(mut ground) = ground().await else {
        return;
    };
    let faults = match form() {
        Some(Form::Long) => &Fault::ALL[..],
        _ => &Fault::FEW[..],
    };
    let (nodes, ledger) = (Arrangement::ThreeWriters, Ledger::default());
    let soak = soak(&mut ground, nodes, ledger, faults);
    Box::pin(soak).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_while_nodes_failed_is_on_every_node_with_one_writer() {
    if form() == Some(Form::Short) {
        skipped("the long form alone runs it");
        return;
    }
    let Some(mut ground) = ground().await else {
        return;
    };
    let (nodes, ledger) = (Arrangement::OneWriter, Ledger::default());
    let soak = soak(&mut ground, nodes, ledger, &Fault::ALL);
    Box::pin(soak).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_try_again_after_retry_after_lose_nothing_either() {
    if form() == Some(Form::Short) {
        skipped("the long form alone runs it");
        return;
    }
    let Some(mut ground) = ground().await else {
        return;
    };
    let (nodes, ledger) = (Arrangement::OneWriter, Ledger::patient());
    let soak = soak(&mut ground, nodes, ledger, &Fault::ALL);
    Box::pin(soak).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_while_a_group_lost_its_primary_is_on_every_node() {
    if form() != Some(Form::Long) {
        skipped("the long form alone runs it");
        return;
    }
    let Ok(mysqld) = std::env::var("TEST_MYSQLD") else {
        skipped("TEST_MYSQLD names no MySQL server's program, nor a folder with one");
        return;
    };
    let mut ground = Ground::group(&mysqld).await;
    let (nodes, ledger) = (Arrangement::OneWriter, Ledger::patient());
    let soak = soak(&mut ground, nodes, ledger, &[Fault::Killed]);
    Box::pin(soak).await;
}
