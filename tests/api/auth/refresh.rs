//! `POST /auth/refresh`: which token carries a session on, and which one ends it.

use std::time::Duration;

use futures_util::future::join_all;
use hyperdrive_local::fault::{Kind, Stage};
use serde_json::json;

use crate::support::client::{Client, over, pass, registered, settled};
use crate::support::hyperdrive::{after, once};
use crate::support::{App, PASSWORD};

#[tokio::test]
async fn a_login_starts_a_session_that_a_refresh_token_carries_on() {
    let app = App::shared();
    let email = registered(app).await;
    let answer = app.login(&email, PASSWORD).await.expect(200).json();
    assert_eq!(answer["refresh_expires_in"], json!(14 * 24 * 3600));
    let mut client = Client::of(app, &answer);
    for _ in 0..3 {
        let before = client.refresh.clone();
        client.go_on().await;
        assert_ne!(client.refresh, before);
        assert_eq!(json!(client.session), answer["session_id"]);
        app.me(&client.access).await.expect(200);
    }
    let other = Client::log_in(app, &email).await;
    assert_ne!(other.session, client.session);
}

#[tokio::test]
async fn the_token_before_the_current_one_gets_the_same_successor_again_for_a_moment() {
    let app = App::shared();
    let client = Client::log_in(app, &registered(app).await).await;
    let first = client.refresh().await.expect(200).json();
    pass(&client.session, 8).await;
    let again = client.refresh().await.expect(200).json();
    assert_eq!(again["refresh_token"], first["refresh_token"]);
    // A repeat does not lengthen the time.
    pass(&client.session, 4).await;
    over(client.refresh().await);
    over(
        app.refresh(first["refresh_token"].as_str().expect("a token"))
            .await,
    );
    assert_eq!(app.me(&client.access).await.status, 401);
}

#[tokio::test]
async fn an_older_token_ends_the_session_at_once_and_is_counted() {
    let app = App::with().start();
    let mut client = Client::log_in(&app, &registered(&app).await).await;
    let stolen = client.refresh.clone();
    client.go_on().await;
    client.go_on().await;
    over(app.refresh(&stolen).await);
    over(client.refresh().await);
    app.me(&client.access).await.problem(401, "invalid_token");
    assert_eq!(app.counted("refresh_token_reused"), 1);
    let log = app.log();
    assert!(!log.contains(&stolen) && !log.contains(&client.refresh));
}

#[tokio::test]
async fn fifty_refreshes_of_one_token_at_once_leave_one_session_and_all_go_on() {
    let app = App::shared();
    let client = Client::log_in(app, &registered(app).await).await;
    // A slow machine may be late for some of them, which come back as they are told.
    let patiently = async || {
        let answer = client.refresh().await;
        if answer.status != 503 {
            return answer;
        }
        let wait = answer.header("retry-after").parse().expect("seconds");
        tokio::time::sleep(Duration::from_secs(wait)).await;
        client.refresh().await
    };
    let answers = join_all((0..50).map(|_| patiently())).await;
    let mut successors = Vec::new();
    for answer in answers {
        let tokens = answer.expect(200).json();
        let other = Client::of(app, &tokens);
        app.me(&other.access).await.expect(200);
        successors.push(other.refresh);
    }
    successors.dedup();
    assert_eq!(successors.len(), 1);
    app.refresh(&successors[0]).await.expect(200);
    assert_eq!(client.sessions().await.len(), 1);
}

#[tokio::test]
async fn a_session_expires_when_it_is_not_refreshed_and_ends_although_it_is() {
    const DAY: i64 = 24 * 3600;
    let app = App::shared();
    let email = registered(app).await;
    let idle = Client::log_in(app, &email).await;
    pass(&idle.session, 14 * DAY).await;
    over(idle.refresh().await);
    app.me(&idle.access).await.problem(401, "invalid_token");

    let mut busy = Client::log_in(app, &email).await;
    for _ in 0..2 {
        pass(&busy.session, 13 * DAY).await;
        busy.go_on().await;
    }
    assert_eq!(busy.sessions().await.len(), 1, "the idle one is not listed");
    // The token knows the end, which the test has moved in the table alone.
    pass(&busy.session, 14 * DAY).await;
    over(busy.refresh().await);
}

