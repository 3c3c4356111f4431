//! Every route of `openapi.yaml` in the ways in which many of them fail. That the answers are as they
//! are documented is checked where they arrive.

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit_openapi::Operation;

use crate::support::client::Client;
use crate::support::contract::CONTRACT;
use crate::support::request::Request;
use crate::support::{App, Reaches};

const BIG: usize = 16 * 1024 + 1;

/// A request to an operation, but for its body.
fn to(app: &App, operation: &Operation) -> Request {
    let path = operation.path.replace("{id}", &"0".repeat(32));
    app.request(&operation.method, &path)
}

fn operations(is_wanted: impl Fn(&Operation) -> bool) -> Vec<&'static Operation> {
    let wanted = CONTRACT.operations.iter().filter(|one| is_wanted(one));
    let wanted: Vec<_> = wanted.collect();
    assert!(wanted.len() > 7, "{}", wanted.len());
    wanted
}

/// A request as it is documented, with the tokens of a client.
fn documented(app: &App, operation: &Operation, client: &Client<'_>) -> Request {
    let request = to(app, operation).bearer(&client.access);
    match operation.example().cloned() {
        Some(mut body) => {
            if body.get("refresh_token").is_some() {
                body["refresh_token"] = json!(client.refresh);
            }
            request.json(&body)
        }
        None => request,
    }
}

#[tokio::test]
async fn every_route_is_500_where_the_configuration_cannot_be_used() {
    let app = App::with().variable("SECRET_KEY", "short").start();
    for operation in operations(|_| true) {
        let answer = to(&app, operation).send().await;
        answer.problem(500, "internal_error");
    }
}

#[tokio::test]
async fn every_route_that_needs_the_database_is_503_without_one_and_no_other_is() {
    let client = Client::new(App::shared()).await;
    let app = App::with().reaches(Reaches::Nothing).start();
    let ask = async |operation: &Operation| {
        let answer = documented(&app, operation, &client).send().await;
        if operation.has_status(503) {
            answer.problem(503, "database_unavailable");
        } else {
            answer.expect(200);
        }
    };
    // All at once, since each tries for seconds.
    join_all(operations(|_| true).into_iter().map(ask)).await;
}

#[tokio::test]
async fn every_route_with_a_body_refuses_one_that_is_no_json_or_too_large() {
    let app = App::shared();
    let client = Client::new(app).await;
    for operation in operations(|one| one.has_status(413)) {
        let request = || to(app, operation).bearer(&client.access);
        let answer = request().body("x".repeat(BIG)).send().await;
        answer.problem(413, "body_too_large");
        let answer = request().bare_body("{}").send().await;
        answer.problem(415, "unsupported_media_type");
        let answer = request().body("{").send().await;
        answer.problem(400, "malformed_body");
    }
}

#[tokio::test]
async fn every_route_for_users_refuses_a_request_without_a_token_and_one_with_a_wrong_one() {
    let app = App::shared();
    for operation in operations(|one| one.needs_token) {
        let request = || match operation.example() {
            Some(body) => to(app, operation).json(body),
            None => to(app, operation),
        };
        let answer = request().send().await;
        answer.problem(401, "missing_token");
        let answer = request().bearer("x.y.z").send().await;
        answer.problem(401, "invalid_token");
    }
}

#[tokio::test]
async fn a_logout_with_a_header_that_cannot_be_read_is_told_so() {
    let request = App::shared().request("POST", "/auth/logout");
    let answer = request.header("authorization", "Bearer").send().await;
    answer.problem(401, "invalid_token");
}

#[tokio::test]
async fn the_documented_bodies_are_taken_where_nobody_is_logged_in() {
    let app = App::shared();
    // Those that start from nothing; the user of the examples may be there already.
    let find = |path: &str| CONTRACT.operations.iter().find(|one| one.path == path);
    let send = async |path: &str| {
        let operation = find(path).expect("an operation");
        let body: &Value = operation.example().expect("an example");
        to(app, operation).json(body).send().await
    };
    let registered = send("/auth/register").await;
    assert!(matches!(registered.status, 201 | 409));
    send("/auth/login").await.expect(200);
    // A token of another secret.
    send("/auth/refresh").await.problem(401, "invalid_session");
    send("/auth/logout").await.problem(401, "missing_token");
}
