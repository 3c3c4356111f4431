//! Tables with other character sets and collations than ours.

use mysql_async::prelude::Queryable as _;
use serde_json::json;
use testkit::{MariaDb, hash, lacks};

use crate::support::database::Database;
use crate::support::{App, PASSWORD, Reaches, unique_email};

#[tokio::test]
async fn a_latin1_table_keeps_what_it_can_and_refuses_the_rest_by_field() {
    let database = Database::start("latin1", "CHARACTER SET latin1");
    let app = App::on(&database);
    let user = app.user().await;
    let kept = user
        .update(&json!({ "name": "Jos\u{e9}" }))
        .await
        .expect(200)
        .json();
    assert_eq!(kept["name"], json!("Jos\u{e9}"));
    for name in ["\u{1f469}", "\u{5e9}"] {
        let refused = user
            .update(&json!({ "name": "Ada", "username": name }))
            .await;
        assert_eq!(refused.field_errors(), ["username: unsupported_characters"]);
        let body = json!({ "email": unique_email(), "password": PASSWORD, "name": name });
        let refused = app.post("/auth/register", &body).await;
        assert_eq!(refused.field_errors(), ["name: unsupported_characters"]);
    }
    assert_eq!(
        user.me().await.json()["name"],
        json!("Jos\u{e9}"),
        "nothing was changed"
    );
}

#[tokio::test]
async fn an_e_mail_that_a_latin1_table_cannot_hold_is_an_unknown_one() {
    let database = Database::start("latin1_login", "CHARACTER SET latin1");
    let app = App::on(&database);
    for email in [
        "\u{1f469}@example.com",
        "\u{5e9}",
        "us\u{17f}r@example.com",
        "a@\u{5e9}.example",
    ] {
        app.login(email, PASSWORD)
            .await
            .problem(401, "invalid_credentials");
    }
    // Stored as its A-label, found as typed.
    app.register("a@\u{5e9}.example", PASSWORD)
        .await
        .expect(201);
    app.login("a@\u{5e9}.example", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn under_a_collation_that_tells_cases_apart_old_rows_are_found_as_they_were_typed() {
    let database = Database::start("binary", "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    let app = App::on(&database);
    let email = unique_email();
    app.register(&email, PASSWORD).await.expect(201);
    app.register(&email.to_uppercase(), PASSWORD)
        .await
        .problem(409, "email_taken");
    app.login(&email.to_uppercase(), PASSWORD).await.expect(200);

    let old = unique_email().replace("user", "User");
    database.insert(Some(&old), Some(hash::PASSLIB)).await;
    app.login(&old, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn where_the_key_tells_cases_apart_an_old_row_is_seen_by_a_registration_as_it_is_spelled() {
    // What docs/migrating.md says of a column that tells cases apart.
    let database = Database::start(
        "binary_register",
        "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    );
    let app = App::on(&database);
    let old = unique_email().replace("user", "User");
    database.insert(Some(&old), None).await;
    app.register(&old, PASSWORD)
        .await
        .problem(409, "email_taken");
    app.register(&old.to_lowercase(), PASSWORD)
        .await
        .expect(201);
    // Typed as the old row has it, the old row is meant; typed in any other way, the new one.
    app.login(&old, PASSWORD)
        .await
        .problem(401, "invalid_credentials");
    app.login(&old.to_lowercase(), PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_spelling_that_a_column_cannot_hold_hides_no_row_that_it_can() {
    for (name, options, domain) in [
        (
            "hidden_latin1",
            "CHARACTER SET latin1",
            "bu\u{308}cher.example",
        ),
        (
            "hidden_utf8mb3",
            "CHARACTER SET utf8mb3",
            "b\u{fc}cher.\u{1d41e}xample",
        ),
    ] {
        let database = Database::start(name, options);
        let app = App::on(&database);
        let email = unique_email();
        let local = email.trim_end_matches("@example.com");
        let stored = format!("{local}@b\u{fc}cher.example");
        database.insert(Some(&stored), None).await;
        let typed = format!("{local}@{domain}");
        app.register(&typed, PASSWORD)
            .await
            .problem(409, "email_taken");
    }
}

/// A server that gives every connection its own character set, whatever the client asks for.
async fn text_comes_back_from(name: &str, arguments: &'static [&'static str]) {
    let Some(server) = MariaDb::start(name, arguments).await else {
        lacks("there is no MariaDB on this machine to be started so");
        return;
    };
    let app = App::with()
        .origin(server.options())
        .reaches(Reaches::Database)
        .start();
    let names =
        json!({ "name": "\u{5c71}\u{7530}\u{592a}\u{90ce}", "username": "Ad\u{e1} \u{1f680}" });
    let email = unique_email();
    let body = json!({ "email": email, "password": PASSWORD, "name": names["name"] });
    let registered = app.post("/auth/register", &body);
    let registered = registered.await.expect(201).json();
    assert_eq!(registered["name"], names["name"]);
    let token = app.login(&email, PASSWORD).await.expect(200).token();
    app.update(&token, &names).await.expect(200);
    let me = app.me(&token).await.expect(200).json();
    for field in ["name", "username"] {
        assert_eq!(me[field], names[field], "{field}");
    }

    // The e-mail that is found is compared with the one that was typed.
    let insert = format!(
        "INSERT INTO `user` (email, password) VALUES (_utf8mb4 X'{}', '{}')",
        hex::encode("\u{5f20}@example.com"),
        hash::PASSLIB,
    );
    server.conn().await.query_drop(insert).await.expect("a row");
    let old = app.login("\u{5f20}@example.com", PASSWORD).await;
    let me = app.me(&old.expect(200).token()).await.expect(200).json();
    assert_eq!(me["email"], json!("\u{5f20}@example.com"));
}

#[tokio::test]
async fn text_comes_back_from_a_server_that_ignores_the_clients_character_set() {
    let arguments = &["--skip-character-set-client-handshake"];
    text_comes_back_from("skip-handshake", arguments).await;
}

#[tokio::test]
async fn text_comes_back_from_a_server_that_sets_the_clients_character_set() {
    text_comes_back_from("init-connect", &["--init-connect=SET NAMES gbk"]).await;
}
