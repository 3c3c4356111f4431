//! Values of every kind, to the server and back.

use gatehouse::mysql::{Credentials, Sql, Statement, Value};
use gatehouse::statement;
use mysql_async::prelude::Queryable as _;
use proptest::prelude::*;

use super::{one, servers};

#[tokio::test]
async fn the_session_is_in_utf8mb4_whatever_the_servers_default() {
    for server in servers() {
        let mut connection = server.connect().await;
        let sql =
            "SELECT @@character_set_client, @@character_set_connection, @@character_set_results";
        let row = one(&mut connection, Statement::new("testing", sql)).await;
        for column in 0..3 {
            assert_eq!(
                row.cells().nth(column).unwrap().text().as_deref(),
                Some("utf8mb4")
            );
        }
    }
}

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_went() {
    for server in servers() {
        let mut connection = server.connect().await;
        let statement = statement!(
            "testing",
            "SELECT :a, :b, :c, :d, :e, :f",
            a = "é👩‍🚀\0'\\\"%_",
            b = i64::MIN,
            c = u64::MAX,
            d = None::<&str>,
            e = "",
            f = &[0_u8, 255, 39, 92][..]
        );
        let row = one(&mut connection, statement).await;
        assert_eq!(
            row.cells().next().unwrap().text().as_deref(),
            Some("é👩‍🚀\0'\\\"%_")
        );
        assert_eq!(row.cells().nth(1).unwrap().int().unwrap(), Some(i64::MIN));
        assert_eq!(
            row.cells().nth(2).unwrap().text(),
            Some(u64::MAX.to_string())
        );
        assert_eq!(row.cells().nth(3).unwrap().bytes(), None);
        assert_eq!(row.cells().nth(4).unwrap().text().as_deref(), Some(""));
        assert_eq!(
            row.cells().nth(5).unwrap().bytes(),
            Some(&[0_u8, 255, 39, 92][..])
        );
    }
}

#[test]
fn any_text_stored_in_a_table_comes_back_as_it_went() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for server in servers() {
        let connection = runtime.block_on(async {
            server
                .table("live_text", "t LONGTEXT CHARACTER SET utf8mb4, b LONGBLOB")
                .await;
            tokio::sync::Mutex::new(server.connect().await)
        });
        let strategy = (any::<String>(), any::<Vec<u8>>());
        proptest!(ProptestConfig::with_cases(100), |((text, bytes) in strategy)| {
            let row = runtime.block_on(async {
                let mut connection = connection.lock().await;
                connection.execute(&Statement::new("testing", "DELETE FROM live_text")).await.unwrap();
                let insert = statement!("testing", "INSERT INTO live_text VALUES (:a, :b)", a = text.as_str(), b = bytes.as_slice());
                connection.execute(&insert).await.unwrap();
                one(&mut connection, Statement::new("testing", "SELECT t, b FROM live_text")).await
            });
            prop_assert_eq!(row.cells().next().unwrap().text().unwrap(), text);
            prop_assert_eq!(row.cells().nth(1).unwrap().bytes().unwrap(), bytes);
        });
    }
}

/// A parameter of any kind, owned.
#[derive(Debug, Clone)]
enum Parameter {
    Null,
    Int(i64),
    UInt(u64),
    Text(String),
    Bytes(Vec<u8>),
}

fn parameters() -> impl Strategy<Value = Vec<Parameter>> {
    let one = prop_oneof![
        Just(Parameter::Null),
        any::<i64>().prop_map(Parameter::Int),
        any::<u64>().prop_map(Parameter::UInt),
        any::<String>().prop_map(Parameter::Text),
        // What escaping would trip over.
        "['\"\\\\%_;`\0\n-]{0,12}".prop_map(Parameter::Text),
        any::<Vec<u8>>().prop_map(Parameter::Bytes),
    ];
    prop::collection::vec(one, 1..8)
}

#[test]
fn any_parameters_come_back_under_every_sql_mode_and_every_default_character_set() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for server in servers() {
        for charset in ["latin1", "utf8mb3", "utf8mb4"] {
            let database = format!("live_{charset}");
            let mut connection = runtime.block_on(async {
                let mut admin = server.admin().await;
                for sql in [
                    format!("DROP DATABASE IF EXISTS {database}"),
                    format!("CREATE DATABASE {database} CHARACTER SET {charset}"),
                ] {
                    admin.query_drop(sql).await.expect("a database");
                }
                let credentials = Credentials {
                    database,
                    ..server.credentials()
                };
                server
                    .try_connect(&credentials)
                    .await
                    .expect("a connection")
            });
            for mode in [
                "SET SESSION sql_mode = ''",
                "SET SESSION sql_mode = 'ANSI_QUOTES'",
                "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'",
                "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE,STRICT_ALL_TABLES'",
            ] {
                runtime
                    .block_on(connection.execute(&Statement::new("testing", mode)))
                    .unwrap();
                let shared = tokio::sync::Mutex::new(&mut connection);
                proptest!(ProptestConfig::with_cases(25), |(parameters in parameters())| {
                    let row = runtime.block_on(async {
                        one(&mut **shared.lock().await, select(&parameters)).await
                    });
                    for (column, parameter) in parameters.iter().enumerate() {
                        let expected = match parameter {
                            Parameter::Null => None,
                            Parameter::Int(number) => Some(number.to_string().into_bytes()),
                            Parameter::UInt(number) => Some(number.to_string().into_bytes()),
                            Parameter::Text(text) => Some(text.clone().into_bytes()),
                            Parameter::Bytes(bytes) => Some(bytes.clone()),
                        };
                        prop_assert_eq!(row.cells().nth(column).unwrap().bytes(), expected.as_deref());
                    }
                });
            }
        }
    }
}

fn select(parameters: &[Parameter]) -> Statement {
    let values = parameters.iter().map(|parameter| match parameter {
        Parameter::Null => Value::Null,
        Parameter::Int(number) => Value::Int(*number),
        Parameter::UInt(number) => Value::UInt(*number),
        Parameter::Text(text) => Value::Text(text),
        Parameter::Bytes(bytes) => Value::Bytes(bytes),
    });
    statement!("testing", "SELECT :values", values = &Sql::list(values))
}

#[tokio::test]
async fn times_come_as_seconds_since_the_epoch_whatever_the_time_zone() {
    for server in servers() {
        server.table("live_time", "t TIMESTAMP NULL").await;
        let mut connection = server.connect().await;
        let insert = statement!(
            "testing",
            "INSERT INTO live_time VALUES (FROM_UNIXTIME(:a))",
            a = 1_700_000_000_u64
        );
        connection.execute(&insert).await.unwrap();
        let mut admin = server.admin().await;
        for zone in ["+00:00", "+13:00", "-11:30"] {
            admin
                .query_drop(format!("SET time_zone = '{zone}'"))
                .await
                .expect("a time zone");
            let seconds: Option<i64> = admin
                .query_first("SELECT UNIX_TIMESTAMP(t) FROM live_time")
                .await
                .expect("a time");
            assert_eq!(seconds, Some(1_700_000_000));
        }
        let row = one(
            &mut connection,
            Statement::new("testing", "SELECT UNIX_TIMESTAMP(t) FROM live_time"),
        )
        .await;
        assert_eq!(
            row.cells().next().unwrap().int().unwrap(),
            Some(1_700_000_000)
        );
    }
}

#[test]
fn values_are_made_of_what_rust_has_for_them() {
    assert_eq!(Value::from(Some("x")), Value::Text("x"));
    assert_eq!(Value::from(None::<i64>), Value::Null);
}
