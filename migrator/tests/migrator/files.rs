//! Folders of migrations: right ones and wrong ones, applied once, again and at the same time.

use migrator::Migrations;
use mysql_async::prelude::Queryable as _;

use crate::scene::Scene;

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
async fn a_dry_run_changes_nothing() {
    let scene = Scene::new("dry").await;
    scene.file("0001_make.sql", "CREATE TABLE t (n INT)");
    let migrations = Migrations::read(&scene.folder).unwrap();
    let plan = migrations.plan(&mut scene.conn().await).await.unwrap();
    let pending: Vec<_> = plan
        .pending
        .iter()
        .map(|migration| &*migration.name)
        .collect();
    assert_eq!((plan.applied, pending), (0, vec!["make"]));
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
