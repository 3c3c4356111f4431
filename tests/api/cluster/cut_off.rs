//! A node that is cut off from the others while it commits: they may have the change or not, and the
//! error that it tells is 1180.

use std::time::Duration;

use hyperdrive_local::fault::{Kind, Stage};

use super::ground;
use crate::support::budgets::until_strangers_owe;
use crate::support::hyperdrive::after;
use crate::support::{PASSWORD, eventually, unique_email};

/// What a login asks for before its answer: the user, the count, the session.
const BEFORE_THE_ANSWER: u32 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_right_login_has_taken_is_given_back_though_the_node_was_cut_off_meanwhile() {
    let Some(mut ground) = ground().await else {
        return;
    };
    let app = ground.app_on(0).start();
    let email = unique_email();
    app.register(&email, PASSWORD).await.expect(201);
    // The answer is late, by less than the node takes to see that it is alone.
    let statements = || app.hyperdrive().counters().snapshot().statements;
    let before = statements();
    let late = after(BEFORE_THE_ANSWER - 1, Stage::Query, Kind::Delay(2000), 1);
    app.hyperdrive().fail(late);
    let cut_off = async {
        eventually(async || statements() >= before + u64::from(BEFORE_THE_ANSWER)).await;
        // The last one is committed meanwhile.
        tokio::time::sleep(Duration::from_millis(500)).await;
        ground.node(0).isolate().await.expect("a setting");
    };
    let (login, ()) = tokio::join!(app.login(&email, PASSWORD), cut_off);
    login.expect(200);
    eventually(async || app.log().contains("error 1180")).await;
    ground.heal().await;
    for mut conn in ground.conns().await {
        let owed = until_strangers_owe(&mut conn, &email, 0).await;
        assert_eq!(owed, Ok(()), "{}", app.log());
    }
    assert_eq!(app.counted("login_cleanup_failed"), 0, "{}", app.log());
}
