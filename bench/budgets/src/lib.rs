//! Parts of a request that can be repeated without I/O, so that what they take can be counted.

#![expect(
    clippy::expect_used,
    reason = "what cannot be repeated cannot be counted"
)]

mod server;

use std::sync::Arc;

use axum::body::Body;
use futures_util::FutureExt as _;
use gatehouse::config::{Config, Setting};
use gatehouse::mysql::Connection;
use gatehouse::statement;
use gatehouse::token::Tokens;
use http::Request;
use tower_service::Service as _;

use server::Canned;

const SECRET_KEY: &str = "of no use but for counting, 32 bytes and more";
/// The time of the canned runtime, in seconds since 1970.
const NOW: u64 = 1_800_000_000;

fn setting(name: &str) -> Setting {
    match name {
        "SECRET_KEY" => Setting::Text(SECRET_KEY.to_owned()),
        _ => Setting::Absent,
    }
}

/// A part of a request, ready to be repeated.
pub type Work = Box<dyn FnMut()>;
/// The name of a part, and what gets it ready.
pub type Part = (&'static str, fn() -> Work);

/// The parts.
pub const PARTS: [Part; 4] = [
    ("verifying a token", token),
    ("encoding a statement", statement),
    ("reading a user from a connection", reply),
    ("GET /me", me),
];

/// Verifies an HS256 access token.
fn token() -> Work {
    let (tokens, token) = tokens();
    Box::new(move || {
        let subject = tokens.verify(std::hint::black_box(&token), NOW);
        subject.expect("a valid token");
    })
}

fn tokens() -> (Tokens, String) {
    let config = Config::read(setting).expect("a configuration");
    let tokens = Tokens::new(config.token);
    let token = tokens
        .issue(7_i64.into(), [7; 16].into(), NOW)
        .expect("a token")
        .token;
    (tokens, token)
}

/// Builds the statement of a registration.
fn statement() -> Work {
    Box::new(|| {
        let hash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        std::hint::black_box(statement!(
            "counting",
            "INSERT INTO `user` (`email`, `password`, `name`, `username`)
             VALUES (:email, :hash, :name, :username)",
            email = std::hint::black_box("ada.lovelace@example.com"),
            hash,
            name = "Ada",
            username = "Lovelace",
        ));
    })
}

/// Connects, reads a user, and takes its columns apart, over a stream that holds all replies.
fn reply() -> Work {
    Box::new(|| {
        let read = async {
            let credentials = server::credentials();
            let stream = server::stream();
            let connected = Connection::connect(stream, &credentials, &Canned).await;
            let mut connection = connected.expect("a connection");
            let rows = connection.query(&statement!("counting", "SELECT 1")).await;
            let rows = rows.expect("rows");
            let [_, email, ..] = rows
                .first()
                .expect("a row")
                .columns::<5>()
                .expect("columns");
            email.text().expect("an e-mail")
        };
        std::hint::black_box(now(read));
    })
}

/// Answers `GET /me`, from the request to the response.
fn me() -> Work {
    let (_, token) = tokens();
    let platform = Arc::new(Canned);
    let gatehouse = gatehouse::router::build(setting, [].into_iter(), platform.clone(), platform);
    let router = gatehouse.router;
    Box::new(move || {
        let request = Request::get("/me")
            .header("authorization", format!("Bearer {token}"))
            .header("cf-connecting-ip", "192.0.2.7")
            .body(Body::empty())
            .expect("a request");
        let Ok(response) = now(router.clone().call(request));
        assert_eq!(response.status(), 200);
    })
}

/// The output of a future that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing to wait for")
}
