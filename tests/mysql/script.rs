//! A server that says what a test tells it to, and checks what it hears.

use std::future::{Future, ready};
use std::io;

use futures_util::future::BoxFuture;
use gatehouse::mysql::{Connection, Credentials, Error, RsaOaep};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

/// Capability bits, as the manual numbers them.
pub(crate) const CONNECT_WITH_DB: u32 = 1 << 3;
pub(crate) const PROTOCOL_41: u32 = 1 << 9;
pub(crate) const SSL: u32 = 1 << 11;
pub(crate) const SECURE_CONNECTION: u32 = 1 << 15;
pub(crate) const MULTI_STATEMENTS: u32 = 1 << 16;
pub(crate) const PLUGIN_AUTH: u32 = 1 << 19;
pub(crate) const CONNECT_ATTRS: u32 = 1 << 20;
pub(crate) const SESSION_TRACK: u32 = 1 << 23;
pub(crate) const DEPRECATE_EOF: u32 = 1 << 24;

/// What Hyperdrive's greeting was seen to offer: next to nothing.
pub(crate) const MEAGRE: u32 = CONNECT_WITH_DB | PROTOCOL_41 | SECURE_CONNECTION | (1 << 13);
/// What MySQL and MariaDB offer.
pub(crate) const RICH: u32 = MEAGRE
    | SSL
    | MULTI_STATEMENTS
    | PLUGIN_AUTH
    | CONNECT_ATTRS
    | SESSION_TRACK
    | DEPRECATE_EOF
    | 0b111;

pub(crate) const NONCE: &[u8; 20] = b"abcdefghijklmnopqrst";
pub(crate) const OK: &[u8] = b"\0\0\0\x02\0\0\0";

pub(crate) fn credentials(password: &str) -> Credentials {
    Credentials {
        user: "ada".into(),
        password: password.into(),
        database: "app".into(),
    }
}

/// The platform's part.
pub(crate) struct Rsa;

impl RsaOaep for Rsa {
    fn encrypt(&self, spki: Vec<u8>, message: Vec<u8>) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        Box::pin(ready(testkit::rsa::encrypt_oaep(&spki, &message)))
    }
}

/// The server's end of a conversation.
pub(crate) struct ScriptedServer {
    stream: DuplexStream,
    sequence: u8,
}

impl ScriptedServer {
    /// Writes a packet.
    pub(crate) async fn send(&mut self, payload: &[u8]) {
        let packet = self.frame(payload);
        self.send_raw(&packet).await;
    }

    /// A packet as it goes on the wire, counted.
    pub(crate) fn frame(&mut self, payload: &[u8]) -> Vec<u8> {
        let packet = frame(self.sequence, payload);
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }

    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        self.stream
            .write_all(bytes)
            .await
            .expect("the client reads");
    }

    /// Reads a packet, whose turn it must be.
    pub(crate) async fn receive(&mut self) -> Vec<u8> {
        let mut header = [0; 4];
        self.stream.read_exact(&mut header).await.expect("a packet");
        assert_eq!(header[3], self.sequence, "the sequence number");
        self.sequence = self.sequence.wrapping_add(1);
        let length = u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize;
        let mut payload = vec![0; length];
        self.stream
            .read_exact(&mut payload)
            .await
            .expect("a whole packet");
        payload
    }

    /// Reads a command, which starts a new count.
    pub(crate) async fn command(&mut self) -> Vec<u8> {
        self.sequence = 0;
        self.receive().await
    }

    /// Reads a command, if the client does not leave instead.
    pub(crate) async fn next_command(&mut self) -> Option<Vec<u8>> {
        let mut header = [0; 4];
        self.stream.read_exact(&mut header).await.ok()?;
        assert_eq!(header[3], 0, "a new count");
        self.sequence = 1;
        let mut payload = vec![0; usize::from(header[0])];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(payload)
    }

    /// Writes a packet, unless the client has left.
    pub(crate) async fn try_send(&mut self, payload: &[u8]) -> bool {
        let packet = self.frame(payload);
        self.stream.write_all(&packet).await.is_ok()
    }

    /// Lets a client with the password `secret` in by `mysql_native_password`.
    pub(crate) async fn accept(&mut self, capabilities: u32) {
        self.send(&greeting(capabilities, "mysql_native_password"))
            .await;
        self.receive().await;
        self.send(OK).await;
    }

    /// Whether the client has closed its end without another word.
    pub(crate) async fn ended(&mut self) -> bool {
        self.stream.read(&mut [0; 1]).await.expect("an end") == 0
    }
}

pub(crate) fn frame(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a length");
    let mut packet = (length | u32::from(sequence) << 24).to_le_bytes().to_vec();
    packet.extend_from_slice(payload);
    packet
}

/// A greeting of protocol version 10.
pub(crate) fn greeting(capabilities: u32, plugin: &str) -> Vec<u8> {
    let flags = capabilities.to_le_bytes();
    let mut payload = b"\x0a5.5.5-10.11.6-MariaDB\0\x07\0\0\0".to_vec();
    payload.extend_from_slice(&NONCE[..8]);
    payload.push(0);
    payload.extend_from_slice(&flags[..2]);
    payload.extend_from_slice(b"\x08\x02\0");
    payload.extend_from_slice(&flags[2..]);
    payload.push(21);
    payload.extend_from_slice(&[0; 10]);
    payload.extend_from_slice(&NONCE[8..]);
    payload.push(0);
    if capabilities & PLUGIN_AUTH != 0 {
        payload.extend_from_slice(plugin.as_bytes());
        payload.push(0);
    }
    payload
}

/// Plays a server's part while a client connects and does something.
pub(crate) async fn play<T, Script, Use>(
    password: &str,
    script: impl FnOnce(ScriptedServer) -> Script,
    then: impl FnOnce(Connection<DuplexStream>) -> Use,
) -> Result<T, Error>
where
    Script: Future<Output = ()>,
    Use: Future<Output = Result<T, Error>>,
{
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let client = async {
        let connection = Connection::connect(theirs, &credentials(password), &Rsa).await?;
        then(connection).await
    };
    let script = script(ScriptedServer {
        stream: ours,
        sequence: 0,
    });
    let both = async { tokio::join!(client, script) };
    let (result, ()) = tokio::time::timeout(std::time::Duration::from_secs(20), both)
        .await
        .expect("no hang");
    result
}

/// Plays a server's part while a client connects.
pub(crate) async fn connect<Script: Future<Output = ()>>(
    password: &str,
    script: impl FnOnce(ScriptedServer) -> Script,
) -> Result<(), Error> {
    play(password, script, |_| async { Ok(()) }).await
}
