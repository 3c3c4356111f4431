//! `POST /auth/password`: whom it lets change the password, and what ends with the old one.

use std::time::{Duration, Instant};

use hyperdrive_local::fault::{Kind, Stage};
use mysql_async::prelude::Queryable as _;
use serde_json::json;
use testkit::hash::{BCRYPT_SHA256, BCRYPT_SHA256_FIRST, PASSLIB};

use crate::support::budgets::{account, strangers_owe, until_known};
use crate::support::client::{Client, legacy_token, over, registered, settled};
use crate::support::database::Database;
use crate::support::hyperdrive::after;
use crate::support::{Answer, App, Limits, PASSWORD, eventually};

const NEW: &str = "a new horse in the old stable";
const WRONG: &str = "wrong password";

/// Checks that the sessions of these clients are over.
async fn all_over(app: &App, clients: &[&Client<'_>]) {
    for client in clients {
        over(client.refresh().await);
        app.me(&client.access).await.problem(401, "invalid_token");
    }
}

#[tokio::test]
async fn a_change_of_the_password_ends_every_session_but_the_callers() {
    let app = App::with().start();
    let email = registered(&app).await;
    let mut phone = Client::log_in(&app, &email).await;
    let laptop = Client::log_in(&app, &email).await;
    let mut stale = Client::log_in(&app, &email).await;
    stale.go_on().await;
    let other = Client::new(&app).await;
    let answer = phone.change_password(PASSWORD, NEW).await.expect(204);
    assert!(answer.body.is_empty());
    all_over(&app, &[&laptop, &stale]).await;
    phone.go_on().await;
    assert_eq!(phone.sessions().await.len(), 1);
    other.refresh().await.expect(200);
    app.login(&email, PASSWORD)
        .await
        .problem(401, "invalid_credentials");
    app.login(&email, NEW).await.expect(200);
    let log = app.log();
    let line = log.lines().find(|line| line.contains("password_changed"));
    assert!(line.is_some_and(|line| line.contains("\"user_id\":")));
    assert!(!log.contains(NEW) && !log.contains(PASSWORD), "{log}");
}

#[tokio::test]
async fn the_present_password_is_taken_as_the_new_one_and_ends_the_other_sessions_too() {
    let app = App::shared();
    let email = registered(app).await;
    let phone = Client::log_in(app, &email).await;
    let laptop = Client::log_in(app, &email).await;
    phone.change_password(PASSWORD, PASSWORD).await.expect(204);
    all_over(app, &[&laptop]).await;
    app.me(&phone.access).await.expect(200);
    app.login(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_token_without_a_session_changes_the_password_too_and_ends_every_session() {
    let setup = App::with().variable("LEGACY_TOKENS_UNTIL", "2099-01-01T00:00:00Z");
    let app = setup.start();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    let mut old = Client::log_in(&app, &email).await;
    let session = old.refresh.clone();
    old.access = legacy_token(&email, 1800);
    old.change_password(PASSWORD, NEW).await.expect(204);
    all_over(&app, &[&client]).await;
    over(app.refresh(&session).await);
    app.me(&old.access).await.expect(200);
    app.login(&email, NEW).await.expect(200);
}

#[tokio::test]
async fn the_new_password_is_held_to_the_rules_of_a_registration_before_anything_is_counted() {
    let app = App::with().start();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    settled(&app).await;
    for (new, code) in [
        ("short", "too_short"),
        (&*"x".repeat(257), "too_long"),
        ("passwordpassword", "too_common"),
        ("gatehouse", "context_word"),
    ] {
        let answer = client.change_password(WRONG, new).await;
        assert_eq!(answer.field_errors(), [format!("new_password: {code}")]);
    }
    for (body, errors) in [
        (
            json!({}),
            &["current_password: required", "new_password: required"][..],
        ),
        (
            json!({ "current_password": null, "new_password": 7 }),
            &[
                "current_password: invalid_type",
                "new_password: invalid_type",
            ],
        ),
        (
            json!({ "current_password": PASSWORD, "password": NEW }),
            &["new_password: required"],
        ),
    ] {
        let request = client.request("POST", "/auth/password").json(&body);
        assert_eq!(request.send().await.field_errors(), errors);
    }
    assert_eq!(app.hyperdrive().take_statements(), [""; 0]);
    // What is the user's needs the user.
    for new in [&email, email.split('@').next().expect("a name")] {
        let answer = client.change_password(WRONG, new).await;
        assert_eq!(answer.field_errors(), ["new_password: is_email"]);
        assert_eq!(app.hyperdrive().take_statements().len(), 1);
    }
}

#[tokio::test]
async fn a_body_and_a_caller_are_needed() {
    let app = App::shared();
    let client = Client::new(app).await;
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    let path = "/auth/password";
    app.post(path, &body).await.problem(401, "missing_token");
    let forged = app.request("POST", path).bearer("x.y.z").json(&body);
    forged.send().await.problem(401, "invalid_token");
    let none = client.request("POST", path);
    none.send().await.problem(415, "unsupported_media_type");
    let broken = client.request("POST", path).body("{");
    broken.send().await.problem(400, "malformed_body");
    let large = client.request("POST", path).body("x".repeat(17_000));
    large.send().await.problem(413, "body_too_large");
    client.refresh().await.expect(200);
}

#[tokio::test]
async fn the_token_of_a_session_that_is_over_is_refused_before_a_password_is_counted() {
    let app = App::with().start();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    settled(&app).await;
    let logout = json!({ "refresh_token": client.refresh });
    app.logout(&logout).await.expect(204);
    assert_eq!(app.hyperdrive().take_statements().len(), 1);
    let answer = client.change_password(PASSWORD, NEW).await;
    answer.problem(401, "invalid_token");
    assert_eq!(app.hyperdrive().take_statements().len(), 1);
    app.login(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_wrong_current_password_is_answered_as_at_login_changes_nothing_and_takes_its_time() {
    let setup = App::with().variable("LOGIN_FAILURE_MILLISECONDS", "700");
    let app = setup.start();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    let other = Client::log_in(&app, &email).await;
    let started = Instant::now();
    let wrong = client.change_password(WRONG, NEW).await;
    assert!(started.elapsed() >= Duration::from_millis(700));
    let wrong = wrong.problem(401, "invalid_credentials");
    let login = app.login(&email, WRONG).await.expect(401);
    let detail = |answer: &Answer| answer.json()["detail"].clone();
    assert_eq!(detail(&wrong), detail(&login));
    other.refresh().await.expect(200);
    app.login(&email, PASSWORD).await.expect(200);
    assert!(app.log().contains("\"event\":\"reauthentication_failed\""));
}

#[tokio::test]
async fn wrong_current_passwords_are_throttled_together_with_logins() {
    let app = App::with().start();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    until_known(Database::shared(), &email, 1).await;
    for number in 0..23 {
        let answer = match number % 3 {
            0 => client.change_password(WRONG, NEW).await,
            1 => client.delete(WRONG).await,
            _ => app.login(&email, WRONG).await,
        };
        answer.problem(401, "invalid_credentials");
    }
    for answer in [
        client.change_password(PASSWORD, NEW).await,
        client.delete(PASSWORD).await,
        app.login(&email, PASSWORD).await,
    ] {
        let answer = answer.problem(429, "too_many_attempts");
        let wait: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!((3 * 3600..=4 * 3600).contains(&wait), "{wait}");
    }
    assert_eq!(app.counted("reauthentication_throttled"), 2);
    // Another network has its own budget.
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    let elsewhere = client.request("POST", "/auth/password").json(&body);
    let elsewhere = elsewhere.header("cf-connecting-ip", "192.0.2.9");
    elsewhere.send().await.expect(204);
}

#[tokio::test]
async fn an_address_has_a_limit_for_changes_and_deletions_together_with_logins() {
    let limits = Limits {
        login: 2,
        ..Limits::default()
    };
    let app = App::with().limits(limits).start();
    let email = registered(App::shared()).await;
    let client = Client::log_in(App::shared(), &email).await.through(&app);
    let wrong = client.change_password(WRONG, NEW).await;
    wrong.problem(401, "invalid_credentials");
    app.login(&email, WRONG).await.expect(401);
    let before = app.hyperdrive().take_statements().len();
    assert!((4..=5).contains(&before), "{before}");
    for limited in [
        client.change_password(PASSWORD, NEW).await,
        client.delete(PASSWORD).await,
    ] {
        limited.problem(429, "rate_limited");
    }
    app.me(&client.access).await.expect(200);
}

#[tokio::test]
async fn a_right_current_password_gives_back_what_it_took_whatever_becomes_of_the_new_one() {
    let database = Database::shared();
    // Another app logs in, so that what follows is this one's.
    let app = App::with().start();
    for (fault, status) in [
        (None, 204),
        (Some(after(2, Stage::Query, Kind::Garble, 1)), 503),
    ] {
        let client = Client::new(App::shared()).await;
        let me = app.me(&client.access).await.expect(200).json();
        let email = me["email"].as_str().expect("an e-mail");
        until_known(database, email, 1).await;
        let forget = "DELETE FROM gatehouse_login_throttle WHERE account = ?";
        database.execute(forget, account(email)).await;
        let body = json!({ "current_password": PASSWORD, "new_password": NEW });
        let request = app.request("POST", "/auth/password").json(&body);
        let request = request.bearer(&client.access);
        let request = request.header("cf-connecting-ip", "192.0.2.9");
        app.hyperdrive().fail(fault);
        assert_eq!(request.send().await.status, status);
        until_known(database, email, 1).await;
        assert_eq!(strangers_owe(database, email).await, 0);
    }
}

#[tokio::test]
async fn an_old_hash_is_compared_as_at_login_and_one_that_nobody_can_use_is_a_wrong_password() {
    let app = App::with().start();
    let plain = bcrypt::hash_with_salt("correct horse", 5, *b"a salt of a test");
    let plain = plain.expect("a hash").to_string();
    for (hash, password, status) in [
        (Some(PASSLIB), PASSWORD, 204),
        (Some(BCRYPT_SHA256), "correct horse", 204),
        (Some(BCRYPT_SHA256_FIRST), "correct horse", 204),
        (Some(&*plain), "correct horse", 204),
        (Some(PASSLIB), WRONG, 401),
        (Some("correct horse"), "correct horse", 401),
        (Some("$argon2id$v=19$m=4294967295"), PASSWORD, 401),
        (Some(""), "", 401),
        (None, PASSWORD, 401),
        (None, "", 401),
    ] {
        let email = registered(&app).await;
        let client = Client::log_in(&app, &email).await;
        let set = "UPDATE `user` SET password = ? WHERE id = (SELECT user FROM gatehouse_session \
                   WHERE id = UNHEX(?))";
        let values = (hash, client.session.clone());
        let mut conn = Database::shared().conn().await;
        conn.exec_drop(set, values).await.expect("an update");
        let answer = client.change_password(password, NEW).await;
        assert_eq!(answer.status, status, "{hash:?}");
        if status == 204 {
            app.login(&email, NEW).await.expect(200);
        } else {
            answer.problem(401, "invalid_credentials");
            app.login(&email, NEW).await.expect(401);
        }
    }
    eventually(async || app.counted("unreadable_hash") >= 3).await;
}
