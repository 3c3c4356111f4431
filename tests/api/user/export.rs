//! `GET /me/export`: everything that is stored about a user, and nothing that is a secret.

use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};
use testkit::hash::PASSLIB;

use crate::support::budgets::{row, until_known};
use crate::support::client::{Client, pass, registered};
use crate::support::database::Database;
use crate::support::{App, PASSWORD, unique_email};

/// The names of an object's members, in order.
fn members(object: &Value) -> Vec<&str> {
    let object = object.as_object().expect("an object");
    let mut names: Vec<_> = object.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// Checks that a text is a time of RFC 3339 in UTC.
#[track_caller]
fn is_time(value: &Value) {
    let text = value.as_str().expect("a time");
    assert!(text.len() == 20 && text.ends_with('Z'), "{text}");
}

async fn export(client: &Client<'_>) -> Value {
    let answer = client.request("GET", "/me/export").send().await;
    answer.expect(200).json()
}

#[tokio::test]
async fn an_export_holds_the_user_all_sessions_and_the_counters() {
    let database = Database::shared();
    let app = App::shared();
    let email = registered(app).await;
    let mut client = Client::log_in(app, &email).await;
    client.go_on().await;
    let ended = Client::log_in(app, &email).await;
    let idle = Client::log_in(app, &email).await;
    pass(&idle.session, 15 * 24 * 3600).await;
    client.change_password(PASSWORD, PASSWORD).await.expect(204);
    until_known(database, &email, 1).await;
    app.login(&email, "wrong password").await.expect(401);
    let user = json!({ "name": "Ada", "username": null });
    app.update(&client.access, &user).await.expect(200);

    let exported = export(&client).await;
    assert_eq!(members(&exported), ["login_throttle", "sessions", "user"]);
    let me = app.me(&client.access).await.expect(200).json();
    assert_eq!(exported["user"], me);

    let sessions = exported["sessions"].as_array().expect("a list");
    let find = |id: &str| {
        let mut all = sessions.iter();
        all.find(|session| session["id"] == json!(id)).expect("it")
    };
    assert_eq!(sessions.len(), 3);
    let current = find(&client.session);
    let listed = &client.sessions().await[0];
    for name in members(listed) {
        assert_eq!(current[name], listed[name], "{name}");
    }
    assert_eq!(
        (&current["refreshes"], &current["current"]),
        (&json!(1), &json!(true))
    );
    is_time(&current["ends_at"]);
    // What was ended has no time at which it would expire.
    for over in [&ended, &idle] {
        assert_eq!(find(&over.session)["expires_at"], Value::Null);
        assert_eq!(find(&over.session)["current"], json!(false));
    }

    let throttle = &exported["login_throttle"];
    let (_, known) = row(database, &email).await.expect("a row");
    let network = json!(hex::encode(&known[..8]));
    assert_eq!(throttle["known_networks"][0]["network"], network);
    assert_eq!(throttle["networks"][0]["network"], network);
    for time in [
        &throttle["strangers_full_at"],
        &throttle["networks"][0]["full_at"],
        &throttle["networks"][0]["reserve_full_at"],
        &throttle["known_networks"][0]["last_login_at"],
        &throttle["last_attempt_at"],
        &throttle["kept_until"],
    ] {
        is_time(time);
    }
    assert!(app.log().contains("\"event\":\"user_exported\""));
}

#[tokio::test]
async fn every_column_that_is_stored_is_in_an_export() {
    // A new column belongs into the export, too, or here with the reason why not.
    for (table, columns) in [
        ("user", "email,id,name,password,updated_at,username"),
        (
            "gatehouse_session",
            "address,client,counter,created,ends,expires,id,refreshed,user",
        ),
        (
            "gatehouse_login_throttle",
            "account,budgets,clock,expires_on,known",
        ),
    ] {
        let sql = "SELECT GROUP_CONCAT(COLUMN_NAME ORDER BY COLUMN_NAME) FROM \
                   information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?";
        let mut conn = Database::shared().conn().await;
        let stored: Option<String> = conn.exec_first(sql, (table,)).await.expect("columns");
        assert_eq!(stored.as_deref(), Some(columns));
    }
}

#[tokio::test]
async fn an_export_holds_no_hash_and_no_token() {
    let app = App::shared();
    let client = Client::new(app).await;
    let exported = export(&client).await.to_string();
    for secret in [
        "password",
        "argon2",
        PASSWORD,
        &client.access,
        &client.refresh,
        &client.refresh[60..],
    ] {
        assert!(!exported.contains(secret), "{secret} in {exported}");
    }
}

#[tokio::test]
async fn an_export_is_the_callers_and_of_a_live_session() {
    let app = App::shared();
    let client = Client::new(app).await;
    let other = Client::new(app).await;
    let exported = export(&client).await.to_string();
    assert!(!exported.contains(&other.session));
    let nobody = app.get("/me/export").await;
    nobody.problem(401, "missing_token");
    let logout = json!({ "refresh_token": client.refresh });
    app.logout(&logout).await.expect(204);
    let over = client.request("GET", "/me/export").send().await;
    over.problem(401, "invalid_token");
}

#[tokio::test]
async fn the_counters_of_an_old_row_are_found_by_its_spelling_and_none_are_null() {
    let database = Database::shared();
    let app = App::shared();
    let mixed = unique_email().replace("user", "UsEr");
    let id = database.insert(Some(&mixed), Some(PASSLIB)).await;
    let client = Client::log_in(app, &mixed.to_lowercase()).await;
    until_known(database, &mixed, 1).await;
    let exported = export(&client).await;
    assert_eq!(exported["user"]["id"], json!(id));
    let known = &exported["login_throttle"]["known_networks"];
    assert_eq!(known.as_array().map(Vec::len), Some(1));
    let all = "DELETE FROM gatehouse_login_throttle WHERE account = ?";
    let account = crate::support::budgets::account(&mixed);
    database.execute(all, account).await;
    assert_eq!(export(&client).await["login_throttle"], Value::Null);
}
