//! Statements: what they change, what they refuse, how much they return.

use gatehouse::mysql::{Error, Sql, Statement};
use gatehouse::statement;
use mysql_async::prelude::Queryable as _;

use super::{one, servers};

#[tokio::test]
async fn a_change_counts_rows_and_ids_and_one_to_the_same_values_counts_none() {
    for server in servers() {
        server
            .table("live_change", "id BIGINT AUTO_INCREMENT PRIMARY KEY, x INT")
            .await;
        let mut connection = server.connect().await;
        let insert = Statement::new("testing", "INSERT INTO live_change (x) VALUES (1)");
        assert_eq!(connection.execute(&insert).await.unwrap().last_insert_id, 1);
        assert_eq!(connection.execute(&insert).await.unwrap().last_insert_id, 2);
        let update = Statement::new("testing", "UPDATE live_change SET x = 7");
        assert_eq!(connection.execute(&update).await.unwrap().rows, 2);
        assert_eq!(connection.execute(&update).await.unwrap().rows, 0);
    }
}

#[tokio::test]
async fn a_change_is_committed_though_the_server_does_not_commit_by_itself() {
    for server in servers() {
        server.table("live_commit", "n INT").await;
        let mut connection = server.connect().await;
        let off = Statement::new("testing", "SET SESSION autocommit = 0");
        connection.execute(&off).await.unwrap();
        let insert = Statement::new("testing", "INSERT INTO live_commit VALUES (1)");
        assert_eq!(connection.execute(&insert).await.unwrap().rows, 1);
        // Without a goodbye: the server rolls back what is open.
        drop(connection);
        let rows: Option<u64> = server
            .admin()
            .await
            .query_first("SELECT COUNT(*) FROM live_commit")
            .await
            .expect("a count");
        assert_eq!(rows, Some(1));
    }
}

#[tokio::test]
async fn a_duplicate_is_told_and_leaves_the_connection_usable() {
    for server in servers() {
        server
            .table(
                "live_duplicate",
                "id INT PRIMARY KEY, e VARCHAR(99), UNIQUE KEY `the key` (e)",
            )
            .await;
        let mut connection = server.connect().await;
        let insert = |id: i64, text| {
            statement!(
                "testing",
                "INSERT INTO live_duplicate VALUES (:a, :b)",
                a = id,
                b = text
            )
        };
        let evil = "x' for key 'PRIMARY";
        connection.execute(&insert(1, evil)).await.unwrap();
        let error = connection.execute(&insert(2, evil)).await.unwrap_err();
        assert!(error.is_duplicate() && !error.is_fatal(), "{error:?}");
        let error = connection.execute(&insert(1, "y")).await.unwrap_err();
        assert!(error.is_duplicate(), "{error:?}");
        assert_eq!(
            one(
                &mut connection,
                Statement::new("testing", "SELECT COUNT(*) FROM live_duplicate")
            )
            .await
            .cells()
            .next()
            .unwrap()
            .int()
            .unwrap(),
            Some(1)
        );
    }
}

#[tokio::test]
async fn what_a_latin1_column_cannot_hold_or_compare_is_named() {
    for server in servers() {
        server
            .table(
                "live_latin1",
                "name VARCHAR(50) CHARACTER SET latin1, KEY (name)",
            )
            .await;
        let mut connection = server.connect().await;
        let insert = statement!(
            "testing",
            "INSERT INTO live_latin1 VALUES (:a)",
            a = "\u{1f469}"
        );
        let error = connection.execute(&insert).await.unwrap_err();
        assert_eq!(error.unstorable_column(), Some("name"), "{error:?}");
        let select = statement!(
            "testing",
            "SELECT name FROM live_latin1 WHERE name IN (:a, :b)",
            a = "a",
            b = "\u{1f469}"
        );
        let compared = connection.query(&select).await;
        // MySQL compares in the greater character set, MariaDB refuses.
        assert!(
            compared.as_ref().is_ok_and(Vec::is_empty)
                || compared.as_ref().is_err_and(Error::is_incomparable),
            "{compared:?}"
        );
        // ASCII is comparable in every character set.
        let select = statement!(
            "testing",
            "SELECT name FROM live_latin1 WHERE name = :a",
            a = "a"
        );
        assert!(connection.query(&select).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn large_and_wide_and_long_results_come_whole() {
    for server in servers() {
        server.table("live_many", "n INT").await;
        let mut connection = server.connect().await;
        let text = "é".repeat(250_000);
        assert_eq!(
            one(
                &mut connection,
                statement!("testing", "SELECT :a", a = text.as_str())
            )
            .await
            .cells()
            .next()
            .unwrap()
            .text(),
            Some(text)
        );
        let numbers = Sql::list(0..300_i64);
        let wide = statement!("testing", "SELECT :numbers", numbers = &numbers);
        assert_eq!(
            one(&mut connection, wide)
                .await
                .cells()
                .nth(299)
                .unwrap()
                .int()
                .unwrap(),
            Some(299)
        );
        connection
            .execute(&Statement::new(
                "testing",
                "INSERT INTO live_many VALUES (1)",
            ))
            .await
            .unwrap();
        for _ in 0..12 {
            connection
                .execute(&Statement::new(
                    "testing",
                    "INSERT INTO live_many SELECT n FROM live_many",
                ))
                .await
                .unwrap();
        }
        let rows = connection
            .query(&Statement::new("testing", "SELECT n FROM live_many"))
            .await
            .unwrap();
        assert_eq!(rows.len(), 4096);
    }
}

#[tokio::test]
async fn two_statements_in_one_are_refused() {
    for server in servers() {
        let error = server
            .connect()
            .await
            .query(&Statement::new("testing", "SELECT 1; SELECT 2"))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, Error::Server(refusal) if refusal.code == 1064),
            "{error:?}"
        );
    }
}
