//! A password that goes to the database encrypted with the server's RSA key: what MySQL asks of a
//! client without TLS whose password it has not cached.

use mysql_async::prelude::Queryable as _;
use mysql_async::{Opts, OptsBuilder};
use testkit::rsa::{PUBLIC_KEY, decrypt_oaep};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::support::{App, PASSWORD, Reaches, unique_email};

const NONCE: &[u8; 20] = b"abcdefghijklmnopqrst";
const DATABASE_PASSWORD: &str = "pä ss'w\"ör\\d%";

/// A server that asks every client for full authentication, gives it a key, reports what it was
/// sent, and refuses it.
async fn server(key: String) -> (Opts, mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let (send, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Some(block) = authenticate(stream, &key).await {
                let _ = send.send(block);
            }
        }
    });
    let options = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some("ada"))
        .pass(Some(DATABASE_PASSWORD))
        .db_name(Some("app"));
    (options.into(), received)
}

async fn authenticate(mut stream: TcpStream, key: &str) -> Option<Vec<u8>> {
    let greeting = [
        b"\x0a9.7.4\0\x07\0\0\0",
        &NONCE[..8],
        b"\0\x08\xa2\x2d\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0",
        &NONCE[8..],
        b"\0caching_sha2_password\0",
    ];
    write(&mut stream, 0, &greeting.concat()).await?;
    read(&mut stream).await?;
    write(&mut stream, 2, b"\x01\x04").await?;
    assert_eq!(read(&mut stream).await?, [2], "a request for the key");
    write(&mut stream, 4, &[b"\x01", key.as_bytes()].concat()).await?;
    let block = read(&mut stream).await?;
    let refusal = b"\xff\x15\x04#28000Access denied";
    write(&mut stream, 6, refusal).await?;
    Some(block)
}

async fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await.ok()?;
    let mut payload = vec![0; usize::from(u16::from_le_bytes([header[0], header[1]]))];
    stream.read_exact(&mut payload).await.ok()?;
    Some(payload)
}

async fn write(stream: &mut TcpStream, sequence: u8, payload: &[u8]) -> Option<()> {
    let length = u32::try_from(payload.len()).expect("a length");
    let header = (length | u32::from(sequence) << 24).to_le_bytes();
    let packet = [&header, payload].concat();
    stream.write_all(&packet).await.ok()
}

#[tokio::test]
async fn the_password_goes_encrypted_to_the_servers_key() {
    let (options, mut received) = server(PUBLIC_KEY.to_owned()).await;
    let app = App::with().origin(options).reaches(Reaches::Database);
    let app = app.start();
    let answer = app.get("/ready").await;
    answer.problem(503, "database_unavailable");
    let masked = decrypt_oaep(&received.recv().await.expect("a block"));
    let mask = NONCE.iter().cycle();
    let password: Vec<u8> = masked.iter().zip(mask).map(|(a, b)| a ^ b).collect();
    let expected = [DATABASE_PASSWORD.as_bytes(), b"\0"].concat();
    assert_eq!(password, expected);
}

#[tokio::test]
async fn a_key_that_is_none_or_unfit_is_an_unusable_database_and_no_other_fault() {
    let unreadable = "an RSA key that cannot be read";
    // The last characters are the exponent, 65537.
    let exponent = |digits: &str| PUBLIC_KEY.replace("IDAQAB", &format!("ID{digits}"));
    for (key, reason) in [
        (String::new(), unreadable),
        (PUBLIC_KEY.replace("AQAB", "AQA"), unreadable),
        // 65536, which is even, and 1 with zeros in front.
        (exponent("AQAA"), unreadable),
        (exponent("AAAB"), unreadable),
    ] {
        let (options, mut received) = server(key.clone()).await;
        let app = App::with().origin(options).reaches(Reaches::Database);
        let app = app.start();
        let answer = app.get("/ready").await;
        answer.problem(503, "database_unavailable");
        assert!(app.log().contains(reason), "{key}: {}", app.log());
        assert!(received.try_recv().is_err(), "{key}: nothing is sent");
    }
}

#[tokio::test]
async fn accounts_of_a_mysql_are_let_in_the_first_time_and_after() {
    let Ok(url) = std::env::var("TEST_MYSQL_URL") else {
        testkit::skipped("there is no TEST_MYSQL_URL");
        return;
    };
    let target = if crate::support::in_workerd() {
        "workerd"
    } else {
        "native"
    };
    let name = format!("gatehouse_full_{target}");
    let url = testkit::database::create(&url, &name, "", &[]).await;
    let mut conn = testkit::database::connect(&url).await;
    testkit::database::migrate(&mut conn).await;
    let password = DATABASE_PASSWORD.replace('\\', "\\\\").replace('\'', "''");
    for sql in [
        format!("DROP USER IF EXISTS '{name}'@'%'"),
        format!("CREATE USER '{name}'@'%' IDENTIFIED WITH caching_sha2_password BY '{password}'"),
        format!("GRANT ALL ON `{name}`.* TO '{name}'@'%'"),
    ] {
        conn.query_drop(sql).await.expect("an account");
    }
    let options = OptsBuilder::from_opts(testkit::database::options(&url))
        .user(Some(name))
        .pass(Some(DATABASE_PASSWORD));
    let app = App::with()
        .origin(options.into())
        .reaches(Reaches::Database);
    let app = app.start();
    let email = unique_email();
    app.register(&email, PASSWORD).await.expect(201);
    app.login(&email, PASSWORD).await.expect(200);
}
