//! On a real server: the private one that `cargo xtask test` starts.

use std::path::PathBuf;

use mysql_async::prelude::Queryable as _;

use super::*;

/// A database of a test's own and a folder of migrations for it.
struct Scene {
    url: String,
    folder: PathBuf,
}

impl Scene {
    async fn new(name: &str) -> Self {
        let server = std::env::var("TEST_DATABASE_URL")
            .expect("TEST_DATABASE_URL is not set: run the tests with `cargo xtask test`");
        Self::on(&server, name).await
    }

    async fn on(server: &str, name: &str) -> Self {
        let database = format!("gatehouse_migrate_{name}");
        let mut conn = Conn::new(settings::options(server).unwrap()).await.unwrap();
        conn.query_drop(format!("DROP DATABASE IF EXISTS `{database}`"))
            .await
            .unwrap();
        conn.query_drop(format!("CREATE DATABASE `{database}`"))
            .await
            .unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        let folder = root().join("target/tmp").join(&database);
        std::fs::remove_dir_all(&folder).ok();
        std::fs::create_dir_all(&folder).unwrap();
        Self {
            url: format!("{base}/{database}"),
            folder,
        }
    }

    fn file(&self, name: &str, sql: &str) {
        std::fs::write(self.folder.join(name), sql).unwrap();
    }

    async fn apply(&self) -> Result<(), String> {
        apply_from(&self.folder, &self.url, false)
            .await
            .map_err(|error| format!("{error:#}"))
    }

    async fn conn(&self) -> Conn {
        Conn::new(settings::options(&self.url).unwrap())
            .await
            .unwrap()
    }

    async fn tables(&self) -> Vec<String> {
        self.conn().await.query("SHOW TABLES").await.unwrap()
    }
}

#[tokio::test]
async fn the_projects_own_migrations_make_the_table_of_the_replaced_system() {
    let scene = Scene::new("own").await;
    apply(&scene.url, false).await.unwrap();
    apply(&scene.url, false).await.unwrap();
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
    let scene = Scene::new("adopt").await;
    let mut conn = scene.conn().await;
    conn.query_drop("CREATE TABLE `user` (id BIGINT PRIMARY KEY, email VARCHAR(99), extra INT) CHARACTER SET latin1")
        .await
        .unwrap();
    conn.query_drop("INSERT INTO `user` VALUES (7, 'ada@example.com', 1)")
        .await
        .unwrap();
    let before: Option<(String, String)> =
        conn.query_first("SHOW CREATE TABLE `user`").await.unwrap();
    apply(&scene.url, false).await.unwrap();
    let after: Option<(String, String)> =
        conn.query_first("SHOW CREATE TABLE `user`").await.unwrap();
    assert_eq!(before, after);
    let row: Option<(i64, String, i32)> = conn.query_first("SELECT * FROM `user`").await.unwrap();
    assert_eq!(row, Some((7, "ada@example.com".into(), 1)));
}

#[tokio::test]
async fn what_an_old_table_cannot_hold_is_said_in_a_line_each() {
    let scene = Scene::new("notes").await;
    let mut conn = scene.conn().await;
    assert!(table::notes(&mut conn).await.unwrap().is_empty());
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
        let notes = table::notes(&mut conn).await.unwrap();
        assert_eq!(notes.len(), expected.len(), "{notes:?}");
        for (note, expected) in notes.iter().zip(expected) {
            assert!(note.starts_with(expected), "{note}");
        }
    }
}

#[tokio::test]
async fn every_table_of_ours_says_its_character_set_whatever_the_servers_is() {
    says_its_character_set(Scene::new("latin1").await).await;
    if let Ok(mysql) = std::env::var("TEST_MYSQL_URL") {
        says_its_character_set(Scene::on(&mysql, "latin1").await).await;
    }
}

