//! The SQL that is sent stays within what several databases take.

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder};

use crate::support::{database::Database, dialect, hyperdrive};

/// A connection through a local Hyperdrive that refuses as those of the apps do.
async fn connect() -> (hyperdrive_local::Hyperdrive, Conn) {
    let hyperdrive = hyperdrive::start_with(Database::shared().options(), |options| {
        // The driver needs a greeting with a plugin.
        options.rich = true;
        options.refuse = Some(dialect::objection);
    });
    let url = Opts::from_url(&hyperdrive.connection_string()).expect("a URL");
    // Otherwise it would ask for these first.
    let options = OptsBuilder::from_opts(url)
        .prefer_socket(false)
        .max_allowed_packet(Some(1 << 20))
        .wait_timeout(Some(60));
    let conn = Conn::new(options).await.expect("a connection");
    (hyperdrive, conn)
}

#[tokio::test]
async fn a_statement_that_some_database_may_not_take_is_refused_by_its_shape() {
    let (_hyperdrive, mut conn) = connect().await;
    for (sql, what) in [
        ("SELECT @a := 1", "@a"),
        ("SELECT @@sql_mode", "@@sql_mode"),
        ("SET NAMES utf8mb4", "SET"),
        ("SET STATEMENT max_statement_time = 1 FOR SELECT 1", "SET"),
        ("SELECT /*+ MAX_EXECUTION_TIME(1) */ 1", "/*"),
        ("SELECT 1 /*! + 1 */", "/*"),
        ("SELECT 1 -- x", "--"),
        ("SELECT 1 # x", "#"),
        ("SELECT 1 FROM `user` FOR UPDATE", "FOR"),
        ("SELECT 1 FROM `user` LOCK IN SHARE MODE", "LOCK"),
        ("SELECT GET_LOCK('a', 1)", "GET_LOCK"),
        ("SELECT SLEEP(0)", "SLEEP"),
        ("SELECT COUNT(*) FROM `user`", "COUNT"),
        ("SELECT ROW_COUNT()", "ROW_COUNT"),
        ("SELECT 1 FROM `user` JOIN `b` ON 1 = 1", "JOIN"),
        ("SELECT 1 FROM `user` LEFT JOIN `b` ON 1 = 1", "LEFT"),
        ("SELECT 1 FROM `user`, `b`", ","),
        ("SELECT 1 FROM `a`.`user`, `b`", ","),
        ("SELECT 1 FROM `user` WHERE `id` IN (SELECT 1)", "SELECT"),
        ("SELECT 1 UNION SELECT 2", "UNION"),
        ("WITH a AS (SELECT 1) SELECT * FROM a", "WITH"),
        (
            "INSERT INTO `user` (`name`) VALUES ('a') RETURNING `id`",
            "RETURNING",
        ),
        ("INSERT IGNORE INTO `user` (`name`) VALUES ('a')", "IGNORE"),
        ("REPLACE INTO `user` (`name`) VALUES ('a')", "REPLACE"),
        (
            "INSERT INTO `user` (`id`) SELECT 1 FROM `user` FOR SHARE",
            "FOR",
        ),
        ("DELETE `user` FROM `user`, `b`", ","),
        ("UPDATE `user`, `b` SET `name` = NULL", ","),
        ("BEGIN", "BEGIN"),
        ("CALL p()", "CALL"),
    ] {
        let refused = conn.query_drop(sql).await.expect_err(sql).to_string();
        let words = format!("not every database is known to take {what} (");
        assert!(refused.contains(&words), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn the_refusal_of_a_statement_holds_none_of_its_literals() {
    let (hyperdrive, mut conn) = connect().await;
    let sql = "SELECT SHA1('secret'), X'736563', 42";
    let refused = conn.query_drop(sql).await.expect_err(sql).to_string();
    assert!(refused.contains("SELECT SHA1 ( ? ) , ? , ?"), "{refused}");
    assert_eq!(hyperdrive.counters().snapshot().refused, 1);
}

#[tokio::test]
async fn statements_of_what_is_listed_pass() {
    let (hyperdrive, mut conn) = connect().await;
    for sql in [
        "SELECT 1",
        "select `id`, `name` from `user` where `id` = 0 limit 1",
        "DELETE FROM `user` WHERE FALSE",
        "DELETE `user`, `a` FROM `user` LEFT JOIN `user` AS `a` ON TRUE WHERE FALSE",
        "UPDATE `user` JOIN `user` AS `a` ON FALSE SET `user`.`name` = NULL",
        "COMMIT",
    ] {
        conn.query_drop(sql).await.expect(sql);
    }
    assert_eq!(hyperdrive.counters().snapshot().refused, 0);
}
