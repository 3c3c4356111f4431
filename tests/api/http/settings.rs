//! Settings as a runtime has them: of every JSON type, misspelt, and on every answer.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use gatehouse::config::SETTINGS;
use serde_json::{Value, json};

use crate::support::database::Database;
use crate::support::{App, PASSWORD, unique_email};

/// What is written in place of a setting, and what the log says of it.
async fn refused(name: &'static str, value: Value, problem: &str) {
    let app = App::with().json_variable(name, value).start();
    app.get("/").await.problem(500, "internal_error");
    let reason = format!("\"reason\":\"configuration: {name} {problem}\"");
    assert!(app.log().contains(&reason), "{reason}: {}", app.log());
}

#[tokio::test]
async fn a_setting_that_is_no_string_number_or_boolean_is_refused_whichever_it_is() {
    let others = [
        (json!(["https://app.example"]), "an array"),
        (json!({ "value": 15 }), "an object"),
        (json!(null), "null"),
    ];
    for ((name, _), (value, kind)) in SETTINGS.iter().zip(others.into_iter().cycle()) {
        let problem = format!("must be a string, a number or a boolean, not {kind}");
        refused(name, value, &problem).await;
    }
}

#[tokio::test]
async fn a_number_counts_whichever_setting_it_is() {
    for name in [
        "ACCESS_TOKEN_EXPIRE_MINUTES",
        "PASSWORD_MIN_LENGTH",
        "PASSWORD_BREACH_TIMEOUT_MILLISECONDS",
        "LOGIN_GUESSES_PER_NETWORK",
        "LOGIN_GUESSES_PER_ACCOUNT",
        "LOGIN_FAILURE_MILLISECONDS",
        "ARGON2_MEMORY_KIB",
        "ARGON2_ITERATIONS",
        "HASH_MAX_MEMORY_KIB",
        "DATABASE_CONNECT_TIMEOUT_SECONDS",
        "DATABASE_STATEMENT_TIMEOUT_SECONDS",
    ] {
        let app = App::with().json_variable(name, json!(1_000_000)).start();
        app.get("/").await.problem(500, "internal_error");
        let reason = format!("configuration: {name} must be a number from ");
        assert!(app.log().contains(&reason), "{reason}: {}", app.log());
    }
}

#[tokio::test]
async fn numbers_and_booleans_do_what_they_would_do_as_strings() {
    let setup = [
        ("ACCESS_TOKEN_EXPIRE_MINUTES", json!(5)),
        ("PASSWORD_MIN_LENGTH", json!(15)),
        ("LOGIN_GUESSES_PER_NETWORK", json!(4)),
        ("ARGON2_ITERATIONS", json!(3)),
        ("TOKEN_ISSUER", json!(7)),
        ("TOKEN_AUDIENCE", json!(true)),
        ("HSTS_INCLUDE_SUBDOMAINS", json!(true)),
    ]
    .into_iter()
    .fold(App::with(), |setup, (name, value)| {
        setup.json_variable(name, value)
    });
    let app = setup.start();
    let email = unique_email();
    let short = app.register(&email, "pure chance 14").await.expect(422);
    assert_eq!(short.json()["errors"][0]["code"], "too_short");
    app.register(&email, PASSWORD).await.expect(201);
    let hash = &Database::shared().column("password", &email).await[0];
    let hash = hash.as_sql(false);
    assert!(hash.contains("t=3"), "{hash}");
    let answer = app.login(&email, PASSWORD).await.expect(200);
    assert_eq!(answer.json()["expires_in"], 300);
    assert_eq!(
        answer.header("strict-transport-security"),
        "max-age=31536000; includeSubDomains"
    );
    let claims = answer.token().split('.').nth(1).map(decode);
    let claims: Value = serde_json::from_slice(&claims.expect("claims")).expect("JSON");
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!("7"), &json!("true"))
    );
    // Of another account: what a right login gives back may come after its answer.
    let other = unique_email();
    for _ in 0..3 {
        app.login(&other, "wrong").await.expect(401);
    }
    app.login(&other, "wrong").await.expect(429);
}

fn decode(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).expect("base64url")
}

#[tokio::test]
async fn a_variable_that_looks_like_a_setting_is_named_in_the_log_and_changes_nothing() {
    let app = App::with()
        .json_variable("PASSWORD_MINLENGTH", json!(64))
        .json_variable("TOKEN_LIFETIME", json!({ "minutes": 5 }))
        .variable("GREETING", "hello")
        .start();
    app.get("/").await.expect(200);
    app.get("/").await.expect(200);
    app.register(&unique_email(), PASSWORD).await.expect(201);
    let log = app.log();
    let reasons: Vec<String> = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["event"] == "unknown_setting")
        .filter_map(|line| line["reason"].as_str().map(str::to_owned))
        .collect();
    let mut sorted = reasons.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "PASSWORD_MINLENGTH is not a setting of Gatehouse; did you mean PASSWORD_MIN_LENGTH?",
            "TOKEN_LIFETIME is not a setting of Gatehouse"
        ]
    );
    assert!(!log.contains("GREETING"), "{log}");
}
