//! `POST /auth/login` with a form: the password grant of OAuth 2.0 (RFC 6749, 4.3).

use serde_json::json;

use crate::support::client::{Client, registered};
use crate::support::request::Request;
use crate::support::{Answer, App, Limits, PASSWORD, Reaches, unique_email};

const FORM: &str = "application/x-www-form-urlencoded";
/// Guesses that a network has at once, by default.
const AT_ONCE: usize = 23;
const LISTED: &str = "https://app.example";

/// A request with the text of a form.
pub(super) fn form(app: &App, text: impl Into<Vec<u8>>) -> Request {
    let request = app.request("POST", "/auth/login");
    request.header("content-type", FORM).bare_body(text)
}

pub(super) fn grant(email: &str, password: &str) -> String {
    let escaped = |text: &str| text.replace('@', "%40").replace(' ', "+");
    let (email, password) = (escaped(email), escaped(password));
    format!("grant_type=password&username={email}&password={password}")
}

pub(super) async fn log_in(app: &App, email: &str, password: &str) -> Answer {
    form(app, grant(email, password)).send().await
}

/// Checks that it is an error of OAuth 2.0, and returns its description.
#[track_caller]
pub(super) fn error(answer: Answer, status: u16, error: &str) -> String {
    let answer = answer.expect(status);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("www-authenticate"), "");
    let body = answer.json();
    assert_eq!(body["error"], error, "{body}");
    let description = body["error_description"].as_str().expect("a sentence");
    description.to_owned()
}

#[tokio::test]
async fn a_form_gets_tokens_that_are_like_those_of_a_login_in_json() {
    let app = App::shared();
    let email = registered(app).await;
    let answer = log_in(app, &email, PASSWORD).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    assert_eq!(answer.header("set-cookie"), "");
    assert_eq!(answer.json()["token_type"], "bearer");
    let mut client = Client::of(app, &answer.json());
    let me = app.me(&client.access).await.expect(200);
    assert_eq!(me.json()["email"], email);
    client.go_on().await;
    assert_eq!(client.sessions().await.len(), 1);
}

#[tokio::test]
async fn clients_of_fastapi_may_leave_the_grant_type_out_and_get_tokens_too() {
    let app = App::shared();
    let email = registered(app).await;
    for grant_type in ["", "grant_type=&", "grant_type&"] {
        let user = grant(&email, PASSWORD).replace("grant_type=password&", grant_type);
        let answer = form(app, user).send().await.expect(200);
        assert_eq!(answer.json()["token_type"], "bearer");
    }
}

#[tokio::test]
async fn what_oauth_clients_send_beside_is_ignored() {
    let app = App::shared();
    let email = registered(app).await;
    let grant = grant(&email, PASSWORD);
    for more in [
        "&client_id=&client_secret=&scope=",
        "&client_id=x&client_secret=y&scope=read+write&audience=z",
        "&session=cookie",
        "&&unknown",
    ] {
        let request = form(app, format!("{grant}{more}"));
        let request = request.header("authorization", "Basic eDp5");
        let answer = request.send().await.expect(200);
        assert_eq!(answer.header("set-cookie"), "", "{more}");
        assert!(answer.json()["refresh_token"].is_string(), "{more}");
    }
    for media_type in [
        "application/x-www-form-urlencoded; charset=UTF-8",
        "Application/X-WWW-Form-URLEncoded;charset=\"utf-8\"",
    ] {
        let request = app.request("POST", "/auth/login");
        let request = request.header("content-type", media_type);
        request.bare_body(grant.clone()).send().await.expect(200);
    }
}

#[tokio::test]
async fn a_password_of_any_characters_comes_through_a_form() {
    let app = App::shared();
    let email = unique_email();
    let password = "a+b c&d=e%41%ä🔑\"\\";
    app.register(&email, password).await.expect(201);
    let escaped = "a%2Bb+c%26d%3De%2541%25%C3%A4%F0%9F%94%91%22%5C";
    let text = grant(&email, "");
    let request = form(app, format!("{text}{escaped}"));
    request.send().await.expect(200);
    let other = escaped.replace("%2B", "+");
    let request = form(app, format!("{text}{other}"));
    error(request.send().await, 400, "invalid_grant");
}

#[tokio::test]
async fn a_form_that_is_no_password_grant_is_told_what_is_wrong_with_it() {
    let app = App::shared();
    for (text, code, description) in [
        (
            "",
            "invalid_request",
            "username: This field is required. password: This field is required.",
        ),
        (
            "grant_type=&username=a&password=",
            "invalid_request",
            "password: This field is required.",
        ),
        (
            "grant_type=password&username=&password",
            "invalid_request",
            "username: This field is required. password: This field is required.",
        ),
        (
            "grant_type=password&email=ada%40example.com&password=x",
            "invalid_request",
            "username: This field is required.",
        ),
        (
            "grant_type=client_credentials",
            "unsupported_grant_type",
            "grant_type: The grant types are password and refresh_token.",
        ),
        (
            "grant_type=PASSWORD&username=a&password=b",
            "unsupported_grant_type",
            "grant_type: The grant types are password and refresh_token.",
        ),
        (
            "grant_type=password&username=a&password=b&password=c",
            "invalid_request",
            "The form has a parameter twice.",
        ),
        (
            "grant_type=password&username=a&password=%E4",
            "invalid_request",
            "The form is not UTF-8.",
        ),
        (
            "{\"email\": \"ada@example.com\", \"password\": \"x\"}",
            "invalid_request",
            "The form is JSON; send it as Content-Type: application/json.",
        ),
    ] {
        let said = error(form(app, text).send().await, 400, code);
        assert_eq!(said, description, "{text}");
    }
}

