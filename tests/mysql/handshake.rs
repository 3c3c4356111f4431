//! Connecting: what is answered to which greeting, and how a password gets across.

use gatehouse::mysql::Error;
use mysql_common::auth::plugins::{
    caching_sha2_password::scramble_sha256, mysql_native_password::scramble_native,
};
use testkit::rsa::{self, PUBLIC_KEY};

use crate::script::*;

const OTHER_NONCE: &[u8; 20] = b"ABCDEFGHIJKLMNOPQRST";

/// The fields of a handshake response.
struct Response {
    capabilities: u32,
    collation: u8,
    scramble: Vec<u8>,
    rest: Vec<u8>,
}

fn parse(payload: &[u8]) -> Response {
    let user_end = 32
        + payload[32..]
            .iter()
            .position(|&byte| byte == 0)
            .expect("an end of the user");
    assert_eq!(&payload[32..user_end], b"ada");
    let length = usize::from(payload[user_end + 1]);
    Response {
        capabilities: u32::from_le_bytes(payload[..4].try_into().expect("four bytes")),
        collation: payload[8],
        scramble: payload[user_end + 2..user_end + 2 + length].to_vec(),
        rest: payload[user_end + 2 + length..].to_vec(),
    }
}

fn native(password: &str, nonce: &[u8]) -> Vec<u8> {
    scramble_native(nonce, password.as_bytes())
        .expect("a password")
        .to_vec()
}

fn sha2(password: &str, nonce: &[u8; 20]) -> Vec<u8> {
    scramble_sha256(nonce, password.as_bytes())
        .expect("a password")
        .to_vec()
}

fn switch(plugin: &str, nonce: &[u8]) -> Vec<u8> {
    [b"\xfe", plugin.as_bytes(), b"\0", nonce, b"\0"].concat()
}

