//! `GET /ready` on a node that cannot serve: whoever asks sends no users to it.

use std::time::Duration;

use serde_json::json;
use testkit::wait;

use super::ground;
use super::ground::Ground;
use crate::support::{App, User};

/// The node that is struck.
const NODE: usize = 1;

/// An app on that node alone, without `HAProxy`, which does not wait long.
fn app_on_node(ground: &Ground) -> App {
    let app = ground.app_on(NODE);
    app.variable("DATABASE_CONNECT_TIMEOUT_SECONDS", "1")
        .variable("DATABASE_STATEMENT_TIMEOUT_SECONDS", "2")
        .start()
}

/// Checks that `/ready` and each `/me` after it say the same, several times.
async fn agree(app: &App, user: &User<'_>, status: u16) {
    for round in 0..4 {
        let ready = app.get("/ready").await.status;
        let me = user.me().await.status;
        assert_eq!((ready, me), (status, status), "round {round}");
    }
}

/// Heals the cluster, and checks that the app works again by itself.
async fn comes_back(ground: &mut Ground, app: &App, user: &User<'_>) {
    ground.heal().await;
    let works = async || app.get("/ready").await.status == 200;
    wait::until(Duration::from_secs(30), works).await;
    agree(app, user, 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_isolated_node_is_not_ready_and_reads_nothing_until_it_is_back() {
    let Some(mut ground) = ground().await else {
        return;
    };
    let app = app_on_node(&ground);
    let user = app.user().await;
    agree(&app, &user, 200).await;
    ground.node(NODE).isolate().await.expect("a setting");
    // Until it notices, it cannot be told from a whole one.
    let noticed = async || !ground.node(NODE).is_synced().await;
    wait::until(Duration::from_secs(30), noticed).await;
    agree(&app, &user, 503).await;
    comes_back(&mut ground, &app, &user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_node_is_not_ready_and_reads_nothing_until_it_is_back() {
    let Some(mut ground) = ground().await else {
        return;
    };
    let app = app_on_node(&ground);
    let user = app.user().await;
    ground.node(NODE).freeze();
    agree(&app, &user, 503).await;
    comes_back(&mut ground, &app, &user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_is_not_ready_and_reads_nothing_until_it_is_back() {
    let Some(mut ground) = ground().await else {
        return;
    };
    let app = app_on_node(&ground);
    let user = app.user().await;
    ground.node_mut(NODE).kill();
    agree(&app, &user, 503).await;
    comes_back(&mut ground, &app, &user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_read_only_is_not_ready() {
    let Some(mut ground) = ground().await else {
        return;
    };
    let app = app_on_node(&ground);
    let user = app.user().await;
    let read_only = "SET GLOBAL read_only = ON";
    let set = ground.node(NODE).execute(read_only).await;
    set.expect("a setting");
    let changed = user.update(&json!({ "name": "new" })).await;
    changed.problem(503, "database_unavailable");
    let ready = app.get("/ready").await;
    ready.problem(503, "database_unavailable");
    comes_back(&mut ground, &app, &user).await;
}