#[tokio::test]
async fn a_form_that_is_too_large_compressed_or_of_another_character_set_is_refused() {
    let app = App::shared();
    let large = "x".repeat(16 * 1024 + 1);
    error(form(app, large).send().await, 413, "invalid_request");
    let request = form(app, grant("a", "b")).header("content-encoding", "gzip");
    error(request.send().await, 415, "invalid_request");
    let request = app.request("POST", "/auth/login").header(
        "content-type",
        "application/x-www-form-urlencoded; charset=iso-8859-1",
    );
    let request = request.bare_body(grant("a", "b"));
    error(request.send().await, 415, "invalid_request");
}

#[tokio::test]
async fn no_other_route_takes_a_form() {
    let app = App::shared();
    let client = Client::new(app).await;
    for (method, path) in [
        ("POST", "/auth/register"),
        ("POST", "/auth/refresh"),
        ("POST", "/auth/logout"),
        ("POST", "/auth/password"),
        ("PATCH", "/user/update"),
        ("DELETE", "/me"),
    ] {
        let request = client.request(method, path).header("content-type", FORM);
        let answer = request.bare_body(grant("a", "b")).send().await;
        answer.problem(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_e_mail_are_the_same_invalid_grant() {
    let app = App::with().start();
    let email = registered(&app).await;
    let mut said = Vec::new();
    for email in [&email, &unique_email(), &"nope".to_owned()] {
        let answer = log_in(&app, email, "wrong password").await;
        said.push(error(answer, 400, "invalid_grant"));
    }
    said.dedup();
    assert_eq!(said, ["The e-mail or the password is wrong."]);
    // Whoever reads the log finds them among all failed logins.
    let failed = app.log();
    let failed = failed
        .lines()
        .filter(|line| line.contains("login_failed") && line.contains("invalid_credentials"));
    assert_eq!(failed.count(), 3, "{}", app.log());
}

#[tokio::test]
async fn guesses_by_form_and_in_json_are_counted_together() {
    let app = App::shared();
    let email = registered(app).await;
    for _ in 0..AT_ONCE {
        app.login(&email, "wrong password").await.expect(401);
    }
    let answer = log_in(app, &email, PASSWORD).await;
    assert!(answer.header("retry-after").parse::<u32>().is_ok());
    error(answer, 429, "too_many_attempts");

    let email = registered(app).await;
    for _ in 0..AT_ONCE {
        let answer = log_in(app, &email, "wrong password").await;
        error(answer, 400, "invalid_grant");
    }
    let answer = app.login(&email, PASSWORD).await;
    answer.problem(429, "too_many_attempts");
}

#[tokio::test]
async fn forms_are_limited_for_each_address_as_logins_in_json_are() {
    let limits = Limits {
        login: 2,
        register: 2,
    };
    let app = App::with().limits(limits).start();
    app.login(&unique_email(), PASSWORD).await.expect(401);
    let answer = log_in(&app, &unique_email(), PASSWORD).await;
    error(answer, 400, "invalid_grant");
    let answer = log_in(&app, &unique_email(), PASSWORD).await;
    assert_eq!(answer.header("retry-after"), "60");
    error(answer, 429, "rate_limited");
}

#[tokio::test]
async fn without_a_database_a_form_is_told_to_try_again() {
    let app = App::with().reaches(Reaches::Nothing).start();
    let answer = log_in(&app, &unique_email(), PASSWORD).await;
    assert!(answer.header("retry-after").parse::<u32>().is_ok());
    error(answer, 503, "database_unavailable");
}

#[tokio::test]
async fn a_page_sends_a_form_from_this_origin_or_a_listed_one() {
    let app = App::with().variable("CORS_ORIGINS", LISTED).start();
    let email = registered(&app).await;
    let own = format!("http://127.0.0.1:{}", app.port());
    let send = |name: &str, value: &str| {
        let request = form(&app, grant(&email, PASSWORD)).header(name, value);
        request.send()
    };
    drop(app.hyperdrive().take_statements());
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
    ] {
        error(send(name, value).await, 403, "cross_origin");
    }
    assert_eq!(app.hyperdrive().take_statements(), [""; 0]);
    send("origin", &own).await.expect(200);
    let answer = send("origin", LISTED).await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), LISTED);
    send("sec-fetch-site", "same-origin").await.expect(200);
}

#[tokio::test]
async fn an_error_of_a_form_has_the_address_of_its_explanation_where_there_is_one() {
    let base = "https://example.com/errors#";
    let app = App::with().variable("PROBLEM_BASE_URL", base).start();
    let answer = log_in(&app, &unique_email(), PASSWORD).await.expect(400);
    let expected = json!({
        "error": "invalid_grant",
        "error_description": "The e-mail or the password is wrong.",
        "error_uri": format!("{base}invalid_credentials"),
    });
    assert_eq!(answer.json(), expected);
}
