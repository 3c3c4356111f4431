//! Calls from browsers on other origins.

use mysql_async::Value;
use serde_json::json;

use crate::support::database::Database;
use crate::support::{Answer, App, PASSWORD, unique_email};

const LISTED: &str = "https://app.example";

async fn from(origin: &str, method: &str, path: &str) -> Answer {
    App::shared()
        .request(method, path)
        .header("origin", origin)
        .send()
        .await
}

#[tokio::test]
async fn a_listed_origin_is_echoed_with_credentials_on_every_answer() {
    for (method, path, status) in [
        ("GET", "/", 200),
        ("GET", "/me", 401),
        ("GET", "/nowhere", 404),
        ("PUT", "/me", 405),
        ("POST", "/auth/login", 415),
    ] {
        let answer = from(LISTED, method, path).await.expect(status);
        assert_eq!(answer.header("access-control-allow-origin"), LISTED);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        assert_eq!(
            answer.header("access-control-expose-headers"),
            "Retry-After, WWW-Authenticate, X-Request-Id"
        );
        assert_eq!(answer.header("vary"), "Origin");
    }
    assert_eq!(
        from("http://localhost:5173", "GET", "/")
            .await
            .header("access-control-allow-origin"),
        "http://localhost:5173"
    );
}

#[tokio::test]
async fn no_other_origin_is_let_in_however_close_it_is() {
    for origin in [
        "null",
        "*",
        "https://app.example.evil.example",
        "https://evil-app.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example/",
        "HTTPS://APP.EXAMPLE",
        "https://app.exampl",
    ] {
        for method in ["GET", "OPTIONS"] {
            let answer = from(origin, method, "/").await;
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), "");
        }
    }
}

#[tokio::test]
async fn a_preflight_lists_what_the_path_takes() {
    for (path, methods) in [
        ("/me", "GET, HEAD, DELETE, OPTIONS"),
        ("/user/update", "PATCH, OPTIONS"),
        ("/auth/login", "POST, OPTIONS"),
    ] {
        let answer = App::shared()
            .request("OPTIONS", path)
            .header("origin", LISTED)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            )
            .send()
            .await
            .expect(204);
        assert_eq!(answer.header("access-control-allow-methods"), methods);
        assert_eq!(
            answer.header("access-control-allow-headers"),
            "Authorization, Content-Type, X-Request-Id"
        );
        assert_eq!(answer.header("access-control-max-age"), "600");
        assert_eq!(answer.header("access-control-allow-origin"), LISTED);
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn a_preflight_of_an_unknown_path_is_404() {
    from(LISTED, "OPTIONS", "/nowhere")
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn apps_extensions_and_addresses_of_a_development_network_can_be_listed() {
    let origins = [
        "capacitor://localhost",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "http://[::1]:5173",
        "http://192.168.1.20:5173",
    ];
    let app = App::with()
        .variable("CORS_ORIGINS", &origins.join(","))
        .start();
    for origin in origins {
        for method in ["GET", "OPTIONS"] {
            let request = app.request(method, "/me").header("origin", origin);
            let answer = request.send().await;
            assert_eq!(answer.header("access-control-allow-origin"), origin);
        }
    }
    for other in [
        "capacitor://app",
        "chrome-extension://bbcdefghijklmnopabcdefghijklmnop",
        "http://[::1]",
        "http://192.168.1.21:5173",
    ] {
        let request = app.request("GET", "/me").header("origin", other);
        let answer = request.send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{other}");
    }
}

#[tokio::test]
async fn a_preflight_allows_the_headers_that_are_set_beside_its_own() {
    let setup = App::with()
        .variable("CORS_ORIGINS", LISTED)
        .variable("CORS_HEADERS", "sentry-trace, baggage");
    let app = setup.start();
    let preflight = |origin| {
        app.request("OPTIONS", "/auth/login")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "baggage,content-type,sentry-trace",
            )
            .send()
    };
    let answer = preflight(LISTED).await.expect(204);
    assert_eq!(
        answer.header("access-control-allow-headers"),
        "Authorization, Content-Type, X-Request-Id, sentry-trace, baggage"
    );
    let answer = preflight("https://other.example").await.expect(204);
    assert_eq!(answer.header("access-control-allow-headers"), "");
}

#[tokio::test]
async fn what_a_browser_sends_without_a_preflight_is_refused_before_any_effect() {
    let user = App::shared().user().await;
    for content_type in [
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let email = unique_email();
        let body = json!({ "email": email, "password": PASSWORD, "name": "Eve" }).to_string();
        for (method, path, email, before) in [
            ("POST", "/auth/register", &email, 0),
            ("POST", "/auth/login", &user.email, 1),
            ("PATCH", "/user/update", &user.email, 1),
        ] {
            let request = App::shared()
                .request(method, path)
                .header("origin", "https://evil.example")
                .header("sec-fetch-site", "cross-site")
                .bearer(&user.token);
            let request = match content_type {
                "" => request,
                some => request.header("content-type", some),
            };
            let answer = request.bare_body(body.clone()).send().await;
            if path == "/auth/login" && content_type.ends_with("form-urlencoded") {
                // What a login by a form gets is in tests/api/auth/password_grant.rs.
                answer.expect(400);
            } else {
                answer.problem(415, "unsupported_media_type");
            }
            let names = Database::shared().column("name", email).await;
            assert_eq!(names, vec![Value::NULL; before], "{path}");
        }
    }
}
