//! Old hashes: replaced once their password is known, and reported if nobody can use them.

use std::time::Duration;

use hyperdrive_local::fault::{Kind, Stage};
use mysql_async::Value as Sql;
use mysql_async::prelude::Queryable as _;
use serde_json::json;

use testkit::hash::{BCRYPT_SHA256, BCRYPT_SHA256_FIRST, PASSLIB};

use crate::support::database::Database;
use crate::support::hyperdrive::after;
use crate::support::{App, PASSWORD, eventually, unique_email};

const CURRENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

async fn stored(email: &str) -> String {
    let column = Database::shared().column("password", email).await;
    match &column[..] {
        [Sql::Bytes(bytes)] => String::from_utf8_lossy(bytes).into_owned(),
        other => panic!("{other:?}"),
    }
}

/// Whether the log has a line of an event about a user.
fn is_noted(app: &App, event: &str, id: i64) -> bool {
    let (event, user) = (
        format!("\"event\":\"{event}\""),
        format!("\"user_id\":{id}}}"),
    );
    app.log()
        .lines()
        .any(|line| line.contains(&event) && line.contains(&user))
}

/// Time for what follows an answer, where nothing is to be seen of it.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

#[tokio::test]
async fn a_right_password_replaces_every_form_of_old_hash_after_the_answer() {
    let plain = bcrypt::hash_with_salt("correct horse", 5, *b"a salt of a test");
    let plain = plain.expect("a hash").to_string();
    for (old, password) in [
        (PASSLIB, PASSWORD),
        (BCRYPT_SHA256, "correct horse"),
        (BCRYPT_SHA256_FIRST, "correct horse"),
        (&plain, "correct horse"),
    ] {
        let email = unique_email();
        let id = Database::shared().insert(Some(&email), Some(old)).await;
        App::shared().login(&email, "wrong").await.expect(401);
        a_while().await;
        assert_eq!(
            stored(&email).await,
            old,
            "a wrong password changes nothing"
        );
        App::shared().login(&email, password).await.expect(200);
        eventually(async || stored(&email).await.starts_with(CURRENT)).await;
        App::shared().login(&email, password).await.expect(200);
        App::shared().login(&email, "wrong").await.expect(401);
        eventually(async || is_noted(App::shared(), "hash_upgraded", id)).await;
    }
}

#[tokio::test]
async fn a_password_that_bcrypt_knows_the_start_of_is_never_made_the_new_one() {
    let password = format!("{}, and its true end", "x".repeat(72));
    let old = bcrypt::hash_with_salt(&password, 5, *b"a salt of a test");
    let old = old.expect("a hash").to_string();
    let email = unique_email();
    Database::shared().insert(Some(&email), Some(&old)).await;
    for typed in [
        format!("{}, and another", &password[..72]),
        password[..72].to_owned(),
        password.clone(),
    ] {
        App::shared().login(&email, &typed).await.expect(200);
        a_while().await;
        assert_eq!(stored(&email).await, old, "{typed}");
    }
    App::shared()
        .login(&email, &password[..71])
        .await
        .expect(401);
    // All of a shorter one is known.
    let short = "x".repeat(71);
    let old = bcrypt::hash_with_salt(&short, 5, *b"a salt of a test");
    let email = unique_email();
    let old = old.expect("a hash").to_string();
    Database::shared().insert(Some(&email), Some(&old)).await;
    App::shared().login(&email, &short).await.expect(200);
    eventually(async || stored(&email).await.starts_with(CURRENT)).await;
}

#[tokio::test]
async fn a_hash_that_is_as_it_would_be_made_today_stays() {
    let user = App::shared().user().await;
    let before = stored(&user.email).await;
    user.login().await.expect(200);
    user.login_with("wrong").await.expect(401);
    a_while().await;
    assert_eq!(stored(&user.email).await, before);
    assert!(!is_noted(App::shared(), "hash_upgraded", user.id));
    let stronger = App::with().variable("ARGON2_ITERATIONS", "3").start();
    stronger.login(&user.email, PASSWORD).await.expect(200);
    eventually(async || {
        stored(&user.email)
            .await
            .starts_with("$argon2id$v=19$m=19456,t=3,p=1$")
    })
    .await;
}

#[tokio::test]
async fn the_answer_does_not_wait_for_the_upgrade_which_never_overwrites_a_newer_password() {
    let app = App::with().start();
    let email = unique_email();
    let id = Database::shared().insert(Some(&email), Some(PASSLIB)).await;
    // What comes before the upgrade takes long: the fourth statement, which follows the answer.
    app.hyperdrive()
        .fail(after(3, Stage::Query, Kind::Delay(1000), 1));
    app.login(&email, PASSWORD).await.expect(200);
    let change = "UPDATE `user` SET password = 'changed' WHERE id = ?";
    Database::shared().execute(change, id).await;
    eventually(async || is_noted(&app, "hash_upgrade_skipped", id)).await;
    assert_eq!(stored(&email).await, "changed");
}

