//! Faults on request, and the control port.

use std::time::Duration;

use gatehouse::mysql::{Error, Statement};
use hyperdrive_local::fault::{Fault, Kind, Stage};

use crate::clients::{connect, start, text};

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
            Kind::CommitFailed,
        ] {
            hyperdrive.fail(Fault {
                stage,
                kind,
                skip: 0,
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
}

#[tokio::test]
async fn a_connection_is_closed_after_so_many_bytes_or_packets_and_no_times_are_none() {
    let hyperdrive = start(|_| {}).await;
    for (kind, times) in [
        (Kind::CloseAfterBytes(100), None),
        (Kind::CloseAfterBytes(100), Some(1)),
        (Kind::CloseAfterPackets(2), Some(1)),
    ] {
        hyperdrive.fail(Fault {
            stage: Stage::Connect,
            kind,
            skip: 0,
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
        skip: 0,
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
    let fault =
        serde_json::json!({ "stage": "query", "kind": { "delay": 7 }, "skip": 1, "times": 2 });
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

#[tokio::test]
async fn a_statement_for_which_there_is_no_connection_is_not_run() {
    let hyperdrive = start(|_| {}).await;
    let mut connection = connect(&hyperdrive).await.expect("a connection");
    for stage in [Stage::Query, Stage::FirstRow, Stage::LastRow] {
        hyperdrive.fail(Fault {
            stage,
            kind: Kind::PoolExhausted,
            skip: 1,
            times: Some(1),
        });
        let slow = Statement::new("testing", "SELECT SLEEP(2)");
        let started = std::time::Instant::now();
        assert_eq!(
            text(&mut connection, "SELECT 1").await.as_deref(),
            Some("1")
        );
        let refused = connection.query(&slow).await;
        assert!(matches!(refused, Err(Error::Server(_))), "{stage:?}");
        assert!(started.elapsed() < Duration::from_secs(2), "{stage:?}");
        assert_eq!(
            text(&mut connection, "SELECT 2").await.as_deref(),
            Some("2")
        );
    }
}
