//! Against real servers: the private one, and the one of `TEST_MYSQL_URL` if there is one.

use gatehouse::mysql::{Connection, Credentials, Error, Row, Sql, Statement, Value};
use gatehouse::statement;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Opts, OptsBuilder};
use proptest::prelude::*;
use tokio::net::TcpStream;

/// A real server.
#[derive(Clone)]
pub(crate) struct Server {
    options: Opts,
}

/// The servers to test on. A test that is run without any fails.
pub(crate) fn servers() -> Vec<Server> {
    let private = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the tests with `cargo xtask test`");
    let urls = [Some(private), std::env::var("TEST_MYSQL_URL").ok()];
    let options = urls
        .iter()
        .flatten()
        .map(|url| Opts::from_url(url).expect("a database's URL"));
    options
        .map(|options| Server {
            options: OptsBuilder::from_opts(options).prefer_socket(false).into(),
        })
        .collect()
}

impl Server {
    pub(crate) fn credentials(&self) -> Credentials {
        let text = |text: Option<&str>| text.expect("a whole URL").to_owned();
        Credentials {
            user: text(self.options.user()),
            password: text(self.options.pass()),
            database: text(self.options.db_name()),
        }
    }

    pub(crate) async fn try_connect(
        &self,
        credentials: &Credentials,
    ) -> Result<Connection<TcpStream>, Error> {
        let address = (self.options.ip_or_hostname(), self.options.tcp_port());
        Connection::connect(TcpStream::connect(address).await?, credentials).await
    }

    async fn connect(&self) -> Connection<TcpStream> {
        self.try_connect(&self.credentials())
            .await
            .expect("a connection")
    }

    /// Another client, for what this one does not do.
    pub(crate) async fn admin(&self) -> mysql_async::Conn {
        mysql_async::Conn::new(self.options.clone())
            .await
            .expect("a connection")
    }

    pub(crate) async fn is_mariadb(&self) -> bool {
        let version: Option<String> = self
            .admin()
            .await
            .query_first("SELECT VERSION()")
            .await
            .expect("a version");
        version.expect("a version").contains("MariaDB")
    }

    /// A table of a test's own, empty.
    async fn table(&self, name: &str, columns: &str) {
        let mut admin = self.admin().await;
        admin
            .query_drop(format!("DROP TABLE IF EXISTS `{name}`"))
            .await
            .expect("drop");
        admin
            .query_drop(format!("CREATE TABLE `{name}` ({columns})"))
            .await
            .expect("create");
    }

    /// An account of a test's own.
    async fn account(&self, name: &str, identified: &str) {
        let mut admin = self.admin().await;
        admin
            .query_drop(format!("DROP USER IF EXISTS '{name}'@'%'"))
            .await
            .expect("drop");
        admin
            .query_drop(format!("CREATE USER '{name}'@'%' {identified}"))
            .await
            .expect("create");
        let database = self.options.db_name().expect("a database");
        admin
            .query_drop(format!("GRANT SELECT ON `{database}`.* TO '{name}'@'%'"))
            .await
            .expect("grant");
    }
}

async fn one(connection: &mut Connection<TcpStream>, statement: Statement) -> Row {
    connection.query(&statement).await.expect("a row").remove(0)
}

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

#[tokio::test]
async fn wrong_credentials_are_told_by_number() {
    for server in servers() {
        let right = server.credentials();
        let refused = async |credentials: Credentials| {
            let connected = server.try_connect(&credentials).await;
            connected.err().expect("a refusal")
        };
        let wrong_password = |password: &str| Credentials {
            password: password.into(),
            ..right.clone()
        };
        for password in ["wrong", ""] {
            let error = refused(wrong_password(password)).await;
            assert!(
                matches!(&error, Error::Server(refusal) if refusal.code == 1045),
                "{error:?}"
            );
        }
        let no_database = Credentials {
            database: "no_such_database".into(),
            ..right.clone()
        };
        let error = refused(no_database).await;
        assert!(
            matches!(&error, Error::Server(refusal) if refusal.code == 1049),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_unknown_user_is_refused() {
    for server in servers() {
        let credentials = Credentials {
            user: "nobody_at_all".into(),
            ..server.credentials()
        };
        let error = server
            .try_connect(&credentials)
            .await
            .err()
            .expect("a refusal");
        // MySQL hides who exists: it asks strangers for a plugin at random, which may be one that
        // this client lacks. MariaDB treats a stranger as one of its accounts: 1698 if that one has
        // no password.
        let refused =
            matches!(&error, Error::Server(refusal) if [1045, 1698].contains(&refusal.code));
        assert!(
            refused || matches!(error, Error::Unsupported(_)),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn every_account_that_hyperdrive_could_use_can_connect() {
    for server in servers() {
        let (long, odd) = ("p".repeat(200), "pä ss'w\"ör\\d%");
        let mut accounts = vec![("live_empty", String::new(), String::new())];
        let escaped = odd.replace('\\', "\\\\").replace('\'', "''");
        if server.is_mariadb().await {
            for (name, password, sql) in [
                ("live_native", odd, escaped.as_str()),
                ("live_long", &long, &long),
            ] {
                let identified =
                    format!("IDENTIFIED VIA mysql_native_password USING PASSWORD('{sql}')");
                accounts.push((name, password.to_owned(), identified));
            }
        } else {
            for (name, password, sql) in [
                ("live_sha2", odd, escaped.as_str()),
                ("live_long", &long, &long),
            ] {
                let identified = format!("IDENTIFIED WITH caching_sha2_password BY '{sql}'");
                accounts.push((name, password.to_owned(), identified));
            }
        }
        for (name, password, identified) in accounts {
            server.account(name, &identified).await;
            let credentials = Credentials {
                user: name.into(),
                password,
                ..server.credentials()
            };
            // At MySQL the first time takes the full authentication, the second its fast path.
            for _ in 0..2 {
                let mut connection = server
                    .try_connect(&credentials)
                    .await
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                let user = one(
                    &mut connection,
                    Statement::new("testing", "SELECT CURRENT_USER()"),
                )
                .await;
                let user = user.cells().next().unwrap().text().unwrap();
                assert!(user.starts_with(&format!("{name}@")), "{user}");
                connection.close().await.unwrap();
            }
            let wrong = Credentials {
                password: "wrong".into(),
                ..credentials
            };
            assert!(
                matches!(server.try_connect(&wrong).await, Err(Error::Server(_))),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn a_connection_killed_by_the_server_is_an_error_and_then_broken() {
    for server in servers() {
        let mut connection = server.connect().await;
        let id = one(
            &mut connection,
            Statement::new("testing", "SELECT CONNECTION_ID()"),
        )
        .await
        .cells()
        .next()
        .unwrap()
        .int()
        .unwrap()
        .unwrap();
        server
            .admin()
            .await
            .query_drop(format!("KILL {id}"))
            .await
            .expect("kill");
        let select = Statement::new("testing", "SELECT 1");
        assert!(
            connection
                .query(&select)
                .await
                .is_err_and(|error| error.is_fatal())
        );
        assert!(matches!(
            connection.query(&select).await,
            Err(Error::Broken)
        ));
    }
}

#[test]
fn values_are_made_of_what_rust_has_for_them() {
    assert_eq!(Value::from(Some("x")), Value::Text("x"));
    assert_eq!(Value::from(None::<i64>), Value::Null);
}
