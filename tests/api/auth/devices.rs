//! Known devices: while strangers guess an account's password, who is let in all the same.

use gatehouse::token::{RefreshKeys, RefreshToken};
use serde_json::json;

use crate::support::budgets::until_known;
use crate::support::client::{Client, pass, registered, settled};
use crate::support::database::Database;
use crate::support::{Answer, App, PASSWORD, SECRET_KEY};

/// Guesses that all strange networks have together.
const ALL_AT_ONCE: usize = 50;
const HOME: &str = "192.0.2.1";
const AWAY: &str = "203.0.113.9";

async fn login(app: &App, address: &str, cookie: &str, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    let login = app.request("POST", "/auth/login").json(&body);
    let login = login.header("cf-connecting-ip", address);
    login.header("cookie", cookie).send().await
}

/// The same by a form.
async fn login_by_form(app: &App, address: &str, cookie: &str, email: &str) -> Answer {
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("grant_type", "password"), ("username", email)])
        .append_pair("password", PASSWORD)
        .finish();
    let login = app.request("POST", "/auth/login").bare_body(form);
    let login = login.header("content-type", "application/x-www-form-urlencoded");
    let login = login.header("cf-connecting-ip", address);
    login.header("cookie", cookie).send().await
}

/// Guesses from many networks until no strange one is let through.
async fn exhaust(app: &App, email: &str) {
    for number in 0..=ALL_AT_ONCE {
        let address = format!("198.51.100.{number}");
        login(app, &address, "", email, "wrong password").await;
    }
    is_shut_out(login(app, "203.0.113.77", "", email, PASSWORD).await);
}

#[track_caller]
fn is_shut_out(answer: Answer) {
    answer.problem(429, "too_many_attempts");
}

/// The cookie of a refresh token.
fn cookie(token: &str) -> String {
    format!("__Host-gatehouse={token}")
}

#[tokio::test]
async fn a_device_with_the_cookie_of_a_session_is_let_in_from_any_network_while_strangers_guess() {
    let app = App::shared();
    let email = registered(app).await;
    let client = Client::log_in(app, &email).await;
    exhaust(app, &email).await;
    let mine = cookie(&client.refresh);
    let wrong = login(app, AWAY, &mine, &email, "wrong password").await;
    wrong.problem(401, "invalid_credentials");
    login(app, AWAY, &mine, &email, PASSWORD).await.expect(200);
    // Also when the session is over.
    let body = json!({ "refresh_token": client.refresh });
    app.logout(&body).await.expect(204);
    let again = login(app, "203.0.113.10", &mine, &email, PASSWORD).await;
    again.expect(200);
    // The other networks were not made known by what the device did.
    is_shut_out(login(app, "203.0.113.11", "", &email, PASSWORD).await);
}

