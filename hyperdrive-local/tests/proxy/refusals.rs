//! Who gets in, what comes through, and what is refused as in production.

use gatehouse::mysql::{Connection, Credentials, Error, Statement};
use gatehouse::statement;
use hyperdrive_local::options::Plugin;
use mysql_async::prelude::Queryable as _;
use tokio::net::TcpStream;

use crate::clients::{NoRsa, connect, driver, start, text};

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
        assert_eq!(row.cells().next().unwrap().text().as_deref(), Some("é👩\0"));
        assert_eq!(row.cells().nth(1).unwrap().bytes(), None);
        assert_eq!(row.cells().nth(2).unwrap().int().unwrap(), Some(-7));
        assert_eq!(row.cells().nth(3).unwrap().text().as_deref(), Some(""));
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
        let refused = Connection::connect(stream, &credentials, &NoRsa)
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

#[tokio::test]
async fn a_check_of_the_callers_refuses_what_it_likes_by_its_shape() {
    let hyperdrive = start(|options| {
        options.refuse = Some(|sql, shape| {
            let message = format!("{} bytes: {shape}", sql.len());
            shape.starts_with("DELETE").then_some(message)
        });
    })
    .await;
    let mut connection = connect(&hyperdrive).await.expect("a connection");
    let delete = Statement::new("testing", "DELETE FROM `t` WHERE x = 'secret'");
    let error = connection.execute(&delete).await.expect_err("a refusal");
    let Error::Server(refusal) = &error else {
        panic_with(&error)
    };
    assert_eq!(refusal.message, "34 bytes: DELETE FROM `t` WHERE x = ?");
    let answer = text(&mut connection, "SELECT 1").await;
    assert_eq!(answer.as_deref(), Some("1"));
    let counters = hyperdrive.counters().snapshot();
    assert_eq!((counters.statements, counters.refused), (1, 1));
}

#[expect(clippy::panic, reason = "a test that cannot go on fails")]
fn panic_with(error: &Error) -> ! {
    panic!("{error:?}")
}
