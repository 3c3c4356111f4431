//! Replies to statements: what is made of each, and what is left of the connection.

use gatehouse::mysql::{Affected, Connection, Error, Row, Statement};
use proptest::prelude::*;
use tokio::io::DuplexStream;

use crate::hear::hear;
use crate::script::*;

const EOF: &[u8] = b"\xfe\0\0\x02\0";
/// The terminator of rows under `DEPRECATE_EOF`: an OK packet with another header.
const OK_EOF: &[u8] = b"\xfe\0\0\x02\0\0\0";
const MORE_RESULTS: u8 = 8;

fn select() -> Statement {
    Statement::new("testing", "SELECT x")
}

/// A column definition, as MySQL writes one.
fn column() -> Vec<u8> {
    b"\x03def\x03app\x01t\x01t\x01x\x01x\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0".to_vec()
}

/// Answers one statement with packets, and another with a single `1`.
async fn answer(
    capabilities: u32,
    packets: Vec<Vec<u8>>,
) -> (Result<Vec<Row>, Error>, Result<Vec<Row>, Error>) {
    play(
        "secret",
        |mut server| async move {
            server.accept(capabilities).await;
            assert_eq!(server.command().await, b"\x03SELECT x");
            for packet in &packets {
                if !server.try_send(packet).await {
                    return;
                }
            }
            if server_is_asked_again(&mut server).await {
                let rows = [b"\x01".to_vec(), column(), b"\x011".to_vec()];
                for packet in with_terminators(capabilities, rows.to_vec(), 2) {
                    server.send(&packet).await;
                }
            }
        },
        |mut connection| async move {
            let first = connection.query(&select()).await;
            let second = connection.query(&select()).await;
            drop(connection);
            Ok((first, second))
        },
    )
    .await
    .unwrap()
}

async fn server_is_asked_again(server: &mut ScriptedServer) -> bool {
    server
        .next_command()
        .await
        .is_some_and(|command| command == b"\x03SELECT x")
}

/// A result set with the terminators that the capabilities ask for; `header` packets come before
/// the rows.
fn with_terminators(capabilities: u32, mut packets: Vec<Vec<u8>>, header: usize) -> Vec<Vec<u8>> {
    if capabilities & DEPRECATE_EOF == 0 {
        packets.insert(header, EOF.to_vec());
        packets.push(EOF.to_vec());
    } else {
        packets.push(OK_EOF.to_vec());
    }
    packets
}

fn texts(rows: Result<Vec<Row>, Error>) -> Vec<Option<String>> {
    rows.unwrap()
        .iter()
        .map(|row| row.cells().next().unwrap().text())
        .collect()
}

#[tokio::test]
async fn rows_are_read_whether_or_not_eof_packets_stand_between_them() {
    for capabilities in [MEAGRE, RICH, MEAGRE | DEPRECATE_EOF, RICH & !DEPRECATE_EOF] {
        let rows = vec![
            b"\x01".to_vec(),
            column(),
            b"\x05hello".to_vec(),
            b"\xfb".to_vec(),
            b"\0".to_vec(),
        ];
        let (first, second) = answer(capabilities, with_terminators(capabilities, rows, 2)).await;
        assert_eq!(
            texts(first),
            [Some("hello".into()), None, Some(String::new())]
        );
        assert_eq!(texts(second), [Some("1".into())]);
    }
}

#[tokio::test]
async fn no_rows_are_an_empty_result() {
    for capabilities in [MEAGRE, RICH] {
        let (first, second) = answer(
            capabilities,
            with_terminators(capabilities, vec![b"\x01".to_vec(), column()], 2),
        )
        .await;
        assert!(first.unwrap().is_empty());
        assert_eq!(texts(second).len(), 1);
    }
}

