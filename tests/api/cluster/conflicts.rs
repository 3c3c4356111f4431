//! Requests that meet on one row, on three nodes: Galera refuses all but one of them when they
//! commit.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use mysql_async::prelude::Queryable as _;
use serde_json::json;
use xtask_host::cluster::Arrangement;

use super::ground;
use crate::support::{Answer, App, PASSWORD, unique_email};

const ROUNDS: usize = 10;

/// How many answers had which status.
type Tally = BTreeMap<u16, usize>;

fn add(tally: &mut Tally, answers: &[Answer]) {
    for answer in answers {
        *tally.entry(answer.status).or_default() += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_one_user_at_once_are_all_made() {
    let Some(ground) = ground().await else { return };
    let app = ground.app(Arrangement::ThreeWriters).start();
    let user = app.user().await;
    let mut tally = Tally::new();
    for round in 0..ROUNDS {
        let changes = (0..20).map(|number| {
            let name = format!("name {round} {number}");
            let user = &user;
            async move { user.update(&json!({ "name": name })).await }
        });
        add(&mut tally, &join_all(changes).await);
    }
    assert_eq!(tally, Tally::from([(200, 20 * ROUNDS)]));
    assert!(app.counted("statement_retried") > 0, "nothing has met");
    // All nodes have the same one of the last changes.
    let mut names = Vec::new();
    for mut conn in ground.conns().await {
        let sql = "SELECT name FROM `user` WHERE id = ?";
        let name: Option<String> = conn.exec_first(sql, (user.id,)).await.expect("a name");
        names.push(name.expect("a row"));
    }
    let last = format!("name {} ", ROUNDS - 1);
    assert!(
        names
            .iter()
            .all(|name| name.starts_with(&last) && *name == names[0]),
        "{names:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_passwords_of_one_user_at_once_are_all_let_in() {
    let Some(ground) = ground().await else { return };
    let app = ground.app(Arrangement::ThreeWriters).start();
    let mut tally = Tally::new();
    for _ in 0..ROUNDS {
        let email = unique_email();
        app.register(&email, PASSWORD).await.expect(201);
        let logins = (0..4).map(|_| app.login(&email, PASSWORD));
        add(&mut tally, &join_all(logins).await);
    }
    assert_eq!(tally, Tally::from([(200, 4 * ROUNDS)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_wrong_passwords_at_once_are_compared_as_on_a_single_server() {
    const GUESSES: usize = 20;
    let Some(ground) = ground().await else { return };
    let guesses = ("LOGIN_GUESSES_PER_NETWORK", "8");
    let single = ground.app_on(0).variable(guesses.0, guesses.1).start();
    let mut alone = Tally::new();
    let email = registered(&single).await;
    for _ in 0..GUESSES {
        add(&mut alone, &[single.login(&email, "wrong password").await]);
    }
    let compared = alone.get(&401).copied().unwrap_or(0);
    assert!((1..GUESSES).contains(&compared), "{alone:?}");
    assert_eq!(
        alone,
        Tally::from([(401, compared), (429, GUESSES - compared)])
    );

    let three = ground.app(Arrangement::ThreeWriters);
    let app = three.variable(guesses.0, guesses.1).start();
    let mut tallies = Vec::new();
    for _ in 0..ROUNDS {
        let email = registered(&app).await;
        let logins = (0..GUESSES).map(|_| app.login(&email, "wrong password"));
        let mut tally = Tally::new();
        add(&mut tally, &join_all(logins).await);
        tallies.push(tally);
    }
    assert_eq!(tallies, vec![alone; ROUNDS]);
}

async fn registered(app: &App) -> String {
    let email = unique_email();
    app.register(&email, PASSWORD).await.expect(201);
    email
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_e_mail_that_is_registered_six_times_at_once_is_one_row_on_every_node() {
    let Some(ground) = ground().await else { return };
    let app = ground.app(Arrangement::ThreeWriters).start();
    let mut tallies = Vec::new();
    let mut emails = Vec::new();
    for _ in 0..ROUNDS {
        let email = unique_email();
        let registrations = (0..6).map(|_| app.register(&email, PASSWORD));
        let mut tally = Tally::new();
        add(&mut tally, &join_all(registrations).await);
        tallies.push(tally);
        emails.push(email);
    }
    assert_eq!(tallies, vec![Tally::from([(201, 1), (409, 5)]); ROUNDS]);
    for mut conn in ground.conns().await {
        for email in &emails {
            let sql = "SELECT COUNT(*) FROM `user` WHERE email = ?";
            let rows: Option<u64> = conn.exec_first(sql, (email,)).await.expect("a count");
            assert_eq!(rows, Some(1), "{email}");
        }
    }
}