#[tokio::test]
async fn a_form_is_of_no_known_device_whatever_cookie_comes_with_it() {
    let app = App::shared();
    let email = registered(app).await;
    let client = Client::log_in(app, &email).await;
    exhaust(app, &email).await;
    let mine = cookie(&client.refresh);
    let answer = login_by_form(app, "203.0.113.12", &mine, &email).await;
    let answer = answer.expect(429).json();
    assert_eq!(answer["error"], "too_many_attempts");
    // In JSON the same cookie lets its device in, from any network.
    login(app, AWAY, &mine, &email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_cookie_proves_a_device_for_its_own_user_only_and_only_if_it_is_genuine() {
    let app = App::shared();
    let email = registered(app).await;
    let client = Client::log_in(app, &email).await;
    let other = Client::log_in(app, &registered(app).await).await;
    exhaust(app, &email).await;
    let (mine, forged) = (cookie(&client.refresh), client.refresh.replace('A', "B"));
    for worthless in [
        cookie(&other.refresh),
        cookie(&format!("{forged}A")),
        cookie(&client.access),
        format!("{mine}; {mine}"),
        format!("other={}", client.refresh),
    ] {
        is_shut_out(login(app, AWAY, &worthless, &email, PASSWORD).await);
    }
}

#[tokio::test]
async fn a_device_has_as_many_guesses_as_a_network_and_no_more() {
    let app = App::with()
        .variable("LOGIN_GUESSES_PER_NETWORK", "8")
        .start();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    let mine = cookie(&client.refresh);
    exhaust(&app, &email).await;
    for number in 0..6 {
        let address = format!("203.0.113.{number}");
        let wrong = login(&app, &address, &mine, &email, "wrong password").await;
        wrong.problem(401, "invalid_credentials");
    }
    is_shut_out(login(&app, AWAY, &mine, &email, PASSWORD).await);
}

#[tokio::test]
async fn a_network_that_a_session_was_used_from_is_known_one_a_day() {
    let app = App::with().start();
    let email = registered(&app).await;
    let answer = login(&app, HOME, "", &email, PASSWORD).await.expect(200);
    let mut client = Client::of(&app, &answer.json());
    settled(&app).await;
    let refresh = async |client: &Client<'_>, address: &str| {
        let body = json!({ "refresh_token": client.refresh });
        let refresh = app.request("POST", "/auth/refresh").json(&body);
        refresh.header("cf-connecting-ip", address).send().await
    };
    // On the day of the login, a refresh is one statement and nothing follows it.
    drop(app.hyperdrive().take_statements());
    client = Client::of(&app, &refresh(&client, AWAY).await.expect(200).json());
    assert_eq!(app.hyperdrive().take_statements().len(), 1);
    pass(&client.session, 24 * 3600).await;
    client = Client::of(&app, &refresh(&client, AWAY).await.expect(200).json());
    until_known(Database::shared(), &email, 2).await;
    for number in 0..3 {
        let address = format!("203.0.113.{number}");
        client = Client::of(&app, &refresh(&client, &address).await.expect(200).json());
    }
    let statements = app.hyperdrive().take_statements();
    assert_eq!(statements.len(), 6, "four and two: {statements:?}");
    exhaust(&app, &email).await;
    login(&app, AWAY, "", &email, PASSWORD).await.expect(200);
    is_shut_out(login(&app, "203.0.113.1", "", &email, PASSWORD).await);
}

#[tokio::test]
async fn whoever_moves_a_stolen_session_about_neither_guesses_more_nor_shuts_its_owner_out() {
    let app = App::shared();
    let email = registered(app).await;
    let answer = login(app, HOME, "", &email, PASSWORD).await.expect(200);
    let mut client = Client::of(app, &answer.json());
    until_known(Database::shared(), &email, 1).await;
    for number in 0..40 {
        // One a day, for as long as the session can live.
        pass(&client.session, if number < 29 { 24 * 3600 } else { 0 }).await;
        let body = json!({ "refresh_token": client.refresh });
        let refresh = app.request("POST", "/auth/refresh").json(&body);
        let refresh = refresh.header("cf-connecting-ip", &format!("198.18.0.{number}"));
        client = Client::of(app, &refresh.send().await.expect(200).json());
    }
    until_known(Database::shared(), &email, 30).await;
    exhaust(app, &email).await;
    login(app, HOME, "", &email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn old_sessions_in_any_number_bring_the_guesses_of_twelve_networks() {
    let app = App::with().variable("LOGIN_GUESSES_PER_NETWORK", "4");
    let app = app.start();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    let keys = RefreshKeys::new([SECRET_KEY.as_bytes()].into_iter());
    let token = keys.open(&client.refresh).expect("a token");
    exhaust(&app, &email).await;
    let mut compared = 0;
    for number in 0..200_u8 {
        let session = [number; 16].into();
        let text = keys.seal(&RefreshToken { session, ..token });
        let mine = cookie(&text.expect("a key"));
        let guess = login(&app, AWAY, &mine, &email, "wrong password").await;
        compared += u32::from(guess.status == 401);
    }
    assert_eq!(compared, 12 * 3);
}

#[tokio::test]
async fn whoever_uses_up_the_guesses_of_a_device_does_not_shut_its_owner_out_of_a_known_network() {
    let app = App::shared();
    let email = registered(app).await;
    let answer = login(app, HOME, "", &email, PASSWORD).await.expect(200);
    let mine = cookie(&Client::of(app, &answer.json()).refresh);
    until_known(Database::shared(), &email, 1).await;
    exhaust(app, &email).await;
    while login(app, AWAY, &mine, &email, "wrong password")
        .await
        .status
        == 401
    {}
    is_shut_out(login(app, AWAY, &mine, &email, PASSWORD).await);
    login(app, HOME, &mine, &email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_cookie_proves_its_device_for_thirty_days_and_while_its_session_can_live() {
    const DAY: i64 = 24 * 3600;
    let app = App::shared();
    let email = registered(app).await;
    let client = Client::log_in(app, &email).await;
    let keys = RefreshKeys::new([SECRET_KEY.as_bytes()].into_iter());
    let token = keys.open(&client.refresh).expect("a token");
    exhaust(app, &email).await;
    // SESSION_DAYS, how long ago the login was, and whether the device is known.
    for (lifetime, ago, is_known) in [
        (30, 29, true),
        (30, 31, false),
        (1, 29, true),
        (1, 31, false),
        (90, 31, true),
        (90, 91, false),
    ] {
        let app = App::with().variable("SESSION_DAYS", &lifetime.to_string());
        let app = app.variable("SESSION_IDLE_DAYS", "1").start();
        let ends = i64::try_from(token.ends).expect("a time") + (lifetime - 30 - ago) * DAY;
        let ends = u64::try_from(ends).expect("a time");
        let text = keys.seal(&RefreshToken { ends, ..token }).expect("a key");
        let answer = login(&app, AWAY, &cookie(&text), &email, "wrong password").await;
        let status = if is_known { 401 } else { 429 };
        assert_eq!(answer.status, status, "{lifetime} days, {ago} ago");
    }
}
