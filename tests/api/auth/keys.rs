//! The keys behind the tokens: algorithms, their change, and the tokens of the replaced system.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use gatehouse::token::{self, Algorithm, Key};
use serde_json::{Value, json};

use crate::support::client::legacy_token;
use crate::support::database::Database;
use crate::support::{App, Builder, PASSWORD, SECRET_KEY, User, unique_email};

const PRIVATE: &str = "9WdvDEbT9D8FXEImFeCXuZCrbi8jQF61xVSrI2983VY";

fn eddsa() -> Builder {
    App::with()
        .variable("ALGORITHM", "EdDSA")
        .variable("ED25519_PRIVATE_KEY", PRIVATE)
}

#[tokio::test]
async fn every_algorithm_signs_tokens_that_only_it_verifies() {
    let long = SECRET_KEY.repeat(2);
    let setups = [
        ("HS256", App::with()),
        (
            "HS384",
            App::with()
                .variable("ALGORITHM", "HS384")
                .variable("SECRET_KEY", &long),
        ),
        (
            "HS512",
            App::with()
                .variable("ALGORITHM", "HS512")
                .variable("SECRET_KEY", &long),
        ),
        ("EdDSA", eddsa()),
    ];
    let mut tokens: Vec<String> = Vec::new();
    for (algorithm, setup) in setups {
        let app = setup.start();
        let user = app.user().await;
        let header = user.token.split('.').next().expect("a header");
        let header = Base64UrlUnpadded::decode_vec(header).expect("base64url");
        let header: Value = serde_json::from_slice(&header).expect("JSON");
        assert_eq!(header["alg"], json!(algorithm));
        user.me().await.expect(200);
        for token in &tokens {
            app.me(token).await.problem(401, "invalid_token");
        }
        tokens.push(user.token);
    }
}

#[tokio::test]
async fn the_key_set_has_what_verifies_the_tokens_and_nothing_secret() {
    let app = eddsa().start();
    let user = app.user().await;
    let answer = app.get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let keys = answer.json();
    let keys = keys["keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 1);
    let mut members: Vec<_> = keys[0].as_object().expect("a key").keys().collect();
    members.sort();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
    let x = keys[0]["x"].as_str().expect("x");
    let key = Key::from_public(Algorithm::EdDsa, x).expect("a key");
    assert_eq!(token::verify_signature(&user.token, &key), Ok(()));
    assert_eq!(keys[0]["kid"], json!(key.id()));
}

#[tokio::test]
async fn the_key_set_of_a_shared_secret_is_empty() {
    let answer = App::shared()
        .get("/.well-known/jwks.json")
        .await
        .expect(200);
    assert_eq!(answer.json(), json!({ "keys": [] }));
}

#[tokio::test]
async fn keys_are_changed_without_anybody_having_to_log_in_again() {
    let secret = "a-secret-of-the-tests-0123456789abcdef";
    let first = App::with().variable("SECRET_KEY", secret).start();
    let user = first.user().await;
    let old = format!("HS256:{secret}");
    let second = eddsa().variable("VERIFICATION_KEYS", &old).start();
    second.me(&user.token).await.expect(200);
    let token = second
        .login(&user.email, PASSWORD)
        .await
        .expect(200)
        .token();
    second.me(&token).await.expect(200);
    first.me(&token).await.problem(401, "invalid_token");
    let last = eddsa().start();
    last.me(&token).await.expect(200);
    last.me(&user.token).await.problem(401, "invalid_token");
}

#[tokio::test]
async fn tokens_of_the_replaced_system_work_while_the_cut_over_lasts() {
    let app = App::with()
        .variable("LEGACY_TOKENS_UNTIL", "2099-01-01T00:00:00Z")
        .start();
    let User { id, email, .. } = app.user().await;
    // It wrote the e-mail as it was typed.
    let token = legacy_token(&email.to_uppercase(), 1800);
    assert_eq!(app.me(&token).await.expect(200).json()["id"], json!(id));
    let updated = app
        .update(&token, &json!({ "name": "Ada" }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&updated["id"], &updated["name"]),
        (&json!(id), &json!("Ada"))
    );

    for token in [
        legacy_token(&unique_email(), 1800),
        legacy_token(&email, -60),
        legacy_token("%", 1800),
    ] {
        app.me(&token).await.problem(401, "invalid_token");
        app.update(&token, &json!({}))
            .await
            .problem(401, "invalid_token");
    }
    Database::shared()
        .execute("DELETE FROM `user` WHERE id = ?", id)
        .await;
    app.me(&token).await.problem(401, "invalid_token");
}

#[tokio::test]
async fn a_token_of_the_replaced_system_opens_the_account_of_its_own_row_and_no_other() {
    let setup = App::with().variable("LEGACY_TOKENS_UNTIL", "2099-01-01T00:00:00Z");
    let app = setup.start();
    let victim = app.user().await;
    // What the replaced system let anybody register, and signed as it was typed.
    for other in [
        format!(" {}", victim.email),
        format!("{}\t", victim.email),
        victim.email.replace("example", "\u{ff45}xample"),
        victim.email.replace("example", "\u{ff25}xample"),
        victim.email.replace("user", "us\u{e9}r"),
    ] {
        let token = legacy_token(&other, 1800);
        app.me(&token).await.problem(401, "invalid_token");
    }
    let other = format!(" {}", victim.email);
    let id = Database::shared().insert(Some(&other), None).await;
    let me = app.me(&legacy_token(&other, 1800)).await.expect(200).json();
    assert_eq!((&me["id"], &me["email"]), (&json!(id), &json!(other)));
}

#[tokio::test]
async fn tokens_of_the_replaced_system_are_refused_by_default_and_after_the_cut_over() {
    let user = App::shared().user().await;
    let token = legacy_token(&user.email, 1800);
    App::shared().me(&token).await.problem(401, "invalid_token");
    let over = App::with()
        .variable("LEGACY_TOKENS_UNTIL", "2026-01-01T00:00:00Z")
        .start();
    over.me(&token).await.problem(401, "invalid_token");
}
