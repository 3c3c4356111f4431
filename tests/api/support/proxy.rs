//! What stands between the API and its database: it counts statements, or misbehaves.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::database::Database;

/// How the way to the database behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// As it should.
    Honest,
    /// Takes the connection and says nothing.
    Silent,
    /// Takes the connection and closes it.
    Closing,
    /// Says what no server says.
    Garbage,
    /// Passes the handshake on and goes silent at the first statement.
    SilentAtStatement,
    /// Passes the handshake on and closes at the first statement, before the server sees it.
    ClosingAtStatement,
    /// Refuses as a server does that has no connection left.
    TooManyConnections,
}

/// A proxy on a port of its own.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

struct State {
    behaviour: Behaviour,
    statements: Vec<String>,
    commands: Vec<u8>,
    connections: u32,
}

/// `COM_QUERY`.
const QUERY: u8 = 3;

impl Proxy {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let state = State {
            behaviour,
            statements: Vec::new(),
            commands: Vec::new(),
            connections: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("nonblocking");
        let port = listener.local_addr().expect("an address").port();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let shared = state.clone();
        let server = Database::shared().credentials().port;
        std::thread::spawn(move || {
            super::database::block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                let accept = async {
                    while let Ok((client, _)) = listener.accept().await {
                        tokio::spawn(serve(client, server, shared.clone()));
                    }
                };
                tokio::select! { () = accept => {}, _ = stopped => {} }
            });
        });
        Self {
            port,
            state,
            _stop: stop,
        }
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.state.lock().expect("the state").behaviour = behaviour;
    }

    /// The statements so far, which are then forgotten.
    pub(crate) fn take_statements(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().expect("the state").statements)
    }

    /// The kinds of commands so far, without repetition.
    pub(crate) fn commands(&self) -> Vec<u8> {
        self.state.lock().expect("the state").commands.clone()
    }

    /// The connections so far.
    pub(crate) fn connections(&self) -> u32 {
        self.state.lock().expect("the state").connections
    }
}

async fn serve(
    mut client: TcpStream,
    server: u16,
    state: Arc<Mutex<State>>,
) -> std::io::Result<()> {
    let behaviour = {
        let mut state = state.lock().expect("the state");
        state.connections += 1;
        state.behaviour
    };
    match behaviour {
        Behaviour::Closing => return Ok(()),
        Behaviour::Silent => return wait(client).await,
        Behaviour::Garbage => {
            client
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await?;
            return wait(client).await;
        }
        Behaviour::TooManyConnections => {
            client
                .write_all(b"\x17\0\0\0\xff\x10\x04Too many connections")
                .await?;
            return wait(client).await;
        }
        Behaviour::Honest | Behaviour::SilentAtStatement | Behaviour::ClosingAtStatement => {}
    }
    let server = TcpStream::connect(("127.0.0.1", server)).await?;
    let (mut from_server, mut to_server) = server.into_split();
    let (mut from_client, mut to_client) = client.into_split();
    let down = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    while let Some(packet) = read_packet(&mut from_client).await? {
        // A command starts a sequence; the handshake's packets continue the server's.
        if packet[3] == 0 {
            let command = packet.get(4).copied().unwrap_or_default();
            let text = String::from_utf8_lossy(packet.get(5..).unwrap_or_default()).into_owned();
            let mut state = state.lock().expect("the state");
            if !state.commands.contains(&command) {
                state.commands.push(command);
            }
            if command == QUERY {
                state.statements.push(text);
                match behaviour {
                    Behaviour::SilentAtStatement => continue,
                    Behaviour::ClosingAtStatement => {
                        down.abort();
                        return Ok(());
                    }
                    _ => {}
                }
            }
        }
        to_server.write_all(&packet).await?;
    }
    Ok(())
}

/// Reads a packet with its header; none at the end.
async fn read_packet(
    stream: &mut (impl tokio::io::AsyncRead + Unpin),
) -> std::io::Result<Option<Vec<u8>>> {
    let mut packet = vec![0; 4];
    if stream.read_exact(&mut packet).await.is_err() {
        return Ok(None);
    }
    let length = u32::from_le_bytes([packet[0], packet[1], packet[2], 0]) as usize;
    packet.resize(4 + length, 0);
    stream.read_exact(&mut packet[4..]).await?;
    Ok(Some(packet))
}

/// Holds a connection until the client lets go of it.
async fn wait(mut client: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 1024];
    while client.read(&mut buffer).await? > 0 {}
    Ok(())
}
