//! The headers that every answer has.

use serde_json::json;

use crate::support::{Answer, App};

async fn answers() -> Vec<Answer> {
    let app = App::shared();
    let user = app.user().await;
    vec![
        app.get("/").await.expect(200),
        user.me().await.expect(200),
        app.register("nope", "short").await.expect(422),
        app.login("nope", "short").await.expect(401),
        app.get("/me").await.expect(401),
        app.get("/nowhere").await.expect(404),
        app.request("PUT", "/me").send().await.expect(405),
        app.request("OPTIONS", "/me").send().await.expect(204),
        app.request("POST", "/auth/login")
            .body("{")
            .send()
            .await
            .expect(400),
        app.request("POST", "/auth/login")
            .bare_body("{}")
            .send()
            .await
            .expect(415),
        app.request("POST", "/auth/login")
            .body("x".repeat(20_000))
            .send()
            .await
            .expect(413),
        app.register(&user.email, crate::support::PASSWORD)
            .await
            .expect(409),
    ]
}

#[tokio::test]
async fn no_answer_is_stored_sniffed_or_framed() {
    for answer in answers().await {
        assert_eq!(
            answer.header("cache-control"),
            "no-store",
            "{}",
            answer.status
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=31536000"
        );
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(answer.header("vary"), "Origin");
    }
}

#[tokio::test]
async fn subdomains_are_bound_to_https_only_where_that_is_set() {
    for (value, header) in [
        ("false", "max-age=31536000"),
        ("true", "max-age=31536000; includeSubDomains"),
    ] {
        let app = App::with()
            .variable("HSTS_INCLUDE_SUBDOMAINS", value)
            .start();
        for path in ["/", "/nowhere"] {
            let answer = app.get(path).await;
            assert_eq!(answer.header("strict-transport-security"), header);
        }
    }
}

#[tokio::test]
async fn no_answer_without_a_session_in_a_cookie_sets_one_or_tells_what_serves_it() {
    for answer in answers().await {
        for name in [
            "set-cookie",
            "server",
            "x-powered-by",
            "access-control-allow-origin",
        ] {
            assert_eq!(answer.header(name), "", "{name} on {}", answer.status);
        }
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own() {
    let mut ids: Vec<_> = answers()
        .await
        .iter()
        .map(|answer| answer.header("x-request-id"))
        .collect();
    assert!(
        ids.iter()
            .all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())),
        "{ids:?}"
    );
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[tokio::test]
async fn a_plain_request_id_of_the_client_is_kept_and_any_other_is_not() {
    let ask = |id: &'static str| {
        App::shared()
            .request("GET", "/nowhere")
            .header("x-request-id", id)
            .send()
    };
    assert_eq!(
        ask("client-0123_ABC")
            .await
            .problem(404, "not_found")
            .header("x-request-id"),
        "client-0123_ABC"
    );
    for bad in [
        "short",
        "with space in it",
        "quote\"quote\"",
        "<script>alert(1)</script>",
    ] {
        assert_eq!(
            ask(bad)
                .await
                .problem(404, "not_found")
                .header("x-request-id")
                .len(),
            32,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn nothing_that_is_sent_gets_into_a_header() {
    const MARK: &str = "zq9x-marker";
    let app = App::shared();
    let user = app.user().await;
    let mut answers = Vec::new();
    for name in [
        "origin",
        "accept",
        "accept-language",
        "authorization",
        "cookie",
        "user-agent",
        "x-forwarded-host",
        "x-forwarded-for",
        "cf-connecting-ip",
        "cf-ray",
        "x-http-method-override",
        "access-control-request-method",
        "access-control-request-headers",
    ] {
        for (method, path) in [("GET", "/me"), ("OPTIONS", "/me"), ("POST", "/auth/login")] {
            for value in [MARK.to_owned(), format!("https://{MARK}.example")] {
                let request = app.request(method, path).header(name, &value);
                answers.push(request.send().await);
            }
        }
    }
    for path in [
        format!("/{MARK}"),
        format!("/{MARK}%0d%0aset-cookie:%20{MARK}"),
        format!("/me?{MARK}=%0d%0ax-{MARK}:%20y"),
    ] {
        answers.push(app.get(&path).await);
        answers.push(app.request("DELETE", &path).send().await);
    }
    let text = format!("{MARK}\r\nset-cookie: {MARK}");
    answers.push(app.login(&text, &text).await);
    answers.push(app.register(&text, MARK).await);
    answers.push(user.update(&json!({ "name": MARK })).await);
    answers.push(app.me(MARK).await);
    let method = app.request(&MARK.to_uppercase(), "/me").send().await;
    answers.push(method);
    assert!(answers.len() > 80);
    for answer in answers {
        for name in answer.header_names() {
            let line = format!("{name}: {}", answer.header(&name)).to_lowercase();
            assert!(!line.contains("zq9x"), "{line}");
        }
    }
}

#[tokio::test]
async fn bodies_have_their_type_and_empty_ones_none() {
    assert_eq!(
        App::shared().get("/").await.header("content-type"),
        "application/json"
    );
    let options = App::shared()
        .request("OPTIONS", "/")
        .send()
        .await
        .expect(204);
    assert_eq!(
        (options.header("content-type"), options.body.len()),
        (String::new(), 0)
    );
}

#[tokio::test]
async fn problems_are_the_same_whatever_the_client_accepts() {
    for accept in ["text/html", "*/*", "application/xml", ""] {
        let answer = App::shared()
            .request("POST", "/auth/login")
            .header("accept", accept)
            .json(&json!({}))
            .send()
            .await;
        answer.problem(422, "invalid_fields");
    }
}