#[tokio::test]
async fn three_hundred_columns_are_counted_right() {
    let mut packets = vec![b"\xfc\x2c\x01".to_vec()];
    packets.extend(std::iter::repeat_n(column(), 300));
    packets.push(b"\x01x".repeat(300));
    let (first, _) = answer(RICH, with_terminators(RICH, packets, 301)).await;
    let rows = first.unwrap();
    assert_eq!(
        rows[0].cells().nth(299).unwrap().text().as_deref(),
        Some("x")
    );
    assert!(rows[0].cells().nth(300).is_none());
}

#[tokio::test]
async fn a_refused_statement_leaves_the_connection_usable() {
    let refusal = b"\xff\x7a\x04#42S02Table 'app.t' doesn't exist".to_vec();
    let (first, second) = answer(RICH, vec![refusal]).await;
    assert!(matches!(first, Err(Error::Server(error)) if error.code == 1146));
    assert_eq!(texts(second), [Some("1".into())]);
}

#[tokio::test]
async fn an_error_among_the_rows_ends_them_and_leaves_the_connection_usable() {
    for capabilities in [MEAGRE, RICH] {
        let refusal = b"\xff\x25\x05#70100Query execution was interrupted".to_vec();
        let mut packets = with_terminators(
            capabilities,
            vec![b"\x01".to_vec(), column(), b"\x01a".to_vec()],
            2,
        );
        packets.pop();
        packets.push(refusal);
        let (first, second) = answer(capabilities, packets).await;
        assert!(matches!(first, Err(Error::Server(error)) if error.code == 1317));
        assert_eq!(texts(second), [Some("1".into())]);
    }
}

