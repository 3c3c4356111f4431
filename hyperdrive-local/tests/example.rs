//! The Worker of `example/`, in wrangler, before a local Hyperdrive.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use hyperdrive_local::Hyperdrive;
use hyperdrive_local::options::Options;
use testkit::{Wrangler, database, root};

async fn ask(wrangler: &Wrangler, path: &str) -> (u16, String) {
    let url = format!("http://127.0.0.1:{}{path}", wrangler.port());
    let answer = reqwest::get(url).await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.text().await.expect("a body"))
}

#[tokio::test]
async fn a_worker_that_prepares_a_statement_fails_as_in_production() {
    let origin = database::options(&database::url());
    let hyperdrive = Hyperdrive::start(Options::new(origin)).await;
    let hyperdrive = hyperdrive.expect("a local Hyperdrive");
    let connection = hyperdrive.connection_string();
    let worker = root().join("hyperdrive-local/example");
    let wrangler = tokio::task::spawn_blocking(move || Wrangler::start(&worker, &connection));
    let wrangler = wrangler.await.expect("wrangler");
    assert_eq!(
        ask(&wrangler, "/").await,
        (200, "[{\"answer\":42}]".to_owned())
    );
    let message = "Hyperdrive does not currently support MySQL COM_STMT_PREPARE messages\n";
    assert_eq!(ask(&wrangler, "/prepared").await, (500, message.to_owned()));
}
