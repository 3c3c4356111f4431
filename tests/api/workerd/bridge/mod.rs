//! What crosses between wasm and JavaScript, which is most of what a request costs.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::answer::Answer;
use crate::support::{App, PASSWORD, figure, in_workerd, unique_email};

/// The calls from wasm to JavaScript until an answer, of its second request: the first one of an
/// isolate makes what the others use.
fn calls(answer: &Answer) -> BTreeMap<String, u32> {
    serde_json::from_str(&answer.header("x-calls")).expect("a count of each")
}

fn sum(calls: &BTreeMap<String, u32>) -> u32 {
    calls.values().sum()
}

/// The most calls for each endpoint.
const BUDGETS: [(&str, u32); 7] = [
    ("GET /", 7),
    ("GET /me, bad token", 8),
    ("GET /me", 42),
    ("refresh", 56),
    // Two connections and three statements.
    ("login", 122),
    ("register", 90),
    ("update", 66),
];

#[tokio::test]
async fn a_body_that_is_longer_than_its_length_says_is_limited_all_the_same() {
    if !in_workerd() {
        return;
    }
    let app = App::with().counts_calls().start();
    let memory = async || app.get("/").await.expect(200).header("x-memory");
    let before = memory().await;
    for (length, status, code) in [
        (16_384, 400, "malformed_body"),
        (16_385, 413, "body_too_large"),
        (10_000_000, 413, "body_too_large"),
    ] {
        let request = app.request("POST", "/auth/login").json(&json!({}));
        let longer = request.header("x-longer", &length.to_string());
        longer.send().await.problem(status, code);
    }
    // Where nobody reads the body, its rest is not read without a limit either.
    let request = app.request("POST", "/nowhere").json(&json!({}));
    let longer = request.header("x-longer", "10000000");
    longer.send().await.problem(404, "not_found");
    assert_eq!(memory().await, before, "none of it was copied into wasm");
}

#[tokio::test]
async fn each_endpoint_crosses_the_bridge_no_more_often_than_its_budget() {
    if !in_workerd() {
        return;
    }
    let app = App::with().counts_calls().start();
    let (first, second) = (app.user().await, app.user().await);
    let tokens = first.login().await.expect(200).json();
    for user in [&first, &second] {
        // What is made once.
        app.get("/").await.expect(200);
        app.me("x").await.expect(401);
        user.me().await.expect(200);
        user.update(&json!({ "name": "Ada" })).await.expect(200);
    }
    // A busy machine delivers replies of the database in more pieces, each of which is some calls more.
    // So the least of three rounds counts.
    let mut refresh_token = tokens["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let mut rounds = Vec::new();
    for name in ["Eve", "Ida", "Joan"] {
        let refreshed = app.refresh(&refresh_token).await.expect(200);
        let successor = refreshed.json()["refresh_token"].clone();
        refresh_token = serde_json::from_value(successor).expect("a token");
        let update = first.update(&json!({ "name": name })).await.expect(200);
        let registered = app.register(&unique_email(), PASSWORD).await.expect(201);
        let answers = [
            app.get("/").await.expect(200),
            app.me("x.y.z").await.expect(401),
            first.me().await.expect(200),
            refreshed,
            first.login().await.expect(200),
            registered,
            update,
        ];
        rounds.push(answers.map(|answer| calls(&answer)));
    }
    for (place, (what, budget)) in BUDGETS.into_iter().enumerate() {
        let of_round = rounds.iter().map(|round| &round[place]);
        let least = of_round.min_by_key(|calls| sum(calls)).expect("a round");
        let sum = sum(least);
        figure(&format!("{what}: {sum} calls from wasm to JavaScript"));
        assert!(sum <= budget, "{what}: {sum} calls: {least:#?}");
    }
}