#[tokio::test]
async fn what_is_not_a_reply_breaks_the_connection() {
    let set = |packets: &[&[u8]]| {
        packets
            .iter()
            .map(|packet| packet.to_vec())
            .collect::<Vec<_>>()
    };
    let definition = column();
    for packets in [
        set(&[b"\xfb/etc/passwd"]),
        set(&[b""]),
        set(&[b"\x00"]),
        set(&[b"\x00\0\0"]),
        set(&[b"\x00\0\0\x02\0"]),
        // An EOF packet where both sides had agreed on none: not the end of no rows.
        set(&[b"\x01", &definition, EOF, b"\x01a", EOF]),
        set(&[b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff"]),
        set(&[b"\xfd\xff\xff\xff"]),
        set(&[b"\x01\x01"]),
        set(&[b"\x01", &definition, b"\x05ab"]),
        set(&[b"\x01", &definition, b"\x01a\x01b"]),
        set(&[b"\x01", &definition, b"\xfe\0\0\x0a\0\0\0"]),
        set(&[&[0, 0, 0, 2 | MORE_RESULTS, 0, 0, 0]]),
    ] {
        let (first, second) = answer(RICH, packets.clone()).await;
        assert!(
            first.as_ref().is_err_and(Error::is_fatal),
            "{packets:?}: {first:?}"
        );
        assert!(matches!(second, Err(Error::Broken)), "{packets:?}");
    }
}

#[tokio::test]
async fn an_endless_result_is_cut_off() {
    let result = play(
        "secret",
        |mut server| async move {
            server.accept(RICH).await;
            server.command().await;
            server.send(b"\x01").await;
            server.send(&column()).await;
            let row = [&b"\xfd\0\0\x02"[..], &vec![b'x'; 0x2_0000]].concat();
            while server.try_send(&row).await {}
        },
        |mut connection| async move { connection.query(&select()).await },
    )
    .await;
    assert!(
        matches!(result, Err(Error::Protocol("a reply over the size limit"))),
        "{result:?}"
    );
}

#[tokio::test]
async fn many_small_rows_count_for_what_they_take_in_memory() {
    let columns = 4096;
    let mut packets = vec![b"\xfc\x00\x10".to_vec()];
    packets.extend(std::iter::repeat_n(column(), columns));
    packets.extend(std::iter::repeat_n(vec![0xfb; columns], 100));
    let (first, _) = answer(RICH, with_terminators(RICH, packets, columns + 1)).await;
    assert!(
        matches!(first, Err(Error::Protocol("a reply over the size limit"))),
        "{first:?}"
    );
}

#[tokio::test]
async fn a_change_in_an_open_transaction_is_committed_before_it_is_vouched_for() {
    const IN_TRANSACTION: &[u8] = b"\0\x01\x07\x01\0\0\0";
    for (reply, vouched) in [(OK, true), (&b"\xff\x1d\x05#HY000no"[..], false)] {
        let done = play(
            "secret",
            |mut server| async move {
                server.accept(RICH).await;
                server.command().await;
                server.send(IN_TRANSACTION).await;
                assert_eq!(server.command().await, b"\x03COMMIT");
                server.send(reply).await;
            },
            |mut connection| async move {
                connection
                    .execute(&Statement::new("testing", "INSERT"))
                    .await
            },
        )
        .await;
        assert_eq!(done.is_ok_and(|done| done.last_insert_id == 7), vouched);
    }
}

#[tokio::test]
async fn a_change_says_how_many_rows_and_which_id() {
    let done = play(
        "secret",
        |mut server| async move {
            server.accept(MEAGRE).await;
            assert_eq!(server.command().await, b"\x03INSERT");
            server.send(b"\0\x01\xfc\x39\x30\x02\0\0\0").await;
            assert_eq!(server.command().await, [1], "COM_QUIT");
            assert!(server.ended().await);
        },
        |mut connection| async move {
            let done = connection
                .execute(&Statement::new("testing", "INSERT"))
                .await?;
            connection.close().await?;
            Ok(done)
        },
    )
    .await
    .unwrap();
    assert_eq!(
        done,
        Affected {
            rows: 1,
            last_insert_id: 12345
        }
    );
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_breaks_the_connection() {
    play(
        "secret",
        |mut server| async move {
            server.accept(RICH).await;
            server.command().await;
            assert!(server.ended().await, "no other statement");
        },
        |mut connection: Connection<DuplexStream>| async move {
            let waited =
                tokio::time::timeout(std::time::Duration::ZERO, connection.query(&select())).await;
            assert!(waited.is_err(), "it was given up");
            assert!(connection.is_broken());
            assert!(matches!(
                connection.query(&select()).await,
                Err(Error::Broken)
            ));
            Ok(())
        },
    )
    .await
    .unwrap();
}

/// All that a server says in a conversation with one statement.
fn conversation(capabilities: u32) -> Vec<u8> {
    let rows = vec![b"\x01".to_vec(), column(), b"\x05hello".to_vec()];
    let reply = with_terminators(capabilities, rows, 2);
    let mut bytes = frame(0, &greeting(capabilities, "mysql_native_password"));
    bytes.extend(frame(2, OK));
    for (sequence, packet) in (1..).zip(reply) {
        bytes.extend(frame(sequence, &packet));
    }
    bytes
}

#[test]
fn a_conversation_cut_at_any_byte_is_an_error() {
    for capabilities in [MEAGRE, RICH] {
        let whole = conversation(capabilities);
        assert_eq!(texts(hear(&whole)), [Some("hello".into())]);
        for end in 0..whole.len() {
            assert!(hear(&whole[..end]).is_err(), "cut at {end}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_of_a_server_make_it_panic_or_hang(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = hear(&bytes);
    }

    #[test]
    fn no_byte_changed_in_a_conversation_makes_it_panic_or_hang(
        meagre in any::<bool>(), place in 0_usize..250, byte in any::<u8>(),
    ) {
        let mut bytes = conversation(if meagre { MEAGRE } else { RICH });
        let place = place % bytes.len();
        bytes[place] = byte;
        let _ = hear(&bytes);
    }

    #[test]
    fn no_packets_after_the_handshake_make_it_panic_or_hang(
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..8),
    ) {
        let mut bytes = frame(0, &greeting(RICH, "mysql_native_password"));
        bytes.extend(frame(2, OK));
        for (sequence, packet) in (1..).zip(packets) {
            bytes.extend(frame(sequence, &packet));
        }
        let _ = hear(&bytes);
    }
}
