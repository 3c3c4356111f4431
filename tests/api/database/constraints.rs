//! Old tables with keys of their own and columns that are too short: a clear answer, and never
//! another value than was sent.

use mysql_async::OptsBuilder;
use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};

use crate::support::database::Database;
use crate::support::{Answer, App, PASSWORD, eventually, unique_email};

pub(crate) async fn register(app: &App, email: &str, more: &Value) -> Answer {
    let mut body = json!({ "email": email, "password": PASSWORD });
    let members = body.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    app.post("/auth/register", &body).await
}

/// A 409 that is not about the e-mail, and the fields that it names.
#[track_caller]
fn conflict(answer: Answer) -> Vec<String> {
    let answer = answer.problem(409, "conflict");
    let names = answer.header_names();
    assert!(!names.contains(&"retry-after".to_owned()), "{names:?}");
    let body = answer.json();
    let errors = body.get("errors").and_then(Value::as_array).cloned();
    let errors = errors.unwrap_or_default().into_iter();
    errors
        .map(|error| format!("{}: {}", error["field"], error["code"]).replace('"', ""))
        .collect()
}

async fn rows(database: &Database) -> i64 {
    let mut conn = database.conn().await;
    let count = conn.query_first("SELECT COUNT(*) FROM `user`").await;
    count.expect("a count").expect("a row")
}

#[tokio::test]
async fn another_unique_key_than_the_e_mails_is_a_conflict_of_its_field() {
    let database = Database::with_table(
        "conflict",
        "id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255), password VARCHAR(255), \
         name VARCHAR(50), username VARCHAR(50), updated_at TIMESTAMP NULL, \
         UNIQUE KEY `the user's own` (email), UNIQUE KEY email (username)",
    );
    let app = App::on(&database);
    let ada = unique_email();
    let name = "x' for key 'email";
    register(&app, &ada, &json!({ "username": name }))
        .await
        .expect(201);
    for taken in [name.to_owned(), name.to_uppercase()] {
        let answer = register(&app, &unique_email(), &json!({ "username": taken })).await;
        assert_eq!(conflict(answer), ["username: taken"]);
    }
    assert_eq!(rows(&database).await, 1);
    // The e-mail's key, and both at once.
    for more in [json!({}), json!({ "username": name })] {
        let again = register(&app, &ada, &more).await;
        again.problem(409, "email_taken");
    }

    let bob = app.user().await;
    let answer = bob
        .update(&json!({ "name": "Bob", "username": name }))
        .await;
    assert_eq!(conflict(answer), ["username: taken"]);
    assert_eq!(
        bob.me().await.json()["name"],
        Value::Null,
        "nothing is changed"
    );
    bob.update(&json!({ "name": name })).await.expect(200);
    // One's own value is not taken, and no value is anybody's.
    for username in [json!("bob"), json!("bob"), Value::Null] {
        bob.update(&json!({ "username": username }))
            .await
            .expect(200);
    }
    register(&app, &unique_email(), &json!({}))
        .await
        .expect(201);
}

#[tokio::test]
async fn a_conflict_names_no_field_that_it_cannot_tell() {
    let database = Database::with_table(
        "conflict_other",
        "id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255), password VARCHAR(255), \
         name VARCHAR(50), username VARCHAR(50), updated_at TIMESTAMP NULL, tenant INT NOT NULL DEFAULT 1, \
         UNIQUE (email), UNIQUE both_names (name, username), UNIQUE in_tenant (tenant, name), \
         UNIQUE start (username(3))",
    );
    let app = App::on(&database);
    register(
        &app,
        &unique_email(),
        &json!({ "name": "Ada", "username": "Lovelace" }),
    )
    .await
    .expect(201);
    let answer = register(
        &app,
        &unique_email(),
        &json!({ "name": "Ada", "username": "King" }),
    )
    .await;
    assert_eq!(
        conflict(answer),
        Vec::<String>::new(),
        "a key with another column"
    );
    let answer = register(
        &app,
        &unique_email(),
        &json!({ "name": "Bob", "username": "Love" }),
    )
    .await;
    assert_eq!(
        conflict(answer),
        Vec::<String>::new(),
        "a key of a part of a column"
    );
    let answer = register(
        &app,
        &unique_email(),
        &json!({ "name": "ADA", "username": "Lovelace" }),
    )
    .await;
    assert_eq!(conflict(answer), ["name: taken", "username: taken"]);
    assert_eq!(rows(&database).await, 1);
}

