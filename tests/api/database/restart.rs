//! The database is stopped, killed and started again under load.

use std::time::{Duration, Instant};

use testkit::{MariaDb, lacks};

use crate::support::App;
use crate::support::ledger::Ledger;

async fn nothing_is_lost(name: &str, end: impl Fn(&mut MariaDb)) {
    let Some(mut server) = MariaDb::start(name, &[]).await else {
        lacks("there is no MariaDB on this machine to be stopped");
        return;
    };
    let setup = App::with()
        .variable("DATABASE_CONNECT_TIMEOUT_SECONDS", "1")
        .variable("DATABASE_STATEMENT_TIMEOUT_SECONDS", "2");
    let app = setup.origin(server.options()).start();
    let (reader, writer) = (app.user().await, app.user().await);
    let ledger = Ledger::default();
    let load = async {
        tokio::join!(
            ledger.register(&app),
            ledger.register(&app),
            ledger.rename(&writer),
            ledger.read(&reader),
        )
    };
    let breaking = async {
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(700)).await;
            tokio::task::block_in_place(|| end(&mut server));
            tokio::time::sleep(Duration::from_millis(700)).await;
            tokio::task::block_in_place(|| server.run());
            // It comes back by itself.
            let deadline = Instant::now() + Duration::from_secs(20);
            while app.me(&reader.token).await.status != 200 {
                assert!(Instant::now() < deadline, "it does not come back");
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        ledger.end();
    };
    tokio::join!(load, breaking);
    ledger.check(&mut server.conn().await).await;
    // Whoever asks meanwhile is refused, or is tried again until the database is back.
    let (_, failed) = ledger.totals();
    let retried = app.counted("statement_retried");
    assert!(
        failed > 0 || retried > 0,
        "the load was there when the database was not: {}",
        ledger.summary()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_stopped_and_started_loses_nothing_that_was_acknowledged() {
    nothing_is_lost("stopped", MariaDb::stop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_and_started_loses_nothing_that_was_acknowledged() {
    nothing_is_lost("killed", MariaDb::kill).await;
}
