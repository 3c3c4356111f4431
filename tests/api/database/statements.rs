//! How much of the database a request takes.

use serde_json::json;

use crate::support::{App, PASSWORD, eventually, unique_email};

const NEW: &str = "a new horse in the old stable";

/// What a login does after its answer.
fn is_after(sql: &str) -> bool {
    let after = ["UPDATE `gatehouse_login_throttle`", "SELECT `created` FROM"];
    after
        .iter()
        .any(|start| sql.trim_start().starts_with(start))
}

#[tokio::test]
async fn each_endpoint_takes_its_number_of_statements_and_one_connection() {
    let app = App::with().start();
    let hyperdrive = app.hyperdrive();
    let email = unique_email();
    let statements = |expected: usize, what: &str| {
        let taken = hyperdrive.take_statements();
        let before = taken.iter().filter(|sql| !is_after(sql));
        assert_eq!(before.count(), expected, "{what}: {taken:?}");
    };

    app.register(&email, PASSWORD).await.expect(201);
    statements(2, "register");
    app.register(&email, PASSWORD).await.expect(409);
    statements(1, "register, taken");
    let token = app.login(&email, PASSWORD).await.expect(200).token();
    statements(3, "login");
    app.login(&email, "wrong password").await.expect(401);
    statements(2, "login, wrong password");
    app.login(&unique_email(), PASSWORD).await.expect(401);
    statements(2, "login, unknown e-mail");
    app.me(&token).await.expect(200);
    statements(1, "me");
    app.update(&token, &json!({ "name": "Ada" }))
        .await
        .expect(200);
    statements(2, "update");
    app.update(&token, &json!({})).await.expect(200);
    statements(1, "update of nothing");
    let request = |method, path| app.request(method, path).bearer(&token);
    request("GET", "/me/export").send().await.expect(200);
    statements(3, "export");
    let body = json!({ "current_password": "wrong", "new_password": NEW });
    let change = request("POST", "/auth/password").json(&body).send().await;
    change.expect(401);
    statements(2, "change, wrong password");
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    let change = request("POST", "/auth/password").json(&body).send().await;
    change.expect(204);
    statements(3, "change");
    // One for each, two for the login and the change, and one after the answers of these two.
    let connections = || hyperdrive.counters().snapshot().connections;
    eventually(async || connections() == 15).await;
    drop(hyperdrive.take_statements());
    let body = json!({ "password": NEW });
    let delete = request("DELETE", "/me").json(&body).send().await;
    delete.expect(204);
    statements(3, "deletion");
    assert_eq!(connections(), 17, "one before the hash and one after it");
    app.get("/ready").await.expect(200);
    let asked = hyperdrive.take_statements();
    assert_eq!(asked.len(), 3, "ready: {asked:?}");
    assert_eq!(connections(), 18, "ready");

    app.get("/").await.expect(200);
    app.get("/.well-known/jwks.json").await.expect(200);
    app.get("/me").await.expect(401);
    app.me("x.y.z").await.expect(401);
    app.register("nope", "short").await.expect(422);
    app.update(&token, &json!({ "name": 7 })).await.expect(422);
    let short = json!({ "current_password": PASSWORD, "new_password": "short" });
    let change = request("POST", "/auth/password").json(&short).send().await;
    change.expect(422);
    statements(0, "what is refused");
    assert_eq!(connections(), 18);
}

#[tokio::test]
async fn a_request_waits_for_the_database_once_for_each_statement_and_twice_to_connect() {
    let app = App::with().start();
    let user = app.user().await;
    let trips = || app.hyperdrive().counters().snapshot().round_trips;
    // What comes after the answer of the login.
    eventually(async || trips() >= 15).await;
    let mut before = trips();
    let mut taken = |expected: u64, what: &str| {
        assert_eq!(trips() - before, expected, "{what}");
        before = trips();
    };
    user.me().await.expect(200);
    taken(3, "me");
    user.update(&json!({ "name": "Ada" })).await.expect(200);
    taken(4, "update");
    app.register(&unique_email(), PASSWORD).await.expect(201);
    taken(4, "register");
    app.get("/").await.expect(200);
    app.me("x.y.z").await.expect(401);
    taken(0, "what needs no database");
}

#[tokio::test]
async fn nothing_is_sent_that_hyperdrive_refuses_and_no_parameter_is_sent_as_it_came() {
    let app = App::with().start();
    let hyperdrive = app.hyperdrive();
    let email = unique_email();
    app.register(&email, PASSWORD).await.expect(201);
    let token = app.login(&email, PASSWORD).await.expect(200).token();
    app.update(&token, &json!({ "name": "Ada", "username": null }))
        .await
        .expect(200);
    let statements = hyperdrive.take_statements().join("\n");
    for word in [
        email.as_str(),
        "Ada",
        "argon2",
        ";",
        "PREPARE",
        "USE ",
        "SET NAMES",
        "SET SESSION",
    ] {
        assert!(!statements.contains(word), "{word} in {statements}");
    }
    let counters = hyperdrive.counters().snapshot();
    assert_eq!(counters.refused, 0);
    assert!(counters.bytes_in > 0 && counters.bytes_out > 0);
}
