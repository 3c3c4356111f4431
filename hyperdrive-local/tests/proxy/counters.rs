//! What is counted.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use gatehouse::mysql::{Connection, Credentials};

use crate::clients::{NoRsa, connect, start, text};

#[tokio::test]
async fn the_greeting_the_authentication_and_each_statement_are_a_round_trip() {
    let hyperdrive = start(|_| {}).await;
    let mut connection = connect(&hyperdrive).await.expect("a connection");
    let round_trips = || hyperdrive.counters().snapshot().round_trips;
    assert_eq!(round_trips(), 2);
    for count in [3, 4] {
        text(&mut connection, "SELECT 'one'").await;
        assert_eq!(round_trips(), count);
    }
}

#[tokio::test]
async fn statements_that_arrive_together_are_one_round_trip() {
    let hyperdrive = start(|_| {}).await;
    let credentials = Credentials {
        user: hyperdrive.user().to_owned(),
        password: hyperdrive.password().to_owned(),
        database: hyperdrive.database().to_owned(),
    };
    let stream = TcpStream::connect(("127.0.0.1", hyperdrive.port())).expect("a stream");
    let mut same = stream.try_clone().expect("the same stream");
    stream.set_nonblocking(true).expect("nonblocking");
    let stream = tokio::net::TcpStream::from_std(stream).expect("a stream");
    let connection = Connection::connect(stream, &credentials, &NoRsa).await;
    let before = hyperdrive.counters().snapshot();

    same.write_all(b"\x09\0\0\0\x03SELECT 1\x09\0\0\0\x03SELECT 2")
        .expect("two statements");
    let statements = || hyperdrive.counters().snapshot().statements - before.statements;
    testkit::wait::until(Duration::from_secs(10), async || statements() == 2).await;
    let round_trips = || hyperdrive.counters().snapshot().round_trips - before.round_trips;
    testkit::wait::until(Duration::from_secs(10), async || {
        hyperdrive.counters().snapshot().bytes_out > before.bytes_out + 100
    })
    .await;
    assert_eq!(round_trips(), 1);
    drop(connection);
}
