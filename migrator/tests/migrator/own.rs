//! The project's own migrations, on databases that are new, old or half migrated.

use migrator::{FORMER, notes};
use mysql_async::prelude::Queryable as _;

use crate::scene::Scene;

#[tokio::test]
async fn the_projects_own_migrations_make_the_table_of_the_replaced_system() {
    let scene = Scene::own("own").await;
    scene.apply().await.unwrap();
    scene.apply().await.unwrap();
    let columns: Vec<(String, String, String)> = scene
        .conn()
        .await
        .query(
            "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'user' ORDER BY ORDINAL_POSITION",
        )
        .await
        .unwrap();
    let columns: Vec<_> = columns
        .iter()
        .map(|(name, kind, null)| format!("{name} {} {null}", kind.replace("(20)", "")))
        .collect();
    assert_eq!(
        columns,
        [
            "id bigint NO",
            "email varchar(255) YES",
            "password varchar(255) YES",
            "name varchar(50) YES",
            "username varchar(50) YES",
            "updated_at timestamp YES",
        ],
    );
}

#[tokio::test]
async fn a_table_that_is_there_with_its_rows_is_left_as_it_is() {
    let scene = Scene::own("adopt").await;
    let mut conn = scene.conn().await;
    conn.query_drop("CREATE TABLE `user` (id BIGINT PRIMARY KEY, email VARCHAR(99), extra INT) CHARACTER SET latin1")
        .await
        .unwrap();
    conn.query_drop("INSERT INTO `user` VALUES (7, 'ada@example.com', 1)")
        .await
        .unwrap();
    let before: Option<(String, String)> =
        conn.query_first("SHOW CREATE TABLE `user`").await.unwrap();
    scene.apply().await.unwrap();
    let after: Option<(String, String)> =
        conn.query_first("SHOW CREATE TABLE `user`").await.unwrap();
    assert_eq!(before, after);
    let row: Option<(i64, String, i32)> = conn.query_first("SELECT * FROM `user`").await.unwrap();
    assert_eq!(row, Some((7, "ada@example.com".into(), 1)));
}

#[tokio::test]
async fn what_an_old_table_cannot_hold_is_said_in_a_line_each() {
    let scene = Scene::own("notes").await;
    let mut conn = scene.conn().await;
    assert!(notes(&mut conn).await.unwrap().is_empty());
    for (columns, expected) in [
        (
            "email VARCHAR(255) UNIQUE, password CHAR(60), name VARCHAR(50) CHARACTER SET utf8mb3, username TEXT",
            &[
                "`user`.`password` is char(60) and a hash has up to 98 characters",
                "`user`.`name` is utf8mb3 and holds no emoji and nothing else beyond U+FFFF; \
                 `user`.`username` is latin1 and holds no emoji and only some scripts",
            ][..],
        ),
        (
            "email VARCHAR(100) UNIQUE, password VARBINARY(98), name VARBINARY(50), username VARCHAR(20) CHARACTER SET utf8mb4",
            &[
                "`user`.`email` is varchar(100): what is longer is refused (422), up to 254",
                "`user`.`username` is varchar(20): what is longer is refused (422), up to 50",
            ],
        ),
        (
            "email VARCHAR(254) UNIQUE, password VARCHAR(97), name TEXT CHARACTER SET utf8mb4, username TEXT CHARACTER SET utf8mb4",
            &["`user`.`password` is varchar(97): too short for a hash when ARGON2_ITERATIONS"],
        ),
        (
            "email VARCHAR(254) UNIQUE, password VARCHAR(96), name TEXT CHARACTER SET utf8mb4, username TEXT CHARACTER SET utf8mb4",
            &["`user`.`password` is varchar(96) and a hash has up to 98 characters: nobody"],
        ),
        (
            "email VARCHAR(254) UNIQUE, password VARCHAR(98), name VARCHAR(50) CHARACTER SET utf8mb4, username TEXT CHARACTER SET utf16",
            &[],
        ),
        (
            "email VARCHAR(254), password VARCHAR(98), name VARBINARY(50), username VARBINARY(50), UNIQUE (email, id)",
            &["`user`.`email` has no unique key"],
        ),
    ] {
        conn.query_drop("DROP TABLE IF EXISTS `user`")
            .await
            .unwrap();
        conn.query_drop(format!(
            "CREATE TABLE `user` (id BIGINT, {columns}) CHARACTER SET latin1"
        ))
        .await
        .unwrap();
        let notes = notes(&mut conn).await.unwrap();
        assert_eq!(notes.len(), expected.len(), "{notes:?}");
        for (note, expected) in notes.iter().zip(expected) {
            assert!(note.starts_with(expected), "{note}");
        }
    }
}

#[tokio::test]
async fn every_table_of_ours_says_its_character_set_whatever_the_servers_is() {
    for server in testkit::database::urls() {
        says_its_character_set(Scene::own_on(&server, "latin1").await).await;
    }
}

async fn says_its_character_set(scene: Scene) {
    let mut conn = scene.conn().await;
    conn.query_drop("ALTER DATABASE CHARACTER SET latin1")
        .await
        .unwrap();
    scene.apply().await.unwrap();
    let tables: Vec<(String, String)> = conn
        .query(
            "SELECT TABLE_NAME, TABLE_COLLATION FROM information_schema.TABLES \
             WHERE TABLE_SCHEMA = DATABASE()",
        )
        .await
        .unwrap();
    assert!(tables.len() >= 3, "{tables:?}");
    for (table, collation) in tables {
        assert_eq!(collation, "utf8mb4_unicode_ci", "{table}");
    }
    let columns: Vec<(String, String)> = conn
        .query(
            "SELECT COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND COLLATION_NAME <> 'utf8mb4_unicode_ci'",
        )
        .await
        .unwrap();
    assert_eq!(columns, []);
    assert!(notes(&mut conn).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_database_that_an_earlier_version_has_migrated_goes_on() {
    let scene = Scene::own("former").await;
    scene.apply().await.unwrap();
    let mut conn = scene.conn().await;
    for (version, checksum) in FORMER {
        conn.exec_drop(
            "UPDATE `gatehouse_migration` SET `checksum` = ? WHERE `version` = ?",
            (checksum, version),
        )
        .await
        .unwrap();
        assert_eq!(conn.affected_rows(), 1);
        scene.apply().await.unwrap();
    }
    let other =
        "UPDATE `gatehouse_migration` SET `checksum` = REVERSE(`checksum`) WHERE `version` = 1";
    conn.query_drop(other).await.unwrap();
    let error = scene.apply().await.unwrap_err();
    assert!(
        error.contains("was changed after it was applied"),
        "{error}"
    );
}
