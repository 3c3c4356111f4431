//! Old tables whose columns are of other types and lengths than ours: what fits is stored, and what
//! does not is refused by the field that it is of.

use serde_json::{Value, json};

use crate::database::constraints::{LAX, SIMULTANEOUS, STRICT, in_mode, register};
use crate::support::database::Database;
use crate::support::unique_email;

#[tokio::test]
async fn only_the_field_that_a_column_cannot_hold_is_refused() {
    let database = Database::with_table(
        "columns_narrow",
        "id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE, password VARCHAR(255), \
         name VARCHAR(5) CHARACTER SET latin1, username CHAR(5) CHARACTER SET latin1, \
         updated_at TIMESTAMP NULL",
    );
    for mode in [LAX, STRICT, SIMULTANEOUS] {
        let app = in_mode(&database, mode);
        let user = app.user().await;
        for (name, username, refused) in [
            // As long as the column, and the last character of its set.
            ("Adele", "\u{5e9}", "username"),
            ("\u{ff}", "\u{5e9}", "username"),
            ("\u{5e9}", "Ada", "name"),
            // A CHAR loses the space at its end.
            ("Ada ", "Ada ", "username"),
        ] {
            let names = json!({ "name": name, "username": username });
            let expected = [format!("{refused}: unsupported_characters")];
            let answer = register(&app, &unique_email(), &names).await;
            assert_eq!(answer.field_errors(), expected, "{mode} {names}");
            let answer = app.update(&user.token, &names).await;
            assert_eq!(answer.field_errors(), expected, "{mode} {names}");
        }
        let names = json!({ "name": "Adel ", "username": "Adel\u{ff}" });
        let kept = app.update(&user.token, &names).await.expect(200).json();
        for field in ["name", "username"] {
            assert_eq!(kept[field], names[field], "{mode}");
        }
    }
}

#[tokio::test]
async fn every_type_of_text_and_bytes_keeps_a_name() {
    for (number, types) in [
        ["CHAR(9)", "VARCHAR(9)"],
        ["TEXT", "LONGTEXT"],
        ["BLOB", "TINYBLOB"],
        ["VARBINARY(9)", "MEDIUMTEXT"],
    ]
    .into_iter()
    .enumerate()
    {
        let database = table(&format!("columns_text_{number}"), types);
        for mode in [LAX, STRICT, SIMULTANEOUS] {
            let app = in_mode(&database, mode);
            let user = app.user().await;
            for names in [
                json!({ "name": "Ada", "username": "Lovelace" }),
                json!({ "name": "Grace", "username": null }),
            ] {
                let kept = app.update(&user.token, &names).await.expect(200).json();
                for field in ["name", "username"] {
                    assert_eq!(kept[field], names[field], "{mode} {types:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_column_that_would_make_another_value_of_a_name_refuses_it() {
    // The one fills it up with NULs, the other has no such value.
    let database = table("columns_other", ["BINARY(5)", "ENUM('Byron', 'King')"]);
    for mode in [LAX, STRICT, SIMULTANEOUS] {
        let app = in_mode(&database, mode);
        let user = app.user().await;
        for field in ["name", "username"] {
            let names = json!({ field: "Ada" });
            let expected = [format!("{field}: unsupported_characters")];
            let answer = register(&app, &unique_email(), &names).await;
            assert_eq!(answer.field_errors(), expected, "{mode}");
            let answer = app.update(&user.token, &names).await;
            assert_eq!(answer.field_errors(), expected, "{mode}");
            assert_eq!(app.me(&user.token).await.json()[field], Value::Null);
        }
    }
}

/// A database whose columns `name` and `username` have these types.
fn table(database: &str, [name, username]: [&str; 2]) -> Database {
    let columns = format!(
        "id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE, password VARCHAR(255), \
         name {name}, username {username}, updated_at TIMESTAMP NULL"
    );
    Database::with_table(database, &columns)
}
