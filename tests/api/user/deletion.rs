//! `DELETE /me`: what it takes, and what it leaves.

use futures_util::future::join_all;
use hyperdrive_local::fault::{Kind, Stage};
use mysql_async::prelude::Queryable as _;
use serde_json::json;
use testkit::hash::BCRYPT_SHA256;

use crate::support::budgets::{row, until_known};
use crate::support::client::{Client, legacy_token, over, registered, settled};
use crate::support::database::Database;
use crate::support::hyperdrive::after;
use crate::support::race::Race;
use crate::support::{App, PASSWORD, eventually, unique_email};

const WRONG: &str = "wrong password";
const NEW: &str = "a new horse in the old stable";

/// How many rows are left of a user: in `user` and in `gatehouse_session`.
async fn left(id: u64) -> (u64, u64) {
    let mut conn = Database::shared().conn().await;
    let users = "SELECT COUNT(*) FROM `user` WHERE id = ?";
    let users: Option<u64> = conn.exec_first(users, (id,)).await.expect("a count");
    let sessions = "SELECT COUNT(*) FROM gatehouse_session WHERE user = ?";
    let sessions: Option<u64> = conn.exec_first(sessions, (id,)).await.expect("a count");
    (users.expect("a count"), sessions.expect("a count"))
}

/// The id of a client's user.
async fn id(app: &App, client: &Client<'_>) -> u64 {
    let me = app.me(&client.access).await.expect(200).json();
    me["id"].as_u64().expect("an id")
}

#[tokio::test]
async fn a_deletion_takes_the_user_the_sessions_and_the_counters_and_frees_the_e_mail() {
    let database = Database::shared();
    let app = App::with().start();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    let other = Client::log_in(&app, &email).await;
    app.login(&email, WRONG).await.expect(401);
    until_known(database, &email, 1).await;
    let stranger = Client::new(&app).await;
    let id = id(&app, &client).await;
    let answer = client.delete(PASSWORD).await.expect(204);
    assert!(answer.body.is_empty());
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-gatehouse=; Max-Age=0; "),
        "{cookie}"
    );
    assert_eq!(left(id).await, (0, 0));
    assert_eq!(row(database, &email).await, None);
    for gone in [&client, &other] {
        over(gone.refresh().await);
        app.me(&gone.access).await.problem(401, "invalid_token");
        gone.delete(PASSWORD).await.problem(401, "invalid_token");
    }
    app.login(&email, PASSWORD)
        .await
        .problem(401, "invalid_credentials");
    app.register(&email, NEW).await.expect(201);
    app.login(&email, NEW).await.expect(200);
    // The old tokens are of nobody.
    over(client.refresh().await);
    app.me(&client.access).await.problem(401, "invalid_token");
    stranger.refresh().await.expect(200);
    let log = app.log();
    let line = log.lines().find(|line| line.contains("user_deleted"));
    let user = format!("\"user_id\":{id}}}");
    assert!(line.is_some_and(|line| line.ends_with(&user)), "{log}");
    assert!(!log.contains(PASSWORD));
}