async fn says_its_character_set(scene: Scene) {
    let mut conn = scene.conn().await;
    conn.query_drop("ALTER DATABASE CHARACTER SET latin1")
        .await
        .unwrap();
    apply(&scene.url, false).await.unwrap();
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
    assert!(table::notes(&mut conn).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_database_that_an_earlier_version_has_migrated_goes_on() {
    let scene = Scene::new("former").await;
    apply(&scene.url, false).await.unwrap();
    let mut conn = scene.conn().await;
    for (version, checksum) in FORMER {
        conn.exec_drop(
            "UPDATE `gatehouse_migration` SET `checksum` = ? WHERE `version` = ?",
            (checksum, version),
        )
        .await
        .unwrap();
        assert_eq!(conn.affected_rows(), 1);
    }
    apply(&scene.url, false).await.unwrap();
    let other =
        "UPDATE `gatehouse_migration` SET `checksum` = REVERSE(`checksum`) WHERE `version` = 1";
    conn.query_drop(other).await.unwrap();
    let error = apply(&scene.url, false).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("was changed after it was applied"),
        "{error}"
    );
}

#[tokio::test]
async fn files_are_applied_in_the_order_of_their_numbers_and_only_once() {
    let scene = Scene::new("order").await;
    scene.file("0002_fill.sql", "INSERT INTO t VALUES (1)");
    scene.file("0001_make.sql", "CREATE TABLE t (n INT)");
    scene.file("README.md", "not a migration");
    scene.apply().await.unwrap();
    scene.apply().await.unwrap();
    scene.file("0003_more.sql", "INSERT INTO t VALUES (2)");
    scene.apply().await.unwrap();
    let rows: Vec<i32> = scene
        .conn()
        .await
        .query("SELECT n FROM t ORDER BY n")
        .await
        .unwrap();
    assert_eq!(rows, [1, 2]);
}

#[tokio::test]
async fn a_connection_that_breaks_on_the_way_is_told_in_one_sentence() {
    let scene = Scene::new("broken").await;
    scene.file("0001_slow.sql", "DO SLEEP(60)");
    let kill = async {
        let mut conn = scene.conn().await;
        loop {
            let running = "SELECT ID FROM information_schema.PROCESSLIST \
                 WHERE DB = DATABASE() AND INFO = 'DO SLEEP(60)'";
            if let Some(id) = conn.query_first::<u64, _>(running).await.unwrap() {
                return conn.query_drop(format!("KILL {id}")).await.unwrap();
            }
        }
    };
    let (applied, ()) = tokio::join!(scene.apply(), kill);
    let error = applied.unwrap_err();
    assert!(error.contains(" broke; run it again"), "{error}");
}

#[tokio::test]
async fn a_failure_that_ends_the_connection_is_the_one_that_is_told() {
    let scene = Scene::new("killed").await;
    scene.file("0001_kill.sql", "KILL CONNECTION_ID()");
    let error = scene.apply().await.unwrap_err();
    assert!(error.starts_with("migration 0001 kill: "), "{error}");
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let scene = Scene::new("dry").await;
    scene.file("0001_make.sql", "CREATE TABLE t (n INT)");
    apply_from(&scene.folder, &scene.url, true).await.unwrap();
    assert!(scene.tables().await.is_empty());
}

#[tokio::test]
async fn a_file_that_was_changed_after_it_was_applied_is_refused() {
    let scene = Scene::new("changed").await;
    scene.file("0001_make.sql", "CREATE TABLE t (n INT)");
    scene.apply().await.unwrap();
    scene.file("0001_make.sql", "CREATE TABLE t (n BIGINT)");
    scene.file("0002_more.sql", "CREATE TABLE u (n INT)");
    let error = scene.apply().await.unwrap_err();
    assert!(
        error.contains("migration 0001 make was changed after it was applied"),
        "{error}"
    );
    assert!(!scene.tables().await.contains(&"u".to_owned()));
}

#[tokio::test]
async fn a_database_that_is_ahead_of_the_checkout_is_refused() {
    let scene = Scene::new("ahead").await;
    scene.file("0001_make.sql", "CREATE TABLE t (n INT)");
    scene.file("0002_more.sql", "CREATE TABLE u (n INT)");
    scene.apply().await.unwrap();
    std::fs::remove_file(scene.folder.join("0002_more.sql")).unwrap();
    let error = scene.apply().await.unwrap_err();
    assert!(
        error.contains("has migration 0002 more, which this checkout does not"),
        "{error}"
    );
}

#[tokio::test]
async fn a_failed_file_is_named_and_not_recorded() {
    let scene = Scene::new("failed").await;
    scene.file("0001_make.sql", "CREATE TABLE t (n INT)");
    scene.file("0002_bad.sql", "CREATE NONSENSE");
    let error = scene.apply().await.unwrap_err();
    assert!(error.contains("migration 0002 bad"), "{error}");
    scene.file("0002_bad.sql", "CREATE TABLE u (n INT)");
    scene.apply().await.unwrap();
    assert!(scene.tables().await.contains(&"u".to_owned()));
}

#[tokio::test]
async fn runs_at_the_same_time_apply_each_file_once() {
    let scene = Scene::new("race").await;
    scene.file("0001_make.sql", "CREATE TABLE t (n INT)");
    scene.file("0002_fill.sql", "INSERT INTO t VALUES (1)");
    let (a, b, c) = tokio::join!(scene.apply(), scene.apply(), scene.apply());
    assert_eq!((a, b, c), (Ok(()), Ok(()), Ok(())));
    let rows: Vec<i32> = scene.conn().await.query("SELECT n FROM t").await.unwrap();
    assert_eq!(rows, [1]);
}

#[tokio::test]
async fn files_with_a_gap_a_number_twice_or_no_number_are_refused() {
    for (name, files) in [
        ("gap", ["0001_a.sql", "0003_c.sql"]),
        ("twice", ["0001_a.sql", "0001_b.sql"]),
        ("none", ["0001_a.sql", "b.sql"]),
    ] {
        let scene = Scene::new(name).await;
        for file in files {
            scene.file(file, "SELECT 1");
        }
        assert!(scene.apply().await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn a_file_with_two_statements_is_refused_before_any_of_it_runs() {
    let scene = Scene::new("two").await;
    for sql in [
        "CREATE TABLE t (n INT); CREATE TABLE u (n INT)",
        "",
        "-- nothing",
    ] {
        scene.file("0001_two.sql", sql);
        let error = scene.apply().await.unwrap_err();
        assert!(error.contains("must hold one statement"), "{error}");
    }
    assert!(scene.tables().await.is_empty());
    scene.file(
        "0001_two.sql",
        "-- a comment; with a semicolon\nCREATE TABLE t (n INT);\n",
    );
    scene.apply().await.unwrap();
}
