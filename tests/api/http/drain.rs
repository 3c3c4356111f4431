//! The rest of a request's body is read before its answer goes out, so that the connection is good
//! for the next request.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::App;

/// More than a runtime reads by itself of what its handler has left.
const LARGE: usize = 300_000;

/// Sends bytes on one connection while it reads; gives the statuses of the answers in their order.
/// It is over when the other side closes or has sent as many answers as are wanted.
async fn statuses(bytes: Vec<u8>, wanted: usize) -> Vec<u16> {
    let stream = TcpStream::connect(("127.0.0.1", App::shared().port())).await;
    let (mut reader, mut writer) = stream.expect("a connection").into_split();
    // It may be closed before all is sent; what was answered tells.
    let sending = tokio::spawn(async move {
        let _ = writer.write_all(&bytes).await;
        writer
    });
    let mut answers = Vec::new();
    let mut buffer = vec![0; 65_536];
    let read = async {
        loop {
            let text = String::from_utf8_lossy(&answers);
            let found: Vec<u16> = text
                .split("HTTP/1.1 ")
                .skip(1)
                .filter_map(|answer| answer.get(..3)?.parse().ok())
                .collect();
            if found.len() >= wanted {
                return found;
            }
            match reader.read(&mut buffer).await {
                Ok(count @ 1..) => answers.extend_from_slice(&buffer[..count]),
                _ => return found,
            }
        }
    };
    let found = tokio::time::timeout(std::time::Duration::from_secs(20), read).await;
    sending.abort();
    found.expect("an answer to each request, or the connection's end")
}

/// A request with a body that its answer does not need.
fn request(line: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
        .into_bytes()
}

/// A login of a size that is not declared.
fn chunked(media_type: &str, size: usize) -> Vec<u8> {
    let head = format!(
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: {media_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    format!("{head}{}0\r\n\r\n", chunk.repeat(size / 0x1000)).into_bytes()
}

#[tokio::test]
async fn after_each_refusal_the_connection_takes_the_next_request() {
    let large = "x".repeat(LARGE);
    let json = "Content-Type: application/json\r\n";
    let good = request("GET /", "", "");
    for (refused, status) in [
        (request("POST /nowhere", "", &large), 404),
        (request("PUT /me", "", &large), 405),
        (request("GET /me", "", &large), 401),
        (request("PATCH /user/update", json, "{}"), 401),
        (request("POST /auth/login", "", "{}"), 415),
        (chunked("text/plain", LARGE), 415),
        (request("POST /auth/login", json, &large), 413),
        (chunked("application/json", LARGE), 413),
        (request("OPTIONS /me", "", &large), 204),
        (request("GET /", "", &large), 200),
    ] {
        let start = String::from_utf8_lossy(&refused[..20]).into_owned();
        let both = [refused, good.clone()].concat();
        let answers = statuses(both.repeat(20), 40).await;
        assert_eq!(answers, [status, 200].repeat(20), "{start}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_to_be_read_or_never_ends_gets_its_answer_all_the_same() {
    let json = "Content-Type: application/json\r\n";
    let head = |length: usize| {
        format!("POST /auth/login HTTP/1.1\r\nHost: x\r\n{json}Content-Length: {length}\r\n\r\n{{")
    };
    let stalled = head(500).replace(json, "");
    let endless = chunked("application/json", 3 * 1024 * 1024);
    let endless = endless.strip_suffix(b"0\r\n\r\n").expect("a last chunk");
    for (bytes, status) in [
        (head(3 * 1024 * 1024).into_bytes(), 413),
        (head(usize::MAX / 4).into_bytes(), 413),
        (stalled.into_bytes(), 415),
        (endless.to_vec(), 413),
    ] {
        let start = String::from_utf8_lossy(&bytes[..40]).into_owned();
        assert_eq!(statuses(bytes, 1).await, [status], "{start}");
    }
    App::shared().get("/").await.expect(200);
}
