//! Sessions whose refresh token is in a cookie: how it is set and read, and from which pages.

use serde_json::{Value, json};

use crate::support::client::{over, registered};
use crate::support::request::Request;
use crate::support::{Answer, App, PASSWORD, eventually};

const NAME: &str = "__Host-gatehouse";
const LISTED: &str = "https://app.example";

/// The origin of the app itself.
fn own(app: &App) -> String {
    format!("http://127.0.0.1:{}", app.port())
}

/// A request of a page.
fn page(app: &App, path: &str, origin: &str, body: &Value) -> Request {
    let request = app.request("POST", path).header("origin", origin);
    request.json(body)
}

/// Logs in from a page of the app's origin.
async fn log_in(app: &App, email: &str) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD, "session": "cookie" });
    page(app, "/auth/login", &own(app), &body)
        .send()
        .await
        .expect(200)
}

/// The value of the cookie that an answer sets, with the attributes it must have.
#[track_caller]
fn value(answer: &Answer, seconds: u64) -> String {
    let header = answer.header("set-cookie");
    let rest = header.strip_prefix("__Host-gatehouse=").expect(&header);
    let (value, attributes) = rest.split_once("; ").expect(&header);
    let expected = format!("Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Strict");
    assert_eq!(attributes, expected);
    value.to_owned()
}

#[track_caller]
fn is_cleared(answer: &Answer) {
    assert_eq!(value(answer, 0), "");
}

fn cookie(value: &str) -> String {
    format!("{NAME}={value}")
}

#[tokio::test]
async fn a_page_keeps_its_refresh_token_in_a_cookie_and_never_sees_it() {
    let app = App::shared();
    let email = registered(app).await;
    let mut answer = log_in(app, &email).await;
    let session = answer.json()["session_id"].clone();
    for _ in 0..3 {
        let body = answer.json();
        let seconds = body["refresh_expires_in"].as_u64().expect("seconds");
        assert_eq!(seconds, 14 * 24 * 3600);
        let token = value(&answer, seconds);
        assert!(!String::from_utf8_lossy(&answer.body).contains(&token));
        assert!(body.get("refresh_token").is_none());
        assert_eq!(body["session_id"], session);
        app.me(&answer.token()).await.expect(200);
        let refresh = page(app, "/auth/refresh", &own(app), &json!({}));
        let refresh = refresh.header("cookie", &format!("a=b; {}; c=d", cookie(&token)));
        answer = refresh.send().await.expect(200);
    }
    let token = value(&answer, 14 * 24 * 3600);
    let logout = page(app, "/auth/logout", &own(app), &json!({}));
    let logout = logout.header("cookie", &cookie(&token)).send().await;
    is_cleared(&logout.expect(204));
    app.me(&answer.token()).await.problem(401, "invalid_token");
    let refresh = page(app, "/auth/refresh", &own(app), &json!({}));
    over(refresh.header("cookie", &cookie(&token)).send().await);
}

#[tokio::test]
async fn the_kind_of_a_session_is_a_token_a_cookie_or_null() {
    let app = App::shared();
    let email = registered(app).await;
    let login = async |kind: Value| {
        let body = json!({ "email": email, "password": PASSWORD, "session": kind });
        page(app, "/auth/login", &own(app), &body).send().await
    };
    for kind in [json!("token"), json!(null)] {
        let answer = login(kind).await.expect(200);
        assert!(answer.json()["refresh_token"].is_string());
        assert_eq!(answer.header("set-cookie"), "");
    }
    for (kind, code) in [
        (json!("Cookie"), "unsupported"),
        (json!(""), "unsupported"),
        (json!(1), "invalid_type"),
    ] {
        let errors = login(kind).await.expect(422).field_errors();
        assert_eq!(errors, [format!("session: {code}")]);
    }
}

