//! Many connections that each send their next request once the last one is answered, and how many
//! answers each of them gets: whether a server takes requests in turn.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const TIME: Duration = Duration::from_secs(8);

/// Answers for each connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answers {
    pub(crate) fewest: u64,
    pub(crate) median: u64,
    pub(crate) most: u64,
}

/// Loads `GET /` of a port.
pub(crate) async fn run(port: u16, connections: usize) -> Result<Answers> {
    let mut streams = Vec::new();
    for _ in 0..connections {
        streams.push(TcpStream::connect(("127.0.0.1", port)).await?);
    }
    let end = Instant::now() + TIME;
    let mut clients = JoinSet::new();
    for stream in streams {
        clients.spawn(answers(stream, end));
    }
    let mut all = Vec::new();
    while let Some(answers) = clients.join_next().await {
        all.push(answers??);
    }
    all.sort_unstable();
    let place = |place: usize| all.get(place).copied().context("a connection");
    Ok(Answers {
        fewest: place(0)?,
        median: place(all.len() / 2)?,
        most: place(all.len() - 1)?,
    })
}

/// Sends one request after the other until a moment, and counts what was answered by then.
async fn answers(mut stream: TcpStream, end: Instant) -> Result<u64> {
    let mut count = 0;
    let mut answer = [0; 4096];
    loop {
        stream.write_all(REQUEST).await?;
        let mut length = 0;
        while !answer.get(..length).is_some_and(is_whole) {
            let rest = answer.get_mut(length..).context("a short answer")?;
            let Ok(read) = tokio::time::timeout_at(end, stream.read(rest)).await else {
                return Ok(count);
            };
            let read = read?;
            ensure!(read > 0, "a connection ended");
            length += read;
        }
        count += 1;
    }
}

/// Whether this is a whole answer with a JSON object, in one piece or in chunks.
fn is_whole(answer: &[u8]) -> bool {
    let has = |word: &[u8]| answer.windows(word.len()).any(|part| part == word);
    if has(b"chunked") {
        answer.ends_with(b"\r\n0\r\n\r\n")
    } else {
        answer.ends_with(b"}")
    }
}
