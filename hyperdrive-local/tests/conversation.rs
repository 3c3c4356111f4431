//! Drivers that speak to a local Hyperdrive: `mysql_async`, and Gatehouse's own.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use gatehouse::mysql::{Connection, Credentials, Error, Statement};
use gatehouse::statement;
use hyperdrive_local::Hyperdrive;
use hyperdrive_local::fault::{Fault, Kind, Stage};
use hyperdrive_local::options::{Options, Plugin};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder};
use tokio::net::TcpStream;

fn origin() -> Opts {
    let url = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the tests with `cargo xtask test`");
    let options = Opts::from_url(&url).expect("a database's URL");
    OptsBuilder::from_opts(options).prefer_socket(false).into()
}

async fn start(change: impl FnOnce(&mut Options)) -> Hyperdrive {
    let mut options = Options::new(origin());
    change(&mut options);
    Hyperdrive::start(options)
        .await
        .expect("a local Hyperdrive")
}

/// Gatehouse's client.
async fn connect(hyperdrive: &Hyperdrive) -> Result<Connection<TcpStream>, Error> {
    let credentials = Credentials {
        user: hyperdrive.user().to_owned(),
        password: hyperdrive.password().to_owned(),
        database: hyperdrive.database().to_owned(),
    };
    let stream = TcpStream::connect(("127.0.0.1", hyperdrive.port())).await?;
    Connection::connect(stream, &credentials).await
}

async fn text(connection: &mut Connection<TcpStream>, sql: &'static str) -> Option<String> {
    let rows = connection
        .query(&Statement::new("testing", sql))
        .await
        .expect("rows");
    rows.first()
        .expect("a row")
        .cells()
        .next()
        .expect("a column")
        .text()
}

/// `mysql_async`, which asks for what it likes: it needs a greeting with a plugin.
async fn driver(hyperdrive: &Hyperdrive) -> Conn {
    let options = Opts::from_url(&hyperdrive.connection_string()).expect("a URL");
    // It would ask for its settings first, and prepare nothing.
    let options = OptsBuilder::from_opts(options)
        .prefer_socket(false)
        .max_allowed_packet(Some(1 << 20))
        .wait_timeout(Some(60));
    Conn::new(options).await.expect("a connection")
}

#[tokio::test]
async fn rows_come_through_whatever_the_handshake() {
    for (plugin, rich) in [
        (Plugin::Native, false),
        (Plugin::Native, true),
        (Plugin::CachingSha2, false),
        (Plugin::CachingSha2, true),
    ] {
        let hyperdrive = start(|options| (options.plugin, options.rich) = (plugin, rich)).await;
        let mut connection = connect(&hyperdrive).await.expect("a connection");
        let statement = statement!(
            "testing",
            "SELECT :a, NULL, :b, ''",
            a = "é👩\0",
            b = -7_i64
        );
        let rows = connection.query(&statement).await.expect("rows");
        let row = rows.first().expect("a row");
        assert_eq!(
            row.cells().next().expect("a column").text().as_deref(),
            Some("é👩\0")
        );
        assert_eq!(row.cells().nth(1).expect("a column").bytes(), None);
        assert_eq!(
            row.cells()
                .nth(2)
                .expect("a column")
                .int()
                .expect("a number"),
            Some(-7)
        );
        assert_eq!(
            row.cells().nth(3).expect("a column").text().as_deref(),
            Some("")
        );
        let none = connection
            .query(&Statement::new("testing", "SELECT 1 FROM DUAL WHERE 1 = 0"))
            .await;
        assert!(none.expect("no rows").is_empty());
        let error = connection
            .query(&Statement::new("testing", "SELECT * FROM no_such_table"))
            .await
            .expect_err("no such table");
        assert!(
            matches!(&error, Error::Server(refusal) if refusal.code == 1146),
            "{error:?}"
        );
        assert_eq!(
            text(&mut connection, "SELECT 'still here'")
                .await
                .as_deref(),
            Some("still here")
        );
    }
}