#[tokio::test]
async fn what_a_cookie_authenticates_comes_from_this_origin_or_a_listed_one() {
    let app = App::shared();
    let email = registered(app).await;
    let (own, number) = (own(app), app.port());
    let is_let_in = [("origin", own.as_str()), ("origin", LISTED)];
    let same = ("sec-fetch-site", "same-origin");
    let is_let_in = is_let_in.into_iter().chain([same]).map(|one| vec![one]);
    let localhost = format!("http://localhost:{number}");
    let tls = format!("https://127.0.0.1:{number}");
    let refused = [
        vec![],
        vec![("origin", "null")],
        vec![("origin", "null"), same],
        vec![("origin", "https://evil.example"), same],
        vec![("origin", "https://sub.app.example")],
        vec![("origin", "http://127.0.0.1")],
        vec![("origin", &localhost)],
        vec![("origin", &tls)],
        vec![("origin", &own), ("origin", &own)],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "none")],
        vec![
            ("x-forwarded-host", "evil.example"),
            ("origin", "http://evil.example"),
        ],
        vec![
            ("forwarded", "host=evil.example;proto=http"),
            ("origin", "http://evil.example"),
        ],
    ];
    let cases = is_let_in.map(|headers| (headers, true));
    let refused = refused.into_iter().map(|headers| (headers, false));
    for (headers, is_let_in) in cases.chain(refused) {
        let with = |request: Request| {
            let each = headers.iter();
            each.fold(request, |request, (name, value)| {
                request.header(name, value)
            })
        };
        let post = |path: &str, body: &Value| with(app.request("POST", path).json(body));
        let body = json!({ "email": email, "password": PASSWORD, "session": "cookie" });
        let login = post("/auth/login", &body).send().await;
        let refresh = |token: &str| {
            let refresh = post("/auth/refresh", &json!({}));
            refresh.header("cookie", &cookie(token))
        };
        let logout = |token: &str| {
            let logout = post("/auth/logout", &json!({}));
            logout.header("cookie", &cookie(token))
        };
        if is_let_in {
            let token = value(&login.expect(200), 14 * 24 * 3600);
            let refreshed = refresh(&token).send().await.expect(200);
            let token = value(&refreshed, 14 * 24 * 3600);
            is_cleared(&logout(&token).send().await.expect(204));
        } else {
            let answer = login.problem(403, "cross_origin");
            assert_eq!(answer.header("set-cookie"), "");
            let session = log_in(app, &email).await;
            let token = value(&session, 14 * 24 * 3600);
            for request in [refresh(&token), logout(&token)] {
                let answer = request.send().await.problem(403, "cross_origin");
                assert_eq!(answer.header("set-cookie"), "", "{headers:?}");
            }
            app.me(&session.token()).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_login_of_another_page_is_refused_before_a_password_is_counted() {
    let app = App::with().start();
    let email = registered(&app).await;
    drop(app.hyperdrive().take_statements());
    let body = json!({ "email": email, "password": "wrong", "session": "cookie" });
    let login = page(&app, "/auth/login", "https://evil.example", &body);
    login.send().await.problem(403, "cross_origin");
    assert_eq!(app.hyperdrive().take_statements(), [""; 0]);
    // A form or a request without CORS cannot even be of the right type.
    let form = app.request("POST", "/auth/login").bare_body("email=a");
    let form = form.header("content-type", "text/plain").send().await;
    form.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_logout_by_a_cookie_is_json_and_one_by_an_access_token_need_not_be() {
    let app = App::shared();
    let session = log_in(app, &registered(app).await).await;
    let token = value(&session, 14 * 24 * 3600);
    let logout = || {
        let logout = app.request("POST", "/auth/logout");
        let logout = logout.header("origin", &own(app));
        logout.header("cookie", &cookie(&token))
    };
    let bare = logout().send().await;
    bare.problem(415, "unsupported_media_type");
    app.me(&session.token()).await.expect(200);
    let both = logout().bearer(&session.token()).send().await;
    is_cleared(&both.expect(204));
    app.me(&session.token()).await.problem(401, "invalid_token");
    // The page is logged out, whatever its cookie is worth.
    is_cleared(&logout().json(&json!({})).send().await.expect(204));
    let forged = app.request("POST", "/auth/logout").json(&json!({}));
    let forged = forged
        .header("origin", LISTED)
        .header("cookie", "__Host-gatehouse=x");
    is_cleared(&forged.send().await.expect(204));
}

#[tokio::test]
async fn a_refresh_token_in_the_body_decides_alone() {
    let app = App::shared();
    let email = registered(app).await;
    let session = log_in(app, &email).await;
    let token = value(&session, 14 * 24 * 3600);
    let other = app.login(&email, PASSWORD).await.expect(200).json();
    let with_cookie = |path: &str, body: &Value| {
        let request = app.request("POST", path).json(body);
        request.header("cookie", &cookie(&token))
    };
    let body = json!({ "refresh_token": other["refresh_token"] });
    let refreshed = with_cookie("/auth/refresh", &body).send().await;
    let refreshed = refreshed.expect(200);
    assert_eq!(refreshed.json()["session_id"], other["session_id"]);
    assert_eq!(refreshed.header("set-cookie"), "");
    for body in [
        json!({ "refresh_token": 7 }),
        json!({ "refresh_token": null }),
    ] {
        let answer = with_cookie("/auth/refresh", &body).send().await;
        let errors = answer.expect(422).field_errors();
        assert_eq!(errors, ["refresh_token: invalid_type"]);
    }
    let forged = json!({ "refresh_token": "forged" });
    over(with_cookie("/auth/refresh", &forged).send().await);
    let body = json!({ "refresh_token": refreshed.json()["refresh_token"] });
    with_cookie("/auth/logout", &body).send().await.expect(204);
    app.me(&session.token()).await.expect(200);
}

#[tokio::test]
async fn a_cookie_that_comes_twice_is_refused_and_ends_nothing() {
    let app = App::shared();
    let session = log_in(app, &registered(app).await).await;
    let token = value(&session, 14 * 24 * 3600);
    let twice = format!("{}; {}", cookie(&token), cookie(&token));
    for path in ["/auth/refresh", "/auth/logout"] {
        let request = page(app, path, &own(app), &json!({}));
        over(request.header("cookie", &twice).send().await);
    }
    let none = page(app, "/auth/refresh", &own(app), &json!({}))
        .send()
        .await;
    let errors = none.expect(422).field_errors();
    assert_eq!(errors, ["refresh_token: required"]);
    let refresh = page(app, "/auth/refresh", &own(app), &json!({}));
    let refresh = refresh.header("cookie", &cookie(&token));
    refresh.send().await.expect(200);
}

#[tokio::test]
async fn garbage_in_a_cookie_is_a_session_that_is_over() {
    let app = App::shared();
    let long = "x".repeat(4000);
    for value in ["", "=", "\"a\"", "a, b", "%00", &long, "\u{e9}"] {
        let request = page(app, "/auth/refresh", LISTED, &json!({}));
        over(request.header("cookie", &cookie(value)).send().await);
    }
}

#[tokio::test]
async fn a_logout_everywhere_deletes_the_cookie_and_bearer_requests_never_look_at_it() {
    let app = App::shared();
    let session = log_in(app, &registered(app).await).await;
    let token = value(&session, 14 * 24 * 3600);
    for path in ["/me", "/auth/sessions"] {
        let alone = app.request("GET", path).header("cookie", &cookie(&token));
        alone.send().await.problem(401, "missing_token");
        let both = app.request("GET", path).bearer(&session.token());
        let both = both.header("cookie", "__Host-gatehouse=x").send().await;
        assert_eq!(both.expect(200).header("set-cookie"), "");
    }
    let all = app.request("POST", "/auth/logout/all");
    let all = all.bearer(&session.token()).send().await;
    is_cleared(&all.expect(204));
}

#[tokio::test]
async fn a_login_in_the_place_of_another_ends_that_one() {
    let app = App::shared();
    let email = registered(app).await;
    let first = log_in(app, &email).await;
    let token = value(&first, 14 * 24 * 3600);
    let body = json!({ "email": email, "password": PASSWORD, "session": "cookie" });
    let second = page(app, "/auth/login", &own(app), &body).header("cookie", &cookie(&token));
    let second = second.send().await.expect(200);
    eventually(async || app.me(&first.token()).await.status == 401).await;
    let refresh = page(app, "/auth/refresh", &own(app), &json!({}));
    over(refresh.header("cookie", &cookie(&token)).send().await);
    app.me(&second.token()).await.expect(200);
}

#[tokio::test]
async fn a_logout_with_an_access_token_ends_the_session_of_the_cookie_too() {
    let app = App::shared();
    let email = registered(app).await;
    let (first, second) = (log_in(app, &email).await, log_in(app, &email).await);
    let token = value(&second, 14 * 24 * 3600);
    let logout = page(app, "/auth/logout", &own(app), &json!({})).bearer(&first.token());
    let logout = logout.header("cookie", &cookie(&token)).send().await;
    is_cleared(&logout.expect(204));
    for session in [first, second] {
        app.me(&session.token()).await.problem(401, "invalid_token");
    }
}
