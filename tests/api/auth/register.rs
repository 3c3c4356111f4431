//! `POST /auth/register`.

use mysql_async::Value as Sql;
use serde_json::{Value, json};

use crate::support::database::Database;
use crate::support::{Answer, App, PASSWORD, unique_email};

async fn post(body: &Value) -> Answer {
    App::shared()
        .request("POST", "/auth/register")
        .json(body)
        .send()
        .await
}

async fn stored(column: &str, email: &str) -> String {
    match Database::shared().column(column, email).await.as_slice() {
        [Sql::Bytes(bytes)] => String::from_utf8(bytes.clone()).expect("UTF-8"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_new_user_is_answered_and_stored() {
    let email = unique_email();
    let body =
        json!({ "email": email, "password": PASSWORD, "name": "Ada", "username": "Lovelace" });
    let user = post(&body).await.expect(201).json();
    assert!(user["id"].as_i64().is_some_and(|id| id > 0));
    assert_eq!(
        (&user["email"], &user["name"], &user["username"]),
        (&json!(email), &json!("Ada"), &json!("Lovelace"))
    );
    let time = user["updated_at"].as_str().expect("a time");
    assert!(time.ends_with('Z') && time.len() == 20, "{time}");
    assert_eq!(
        user.as_object().expect("an object").len(),
        5,
        "and nothing else"
    );
    assert!(
        stored("password", &email)
            .await
            .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    );
    assert_eq!(stored("name", &email).await, "Ada");
}

#[tokio::test]
async fn what_was_registered_is_what_me_returns() {
    let email = unique_email();
    let registered = post(&json!({ "email": email, "password": PASSWORD, "name": "é👩‍🚀" }))
        .await
        .expect(201)
        .json();
    let token = App::shared()
        .login(&email, PASSWORD)
        .await
        .expect(200)
        .token();
    assert_eq!(
        App::shared().me(&token).await.expect(200).json(),
        registered
    );
}

#[tokio::test]
async fn names_may_be_missing_or_null() {
    for names in [json!({}), json!({ "name": null, "username": null })] {
        let mut body = json!({ "email": unique_email(), "password": PASSWORD });
        body.as_object_mut()
            .expect("an object")
            .extend(names.as_object().expect("an object").clone());
        let user = post(&body).await.expect(201).json();
        assert_eq!(
            (&user["name"], &user["username"]),
            (&Value::Null, &Value::Null)
        );
    }
}

#[tokio::test]
async fn an_e_mail_is_taken_in_every_spelling() {
    let email = unique_email();
    post(&json!({ "email": email, "password": PASSWORD }))
        .await
        .expect(201);
    for again in [email.clone(), email.to_uppercase(), format!("  {email}\t")] {
        post(&json!({ "email": again, "password": PASSWORD }))
            .await
            .problem(409, "email_taken");
    }
    assert_eq!(Database::shared().column("id", &email).await.len(), 1);
}

#[tokio::test]
async fn an_e_mail_is_stored_trimmed_and_in_lower_case() {
    let email = unique_email();
    let user =
        post(&json!({ "email": format!(" {} ", email.to_uppercase()), "password": PASSWORD }))
            .await
            .expect(201);
    assert_eq!(user.json()["email"], json!(email));
    assert_eq!(stored("email", &email).await, email);
}

#[tokio::test]
async fn an_international_domain_is_stored_as_its_a_label() {
    let local = unique_email().replace("@example.com", "");
    let user = post(&json!({ "email": format!("{local}@Bücher.example"), "password": PASSWORD }))
        .await
        .expect(201);
    assert_eq!(
        user.json()["email"],
        json!(format!("{local}@xn--bcher-kva.example"))
    );
    post(&json!({ "email": format!("{local}@xn--bcher-kva.example"), "password": PASSWORD }))
        .await
        .expect(409);
}

#[tokio::test]
async fn twenty_registrations_of_one_e_mail_at_once_have_one_winner() {
    let email = unique_email();
    let tries = (0..20).map(|_| App::shared().register(&email, PASSWORD));
    let answers = futures_util::future::join_all(tries).await;
    let count = |status| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((count(201), count(409)), (1, 19));
    assert_eq!(Database::shared().column("id", &email).await.len(), 1);
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once() {
    let wrong =
        post(&json!({ "email": "nope", "password": "short", "name": "a\u{0}", "username": 7 }))
            .await;
    let expected = [
        "email: invalid_email",
        "name: invalid_characters",
        "password: too_short",
        "username: invalid_type",
    ];
    assert_eq!(wrong.field_errors(), expected);
    assert_eq!(
        post(&json!({})).await.field_errors(),
        ["email: required", "password: required"]
    );
}

#[tokio::test]
async fn fields_have_their_types_and_nothing_is_converted() {
    for bad in [
        json!(null),
        json!(1),
        json!(true),
        json!(["a@b.example"]),
        json!({ "a": 1 }),
        json!(1e300),
    ] {
        let answer = post(&json!({ "email": bad, "password": bad })).await;
        assert_eq!(
            answer.field_errors(),
            ["email: invalid_type", "password: invalid_type"],
            "{bad}"
        );
    }
}

#[tokio::test]
async fn e_mails_that_cannot_be_delivered_to_are_refused() {
    for email in [
        "",
        "a",
        "a@b",
        "@b.example",
        "a b@c.example",
        "\"a\"@b.example",
        "a@[127.0.0.1]",
        "Ada <a@b.example>",
        "a@b.example\u{a0}",
        "a\r\nBcc: x@b.example",
        "jos\u{e9}@b.example",
        "a@b_c.example",
    ] {
        let answer = post(&json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(answer.field_errors(), ["email: invalid_email"], "{email:?}");
    }
}

#[tokio::test]
async fn passwords_have_a_length_and_are_nothing_that_is_tried_first() {
    let email = unique_email();
    for (password, code) in [
        ("1234567", "too_short"),
        ("", "too_short"),
        (&*"x".repeat(257), "too_long"),
        (&*email.to_uppercase(), "is_email"),
        (email.split('@').next().expect("a local part"), "is_email"),
        ("GateHouse", "context_word"),
        ("PassWord1", "too_common"),
        ("qwertyuiop", "too_common"),
        ("passwordpassword", "too_common"),
        ("123456789012345", "too_common"),
        ("111111111111111", "too_common"),
        ("1q2w3e4r5t6y7u8i", "too_common"),
        ("1qaz2wsx3edc", "too_common"),
        ("ManchesterUnited", "too_common"),
    ] {
        let answer = post(&json!({ "email": email, "password": password })).await;
        assert_eq!(answer.field_errors(), [format!("password: {code}")]);
    }
    let longest: String = "👩👨👧👦 and so on ".chars().cycle().take(256).collect();
    post(&json!({ "email": email, "password": longest }))
        .await
        .expect(201);
}

#[tokio::test]
async fn the_password_is_counted_to_the_last_byte() {
    for password in [
        " leading and trailing ",
        "nul\0and\0nul",
        "Größenwahn",
        &"Long, but not a short unit. ".repeat(7),
    ] {
        let email = unique_email();
        post(&json!({ "email": email, "password": password }))
            .await
            .expect(201);
        App::shared().login(&email, password).await.expect(200);
        App::shared()
            .login(&email, password.trim_end_matches([' ', 'l', 'n', 'x']))
            .await
            .expect(401);
    }
}

#[tokio::test]
async fn what_is_stored_is_what_was_sent_to_its_last_character() {
    let email = format!("{}{}", "x".repeat(40), unique_email());
    let name = "👩".repeat(49) + "z";
    let user = json!({ "email": email, "password": PASSWORD, "name": name, "username": name });
    post(&user).await.expect(201);
    for column in ["name", "username"] {
        let stored = Database::shared().column(column, &email).await;
        assert_eq!(stored, [Sql::from(name.as_str())], "{column}");
    }
    // Found by every byte of its e-mail, and by its whole hash.
    assert_eq!(Database::shared().column("id", &email).await.len(), 1);
    App::shared().login(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn names_have_a_length_and_no_controls() {
    for (name, code) in [
        (&*"x".repeat(51), "too_long"),
        (&*"x".repeat(10_000), "too_long"),
        ("a\nb", "invalid_characters"),
        ("\u{202e}evil", "invalid_characters"),
    ] {
        let answer =
            post(&json!({ "email": unique_email(), "password": PASSWORD, "name": name })).await;
        assert_eq!(answer.field_errors(), [format!("name: {code}")]);
    }
    let user =
        post(&json!({ "email": unique_email(), "password": PASSWORD, "name": "👩".repeat(50) }))
            .await
            .expect(201);
    assert_eq!(user.json()["name"], json!("👩".repeat(50)));
}

#[tokio::test]
async fn fields_that_are_not_asked_for_are_ignored() {
    let email = unique_email();
    let body = json!({ "email": email, "password": PASSWORD, "id": 1, "updated_at": "2000-01-01", "admin": true, "x": { "y": [1] } });
    let user = post(&body).await.expect(201).json();
    assert_ne!(user["id"], json!(1));
    assert!(
        !user["updated_at"]
            .as_str()
            .expect("a time")
            .starts_with("2000")
    );
}

#[tokio::test]
async fn a_refused_registration_stores_nothing() {
    let email = unique_email();
    post(&json!({ "email": email, "password": PASSWORD, "name": "\u{7}" }))
        .await
        .expect(422);
    assert!(Database::shared().column("id", &email).await.is_empty());
}

#[tokio::test]
async fn sql_in_a_field_is_text() {
    let name = "x'); DROP TABLE `user`; -- \\";
    let email = unique_email();
    let user = post(&json!({ "email": email, "password": PASSWORD, "name": name }))
        .await
        .expect(201);
    assert_eq!(user.json()["name"], json!(name));
    assert_eq!(stored("name", &email).await, name);
}
