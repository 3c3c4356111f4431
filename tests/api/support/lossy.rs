//! A proxy before an app that drops or refuses the answers to the first refreshes.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::App;

/// What becomes of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It is done, and the connection is closed without an answer.
    Answer,
    /// It is not done, and the answer is 503.
    Unavailable,
}

const UNAVAILABLE: &str = r#"{"status":503,"code":"database_unavailable"}"#;

/// A server before an app, which passes on one request for each connection. It ends with the
/// runtime of the test.
pub(crate) struct Lossy {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    losses: VecDeque<Loss>,
    refreshes: Vec<String>,
}

impl Lossy {
    /// Before an app; its first refreshes meet these losses.
    pub(crate) async fn before(app: &App, losses: &[Loss]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State {
            losses: losses.iter().copied().collect(),
            ..State::default()
        }));
        let (to, shared) = (app.port(), Arc::clone(&state));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A client that leaves in the middle is no failure.
                tokio::spawn(pass(client, to, Arc::clone(&shared)));
            }
        });
        Self { port, state }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The refresh tokens that were sent, in their order.
    pub(crate) fn refreshes(&self) -> Vec<String> {
        self.state.lock().expect("the state").refreshes.clone()
    }
}

async fn pass(mut client: TcpStream, to: u16, state: Arc<Mutex<State>>) -> io::Result<()> {
    let (head, body) = read(&mut client).await?;
    let loss = if head.starts_with("POST /auth/refresh ") {
        let sent: Value = serde_json::from_slice(&body)?;
        let token = sent["refresh_token"].as_str().unwrap_or_default();
        let mut state = state.lock().expect("the state");
        state.refreshes.push(token.to_owned());
        state.losses.pop_front()
    } else {
        None
    };
    if loss == Some(Loss::Unavailable) {
        let head = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n\
            Retry-After: 1\r\nConnection: close\r\n";
        let length = UNAVAILABLE.len();
        let answer = format!("{head}Content-Length: {length}\r\n\r\n{UNAVAILABLE}");
        return client.write_all(answer.as_bytes()).await;
    }
    let lines = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or_default();
        !name.eq_ignore_ascii_case("connection")
    });
    let head = lines.collect::<Vec<_>>().join("\r\n");
    let mut app = TcpStream::connect(("127.0.0.1", to)).await?;
    app.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())
        .await?;
    app.write_all(&body).await?;
    let mut answer = Vec::new();
    app.read_to_end(&mut answer).await?;
    if loss == Some(Loss::Answer) {
        return Ok(());
    }
    client.write_all(&answer).await
}

/// Reads a request: its head, without the empty line, and its body.
async fn read(client: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.trim().parse::<usize>().ok())?
            });
            let body = bytes.split_off(end + 4);
            if body.len() >= length.unwrap_or_default() {
                return Ok((head, body));
            }
            bytes.extend(body);
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