#[tokio::test]
async fn ids_that_are_used_up_are_a_fault_and_no_conflict() {
    let database = Database::with_table(
        "conflict_ids",
        "id TINYINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE, password VARCHAR(255), \
         name VARCHAR(50), username VARCHAR(50) UNIQUE, updated_at TIMESTAMP NULL",
    );
    let app = App::on(&database);
    let last = "INSERT INTO `user` (id, email) VALUES (127, ?)";
    database.execute(last, unique_email()).await;
    let answer = register(&app, &unique_email(), &json!({ "username": "Ada" })).await;
    // MySQL says that the last id is taken, MariaDB that there is no next one.
    assert!(answer.status >= 500, "{}", answer.status);
    let log = app.log();
    let reasons = ["is AUTO_INCREMENT exhausted?", "error 167 (22003)"];
    assert!(reasons.iter().any(|reason| log.contains(reason)), "{log}");
}

#[tokio::test]
async fn what_the_e_mails_key_calls_equal_is_taken_however_the_key_is_named() {
    let database = Database::with_table(
        "conflict_email",
        "id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) CHARACTER SET utf8mb4, password VARCHAR(255), \
         name VARCHAR(50), username VARCHAR(50), updated_at TIMESTAMP NULL, UNIQUE KEY username (email)",
    );
    let app = App::on(&database);
    let email = unique_email();
    database
        .insert(Some(&email.replace('u', "\u{fa}")), None)
        .await;
    app.register(&email, PASSWORD)
        .await
        .problem(409, "email_taken");
}

const NARROW: &str = "id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(40) UNIQUE, password VARCHAR(255), \
     name VARCHAR(5), username CHAR(5) CHARACTER SET latin1, updated_at TIMESTAMP NULL";
const BCRYPT: &str = "id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE, password CHAR(60), \
     name VARCHAR(50), username VARCHAR(50), updated_at TIMESTAMP NULL";

pub(crate) const LAX: &str = "''";
pub(crate) const STRICT: &str = "'STRICT_ALL_TABLES'";
/// Assignments see what the columns had before, as in TiDB; MySQL has no such mode.
pub(crate) const SIMULTANEOUS: &str = "IF(VERSION() LIKE '%MariaDB%', 'ORACLE', '')";

/// An app whose connections have an SQL mode, which an expression says.
pub(crate) fn in_mode(database: &Database, mode: &str) -> App {
    app_with(database, &format!("SET SESSION sql_mode = {mode}"))
}

/// An app whose connections begin with a statement.
fn app_with(database: &Database, statement: &str) -> App {
    let setup = vec![statement.to_owned()];
    let options = OptsBuilder::from_opts(database.options()).setup(setup);
    App::with().origin(options.into()).start()
}

#[tokio::test]
async fn an_e_mail_is_taken_on_a_server_that_does_not_commit_by_itself_too() {
    let database = Database::start("no_autocommit", "CHARACTER SET utf8mb4");
    let app = app_with(&database, "SET SESSION autocommit = 0");
    for _ in 0..3 {
        let email = unique_email();
        let tries = (0..12).map(|_| app.register(&email, PASSWORD));
        let mut statuses = futures_util::future::join_all(tries).await;
        statuses.sort_by_key(|answer| answer.status);
        let statuses: Vec<_> = statuses.iter().map(|answer| answer.status).collect();
        assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 11][..]));
    }
}

#[tokio::test]
async fn nothing_is_ever_cut_or_replaced_in_any_mode() {
    for (name, mode) in [
        ("narrow_lax", LAX),
        ("narrow_strict", STRICT),
        ("narrow_simultaneous", SIMULTANEOUS),
    ] {
        let database = Database::with_table(name, NARROW);
        let app = in_mode(&database, mode);
        let user = app.user().await;
        for (names, expected) in [
            (json!({ "name": "Ada Lovelace" }), &["name: too_long"][..]),
            (
                json!({ "name": "Ada", "username": "Lovelace" }),
                &["username: too_long"],
            ),
            (
                json!({ "name": "Adelia", "username": "Lovelace" }),
                &["name: too_long", "username: too_long"],
            ),
            (
                json!({ "username": "\u{1f680}" }),
                &["username: unsupported_characters"],
            ),
            (
                json!({ "name": "Jos\u{e9}", "username": "\u{5e9}" }),
                &["username: unsupported_characters"],
            ),
        ] {
            let answer = register(&app, &unique_email(), &names).await;
            assert_eq!(answer.field_errors(), expected, "{mode} {names}");
            let answer = user.update(&names).await;
            assert_eq!(answer.field_errors(), expected, "{mode} {names}");
        }
        let long = format!("{}.{}", "x".repeat(30), unique_email());
        let answer = register(&app, &long, &json!({})).await;
        assert_eq!(answer.field_errors(), ["email: too_long"], "{mode}");
        assert_eq!(rows(&database).await, 1, "{mode}");
        let me = user.me().await.json();
        assert_eq!((&me["name"], &me["username"]), (&Value::Null, &Value::Null));
        let names = json!({ "name": "Jos\u{e9}", "username": "\u{c9}l\u{e9}a" });
        let kept = user.update(&names).await.expect(200).json();
        assert_eq!(
            (&kept["name"], &kept["username"]),
            (&names["name"], &names["username"])
        );
    }
}

