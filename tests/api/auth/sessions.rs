//! What ends a session, and the list of them.

use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts};
use serde_json::json;
use testkit::MariaDb;

use crate::support::client::{Client, over, pass, registered, settled};
use crate::support::database::Database;
use crate::support::{App, PASSWORD, eventually};

#[tokio::test]
async fn a_logout_ends_the_session_of_its_token_and_no_other_one_however_often() {
    let app = App::shared();
    let email = registered(app).await;
    let by_refresh = Client::log_in(app, &email).await;
    let by_access = Client::log_in(app, &email).await;
    let stays = Client::log_in(app, &email).await;
    for _ in 0..2 {
        let body = json!({ "refresh_token": by_refresh.refresh });
        let answer = app.logout(&body).await.expect(204);
        assert!(answer.body.is_empty());
        let answer = by_access.request("POST", "/auth/logout").send().await;
        answer.expect(204);
    }
    for client in [&by_refresh, &by_access] {
        over(client.refresh().await);
        app.me(&client.access).await.problem(401, "invalid_token");
        let changes = json!({ "name": "Ada" });
        let update = app.update(&client.access, &changes).await;
        update.problem(401, "invalid_token");
    }
    // The refresh token in the body decides alone.
    let body = json!({ "refresh_token": by_refresh.refresh });
    let both = stays.request("POST", "/auth/logout").json(&body);
    both.send().await.expect(204);
    app.me(&stays.access).await.expect(200);

    app.logout(&json!({})).await.problem(401, "missing_token");
    let without = app.request("POST", "/auth/logout").send().await;
    without.problem(401, "missing_token");
    let forged = app.request("POST", "/auth/logout").bearer("x.y.z");
    forged.send().await.expect(204);
    let number = app.logout(&json!({ "refresh_token": 7 })).await;
    assert_eq!(
        number.expect(422).field_errors(),
        ["refresh_token: invalid_type"]
    );
    // An empty body is none, whatever its type.
    let empty = stays.request("POST", "/auth/logout").body("");
    empty.send().await.expect(204);
    app.me(&stays.access).await.problem(401, "invalid_token");
    let form = app
        .request("POST", "/auth/logout")
        .bare_body("refresh_token=x");
    form.send().await.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_logout_everywhere_ends_every_session_of_the_user_and_no_others() {
    let app = App::shared();
    let email = registered(app).await;
    let clients = [
        Client::log_in(app, &email).await,
        Client::log_in(app, &email).await,
    ];
    let other = Client::log_in(app, &registered(app).await).await;
    let all = |client: &Client<'_>| client.request("POST", "/auth/logout/all");
    all(&clients[0]).send().await.expect(204);
    for client in &clients {
        over(client.refresh().await);
        all(client).send().await.problem(401, "invalid_token");
    }
    other.refresh().await.expect(200);
    let without = app.request("POST", "/auth/logout/all").send().await;
    without.problem(401, "missing_token");
}

#[tokio::test]
async fn a_user_sees_the_own_sessions_and_ends_one_of_them() {
    let app = App::shared();
    let email = registered(app).await;
    let body = json!({ "email": email, "password": PASSWORD });
    let login = app
        .request("POST", "/auth/login")
        .json(&body)
        .header("user-agent", "Tests/1.0 (é)")
        .header("cf-connecting-ip", "2001:db8:1:2:3::4");
    let phone = Client::of(app, &login.send().await.expect(200).json());
    let laptop = Client::log_in(app, &email).await;
    let other = Client::log_in(app, &registered(app).await).await;
    pass(&phone.session, 60).await;

    let sessions = laptop.sessions().await;
    let ids: Vec<_> = sessions.iter().map(|session| &session["id"]).collect();
    assert_eq!(ids, [&json!(laptop.session), &json!(phone.session)]);
    assert_eq!(sessions[0]["current"], json!(true));
    assert_eq!(sessions[1]["current"], json!(false));
    assert_eq!(sessions[1]["client"], json!("Tests/1.0 (é)"));
    assert_eq!(sessions[1]["address"], json!("2001:db8:1::/48"));
    for name in ["created_at", "last_used_at", "expires_at"] {
        let time = sessions[0][name].as_str().expect(name);
        assert!(time.ends_with('Z') && time.len() == 20, "{time}");
    }

    let end = |id: &str| {
        let path = format!("/auth/sessions/{id}");
        let request = laptop.request("DELETE", &path);
        async move { request.send().await }
    };
    for id in [other.session.as_str(), "x", &"0".repeat(32), "%ff"] {
        let refused = end(id).await.problem(404, "not_found").json();
        let detail = refused["detail"].as_str().expect("a sentence");
        assert!(detail.contains("no such session"), "{id}: {detail}");
    }
    end(&phone.session).await.expect(204);
    end(&phone.session).await.problem(404, "not_found");
    over(phone.refresh().await);
    other.refresh().await.expect(200);
    end(&laptop.session).await.expect(204);
    end(&laptop.session).await.problem(401, "invalid_token");
}

#[tokio::test]
async fn what_a_session_takes_of_the_database_is_one_statement() {
    let app = App::with().start();
    let mut client = Client::log_in(&app, &registered(&app).await).await;
    let statements = |expected: usize, what: &str| {
        let taken = app.hyperdrive().take_statements();
        assert_eq!(taken.len(), expected, "{what}: {taken:?}");
    };
    settled(&app).await;
    client.go_on().await;
    statements(1, "refresh");
    app.me(&client.access).await.expect(200);
    statements(1, "me");
    let changes = json!({ "name": "Ada" });
    app.update(&client.access, &changes).await.expect(200);
    statements(2, "update");
    let body = json!({ "refresh_token": client.refresh });
    app.logout(&body).await.expect(204);
    statements(1, "logout");
}

#[tokio::test]
async fn a_user_who_is_gone_has_no_session() {
    let app = App::shared();
    let email = registered(app).await;
    let client = Client::log_in(app, &email).await;
    Database::shared()
        .execute("DELETE FROM `user` WHERE email = ?", email)
        .await;
    over(client.refresh().await);
    app.me(&client.access).await.problem(401, "invalid_token");
}

#[tokio::test]
async fn a_login_that_meets_a_change_of_the_password_is_decided_by_the_new_one() {
    decided_by_the_new_one(App::shared(), Database::shared().options()).await;
}

#[tokio::test]
async fn a_login_that_meets_one_is_decided_by_the_new_one_under_read_committed_too() {
    let isolation = &["--transaction-isolation=READ-COMMITTED"];
    let Some(server) = MariaDb::start("read_committed", isolation).await else {
        return testkit::lacks("there is no MariaDB on this machine");
    };
    let app = App::with().origin(server.options()).start();
    decided_by_the_new_one(&app, server.options()).await;
}

/// Logs in while the password is being changed.
async fn decided_by_the_new_one(app: &App, database: Opts) {
    for (new, status) in [("another hash", 401), ("$2b$04$", 200)] {
        let email = registered(app).await;
        let hash = if status == 200 {
            // The same password, hashed anew, as another login does.
            let hash = bcrypt::hash_with_salt(PASSWORD, 4, *b"a salt of a test");
            hash.expect("a hash").to_string()
        } else {
            new.to_owned()
        };
        let mut other = Conn::new(database.clone()).await.expect("a connection");
        other.query_drop("BEGIN").await.expect("a transaction");
        let change = "UPDATE `user` SET password = ? WHERE email = ?";
        other.exec_drop(change, (&hash, &email)).await.expect("it");
        let commit = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            other.query_drop("COMMIT").await.expect("an end");
        };
        let (login, ()) = tokio::join!(app.login(&email, PASSWORD), commit);
        assert_eq!(login.status, status, "{hash}");
    }
}

#[tokio::test]
async fn a_user_keeps_the_newest_hundred_sessions() {
    let app = App::with().start();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    settled(&app).await;
    let digit =
        "(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5
                  UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
    let copies = format!(
        "INSERT INTO gatehouse_session
         SELECT UNHEX(MD5(CONCAT(HEX(id), a.n, b.n, c.n))), user, counter, created - 1 - a.n - 10 * b.n,
                refreshed, expires, ends, client, address
         FROM gatehouse_session, {digit} a, {digit} b, (SELECT 0 n UNION SELECT 1) c WHERE id = ?"
    );
    let id = hex::decode(&client.session).expect("an id");
    let database = Database::shared();
    database.execute(&copies, id).await;
    assert_eq!(client.sessions().await.len(), 201);
    let newest = Client::log_in(&app, &email).await;
    eventually(async || newest.sessions().await.len() <= 100).await;
    client.refresh().await.expect(200);
    assert!(newest.sessions().await.len() > 90);
}
