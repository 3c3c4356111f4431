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
    let refresh_token = tokens["refresh_token"].as_str().expect("a token");
    for user in [&first, &second] {
        // What is made once.
        app.get("/").await.expect(200);
        app.me("x").await.expect(401);
        user.me().await.expect(200);
        user.update(&json!({ "name": "Ada" })).await.expect(200);
    }
    // With room for replies of the database that come in more pieces, each of which is some calls more.
    let answers = [
        ("GET /", 7, app.get("/").await.expect(200)),
        ("GET /me, bad token", 8, app.me("x.y.z").await.expect(401)),
        ("GET /me", 45, first.me().await.expect(200)),
        ("refresh", 62, app.refresh(refresh_token).await.expect(200)),
        // Two connections and three statements.
        ("login", 122, first.login().await.expect(200)),
        (
            "register",
            110,
            app.register(&unique_email(), PASSWORD).await.expect(201),
        ),
        (
            "update",
            75,
            first.update(&json!({ "name": "Eve" })).await.expect(200),
        ),
    ];
    for (what, budget, answer) in answers {
        let calls = calls(&answer);
        let sum: u32 = calls.values().sum();
        figure(&format!("{what}: {sum} calls from wasm to JavaScript"));
        assert!(sum <= budget, "{what}: {sum} calls: {calls:#?}");
    }
}
