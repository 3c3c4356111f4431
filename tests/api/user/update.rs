//! `PATCH /user/update`.

use serde_json::{Value, json};

use crate::support::App;
use crate::support::database::Database;

#[tokio::test]
async fn a_field_that_is_there_changes_and_one_that_is_not_stays() {
    let user = App::shared().user().await;
    let first = user
        .update(&json!({ "name": "Ada", "username": "Byron" }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&first["name"], &first["username"]),
        (&json!("Ada"), &json!("Byron"))
    );
    let second = user
        .update(&json!({ "username": "Lovelace" }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&second["name"], &second["username"]),
        (&json!("Ada"), &json!("Lovelace"))
    );
    assert_eq!(user.me().await.expect(200).json(), second);
}

#[tokio::test]
async fn null_clears_a_field() {
    let user = App::shared().user().await;
    user.update(&json!({ "name": "Ada", "username": "Byron" }))
        .await
        .expect(200);
    let cleared = user
        .update(&json!({ "name": null }))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&cleared["name"], &cleared["username"]),
        (&Value::Null, &json!("Byron"))
    );
}

#[tokio::test]
async fn the_same_update_again_gives_the_same_answer() {
    let user = App::shared().user().await;
    let changes = json!({ "name": "Ada", "username": null });
    let update = || user.update(&changes);
    let without_time = |answer: Value| {
        let mut answer = answer;
        answer.as_object_mut().expect("a user").remove("updated_at");
        answer
    };
    let first = without_time(update().await.expect(200).json());
    let expected = json!({ "id": user.id, "email": user.email, "name": "Ada", "username": null });
    assert_eq!(first, expected);
    // Within a second MySQL changes nothing more, and counts no row.
    for _ in 0..20 {
        assert_eq!(without_time(update().await.expect(200).json()), expected);
    }
    let unchanged = user.update(&json!({})).await;
    assert_eq!(without_time(unchanged.expect(200).json()), expected);
    let me = user.me().await.expect(200).json();
    assert_eq!(without_time(me), expected);
    let rows = Database::shared().column("name", &user.email).await;
    assert_eq!(rows, ["Ada".into()]);
}

#[tokio::test]
async fn an_update_moves_updated_at() {
    let user = App::shared().user().await;
    Database::shared()
        .execute(
            "UPDATE `user` SET updated_at = '2001-02-03 04:05:06' WHERE id = ?",
            user.id,
        )
        .await;
    assert!(
        user.me().await.json()["updated_at"]
            .as_str()
            .expect("a time")
            .starts_with("2001")
    );
    let updated = user
        .update(&json!({ "name": "Ada" }))
        .await
        .expect(200)
        .json();
    assert!(updated["updated_at"].as_str().expect("a time") > "2020");
}

#[tokio::test]
async fn what_is_not_a_name_cannot_be_changed() {
    let user = App::shared().user().await;
    let before = Database::shared().column("password", &user.email).await;
    let body = json!({ "id": 1, "email": "x@example.com", "password": "another password", "updated_at": null, "name": "Ada" });
    let answer = user.update(&body).await.expect(200).json();
    assert_eq!(
        (&answer["id"], &answer["email"]),
        (&json!(user.id), &json!(user.email))
    );
    assert_eq!(
        Database::shared().column("password", &user.email).await,
        before
    );
}

#[tokio::test]
async fn bad_names_change_nothing() {
    let user = App::shared().user().await;
    user.update(&json!({ "name": "Ada" })).await.expect(200);
    for (body, error) in [
        (
            json!({ "name": "Eve", "username": "x".repeat(51) }),
            "username: too_long",
        ),
        (json!({ "name": "a\u{0}b" }), "name: invalid_characters"),
        (json!({ "name": "a\u{2066}b" }), "name: invalid_characters"),
        (json!({ "name": 7 }), "name: invalid_type"),
        (json!({ "username": ["x"] }), "username: invalid_type"),
    ] {
        assert_eq!(user.update(&body).await.field_errors(), [error]);
    }
    assert_eq!(user.me().await.json()["name"], json!("Ada"));
}

#[tokio::test]
async fn names_are_kept_to_the_last_byte() {
    let user = App::shared().user().await;
    for name in [
        "",
        " Ada ",
        "Jose\u{301}",
        "👩‍🚀",
        "\\' \" ; -- %_",
        "<script>",
        "שלום",
    ] {
        let answer = user
            .update(&json!({ "name": name, "username": name }))
            .await
            .expect(200)
            .json();
        assert_eq!(
            (&answer["name"], &answer["username"]),
            (&json!(name), &json!(name))
        );
    }
}

#[tokio::test]
async fn updates_of_different_fields_at_once_do_not_undo_each_other() {
    let user = App::shared().user().await;
    for round in 0..5 {
        let (name, username) = (
            json!(format!("name {round}")),
            json!(format!("username {round}")),
        );
        let (name_change, username_change) =
            (json!({ "name": name }), json!({ "username": username }));
        let (first, second) =
            tokio::join!(user.update(&name_change), user.update(&username_change),);
        first.expect(200);
        second.expect(200);
        let me = user.me().await.json();
        assert_eq!((&me["name"], &me["username"]), (&name, &username));
    }
}

#[tokio::test]
async fn an_update_changes_no_other_row_even_if_its_own_is_gone() {
    let before = App::shared().user().await;
    let user = App::shared().user().await;
    let after = App::shared().user().await;
    let name = json!({ "name": "Only Ada" });
    let update = || user.update(&name);
    update().await.expect(200);
    Database::shared()
        .execute("DELETE FROM `user` WHERE id = ?", user.id)
        .await;
    update().await.problem(401, "invalid_token");
    for other in [before, after] {
        let me = App::shared().me(&other.token).await.expect(200).json();
        assert_eq!(me["name"], Value::Null);
    }
}

#[tokio::test]
async fn a_user_who_is_gone_is_not_made_again() {
    let user = App::shared().user().await;
    Database::shared()
        .execute("DELETE FROM `user` WHERE id = ?", user.id)
        .await;
    user.update(&json!({ "name": "Ada" }))
        .await
        .problem(401, "invalid_token");
    assert!(
        Database::shared()
            .column("id", &user.email)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn without_a_valid_token_nothing_is_said_of_the_body() {
    for body in ["{", "{}", r#"{"name": 7}"#] {
        let request = || App::shared().request("PATCH", "/user/update").body(body);
        request().send().await.problem(401, "missing_token");
        request()
            .bearer("x.y.z")
            .send()
            .await
            .problem(401, "invalid_token");
    }
}
