//! `POST /auth/login`.

use serde_json::{Value, json};

use crate::support::database::Database;
use crate::support::{App, PASSWORD, unique_email};

#[tokio::test]
async fn the_right_password_gives_a_bearer_token() {
    let user = App::shared().user().await;
    let body = user.login().await.expect(200).json();
    assert_eq!(body["token_type"], json!("bearer"));
    assert_eq!(body["expires_in"], json!(1800));
    let mut members: Vec<_> = body.as_object().expect("an object").keys().collect();
    members.sort();
    let tokens = [
        "access_token",
        "expires_in",
        "refresh_expires_in",
        "refresh_token",
    ];
    assert_eq!(members[..4], tokens);
    assert_eq!(members[4..], ["session_id", "token_type"]);
    App::shared()
        .me(body["access_token"].as_str().expect("a token"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_token_names_the_user_by_id_and_says_nothing_else_of_them() {
    let user = App::shared().user().await;
    let parts: Vec<Value> = user.token.split('.').take(2).map(decode).collect();
    assert_eq!(
        (&parts[0]["alg"], &parts[0]["typ"]),
        (&json!("HS256"), &json!("at+jwt"))
    );
    assert!(parts[0]["kid"].is_string());
    assert_eq!(
        (&parts[1]["iss"], &parts[1]["sub"]),
        (&json!("gatehouse"), &json!(user.id.to_string()))
    );
    let (issued, expires) = (parts[1]["iat"].as_i64(), parts[1]["exp"].as_i64());
    assert_eq!(expires.expect("exp") - issued.expect("iat"), 1800);
    let mut claims: Vec<_> = parts[1].as_object().expect("claims").keys().collect();
    claims.sort();
    assert_eq!(claims, ["aud", "exp", "iat", "iss", "jti", "sid", "sub"]);
}

fn decode(part: &str) -> Value {
    use base64ct::{Base64UrlUnpadded, Encoding as _};
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).expect("base64url")).expect("JSON")
}

#[tokio::test]
async fn no_two_tokens_are_the_same() {
    let user = App::shared().user().await;
    assert_ne!(user.login().await.token(), user.token);
}

#[tokio::test]
async fn every_spelling_of_the_e_mail_logs_in() {
    let user = App::shared().user().await;
    for email in [user.email.to_uppercase(), format!(" {}\n", user.email)] {
        App::shared().login(&email, PASSWORD).await.expect(200);
    }
}

#[tokio::test]
async fn an_unknown_e_mail_and_a_wrong_password_get_the_same_answer() {
    let user = App::shared().user().await;
    let wrong = user
        .login_with("wrong password")
        .await
        .problem(401, "invalid_credentials");
    let unknown = App::shared()
        .login(&unique_email(), PASSWORD)
        .await
        .problem(401, "invalid_credentials");
    let no_email = App::shared()
        .login("nope", PASSWORD)
        .await
        .problem(401, "invalid_credentials");
    assert_eq!(wrong.header("www-authenticate"), "Bearer");
    for other in [&unknown, &no_email] {
        assert_eq!(other.header_names(), wrong.header_names());
        let without_id = |answer: &crate::support::Answer| {
            let mut body = answer.json();
            body.as_object_mut()
                .expect("an object")
                .remove("request_id");
            body
        };
        assert_eq!(without_id(other), without_id(&wrong));
    }
}

#[tokio::test]
async fn nothing_close_to_the_password_logs_in() {
    let app = App::with().start();
    let user = app.user().await;
    for password in [
        "",
        " ",
        &PASSWORD.to_uppercase(),
        &format!("{PASSWORD} "),
        &format!("{PASSWORD}\0"),
        "%",
        "' OR '1'='1",
    ] {
        user.login_with(password)
            .await
            .problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn no_pattern_or_collation_reaches_another_account() {
    let user = App::shared().user().await;
    let accented = user.email.replace("user", "us\u{e9}r");
    for email in [
        &accented,
        "%",
        "_%@example.com",
        &format!("{}%", user.email),
        &user.email.replace("user", "u\u{17f}er"),
        "' OR ''='",
    ] {
        App::shared()
            .login(email, PASSWORD)
            .await
            .problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_login_applies_no_password_policy() {
    use argon2::password_hash::PasswordHasher as _;
    // Passwords of the replaced system, which had no policy.
    for password in ["x", "", &"x".repeat(300), &"x".repeat(5000)] {
        let hash = argon2::Argon2::default()
            .hash_password_with_salt(password.as_bytes(), b"a salt of a test");
        let email = unique_email();
        let hash = hash.expect("a hash").to_string();
        Database::shared().insert(Some(&email), Some(&hash)).await;
        App::shared().login(&email, password).await.expect(200);
        App::shared()
            .login(&email, &format!("{password}y"))
            .await
            .problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn both_fields_are_needed_and_are_strings() {
    let post = async |body: Value| App::shared().post("/auth/login", &body).await;
    assert_eq!(
        post(json!({})).await.field_errors(),
        ["email: required", "password: required"]
    );
    let wrong = post(json!({ "email": 1, "password": { "$ne": "" } })).await;
    assert_eq!(
        wrong.field_errors(),
        ["email: invalid_type", "password: invalid_type"]
    );
}

#[tokio::test]
async fn a_login_changes_nothing_in_the_table() {
    let user = App::shared().user().await;
    let before = Database::shared().column("password", &user.email).await;
    user.login_with("wrong password").await.expect(401);
    user.login().await.expect(200);
    assert_eq!(
        Database::shared().column("password", &user.email).await,
        before
    );
}