#[tokio::test]
async fn nobody_else_gets_in() {
    let hyperdrive = start(|_| {}).await;
    for (user, password) in [
        ("hyperdrive", "wrong"),
        ("hyperdrive", ""),
        ("root", hyperdrive.password()),
    ] {
        let credentials = Credentials {
            user: user.to_owned(),
            password: password.to_owned(),
            database: hyperdrive.database().to_owned(),
        };
        let stream = TcpStream::connect(("127.0.0.1", hyperdrive.port()))
            .await
            .expect("a stream");
        let refused = Connection::connect(stream, &credentials)
            .await
            .err()
            .expect("a refusal");
        assert!(
            matches!(&refused, Error::Server(error) if error.code == 1045),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_driver_that_prepares_fails_in_the_words_of_production() {
    let hyperdrive = start(|options| options.rich = true).await;
    let mut conn = driver(&hyperdrive).await;
    let works: Option<u8> = conn.query_first("SELECT 1").await.expect("text");
    assert_eq!(works, Some(1));
    let error = conn
        .exec_first::<u8, _, _>("SELECT ?", (1,))
        .await
        .expect_err("a refusal");
    let message = "Hyperdrive does not currently support MySQL COM_STMT_PREPARE messages";
    assert!(error.to_string().contains(message), "{error}");
    assert_eq!(hyperdrive.counters().snapshot().refused, 1);
}

#[tokio::test]
async fn what_production_refuses_is_refused_and_the_connection_goes_on() {
    let hyperdrive = start(|_| {}).await;
    let mut connection = connect(&hyperdrive).await.expect("a connection");
    for (sql, words) in [
        ("SELECT 1; SELECT 2", "multi-statement queries"),
        ("PREPARE s FROM 'SELECT 1'", "prepared statements"),
        ("USE mysql", "USE statements"),
    ] {
        let error = connection
            .query(&Statement::new("testing", sql))
            .await
            .expect_err("a refusal");
        let Error::Server(refusal) = &error else {
            panic_with(&error)
        };
        assert!(refusal.message.contains(words), "{refusal:?}");
        assert_eq!(refusal.state.as_deref(), Some("58000"));
    }
    assert_eq!(
        text(&mut connection, "SELECT 1").await.as_deref(),
        Some("1")
    );
    let counters = hyperdrive.counters().snapshot();
    assert_eq!(
        (counters.statements, counters.refused, counters.connections),
        (1, 3, 1)
    );
}

#[expect(clippy::panic, reason = "a test that cannot go on fails")]
fn panic_with(error: &Error) -> ! {
    panic!("{error:?}")
}

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
    let mut admin = Conn::new(origin()).await.expect("the origin");
    let running: Option<u64> = admin.query_first(sql).await.expect("a count");
    assert_eq!(running, Some(0), "it was ended at the origin too");
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

#[tokio::test]
async fn every_fault_strikes_where_it_is_told_to_and_then_is_over() {
    let hyperdrive = start(|_| {}).await;
    for stage in Stage::ALL {
        for kind in [
            Kind::Close,
            Kind::Cut,
            Kind::Hang,
            Kind::Delay(50),
            Kind::Garble,
            Kind::Error,
            Kind::PoolExhausted,
        ] {
            hyperdrive.fail(Fault {
                stage,
                kind,
                times: Some(1),
            });
            let talk = async {
                let mut connection = connect(&hyperdrive).await?;
                connection
                    .query(&Statement::new("testing", "SELECT 'x'"))
                    .await
            };
            let wait = match kind {
                Kind::Hang => Duration::from_millis(400),
                _ => Duration::from_secs(10),
            };
            let heard = tokio::time::timeout(wait, talk).await;
            match kind {
                Kind::Hang => assert!(heard.is_err(), "{stage:?} {kind:?}"),
                Kind::Delay(_) => {
                    assert!(heard.is_ok_and(|rows| rows.is_ok()), "{stage:?} {kind:?}");
                }
                // A garbled row is still a row, and a garbled OK may be one.
                Kind::Garble => {}
                _ => assert!(heard.expect("an answer").is_err(), "{stage:?} {kind:?}"),
            }
            let mut connection = connect(&hyperdrive).await.expect("the fault is over");
            assert_eq!(
                text(&mut connection, "SELECT 1").await.as_deref(),
                Some("1")
            );
        }
    }
    for (kind, times) in [
        (Kind::CloseAfterBytes(100), None),
        (Kind::CloseAfterBytes(100), Some(1)),
        (Kind::CloseAfterPackets(2), Some(1)),
    ] {
        hyperdrive.fail(Fault {
            stage: Stage::Connect,
            kind,
            times,
        });
        let mut connection = connect(&hyperdrive).await;
        let asked = match &mut connection {
            Ok(connection) => connection
                .query(&Statement::new("testing", "SELECT 'x'"))
                .await
                .map(drop),
            Err(_) => Err(Error::Broken),
        };
        assert!(asked.is_err(), "{kind:?} {times:?}");
        hyperdrive.fail(None);
    }
    // None at all.
    hyperdrive.fail(Fault {
        stage: Stage::Connect,
        kind: Kind::Close,
        times: Some(0),
    });
    assert!(connect(&hyperdrive).await.is_ok());
}

#[tokio::test]
async fn counters_are_read_and_faults_are_set_over_http() {
    let hyperdrive = start(|_| {}).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let control = hyperdrive.control();
    tokio::spawn(async { axum::serve(listener, control).await });
    let client = reqwest::Client::new();
    let counters: serde_json::Value = client
        .get(format!("{url}/counters"))
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        (&counters["statements"], &counters["origin_connections"]),
        (&0.into(), &0.into())
    );
    let fault = serde_json::json!({ "stage": "query", "kind": { "delay": 7 }, "times": 2 });
    let set = client
        .put(format!("{url}/fault"))
        .json(&fault)
        .send()
        .await
        .expect("an answer");
    assert_eq!(set.json::<serde_json::Value>().await.expect("JSON"), fault);
    let bad = client
        .put(format!("{url}/fault"))
        .json(&serde_json::json!({ "stage": "moon" }))
        .send()
        .await;
    assert!(bad.expect("an answer").status().is_client_error());
    assert!(
        client
            .delete(format!("{url}/fault"))
            .send()
            .await
            .expect("an answer")
            .status()
            .is_success()
    );
}
