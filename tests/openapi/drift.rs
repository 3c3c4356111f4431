//! What is changed on one side only, in an answer or in the document, does not go unnoticed.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use testkit_openapi::{Contract, Exchange};

const TEXT: &str = include_str!("../../openapi.yaml");
const ID: &str = "f7036c4ffbe6eb074eafaa9b414296ab";

/// A request with its answer.
#[derive(Clone)]
struct Case {
    method: &'static str,
    path: &'static str,
    sent: HeaderMap,
    sent_body: &'static str,
    status: u16,
    headers: HeaderMap,
    body: Value,
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs = pairs.iter();
    let pairs = pairs.map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    });
    pairs.collect()
}

impl Case {
    fn new(method: &'static str, path: &'static str, status: u16, body: Value) -> Self {
        let headers = headers(&[
            ("x-request-id", ID),
            ("cache-control", "no-store"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=31536000"),
            ("vary", "Origin"),
            ("x-content-type-options", "nosniff"),
            ("content-type", "application/json"),
        ]);
        Self {
            method,
            path,
            sent: HeaderMap::new(),
            sent_body: "",
            status,
            headers,
            body,
        }
    }

    fn problem(
        method: &'static str,
        path: &'static str,
        (status, title, code): (u16, &str, &str),
    ) -> Self {
        let body = json!({
            "type": "about:blank", "title": title, "status": status, "detail": "A sentence.",
            "code": code, "request_id": ID,
        });
        let case = Self::new(method, path, status, body);
        case.with("content-type", "application/problem+json")
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        let value = HeaderValue::from_static(value);
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    fn changed(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = self.clone();
        change(&mut other);
        other
    }

    fn is_as_in(&self, contract: &Contract) -> Result<Vec<String>, Vec<String>> {
        contract.check(&Exchange {
            method: self.method,
            path: self.path,
            sent: &self.sent,
            sent_body: self.sent_body.as_bytes(),
            status: self.status,
            headers: &self.headers,
            body: &serde_json::to_vec(&self.body).expect("a body"),
        })
    }
}

fn no_token() -> Case {
    let case = Case::problem("GET", "/me", (401, "Unauthorized", "missing_token"));
    case.with("www-authenticate", "Bearer")
}

fn user() -> Case {
    let user = json!({
        "id": 1, "email": "ada@example.com", "name": "Ada", "username": null,
        "updated_at": "2026-11-24T10:33:41Z",
    });
    let case = Case::new("PATCH", "/user/update", 200, user);
    case.changed(|case| {
        let sent = [
            ("authorization", "Bearer x.y.z"),
            ("content-type", "application/json"),
        ];
        case.sent = headers(&sent);
        case.sent_body = r#"{"name":"Ada"}"#;
    })
}

fn refused_form() -> Case {
    let body = json!({ "error": "invalid_grant", "error_description": "A sentence." });
    let case = Case::new("POST", "/auth/login", 400, body);
    case.changed(|case| {
        case.sent = headers(&[("content-type", "application/x-www-form-urlencoded")]);
        case.sent_body = "grant_type=password&username=a&password=b";
    })
}

#[test]
fn an_answer_as_it_is_documented_keeps_a_promise() {
    let contract = Contract::read();
    for (case, promise) in [
        (no_token(), "GET /me 401 missing_token"),
        (user(), "PATCH /user/update 200"),
        (refused_form(), "POST /auth/login 400 error=invalid_grant"),
    ] {
        assert_eq!(case.is_as_in(&contract), Ok(vec![promise.to_owned()]));
        assert!(contract.promises().contains(promise));
    }
}

#[test]
fn an_answer_that_the_document_does_not_know_is_noticed() {
    let contract = Contract::read();
    let noticed = |case: Case, what: &str| {
        assert!(case.is_as_in(&contract).is_err(), "{what}");
    };
    for case in [no_token(), user(), refused_form()] {
        noticed(case.changed(|it| it.status = 402), "a status");
        noticed(case.changed(|it| it.path = "/you"), "a path");
        noticed(case.changed(|it| it.method = "PUT"), "a method");
        noticed(case.changed(|it| it.body["x"] = json!(1)), "a member");
        noticed(case.clone().with("x-powered-by", "x"), "a header");
        noticed(case.clone().with("cache-control", "public"), "its value");
        let typed = case.clone().with("content-type", "text/html");
        noticed(typed, "a type of body");
        for name in case.headers.keys() {
            let without = case.changed(|it| drop(it.headers.remove(name)));
            noticed(without, name.as_str());
        }
    }
    let case = no_token();
    noticed(case.changed(|it| it.body["code"] = json!("x")), "a code");
    let other = case.changed(|it| it.body["code"] = json!("email_taken"));
    noticed(other, "a code of another route");
    let other = case.changed(|it| it.body["request_id"] = json!("0123456789"));
    noticed(other, "another id");
    let case = user();
    noticed(case.changed(|it| it.body["id"] = json!("1")), "a kind");
    let open = case.changed(|it| drop(it.sent.remove("authorization")));
    noticed(open, "a route that has lost its lock");
    let long = r#"{"name":"012345678901234567890123456789012345678901234567890"}"#;
    noticed(case.changed(|it| it.sent_body = long), "a rule");
    let case = refused_form();
    let other = case.changed(|it| it.body["error"] = json!("invalid_client"));
    noticed(other, "an error of OAuth");
}

#[test]
fn a_document_that_the_answers_do_not_know_is_noticed() {
    let changed = |old: &str, new: &str| {
        assert!(TEXT.contains(old), "{old}");
        Contract::parse(&TEXT.replace(old, new))
    };
    for (old, new) in [
        ("  /me:\n", "  /you:\n"),
        (
            "enum: [missing_token, invalid_token] }",
            "enum: [no_token] }",
        ),
        (
            "\"401\": { $ref: \"#/components/responses/Unauthorized\" }",
            "\"402\": { $ref: \"#/components/responses/Unauthorized\" }",
        ),
        ("const: no-store", "const: no-cache"),
    ] {
        assert!(no_token().is_as_in(&changed(old, new)).is_err(), "{new}");
    }
    for (old, new) in [
        ("  /user/update:\n", "  /users/update:\n"),
        (
            "required: [id, email, name,",
            "required: [id, email, surname, name,",
        ),
        ("maxLength: 50\n", "maxLength: 2\n"),
    ] {
        assert!(user().is_as_in(&changed(old, new)).is_err(), "{new}");
    }
    // A promise that no answer keeps is one more that `cargo xtask test` misses.
    let more = changed(
        "enum: [missing_token, invalid_token] }",
        "enum: [missing_token, invalid_token, stale_token] }",
    );
    let mut promises = more.promises();
    assert!(promises.remove("GET /me 401 stale_token"));
    let now = Contract::read().promises();
    assert!(!now.contains("GET /me 401 stale_token") && now.contains("GET /me 401 invalid_token"));
}
