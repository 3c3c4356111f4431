//! `GET /` and `GET /ready`.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn the_root_says_that_the_service_runs() {
    let answer = App::shared().get("/").await.expect(200);
    assert_eq!(answer.json(), json!({ "status": "ok" }));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn ready_says_that_the_database_answers() {
    assert_eq!(
        App::shared().get("/ready").await.expect(200).json(),
        json!({ "status": "ok" })
    );
}
