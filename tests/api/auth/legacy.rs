//! Rows that the replaced system left behind.

use mysql_async::Value as Sql;
use serde_json::json;

use testkit::hash::{BCRYPT_SHA256, BCRYPT_SHA256_FIRST, PASSLIB};

use crate::support::database::Database;
use crate::support::{App, PASSWORD, unique_email};

#[tokio::test]
async fn a_user_of_the_replaced_system_logs_in_with_the_old_hash() {
    let email = unique_email();
    let id = Database::shared().insert(Some(&email), Some(PASSLIB)).await;
    App::shared()
        .login(&email, "wrong password")
        .await
        .expect(401);
    let token = App::shared()
        .login(&email, PASSWORD)
        .await
        .expect(200)
        .token();
    let me = App::shared().me(&token).await.expect(200).json();
    assert_eq!((&me["id"], &me["email"]), (&json!(id), &json!(email)));
}

#[tokio::test]
async fn bcrypt_hashes_of_the_replaced_system_log_in() {
    let plain = bcrypt::hash_with_salt("correct horse", 5, *b"a salt of a test");
    let plain = plain.expect("a hash").to_string();
    for hash in [BCRYPT_SHA256, BCRYPT_SHA256_FIRST, &plain] {
        let email = unique_email();
        Database::shared().insert(Some(&email), Some(hash)).await;
        App::shared()
            .login(&email, "correct horse")
            .await
            .expect(200);
        App::shared()
            .login(&email, "correct horses")
            .await
            .problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_row_in_mixed_case_is_found_and_its_e_mail_is_taken() {
    let email = unique_email();
    let mixed = email.replace("user", "UsEr");
    Database::shared().insert(Some(&mixed), Some(PASSLIB)).await;
    for spelling in [&mixed, &email, &email.to_uppercase()] {
        App::shared().login(spelling, PASSWORD).await.expect(200);
    }
    App::shared()
        .register(&email, PASSWORD)
        .await
        .problem(409, "email_taken");
}

#[tokio::test]
async fn an_address_that_no_one_would_accept_today_still_logs_in() {
    let odd = format!("nope {}", unique_email());
    Database::shared().insert(Some(&odd), Some(PASSLIB)).await;
    App::shared().login(&odd, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_e_mail_that_only_the_collation_calls_equal_is_another_one() {
    let email = unique_email();
    let accented = email.replace("user", "us\u{e9}r");
    Database::shared()
        .insert(Some(&accented), Some(PASSLIB))
        .await;
    App::shared()
        .login(&email, PASSWORD)
        .await
        .problem(401, "invalid_credentials");
    App::shared().login(&accented, PASSWORD).await.expect(200);
    // Its unique key calls them equal too, so the new one is not to be had.
    App::shared()
        .register(&email, PASSWORD)
        .await
        .problem(409, "email_taken");
}

#[tokio::test]
async fn a_password_that_is_missing_or_unreadable_is_a_wrong_one() {
    for stored in [
        None,
        Some(""),
        Some(PASSWORD),
        Some("$argon2id$"),
        Some(
            "$argon2id$v=19$m=4294967295,t=4294967295,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ),
        Some("$argon2id$v=19$m=65536,t=3,p=4$P8c4p3ROyRmDcM75nzNmzA"),
        Some("$2b$12$abcdefghijklmnopqrstuu"),
        Some("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        Some("{SHA}x"),
        Some("\u{1f511}"),
    ] {
        let email = unique_email();
        Database::shared().insert(Some(&email), stored).await;
        App::shared()
            .login(&email, PASSWORD)
            .await
            .problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_row_without_an_e_mail_is_nobodys() {
    Database::shared().insert(None, Some(PASSLIB)).await;
    for email in ["", "null", "NULL", " "] {
        App::shared()
            .login(email, PASSWORD)
            .await
            .problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn a_user_without_e_mail_time_or_names_can_be_shown() {
    let user = App::shared().user().await;
    Database::shared()
        .execute(
            "UPDATE `user` SET email = NULL, updated_at = NULL WHERE id = ?",
            user.id,
        )
        .await;
    let me = user.me().await.expect(200).json();
    assert_eq!(
        me,
        json!({ "id": user.id, "email": null, "name": null, "username": null, "updated_at": null })
    );
}

#[tokio::test]
async fn an_id_beyond_what_javascript_counts_to_comes_through() {
    let email = unique_email();
    let big: i64 = (1 << 60) + i64::from(std::process::id());
    Database::shared().insert(Some(&email), Some(PASSLIB)).await;
    Database::shared()
        .execute(
            &format!("UPDATE `user` SET id = {big} WHERE email = ?"),
            &email,
        )
        .await;
    let token = App::shared()
        .login(&email, PASSWORD)
        .await
        .expect(200)
        .token();
    assert_eq!(
        App::shared().me(&token).await.expect(200).json()["id"],
        json!(big)
    );
    // Or the next row would get a greater one.
    Database::shared()
        .execute("DELETE FROM `user` WHERE id = ?", big)
        .await;
    assert_eq!(
        Database::shared().column("id", &email).await,
        Vec::<Sql>::new()
    );
}
