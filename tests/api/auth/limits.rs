//! How often one client may ask.

use serde_json::json;

use crate::support::{Answer, App, Limits, PASSWORD, unique_email};

fn limited() -> App {
    App::with()
        .limits(Limits {
            login: 3,
            register: 2,
        })
        .start()
}

async fn login(app: &App, header: (&str, &str)) -> Answer {
    app.request("POST", "/auth/login")
        .json(&json!({ "email": unique_email(), "password": PASSWORD }))
        .header(header.0, header.1)
        .send()
        .await
}

#[track_caller]
fn limited_answer(answer: Answer) {
    let answer = answer.problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), "60");
}

#[tokio::test]
async fn registrations_and_logins_are_limited_for_each_address_before_any_hash_or_statement() {
    let app = limited();
    for _ in 0..2 {
        app.register(&unique_email(), PASSWORD).await.expect(201);
    }
    let statements = app.hyperdrive().counters().snapshot().statements;
    limited_answer(app.register(&unique_email(), PASSWORD).await);
    assert_eq!(
        app.hyperdrive().counters().snapshot().statements,
        statements
    );
    for _ in 0..3 {
        app.login(&unique_email(), PASSWORD).await.expect(401);
    }
    limited_answer(app.login(&unique_email(), PASSWORD).await);
    assert_eq!(app.counted("rate_limited"), 2);
}

#[tokio::test]
async fn what_is_refused_before_does_not_count() {
    let app = limited();
    for _ in 0..5 {
        app.register("nope", PASSWORD).await.expect(422);
    }
    app.register(&unique_email(), PASSWORD).await.expect(201);
}

#[tokio::test]
async fn an_address_is_what_cloudflare_says_and_an_ipv6_one_stands_for_its_network() {
    let app = limited();
    for host in [":1", ":2", "ffff::3"] {
        let address = format!("2001:db8:0:7:{host}");
        login(&app, ("cf-connecting-ip", &address))
            .await
            .expect(401);
    }
    limited_answer(login(&app, ("cf-connecting-ip", "2001:db8:0:7::4")).await);
    login(&app, ("cf-connecting-ip", "2001:db8:0:8::4"))
        .await
        .expect(401);
    login(&app, ("cf-connecting-ip", "192.0.2.7"))
        .await
        .expect(401);
    // Whatever a client says of itself, it stays one client.
    for header in ["x-forwarded-for", "x-real-ip", "forwarded"] {
        login(&app, (header, "192.0.2.8")).await.expect(401);
    }
    limited_answer(login(&app, ("true-client-ip", "192.0.2.9")).await);
}
