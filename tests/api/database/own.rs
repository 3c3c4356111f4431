//! The change of a password and the deletion of a user, each one statement on several tables, on
//! every kind of server and table.

use mysql_async::OptsBuilder;
use mysql_async::prelude::Queryable as _;

use crate::support::client::{Client, over};
use crate::support::database::Database;
use crate::support::{App, PASSWORD, unique_email};

const NEW: &str = "a new horse in the old stable";
/// A hash of `p` that is quick to verify.
const HASH: &str = "$2b$04$w6KRCQmuq.TXyq25tcXki.BlkJTvQRUFp5c8oA2RVxxAi4czRTc0W";

/// An app whose connections begin with a statement.
fn app_with(database: &Database, statement: &str) -> App {
    let setup = vec![statement.to_owned()];
    let options = OptsBuilder::from_opts(database.options()).setup(setup);
    App::with().origin(options.into()).start()
}

async fn logged_in<'a>(app: &'a App, email: &str, password: &str) -> Client<'a> {
    Client::of(app, &app.login(email, password).await.expect(200).json())
}

/// Changes the password of a user, and deletes the user, beside whom another one stays.
async fn change_and_delete(app: &App, email: &str, password: &str, what: &str) {
    let bystander = Client::new(app).await;
    let client = logged_in(app, email, password).await;
    let other = logged_in(app, email, password).await;
    let changed = client.change_password(password, NEW).await;
    assert_eq!(changed.status, 204, "{what}: {}", app.log());
    over(other.refresh().await);
    app.login(email, password).await.expect(401);
    app.me(&client.access).await.expect(200);
    logged_in(app, email, NEW).await;
    let deleted = client.delete(NEW).await;
    assert_eq!(deleted.status, 204, "{what}: {}", app.log());
    app.me(&client.access).await.problem(401, "invalid_token");
    app.login(email, NEW).await.expect(401);
    app.me(&bystander.access).await.expect(200);
    let listed = bystander.sessions().await;
    assert_eq!(listed.len(), 1, "{what}");
    bystander.delete(PASSWORD).await.expect(204);
}

#[tokio::test]
async fn a_change_and_a_deletion_do_the_same_under_every_setting_of_a_server() {
    let database = Database::start("own_modes", "CHARACTER SET utf8mb4");
    for statement in [
        "SET SESSION sql_mode = ''",
        "SET SESSION sql_mode = 'ANSI'",
        "SET SESSION sql_mode = 'TRADITIONAL'",
        "SET SESSION sql_mode = 'SIMULTANEOUS_ASSIGNMENT'",
        "SET SESSION sql_safe_updates = 1",
        "SET SESSION autocommit = 0",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SET SESSION foreign_key_checks = 0",
    ] {
        let app = app_with(&database, statement);
        let email = unique_email();
        app.register(&email, PASSWORD).await.expect(201);
        change_and_delete(&app, &email, PASSWORD, statement).await;
    }
    for table in ["user", "gatehouse_session"] {
        let sql = format!("SELECT COUNT(*) FROM `{table}`");
        let count: Option<u64> = database.conn().await.query_first(sql).await.expect("it");
        assert_eq!(count, Some(0), "{table}");
    }
}

#[tokio::test]
async fn a_change_and_a_deletion_find_the_user_whatever_the_types_of_the_columns() {
    for (name, id, password, ids) in [
        (
            "own_big",
            "BIGINT UNSIGNED",
            "VARCHAR(255)",
            &["18446744073709551615", "9007199254740993"][..],
        ),
        (
            "own_signed",
            "BIGINT",
            "VARBINARY(255)",
            &["-9007199254740993", "0"],
        ),
        ("own_filled", "INT(9) UNSIGNED ZEROFILL", "TEXT", &["7"]),
        (
            "own_small",
            "SMALLINT",
            "CHAR(255) CHARACTER SET utf16",
            &["7"],
        ),
        (
            "own_latin",
            "MEDIUMINT",
            "VARCHAR(97) CHARACTER SET latin1 COLLATE latin1_german1_ci",
            &["7"],
        ),
    ] {
        let columns = format!(
            "id {id} NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE, \
             password {password}, name VARCHAR(50), username VARCHAR(50), updated_at TIMESTAMP NULL"
        );
        let database = Database::with_table(name, &columns);
        let app = App::on(&database);
        // Before the largest id, after which there is none.
        let bystander = Client::new(&app).await;
        for id in ids {
            let email = unique_email();
            let mut conn = database.conn().await;
            let mode = "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'";
            conn.query_drop(mode).await.expect("a mode");
            let insert = format!("INSERT INTO `user` (id, email, password) VALUES ({id}, ?, ?)");
            let inserted = conn.exec_drop(insert, (&email, HASH)).await;
            inserted.expect("a row");
            let client = logged_in(&app, &email, "p").await;
            let other = logged_in(&app, &email, "p").await;
            let changed = client.change_password("p", NEW).await;
            assert_eq!(changed.status, 204, "{name} {id}: {}", app.log());
            over(other.refresh().await);
            app.me(&client.access).await.expect(200);
            client.delete(NEW).await.expect(204);
            over(client.refresh().await);
        }
        bystander.refresh().await.expect(200);
    }
}

#[tokio::test]
async fn where_a_hash_does_not_fit_a_change_changes_nothing_and_says_why() {
    for (name, mode) in [
        ("own_lax", "SET SESSION sql_mode = ''"),
        ("own_strict", "SET SESSION sql_mode = 'STRICT_ALL_TABLES'"),
        (
            "own_simultaneous",
            "SET SESSION sql_mode = 'SIMULTANEOUS_ASSIGNMENT'",
        ),
    ] {
        let database = Database::with_table(
            name,
            "id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE, password VARCHAR(60), \
             name VARCHAR(50), username VARCHAR(50), updated_at TIMESTAMP NULL",
        );
        let app = app_with(&database, mode);
        let email = unique_email();
        database.insert(Some(&email), Some(HASH)).await;
        let client = logged_in(&app, &email, "p").await;
        let other = logged_in(&app, &email, "p").await;
        let changed = client.change_password("p", NEW).await;
        changed.problem(500, "internal_error");
        let reason = "the column `password` of `user` holds 60 characters, and a hash has 97";
        assert!(app.log().contains(reason), "{}", app.log());
        other.refresh().await.expect(200);
        app.login(&email, "p").await.expect(200);
        client.delete("p").await.expect(204);
    }
}
