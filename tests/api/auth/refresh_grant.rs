//! `POST /auth/login` with a form that has a refresh token (RFC 6749, 6).

use serde_json::json;

use super::password_grant::{error, form, log_in};
use crate::support::client::{Client, pass, registered, settled};
use crate::support::request::Request;
use crate::support::{App, Limits, PASSWORD};

fn refresh(app: &App, token: &str) -> Request {
    form(
        app,
        format!("grant_type=refresh_token&refresh_token={token}"),
    )
}

#[tokio::test]
async fn a_form_with_a_refresh_token_carries_the_session_on_as_json_does() {
    let app = App::with().start();
    let email = registered(&app).await;
    let tokens = log_in(&app, &email, PASSWORD).await.expect(200).json();
    let first = Client::of(&app, &tokens);
    settled(&app).await;
    drop(app.hyperdrive().take_statements());
    let answer = refresh(&app, &first.refresh).send().await.expect(200);
    assert_eq!(app.hyperdrive().take_statements().len(), 1);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    assert_eq!(answer.header("set-cookie"), "");
    let mut next = Client::of(&app, &answer.json());
    assert_ne!(next.refresh, first.refresh);
    // An answer that was lost can be asked for again, in either way.
    let again = refresh(&app, &first.refresh).send().await.expect(200);
    assert_eq!(again.json()["refresh_token"], json!(next.refresh));
    let again = first.refresh().await.expect(200);
    assert_eq!(again.json()["refresh_token"], json!(next.refresh));
    next.go_on().await;
    assert_eq!(next.sessions().await.len(), 1);
}

#[tokio::test]
async fn a_refresh_token_whose_session_is_over_is_an_invalid_grant() {
    let app = App::shared();
    let client = Client::new(app).await;
    let ended = client.request("POST", "/auth/logout");
    ended.send().await.expect(204);
    let copied = Client::new(app).await;
    let forged = copied.refresh.replace(&copied.refresh[90..], "AAAA");
    for token in [&client.refresh, &forged, "x", &copied.access] {
        let said = error(refresh(app, token).send().await, 400, "invalid_grant");
        assert_eq!(said, "The session is over; log in again.");
    }
    copied.refresh().await.expect(200);
}

#[tokio::test]
async fn a_refresh_token_that_was_used_before_ends_its_session_by_a_form_too() {
    let app = App::shared();
    let first = Client::new(app).await;
    let answer = refresh(app, &first.refresh).send().await.expect(200);
    let owner = Client::of(app, &answer.json());
    pass(&first.session, 11).await;
    for token in [&first.refresh, &owner.refresh] {
        error(refresh(app, token).send().await, 400, "invalid_grant");
    }
    app.me(&owner.access).await.expect(401);
}

#[tokio::test]
async fn the_refresh_token_of_a_form_is_in_the_form() {
    let app = App::shared();
    let client = Client::new(app).await;
    for text in [
        "grant_type=refresh_token",
        "grant_type=refresh_token&refresh_token=",
    ] {
        let cookie = format!("__Host-gatehouse={}", client.refresh);
        let answer = form(app, text).header("cookie", &cookie).send().await;
        let said = error(answer, 400, "invalid_request");
        assert_eq!(said, "refresh_token: This field is required.");
    }
    client.refresh().await.expect(200);
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_refresh_by_a_form() {
    let app = App::with().start();
    let client = Client::new(&app).await;
    settled(&app).await;
    drop(app.hyperdrive().take_statements());
    let request = refresh(&app, &client.refresh).header("origin", "https://evil.example");
    error(request.send().await, 403, "cross_origin");
    assert_eq!(app.hyperdrive().take_statements(), [""; 0]);
    client.refresh().await.expect(200);
}

#[tokio::test]
async fn a_refresh_by_a_form_is_no_login_that_is_limited_for_each_address() {
    let limits = Limits {
        login: 1,
        register: 1,
    };
    let app = App::with().limits(limits).start();
    let client = Client::new(&app).await;
    let refused = log_in(&app, "ada@example.com", PASSWORD).await;
    error(refused, 429, "rate_limited");
    refresh(&app, &client.refresh).send().await.expect(200);
}