#[tokio::test]
async fn a_refresh_tells_the_nearer_of_the_two_ends() {
    let setup = App::with().variable("SESSION_DAYS", "3");
    let app = setup.start();
    let email = registered(&app).await;
    let answer = app.login(&email, PASSWORD).await.expect(200).json();
    assert_eq!(answer["refresh_expires_in"], json!(3 * 24 * 3600));
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let answer = Client::of(&app, &answer).refresh().await.expect(200).json();
    let rest = answer["refresh_expires_in"].as_u64().expect("seconds");
    assert!((1..3 * 24 * 3600 - 1).contains(&rest), "{rest}");
}

#[tokio::test]
async fn a_text_that_is_no_refresh_token_is_refused_without_a_statement() {
    let app = App::with().start();
    let client = Client::log_in(&app, &registered(&app).await).await;
    let mut forged = client.refresh.clone();
    let place = forged.len() - 2..forged.len() - 1;
    let other = if &forged[place.clone()] == "A" {
        "B"
    } else {
        "A"
    };
    forged.replace_range(place, other);
    settled(&app).await;
    for text in ["", "x", &forged, &client.access, "é", &"A".repeat(10_000)] {
        over(app.refresh(text).await);
        app.logout(&json!({ "refresh_token": text }))
            .await
            .expect(204);
        app.me(&client.refresh).await.problem(401, "invalid_token");
    }
    assert_eq!(app.hyperdrive().take_statements(), [""; 0]);
    for (body, error) in [
        (json!({}), "refresh_token: required"),
        (
            json!({ "refresh_token": null }),
            "refresh_token: invalid_type",
        ),
        (json!({ "refresh_token": 7 }), "refresh_token: invalid_type"),
    ] {
        let answer = app.post("/auth/refresh", &body).await;
        assert_eq!(answer.expect(422).field_errors(), [error]);
    }
    client.refresh().await.expect(200);
}

#[tokio::test]
async fn an_answer_that_the_database_has_lost_loses_no_session() {
    let app = App::with().start();
    let email = registered(&app).await;
    for kind in [Kind::Close, Kind::Cut, Kind::Error] {
        // The third statement of a login starts the session.
        app.hyperdrive().fail(after(2, Stage::Query, kind, 1));
        let mut client = Client::log_in(&app, &email).await;
        settled(&app).await;
        for stage in Stage::ALL {
            app.hyperdrive().fail(once(stage, kind));
            client.go_on().await;
        }
        assert_eq!(client.sessions().await.len(), 1, "{kind:?}");
        for stage in Stage::ALL {
            app.hyperdrive().fail(once(stage, kind));
            let body = json!({ "refresh_token": client.refresh });
            app.logout(&body).await.expect(204);
        }
        over(client.refresh().await);
    }
}

#[tokio::test]
async fn a_client_that_comes_back_when_it_is_told_to_loses_no_session_to_a_reply_that_never_comes()
{
    // Another app, so that the fault strikes nothing that follows the login.
    let email = registered(App::shared()).await;
    let login = App::shared().login(&email, PASSWORD).await;
    let tokens = login.expect(200).json();
    let app = App::with().start();
    let mut client = Client::of(&app, &tokens);
    app.hyperdrive().fail(once(Stage::Query, Kind::Hang));
    let late = client.refresh().await.problem(503, "database_unavailable");
    let wait = late.header("retry-after").parse().expect("seconds");
    tokio::time::sleep(Duration::from_secs(wait)).await;
    client.go_on().await;
    assert_eq!(app.counted("session_refresh_repeated"), 1);
    client.go_on().await;
}
