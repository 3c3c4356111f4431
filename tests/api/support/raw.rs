//! Bytes that are sent as they are, for what no HTTP client would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::App;

/// A connection to an app.
pub(crate) async fn connect(app: &App) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", app.port())).await;
    stream.expect("a connection")
}

/// Sends bytes and reads until the other side closes or says no more for a while.
pub(crate) async fn send(app: &App, bytes: &[u8]) -> String {
    let mut stream = connect(app).await;
    // It may be closed before all is sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = async {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            answer.extend_from_slice(&buffer[..count]);
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(2), read).await;
    String::from_utf8_lossy(&answer).into_owned()
}