#[tokio::test]
async fn an_upgrade_that_fails_changes_no_answer_and_is_told_in_the_log() {
    let database = Database::start("upgrade", "CHARACTER SET utf8mb4");
    let app = App::on(&database);
    let email = unique_email();
    let id = database.insert(Some(&email), Some(PASSLIB)).await;
    // It can be read, and not written.
    let trigger = "CREATE TRIGGER refuse BEFORE UPDATE ON `user` FOR EACH ROW \
                   SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'";
    database
        .conn()
        .await
        .query_drop(trigger)
        .await
        .expect("a trigger");
    for _ in 0..2 {
        app.login(&email, PASSWORD).await.expect(200);
    }
    eventually(async || app.counted("login_cleanup_failed") == 2).await;
    let log = app.log();
    let line = log
        .lines()
        .find(|line| line.contains("login_cleanup_failed"));
    let line: serde_json::Value = serde_json::from_str(line.expect("a line")).expect("JSON");
    assert_eq!(line["user_id"], json!(id));
    let reason = line["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("while upgrading a password hash"),
        "{reason}"
    );
    assert!(!log.contains("argon2"));
    assert_eq!(
        database.column("password", &email).await,
        [Sql::from(PASSLIB)]
    );
}

#[tokio::test]
async fn a_hash_that_nobody_can_use_is_reported_with_its_user_and_a_missing_one_is_not() {
    let app = App::with().start();
    for stored in [
        "$argon2id$v=19$m=102400,t=2,p=8$41yrlZLyfs95z3nvHYNQSg$gHoUN5aHfKp9HiGQtYO/Jw",
        "$argon2id$v=19$m=4294967295,t=4294967295,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$2b$31$abcdefghijklmnopqrstuuaP56a.SWvVzRr1c7jVmZnIGQHwjrhZe",
        "$2b$03$abcdefghijklmnopqrstuuaP56a.SWvVzRr1c7jVmZnIGQHwjrhZe",
        "plain text",
        "",
    ] {
        let email = unique_email();
        let id = Database::shared().insert(Some(&email), Some(stored)).await;
        let before = app.counted("unreadable_hash");
        app.login(&email, "correct horse")
            .await
            .problem(401, "invalid_credentials");
        assert_eq!(app.counted("unreadable_hash"), before + 1, "{stored}");
        let log = app.log();
        let line = log
            .lines()
            .rfind(|line| line.contains("unreadable_hash") && line.starts_with('{'));
        assert!(
            line.is_some_and(|line| line.contains(&format!("\"user_id\":{id}"))),
            "{log}"
        );
    }
    let before = app.counted("unreadable_hash");
    let email = unique_email();
    Database::shared().insert(Some(&email), None).await;
    app.login(&email, PASSWORD).await.expect(401);
    app.login(&unique_email(), PASSWORD).await.expect(401);
    assert_eq!(app.counted("unreadable_hash"), before);
}

#[tokio::test]
async fn the_largest_hashes_of_the_replaced_system_log_in_where_they_are_let() {
    let largest = "$argon2id$v=19$m=102400,t=2,p=8$41yrlZLyfs95z3nvHYNQSg$gHoUN5aHfKp9HiGQtYO/Jw";
    let app = App::with()
        .variable("HASH_MAX_MEMORY_KIB", "102400")
        .start();
    let email = unique_email();
    Database::shared().insert(Some(&email), Some(largest)).await;
    app.login(&email, "correct horses").await.expect(401);
    app.login(&email, "correct horse").await.expect(200);
    eventually(async || stored(&email).await.starts_with(CURRENT)).await;
}

#[tokio::test]
async fn a_hash_in_a_column_of_two_bytes_a_character_logs_in_and_is_replaced() {
    let database = Database::with_table(
        "utf16",
        "id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE, \
         password VARCHAR(255) CHARACTER SET utf16, name VARCHAR(50), username VARCHAR(50), \
         updated_at TIMESTAMP NULL",
    );
    let app = App::on(&database);
    let email = unique_email();
    database.insert(Some(&email), Some(PASSLIB)).await;
    app.login(&email, PASSWORD).await.expect(200);
    eventually(async || app.counted("hash_upgraded") == 1).await;
    app.login(&email, PASSWORD).await.expect(200);
    assert_eq!(app.counted("hash_upgrade_skipped"), 0);
}
