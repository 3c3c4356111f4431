//! A small HTTP server that says of each node, on a port of its own, whether it may be written to:
//! what HAProxy asks. A TCP check sees neither a frozen node nor one that lost the majority.

use std::net::TcpListener as StdListener;
use std::time::Duration;

use anyhow::Result;
use mysql_async::{Conn, Opts, OptsBuilder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::{Kind, galera, group};

/// How long a question to a node may take: it may be frozen.
pub(super) const ASK: Duration = Duration::from_secs(2);
/// The same for HAProxy's question, which it waits a second for.
const CHECK: Duration = Duration::from_millis(800);

/// The server, ended when this is dropped.
pub(super) struct StateServer {
    ports: Vec<u16>,
    _stop: oneshot::Sender<()>,
}

impl StateServer {
    /// Starts it for nodes by their URLs, on a thread of its own: no test may keep it waiting.
    pub(super) fn start(urls: Vec<String>, kind: Kind) -> Result<Self> {
        let mut servers = Vec::new();
        let mut ports = Vec::new();
        for url in urls {
            let listener = StdListener::bind(("127.0.0.1", 0))?;
            listener.set_nonblocking(true)?;
            ports.push(listener.local_addr()?.port());
            servers.push((listener, url));
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        std::thread::spawn(move || {
            runtime.block_on(async {
                for (listener, url) in servers {
                    tokio::spawn(serve(listener, url, kind));
                }
                let _ = stopped.await;
            });
        });
        Ok(Self { ports, _stop: stop })
    }

    /// The ports, one for each node.
    pub(super) fn ports(&self) -> &[u16] {
        &self.ports
    }
}

async fn serve(listener: StdListener, url: String, kind: Kind) -> Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let url = url.clone();
        tokio::spawn(async move { answer(stream, &url, kind).await });
    }
}

async fn answer(mut stream: TcpStream, url: &str, kind: Kind) -> Result<()> {
    let mut request = [0; 1024];
    let _ = stream.read(&mut request).await?;
    let state = tokio::time::timeout(CHECK, State::ask(url, kind)).await;
    let state = state.ok().flatten();
    let usable = state.is_some_and(|state| state.is_synced && !state.is_read_only);
    let status = if usable {
        "200 OK"
    } else {
        "503 Service Unavailable"
    };
    let answer = format!("HTTP/1.0 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await?;
    Ok(stream.shutdown().await?)
}

pub(super) async fn connect(url: &str) -> Result<Conn> {
    let options = OptsBuilder::from_opts(Opts::from_url(url)?).prefer_socket(false);
    Ok(Conn::new(options).await?)
}

/// What a node says of itself.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// It belongs to the majority, and has caught up with it.
    pub(super) is_synced: bool,
    pub(super) is_read_only: bool,
    /// Which group it sees, and of how many nodes.
    pub(super) view: (String, usize),
}

impl State {
    /// Asks a node; none when it does not answer in time.
    pub(super) async fn ask(url: &str, kind: Kind) -> Option<Self> {
        let ask = Self::read(url, kind);
        tokio::time::timeout(ASK, ask).await.ok()?.ok()
    }

    async fn read(url: &str, kind: Kind) -> Result<Self> {
        let mut conn = connect(url).await?;
        let state = match kind {
            Kind::Galera => galera::state(&mut conn).await?,
            Kind::Group => group::state(&mut conn).await?,
        };
        conn.disconnect().await?;
        Ok(state)
    }
}