#[tokio::test]
async fn a_deletion_without_the_password_deletes_nothing() {
    let app = App::with().start();
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    settled(&app).await;
    let delete = |body: &str| {
        let request = client.request("DELETE", "/me").body(body);
        async move { request.send().await }
    };
    let without = client.request("DELETE", "/me").send().await;
    without.problem(415, "unsupported_media_type");
    delete("").await.problem(400, "malformed_body");
    let large = "x".repeat(17_000);
    delete(&large).await.problem(413, "body_too_large");
    let none = delete("{}").await;
    assert_eq!(none.field_errors(), ["password: required"]);
    let number = delete("{\"password\": 7}").await;
    assert_eq!(number.field_errors(), ["password: invalid_type"]);
    let body = json!({ "password": PASSWORD });
    let nobody = app.request("DELETE", "/me").json(&body).send().await;
    nobody.problem(401, "missing_token");
    let as_refresh = app.request("DELETE", "/me").bearer(&client.refresh);
    let as_refresh = as_refresh.json(&body).send().await;
    as_refresh.problem(401, "invalid_token");
    assert_eq!(app.hyperdrive().take_statements(), [""; 0]);

    let wrong = client.delete(WRONG).await;
    wrong.problem(401, "invalid_credentials");
    let logout = json!({ "refresh_token": client.refresh });
    app.logout(&logout).await.expect(204);
    let over = client.delete(PASSWORD).await;
    over.problem(401, "invalid_token");
    app.login(&email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn users_of_the_replaced_system_delete_themselves_with_their_old_hashes_and_tokens() {
    let setup = App::with().variable("LEGACY_TOKENS_UNTIL", "2099-01-01T00:00:00Z");
    let app = setup.start();
    for (hash, password, status) in [
        (Some(BCRYPT_SHA256), "correct horse", 204),
        (Some("unreadable"), "unreadable", 401),
        (None, "", 401),
    ] {
        let email = unique_email();
        let database = Database::shared();
        let id = database.insert(Some(&email), hash).await;
        let mut client = Client::new(&app).await;
        client.access = legacy_token(&email, 1800);
        let answer = client.delete(password).await;
        assert_eq!(answer.status, status, "{hash:?}");
        let gone = u64::from(status == 401);
        assert_eq!(left(id.cast_unsigned()).await.0, gone);
    }
}

#[tokio::test]
async fn a_row_of_another_table_that_refers_to_the_user_refuses_the_deletion_and_keeps_everything()
{
    let database = Database::start("referenced", "CHARACTER SET utf8mb4");
    let app = App::on(&database);
    let email = registered(&app).await;
    let client = Client::log_in(&app, &email).await;
    let other = Client::log_in(&app, &email).await;
    until_known(&database, &email, 1).await;
    let id = id(&app, &client).await;
    let mut conn = database.conn().await;
    conn.query_drop(
        "CREATE TABLE `order` (`user` BIGINT NOT NULL, CONSTRAINT `of_user` FOREIGN KEY (`user`)
         REFERENCES `user` (`id`))",
    )
    .await
    .expect("a table");
    let order = "INSERT INTO `order` VALUES (?)";
    conn.exec_drop(order, (id,)).await.expect("a row");
    let answer = client.delete(PASSWORD).await.problem(409, "conflict");
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(!body.contains("of_user"), "{body}");
    assert!(app.log().contains("of_user"), "{}", app.log());
    for kept in [&client, &other] {
        kept.refresh().await.expect(200);
    }
    assert!(row(&database, &email).await.is_some());
    conn.query_drop("DELETE FROM `order`").await.expect("none");
    client.delete(PASSWORD).await.expect(204);
}

#[tokio::test]
async fn whatever_is_lost_a_deletion_is_whole_or_not_at_all_and_what_is_told_is_true() {
    // Another app, so that the fault strikes nothing else.
    let calm = App::shared();
    let app = App::with().start();
    for (skip, kind, status) in [
        // The user; the count; the deletion, whose repeat finds nobody.
        (0, Kind::Close, 204),
        (1, Kind::Close, 503),
        (2, Kind::Close, 204),
        (2, Kind::Cut, 204),
        (2, Kind::Error, 204),
        (2, Kind::PoolExhausted, 204),
        (2, Kind::Hang, 503),
    ] {
        let email = registered(calm).await;
        let client = Client::log_in(calm, &email).await;
        let other = Client::log_in(calm, &email).await;
        let id = id(calm, &client).await;
        let client = client.through(&app);
        app.hyperdrive()
            .fail(Some(after(skip, Stage::Query, kind, 1)));
        let answer = client.delete(PASSWORD).await;
        assert_eq!(answer.status, status, "{kind:?} {skip}");
        let left = left(id).await;
        assert!(left == (0, 0) || left == (1, 2), "{left:?}");
        let is_gone = left == (0, 0);
        assert!(is_gone || status == 503, "{kind:?} {skip}");
        let status = if is_gone { 401 } else { 200 };
        assert_eq!(other.refresh().await.status, status);
        assert_eq!(calm.login(&email, PASSWORD).await.status, status);
    }
}

#[tokio::test]
async fn a_deletion_that_meets_a_login_a_refresh_or_a_change_leaves_nothing_of_the_user() {
    let mut race = Race::start("deletion").await;
    let app = race.app();
    let lock = "SELECT 1 FROM `user` WHERE email = ? FOR UPDATE";
    for what in ["login", "refresh", "change", "deletion"] {
        for deletion_first in [true, false] {
            let email = registered(&app).await;
            let client = Client::log_in(&app, &email).await;
            let other = Client::log_in(&app, &email).await;
            let meeting = async {
                match what {
                    "login" => app.login(&email, PASSWORD).await,
                    "refresh" => other.refresh().await,
                    "change" => client.change_password(PASSWORD, NEW).await,
                    _ => other.delete(PASSWORD).await,
                }
            };
            race.hold(lock, &*email).await;
            let deletion = client.delete(PASSWORD);
            let (deleted, met) = if deletion_first {
                race.run(deletion, meeting).await
            } else {
                let (met, deleted) = race.run(meeting, deletion).await;
                (deleted, met)
            };
            let what = format!("{what}, {deletion_first}");
            assert!(
                [200, 204, 401].contains(&met.status),
                "{what}: {}",
                met.status
            );
            if what.starts_with("change") && met.status == 204 {
                // The password is another one now.
                deleted.problem(401, "invalid_credentials");
                client.delete(NEW).await.expect(204);
            } else {
                assert_eq!(deleted.status, 204, "{what}");
            }
            app.login(&email, PASSWORD).await.expect(401);
            over(other.refresh().await);
            assert_eq!(race.count("gatehouse_session").await, 0, "{what}");
            assert_eq!(race.count("user").await, 0, "{what}");
        }
    }
}

#[tokio::test]
async fn twenty_deletions_at_once_delete_one_user() {
    let app = App::shared();
    let client = Client::new(app).await;
    let bystander = Client::new(app).await;
    let deletions = (0..20).map(|_| client.delete(PASSWORD));
    let answers = join_all(deletions).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert!(statuses.contains(&204), "{statuses:?}");
    assert!(statuses.iter().all(|status| [204, 401].contains(status)));
    bystander.refresh().await.expect(200);
    eventually(async || app.me(&client.access).await.status == 401).await;
}
