//! An account of the database that can do no more than docs/deploy.md grants it.

use mysql_async::OptsBuilder;
use mysql_async::prelude::Queryable as _;
use serde_json::json;

use testkit::hash::PASSLIB;

use crate::support::client::Client;
use crate::support::database::Database;
use crate::support::{App, PASSWORD, eventually, in_workerd, unique_email};

const NEW: &str = "a new horse in the old stable";

/// The grants of docs/deploy.md, for this database and user.
fn grants(database: &str, user: &str) -> Vec<String> {
    let page = include_str!("../../../docs/deploy.md");
    let grants = page.lines().filter(|line| line.starts_with("GRANT "));
    grants
        .map(|line| {
            line.trim_end_matches(';')
                .replace("name.", &format!("{database}."))
                .replace("'gatehouse'", &format!("'{user}'"))
        })
        .collect()
}

#[tokio::test]
async fn the_grants_of_the_deploy_page_are_enough_for_everything() {
    let database = Database::start("privileges", "CHARACTER SET utf8mb4");
    let name = database.options().db_name().expect("a name").to_owned();
    let target = if in_workerd() { "w" } else { "n" };
    let user = format!("gatehouse_least_{target}");
    let mut admin = database.conn().await;
    for sql in [
        format!("DROP USER IF EXISTS '{user}'@'%'"),
        format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'a-password'"),
    ] {
        admin.query_drop(sql).await.expect("a user");
    }
    let grants = grants(&name, &user);
    assert_eq!(grants.len(), 3);
    for grant in grants {
        admin.query_drop(grant).await.expect("a grant");
    }
    let options = OptsBuilder::from_opts(database.options())
        .user(Some(user.clone()))
        .pass(Some("a-password"));
    let app = App::with().origin(options.into()).start();
    let registered = app.user().await;
    registered
        .update(&json!({ "name": "Ada" }))
        .await
        .expect(200);
    registered.me().await.expect(200);
    app.get("/ready").await.expect(200);
    let tokens = registered.login().await.expect(200).json();
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    app.post("/auth/refresh", &body).await.expect(200);
    app.post("/auth/logout", &body).await.expect(204);
    let client = Client::log_in(&app, &registered.email).await;
    client.change_password(PASSWORD, NEW).await.expect(204);
    let export = client.request("GET", "/me/export").send().await;
    export.expect(200);
    client.delete(NEW).await.expect(204);
    let old = unique_email();
    database.insert(Some(&old), Some(PASSLIB)).await;
    app.login(&old, "wrong").await.expect(401);
    app.login(&old, PASSWORD).await.expect(200);
    eventually(async || app.counted("hash_upgraded") == 1).await;
    assert_eq!(app.counted("login_cleanup_failed"), 0);
    admin
        .query_drop(format!("DROP USER '{user}'@'%'"))
        .await
        .expect("no user");
}
