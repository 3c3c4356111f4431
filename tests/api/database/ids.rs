//! Users whose id is not one that Gatehouse would give.

use mysql_async::prelude::Queryable as _;
use serde_json::json;

use crate::support::database::Database;
use crate::support::{App, PASSWORD, unique_email};

#[tokio::test]
async fn whatever_a_login_hands_out_is_taken() {
    let database = Database::with_table(
        "ids",
        "id BIGINT UNSIGNED NOT NULL PRIMARY KEY, email VARCHAR(255) UNIQUE, password VARCHAR(255), \
         name VARCHAR(50), username VARCHAR(50), updated_at TIMESTAMP NULL",
    );
    any_id(
        &database,
        &[
            0,
            1 << 53,
            (1 << 53) + 1,
            i128::from(i64::MAX),
            (1 << 63) + 1,
            i128::from(u64::MAX),
        ],
    )
    .await;
    let database = Database::start("ids_signed", "CHARACTER SET utf8mb4");
    any_id(
        &database,
        &[
            0,
            -1,
            i128::from(i64::MIN),
            -(1 << 53) - 1,
            i128::from(i64::MAX),
        ],
    )
    .await;
    let database = Database::with_table(
        "ids_filled",
        "id INT(7) UNSIGNED ZEROFILL NOT NULL PRIMARY KEY, email VARCHAR(255) UNIQUE, password VARCHAR(255), \
         name VARCHAR(50), username VARCHAR(50), updated_at TIMESTAMP NULL",
    );
    any_id(&database, &[0, 7, 12_345_678]).await;
}

#[tokio::test]
async fn a_table_that_gives_new_rows_no_id_is_a_fault() {
    let database = Database::with_table(
        "ids_none",
        "id BIGINT NOT NULL DEFAULT 7 PRIMARY KEY, email VARCHAR(255) UNIQUE, password VARCHAR(255), \
         name VARCHAR(50), username VARCHAR(50), updated_at TIMESTAMP NULL",
    );
    let app = App::on(&database);
    let answer = app.register(&unique_email(), PASSWORD).await;
    answer.problem(503, "database_unavailable");
    let log = app.log();
    assert!(log.contains("a user without an id"), "{log}");
}

/// A hash of `p` that is quick to verify.
const HASH: &str = "$2b$04$w6KRCQmuq.TXyq25tcXki.BlkJTvQRUFp5c8oA2RVxxAi4czRTc0W";

async fn any_id(database: &Database, ids: &[i128]) {
    let app = App::on(database);
    for id in ids {
        let email = unique_email();
        // Store 0 itself, not the next auto-increment id.
        let mut conn = database.conn().await;
        let mode = "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'";
        conn.query_drop(mode).await.expect("a mode");
        let insert = format!("INSERT INTO `user` (id, email, password) VALUES ({id}, ?, ?)");
        conn.exec_drop(insert, (&email, HASH))
            .await
            .expect("insert");
        let token = app.login(&email, "p").await.expect(200).token();
        let me = app.me(&token).await.expect(200);
        let body = String::from_utf8_lossy(&me.body).into_owned();
        assert!(body.starts_with(&format!("{{\"id\":{id},")), "{body}");
        let changed = app.update(&token, &json!({ "name": "Ada" })).await;
        assert_eq!(changed.expect(200).json()["name"], json!("Ada"));
    }
}
