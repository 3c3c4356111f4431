//! What is logged, and what never is.

use serde_json::{Value, json};

use crate::support::{App, PASSWORD, unique_email};

/// The lines that the app wrote, as JSON. (workerd writes lines of its own.)
fn lines(app: &App) -> Vec<Value> {
    let log = app.log();
    log.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

#[tokio::test]
async fn a_request_leaves_one_line_that_says_who_what_and_how_it_ended() {
    let app = App::with().start();
    let email = unique_email();
    let id = app.register(&email, PASSWORD).await.expect(201).json()["id"].clone();
    let refused = app
        .request("GET", "/me")
        .bearer("x.y.z")
        .header("cf-connecting-ip", "192.0.2.7")
        .send()
        .await
        .expect(401);
    app.register("nope", "short").await.expect(422);
    let lines = lines(&app);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(
        (
            &lines[0]["event"],
            &lines[0]["user_id"],
            &lines[0]["status"]
        ),
        (&json!("user_registered"), &id, &json!(201))
    );
    assert_eq!(
        lines[1]["request_id"],
        json!(refused.header("x-request-id"))
    );
    assert_eq!(
        (&lines[1]["path"], &lines[1]["method"]),
        (&json!("/me"), &json!("GET"))
    );
    assert_eq!(
        (&lines[1]["code"], &lines[1]["reason"]),
        (&json!("invalid_token"), &json!("invalid token: malformed"))
    );
    assert_eq!(lines[1]["client"], json!("192.0.2.7"));
    assert_eq!(
        lines[2]["reason"],
        json!("email: invalid_email, password: too_short")
    );
    assert!(lines.iter().all(|line| {
        line["time"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z'))
    }));
}

#[tokio::test]
async fn the_route_is_told_for_every_method_and_a_preflight_is_no_failure() {
    let app = App::with().start();
    app.request("OPTIONS", "/me").send().await.expect(204);
    app.request("PUT", "/me").send().await.expect(405);
    app.request("GET", "/nowhere").send().await.expect(404);
    let lines = lines(&app);
    assert_eq!(
        (&lines[0]["path"], &lines[0]["code"]),
        (&json!("/me"), &Value::Null)
    );
    assert_eq!(
        (&lines[1]["path"], &lines[1]["code"]),
        (&json!("/me"), &json!("method_not_allowed"))
    );
    assert_eq!(
        (&lines[2]["path"], &lines[2]["code"]),
        (&Value::Null, &json!("not_found"))
    );
}

#[tokio::test]
async fn no_secret_is_ever_logged() {
    let app = App::with().start();
    let email = unique_email();
    let secrets = [
        "sesame-open-1",
        "sesame-wrong-2",
        "sesame-query-3",
        "sesame-path-4",
        "sesame-name-5",
        "sesame-json-6",
        "sesame-basic-7",
        "sesame-guess-8",
        "sesam-9",
        "sesame-changed-10",
    ];
    app.register(&email, secrets[0]).await.expect(201);
    app.register(&email, secrets[0]).await.expect(409);
    let token = app.login(&email, secrets[0]).await.expect(200).token();
    app.login(&email, secrets[1]).await.expect(401);
    app.get(&format!("/me?token={}", secrets[2]))
        .await
        .expect(401);
    app.get(&format!("/{}", secrets[3])).await.expect(404);
    app.me(&token).await.expect(200);
    app.me(&format!("{token}x")).await.expect(401);
    app.update(&token, &json!({ "name": format!("{}\u{0}", secrets[4]) }))
        .await
        .expect(422);
    app.request("POST", "/auth/login")
        .body(format!("{{\"password\":\"{}", secrets[5]))
        .send()
        .await
        .expect(400);
    app.request("GET", "/me")
        .header("authorization", &format!("Basic {}", secrets[6]))
        .send()
        .await
        .expect(401);
    for (old, new, status) in [
        (secrets[7], secrets[9], 401),
        (secrets[0], secrets[8], 422),
        (secrets[0], secrets[9], 204),
    ] {
        let body = json!({ "current_password": old, "new_password": new });
        let change = app.request("POST", "/auth/password").bearer(&token);
        change.json(&body).send().await.expect(status);
    }
    let body = json!({ "password": secrets[9] });
    let delete = app.request("DELETE", "/me").bearer(&token).json(&body);
    delete.send().await.expect(204);
    let log = app.log();
    let signature = token.rsplit('.').next().expect("a signature").to_owned();
    for secret in secrets.iter().copied().chain([
        email.as_str(),
        signature.as_str(),
        "argon2",
        crate::support::SECRET_KEY,
    ]) {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    assert!(lines(&app).len() >= 11);
}

#[tokio::test]
async fn nothing_sent_breaks_out_of_its_line() {
    let app = App::with().start();
    app.request("GET", "/me")
        .header("x-request-id", "x\",\"event\":\"y")
        .send()
        .await
        .expect(401);
    app.request("GET", "/a%0a%7b%22event%22")
        .send()
        .await
        .expect(404);
    let lines = lines(&app);
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line["event"] == json!("request")));
}