#[tokio::test]
async fn a_name_that_must_be_there_is_required() {
    let database = Database::with_table(
        "required",
        "id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE, password VARCHAR(255), \
         name VARCHAR(50) NOT NULL, username VARCHAR(50), updated_at TIMESTAMP NULL",
    );
    for mode in [LAX, STRICT, SIMULTANEOUS] {
        let app = in_mode(&database, mode);
        let email = unique_email();
        let answer = register(&app, &email, &json!({ "username": "Lovelace" })).await;
        assert_eq!(answer.field_errors(), ["name: required"], "{mode}");
        register(&app, &email, &json!({ "name": "Ada" }))
            .await
            .expect(201);
        let token = app.login(&email, PASSWORD).await.expect(200).token();
        let answer = app.update(&token, &json!({ "name": null })).await;
        assert_eq!(answer.field_errors(), ["name: required"], "{mode}");
        assert_eq!(app.me(&token).await.json()["name"], json!("Ada"));
    }
}

#[tokio::test]
async fn where_a_hash_does_not_fit_nobody_registers_and_nobody_is_locked_out() {
    let old = bcrypt::hash_with_salt("correct horse", 4, *b"a salt of a test");
    let old = old.expect("a hash").to_string();
    for (name, mode) in [
        ("bcrypt_lax", LAX),
        ("bcrypt_strict", STRICT),
        ("bcrypt_simultaneous", SIMULTANEOUS),
    ] {
        let database = Database::with_table(name, BCRYPT);
        let app = in_mode(&database, mode);
        let reason = "the column `password` of `user` holds 60 characters, and a hash has 97";
        app.get("/ready").await.problem(503, "database_unavailable");
        assert!(app.log().contains(reason), "{}", app.log());
        let answer = app.register(&unique_email(), PASSWORD).await;
        answer.problem(500, "internal_error");
        assert_eq!(app.log().matches(reason).count(), 2, "{}", app.log());
        assert_eq!(rows(&database).await, 0);

        let email = unique_email();
        database.insert(Some(&email), Some(&old)).await;
        for _ in 0..2 {
            app.login(&email, "correct horse").await.expect(200);
        }
        eventually(async || app.counted("login_cleanup_failed") == 2).await;
        assert_eq!(app.log().matches(reason).count(), 4, "{}", app.log());
        let stored: Option<String> = database
            .conn()
            .await
            .query_first("SELECT password FROM `user`")
            .await
            .expect("a query");
        assert_eq!(stored.as_ref(), Some(&old));

        database
            .conn()
            .await
            .query_drop("ALTER TABLE `user` MODIFY password VARCHAR(97)")
            .await
            .expect("a change");
        app.get("/ready").await.expect(200);
        app.register(&unique_email(), PASSWORD).await.expect(201);
        app.login(&email, "correct horse").await.expect(200);
        eventually(async || app.counted("hash_upgraded") == 1).await;
        app.login(&email, "correct horse").await.expect(200);
    }
}

#[tokio::test]
async fn a_database_without_its_table_is_not_ready() {
    let database = Database::with_table(
        "no_column",
        "id BIGINT PRIMARY KEY, email VARCHAR(255), name VARCHAR(50), username VARCHAR(50)",
    );
    let app = App::on(&database);
    app.get("/ready").await.problem(503, "database_unavailable");
    let reason = "the table `user` has no column `password` for text";
    assert!(app.log().contains(reason), "{}", app.log());
}

#[tokio::test]
async fn a_database_that_cannot_count_logins_is_not_ready() {
    let database = Database::start("not_counting", "");
    let app = App::on(&database);
    app.get("/ready").await.expect(200);
    let drop = "DROP TABLE gatehouse_login_throttle";
    let mut conn = database.conn().await;
    conn.query_drop(drop).await.expect("a change");
    app.get("/ready").await.problem(503, "database_unavailable");
    let (log, reason) = (app.log(), "while finding whether rows can be changed");
    assert!(log.contains(reason) && log.contains("error 1146"), "{log}");
}