#[tokio::test]
async fn a_rich_greeting_is_answered_with_what_is_wanted_of_it_and_no_more() {
    connect("secret", |mut server| async move {
        server.send(&greeting(RICH, "mysql_native_password")).await;
        let response = parse(&server.receive().await);
        let unwanted = SSL | MULTI_STATEMENTS | CONNECT_ATTRS | SESSION_TRACK;
        assert_eq!(response.capabilities & unwanted, 0);
        assert_ne!(response.capabilities & DEPRECATE_EOF, 0);
        assert_eq!(response.collation, 45, "utf8mb4_general_ci");
        assert_eq!(response.scramble, native("secret", NONCE));
        assert_eq!(response.rest, b"app\0mysql_native_password\0");
        server.send(OK).await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_meagre_greeting_without_plugins_is_answered_in_its_own_terms() {
    connect("secret", |mut server| async move {
        server.send(&greeting(MEAGRE, "")).await;
        let response = parse(&server.receive().await);
        assert_eq!(response.capabilities & !MEAGRE, 0);
        assert_eq!(response.scramble, native("secret", NONCE));
        assert_eq!(response.rest, b"app\0");
        server.send(OK).await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_cached_password_takes_one_answer_though_two_packets_come_at_once() {
    connect("secret", |mut server| async move {
        server.send(&greeting(RICH, "caching_sha2_password")).await;
        assert_eq!(
            parse(&server.receive().await).scramble,
            sha2("secret", NONCE)
        );
        let both = [server.frame(&[1, 3]), server.frame(OK)].concat();
        server.send_raw(&both).await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_uncached_password_goes_encrypted_to_the_servers_key() {
    connect("secret", |mut server| async move {
        server.send(&greeting(RICH, "caching_sha2_password")).await;
        server.receive().await;
        server.send(&[1, 4]).await;
        assert_eq!(server.receive().await, [2]);
        server
            .send(&[b"\x01", PUBLIC_KEY.as_bytes()].concat())
            .await;
        assert_eq!(decrypt(&server.receive().await, NONCE), b"secret\0");
        server.send(OK).await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn after_a_switch_only_its_own_challenge_counts() {
    connect("secret", |mut server| async move {
        server.send(&greeting(RICH, "mysql_native_password")).await;
        server.receive().await;
        server
            .send(&switch("caching_sha2_password", OTHER_NONCE))
            .await;
        assert_eq!(server.receive().await, sha2("secret", OTHER_NONCE));
        server.send(&[1, 4]).await;
        assert_eq!(server.receive().await, [2]);
        server
            .send(&[b"\x01", PUBLIC_KEY.as_bytes()].concat())
            .await;
        assert_eq!(decrypt(&server.receive().await, OTHER_NONCE), b"secret\0");
        server.send(OK).await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_unknown_default_plugin_is_no_end_when_the_account_has_a_known_one() {
    connect("secret", |mut server| async move {
        server.send(&greeting(RICH, "client_ed25519")).await;
        server.receive().await;
        server
            .send(&switch("mysql_native_password", OTHER_NONCE))
            .await;
        assert_eq!(server.receive().await, native("secret", OTHER_NONCE));
        server.send(OK).await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_empty_password_is_answered_with_an_empty_packet() {
    connect("", |mut server| async move {
        server.send(&greeting(RICH, "caching_sha2_password")).await;
        assert!(parse(&server.receive().await).scramble.is_empty());
        server
            .send(&switch("mysql_native_password", OTHER_NONCE))
            .await;
        assert!(server.receive().await.is_empty());
        server.send(OK).await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_password_is_never_sent_in_clear_or_by_a_broken_hash() {
    for request in [
        switch("mysql_clear_password", b""),
        switch("dialog", b"x"),
        vec![0xfe],
    ] {
        let error = connect("secret", |mut server| async move {
            server.send(&greeting(RICH, "mysql_native_password")).await;
            server.receive().await;
            server.send(&request).await;
            assert!(server.ended().await, "not another byte");
        })
        .await
        .unwrap_err();
        assert!(matches!(error, Error::Unsupported(_)), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_in_the_place_of_the_greeting_is_told() {
    let error = connect("secret", |mut server| async move {
        server.send(b"\xff\x10\x04Too many connections").await;
    })
    .await
    .unwrap_err();
    assert!(
        matches!(&error, Error::Server(refusal) if refusal.code == 1040),
        "{error}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_told_also_after_full_authentication() {
    let error = connect("wrong", |mut server| async move {
        server.send(&greeting(RICH, "caching_sha2_password")).await;
        server.receive().await;
        server.send(&[1, 4]).await;
        server.receive().await;
        server
            .send(&[b"\x01", PUBLIC_KEY.as_bytes()].concat())
            .await;
        server.receive().await;
        server
            .send(b"\xff\x15\x04#28000Access denied for user 'ada'@'localhost'")
            .await;
    })
    .await
    .unwrap_err();
    assert!(
        matches!(&error, Error::Server(refusal) if refusal.code == 1045),
        "{error}"
    );
}

#[tokio::test]
async fn an_authentication_without_end_is_ended() {
    let error = connect("secret", |mut server| async move {
        server.send(&greeting(RICH, "mysql_native_password")).await;
        server.receive().await;
        for _ in 0..8 {
            server
                .send(&switch("mysql_native_password", OTHER_NONCE))
                .await;
            server.receive().await;
        }
        assert!(server.ended().await);
    })
    .await
    .unwrap_err();
    assert!(matches!(error, Error::Protocol(_)), "{error}");
}

#[tokio::test]
async fn a_greeting_that_is_none_is_refused_without_a_panic() {
    let whole = greeting(RICH, "mysql_native_password");
    // The lengths at which mysql_common overflows, an old protocol, and every cut.
    let mut bad: Vec<Vec<u8>> = (0..40).map(|end| whole[..end].to_vec()).collect();
    for length in [128, 135, 200, 255] {
        let mut greeting = whole.clone();
        let version_end = greeting.iter().position(|&byte| byte == 0).expect("an end");
        greeting[version_end + 21] = length;
        bad.push(greeting);
    }
    bad.push([&[9], &whole[1..]].concat());
    bad.push(greeting(PROTOCOL_41, ""));
    bad.push(greeting(SECURE_CONNECTION | CONNECT_WITH_DB, ""));
    for greeting in bad {
        let error = connect("secret", |mut server| async move {
            server.send(&greeting).await;
        })
        .await
        .unwrap_err();
        assert!(!matches!(error, Error::Server(_)), "{error}");
    }
}

#[tokio::test]
async fn a_name_with_a_nul_cannot_pass_for_two_fields() {
    let mut credentials = credentials("secret");
    credentials.database = "app\0mysql_clear_password".into();
    let stream = tokio::io::join(
        std::io::Cursor::new(frame(0, &greeting(RICH, "mysql_native_password"))),
        tokio::io::sink(),
    );
    let error = gatehouse::mysql::Connection::connect(stream, &credentials, &Rsa)
        .await
        .err()
        .expect("an error");
    assert!(matches!(error, Error::Protocol(_)), "{error}");
}

/// Undoes the client's RSA encryption and the mask of the nonce.
fn decrypt(block: &[u8], nonce: &[u8; 20]) -> Vec<u8> {
    let message = rsa::decrypt_oaep(block);
    let mask = nonce.iter().cycle();
    message
        .iter()
        .zip(mask)
        .map(|(byte, mask)| byte ^ mask)
        .collect()
}
