//! Sessions, transactions, waiting, caching: what a pool makes of them.

use std::time::{Duration, Instant};

use gatehouse::mysql::{Error, Statement};
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use crate::clients::{connect, driver, origin, start, text};

#[tokio::test]
async fn what_a_session_sets_does_not_outlive_its_statement_or_its_transaction() {
    let hyperdrive = start(|options| {
        options.rich = true;
        options.origin_connection_limit = 1;
    })
    .await;
    // Gatehouse's own client commits what it finds open, so another one speaks here.
    let mut conn = driver(&hyperdrive).await;
    let read = "SELECT @x";
    conn.query_drop("SET @x = 7").await.expect("set");
    let outside: Option<Option<i64>> = conn.query_first(read).await.expect("a row");
    assert_eq!(outside, Some(None));
    conn.query_drop("BEGIN").await.expect("begin");
    conn.query_drop("SET @x = 7").await.expect("set");
    let inside: Option<Option<i64>> = conn.query_first(read).await.expect("a row");
    assert_eq!(inside, Some(Some(7)));
    conn.query_drop("COMMIT").await.expect("commit");
    let after: Option<Option<i64>> = conn.query_first(read).await.expect("a row");
    assert_eq!(after, Some(None));
}

#[tokio::test]
async fn an_abandoned_transaction_is_rolled_back() {
    let hyperdrive = start(|options| options.rich = true).await;
    let mut admin = Conn::new(origin()).await.expect("the origin");
    admin
        .query_drop("DROP TABLE IF EXISTS hyperdrive_abandoned")
        .await
        .expect("drop");
    admin
        .query_drop("CREATE TABLE hyperdrive_abandoned (n INT)")
        .await
        .expect("create");
    let mut connection = driver(&hyperdrive).await;
    connection.query_drop("BEGIN").await.expect("begin");
    connection
        .query_drop("INSERT INTO hyperdrive_abandoned VALUES (1)")
        .await
        .expect("insert");
    let id: Option<u64> = connection
        .query_first("SELECT CONNECTION_ID()")
        .await
        .expect("an id");
    let open = format!(
        "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = {}",
        id.expect("an id")
    );
    let before: Option<u64> = admin.query_first(&open).await.expect("a count");
    assert_eq!(before, Some(1), "the transaction is open");
    drop(connection);
    let deadline = Instant::now() + Duration::from_secs(10);
    while admin.query_first::<u64, _>(&open).await.expect("a count") != Some(0) {
        assert!(Instant::now() < deadline, "the transaction stays open");
        // The table is brought up to date only when nobody has read it for 100 ms.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let rows: Option<u64> = admin
        .query_first("SELECT COUNT(*) FROM hyperdrive_abandoned")
        .await
        .expect("a count");
    assert_eq!(rows, Some(0));
}

#[tokio::test]
async fn an_error_in_a_transaction_does_not_end_it() {
    let hyperdrive = start(|options| options.rich = true).await;
    let mut admin = Conn::new(origin()).await.expect("the origin");
    for sql in [
        "DROP TABLE IF EXISTS hyperdrive_error",
        "CREATE TABLE hyperdrive_error (n INT PRIMARY KEY)",
    ] {
        admin.query_drop(sql).await.expect(sql);
    }
    let mut conn = driver(&hyperdrive).await;
    conn.query_drop("BEGIN").await.expect("begin");
    let insert = "INSERT INTO hyperdrive_error VALUES (1)";
    conn.query_drop(insert).await.expect("insert");
    conn.query_drop(insert).await.expect_err("a duplicate");
    conn.query_drop("INSERT INTO hyperdrive_error VALUES (2)")
        .await
        .expect("insert");
    let count = "SELECT COUNT(*) FROM hyperdrive_error";
    let outside: Option<u64> = admin.query_first(count).await.expect("a count");
    assert_eq!(outside, Some(0), "nothing is committed yet");
    conn.query_drop("COMMIT").await.expect("commit");
    let outside: Option<u64> = admin.query_first(count).await.expect("a count");
    assert_eq!(outside, Some(2));
}

#[tokio::test]
async fn more_statements_than_connections_wait_and_then_fail_in_the_words_of_production() {
    let hyperdrive = start(|options| {
        options.origin_connection_limit = 1;
        options.acquire_timeout = Duration::from_secs(1);
    })
    .await;
    let (mut first, mut second) = (
        connect(&hyperdrive).await.expect("one"),
        connect(&hyperdrive).await.expect("two"),
    );
    let (slow, refused) = (
        Statement::new("testing", "SELECT SLEEP(3)"),
        Statement::new("testing", "SELECT 1"),
    );
    let later = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        second.query(&refused).await
    };
    let (first, refused) = tokio::join!(first.query(&slow), later);
    first.expect("the slow one");
    let error = refused.expect_err("a refusal");
    assert!(
        error
            .to_string()
            .contains("Failed to acquire a connection from the pool."),
        "{error}"
    );
    assert!(
        second
            .query(&Statement::new("testing", "SELECT 1"))
            .await
            .is_ok()
    );
    assert_eq!(hyperdrive.origin_connections(), 1);
}

#[tokio::test]
async fn a_statement_that_runs_too_long_is_ended() {
    let hyperdrive = start(|options| options.statement_timeout = Duration::from_millis(200)).await;
    let mut connection = connect(&hyperdrive).await.expect("a connection");
    let error = connection
        .query(&Statement::new("testing", "SELECT SLEEP(5.5)"))
        .await
        .expect_err("a refusal");
    assert!(
        matches!(&error, Error::Server(refusal) if refusal.code == 3024),
        "{error:?}"
    );
    let sql =
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(5.5)%'";
    // It is ended at the origin too, as soon as the server notices.
    let is_over = async || {
        let mut admin = Conn::new(origin()).await.expect("the origin");
        let running: Option<u64> = admin.query_first(sql).await.expect("a count");
        running == Some(0)
    };
    testkit::wait::until(Duration::from_secs(3), is_over).await;
    assert_eq!(
        text(&mut connection, "SELECT 1").await.as_deref(),
        Some("1")
    );
}

#[tokio::test]
async fn with_caching_a_read_does_not_see_a_write_and_without_it_does() {
    for (caching, expected) in [(true, "1"), (false, "2")] {
        let hyperdrive = start(|options| options.caching = caching).await;
        let mut admin = Conn::new(origin()).await.expect("the origin");
        admin
            .query_drop("DROP TABLE IF EXISTS hyperdrive_cache")
            .await
            .expect("drop");
        admin
            .query_drop("CREATE TABLE hyperdrive_cache (n INT)")
            .await
            .expect("create");
        admin
            .query_drop("INSERT INTO hyperdrive_cache VALUES (1)")
            .await
            .expect("insert");
        let mut connection = connect(&hyperdrive).await.expect("a connection");
        assert_eq!(
            text(&mut connection, "SELECT n FROM hyperdrive_cache")
                .await
                .as_deref(),
            Some("1")
        );
        connection
            .execute(&Statement::new(
                "testing",
                "UPDATE hyperdrive_cache SET n = 2",
            ))
            .await
            .expect("update");
        assert_eq!(
            text(&mut connection, "SELECT n FROM hyperdrive_cache")
                .await
                .as_deref(),
            Some(expected)
        );
        assert_eq!(hyperdrive.counters().snapshot().cached, u64::from(caching));
    }
}
