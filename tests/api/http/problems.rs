//! The `type` of problem details: an address for each code, or `about:blank`.

use std::collections::BTreeSet;

use hyperdrive_local::fault::{Kind, Stage};
use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};

use crate::support::database::Database;
use crate::support::hyperdrive::always;
use crate::support::{Answer, App, Limits, PASSWORD, in_workerd, raw, unique_email};

const BASE: &str = "https://example.com/docs/errors#";

/// The codes that docs/errors.md explains: all of them.
fn explained() -> BTreeSet<String> {
    let page = include_str!("../../../docs/errors.md");
    let headings = page.lines().filter_map(|line| line.strip_prefix("## "));
    headings.map(str::to_owned).collect()
}

/// An app that can be made to give every problem, and its database.
fn app(name: &str, base: Option<&str>) -> (App, Database) {
    let database = Database::with_table(
        name,
        "id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE, password VARCHAR(255), \
         name VARCHAR(50), username VARCHAR(50) UNIQUE, updated_at TIMESTAMP NULL",
    );
    let limits = Limits {
        login: u32::MAX,
        register: 4,
    };
    let setup = App::with()
        .on(&database)
        .limits(limits)
        .variable("LOGIN_GUESSES_PER_NETWORK", "4");
    let setup = match base {
        Some(base) => setup.variable("PROBLEM_BASE_URL", base),
        None => setup,
    };
    (setup.start(), database)
}

/// What requests get that cannot be good.
async fn refusals(app: &App) -> Vec<Answer> {
    let login = |body: &str| app.request("POST", "/auth/login").body(body);
    let account = json!({ "email": unique_email(), "password": PASSWORD });
    let mut cookie = account.clone();
    cookie["session"] = "cookie".into();
    let mut answers = vec![
        login("{").send().await,
        login("{}").send().await,
        login(&" ".repeat(20_000)).send().await,
        login(&cookie.to_string()).send().await,
        app.request("POST", "/auth/login")
            .bare_body("{}")
            .send()
            .await,
        app.get("/me").await,
        app.me("a token").await,
        app.refresh("a token").await,
        app.get("/nowhere").await,
        app.request("PUT", "/me").send().await,
    ];
    for _ in 0..4 {
        answers.push(app.post("/auth/login", &account).await);
    }
    answers
}

/// What registrations get that others, the limit of an address or the table stand against, and what
/// becomes of a database that fails.
async fn failures(app: &App, database: &Database) -> Vec<Answer> {
    let register = async |email: &str, username: &str| {
        let body = json!({ "email": email, "password": PASSWORD, "username": username });
        app.post("/auth/register", &body).await
    };
    let email = unique_email();
    register(&email, "Lovelace").await.expect(201);
    let mut answers = vec![
        register(&email, "King").await,
        register(&unique_email(), "Lovelace").await,
    ];
    database.execute("DELETE FROM `user` WHERE 1 = ?", 1).await;
    let shorten = "ALTER TABLE `user` MODIFY password VARCHAR(60)";
    let mut conn = database.conn().await;
    conn.query_drop(shorten).await.expect("a change");
    answers.push(register(&email, "Lovelace").await);
    answers.push(register(&email, "Lovelace").await);
    let hyperdrive = app.hyperdrive();
    hyperdrive.fail(always(Stage::Connect, Kind::Close));
    answers.push(app.get("/ready").await);
    answers
}

/// Checks the `type` of a problem of every code.
async fn every_problem_has(name: &str, base: Option<&str>) {
    let (app, database) = app(name, base);
    let mut answers = refusals(&app).await;
    answers.extend(failures(&app, &database).await);
    let mut bodies: Vec<Value> = answers.iter().map(Answer::json).collect();
    let mut codes = explained();
    if in_workerd() {
        let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: a\x7fb\r\n\r\n";
        let answer = raw::send(&app, request.as_bytes()).await;
        let body = &answer[answer.find("{\"type\"").expect("a problem")..];
        let end = body.rfind('}').expect("its end");
        bodies.push(serde_json::from_str(&body[..=end]).expect("JSON"));
    } else {
        // Natively hyper refuses such requests by itself.
        codes.remove("malformed_request");
    }
    let mut seen = BTreeSet::new();
    for body in &bodies {
        let code = body["code"].as_str().expect("a code");
        let address = base.map_or("about:blank".to_owned(), |base| format!("{base}{code}"));
        assert_eq!(body["type"], address, "{body}");
        seen.insert(code.to_owned());
    }
    assert_eq!(seen, codes);
}

#[tokio::test]
async fn with_a_base_url_the_type_of_every_problem_is_the_address_of_its_code() {
    every_problem_has("addresses", Some(BASE)).await;
}

#[tokio::test]
async fn without_a_base_url_the_type_of_every_problem_is_about_blank() {
    every_problem_has("blank", None).await;
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_has_no_addresses() {
    let setups = [
        (
            "SECRET_KEY",
            App::with().variable("SECRET_KEY", "too short"),
        ),
        ("ALGORITHM", App::with().variable("ALGORITHM", "none")),
    ];
    let setups = setups.map(|(wrong, setup)| (wrong, setup.variable("PROBLEM_BASE_URL", BASE)));
    let bad_base = App::with().variable("PROBLEM_BASE_URL", "errors#");
    for (wrong, setup) in setups.into_iter().chain([("PROBLEM_BASE_URL", bad_base)]) {
        let app = setup.start();
        // It checks for about:blank.
        app.get("/").await.problem(500, "internal_error");
        let reason = format!("configuration: {wrong} must ");
        assert!(app.log().contains(&reason), "{}", app.log());
    }
}
