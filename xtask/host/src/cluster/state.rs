//! A small HTTP server that says of each node, on a port of its own, whether it may be written to:
//! what HAProxy asks. A TCP check sees neither a frozen node nor one that lost the majority.

use std::net::TcpListener as StdListener;
use std::time::Duration;

use anyhow::Result;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

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
    pub(super) fn start(urls: Vec<String>) -> Result<Self> {
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
                    tokio::spawn(serve(listener, url));
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

async fn serve(listener: StdListener, url: String) -> Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let url = url.clone();
        tokio::spawn(async move { answer(stream, &url).await });
    }
}

async fn answer(mut stream: TcpStream, url: &str) -> Result<()> {
    let mut request = [0; 1024];
    let _ = stream.read(&mut request).await?;
    let state = tokio::time::timeout(CHECK, State::ask(url)).await;
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
    pub(super) is_synced: bool,
    pub(super) is_read_only: bool,
    /// The number of the group's last change, and how many nodes it has since then.
    pub(super) view: (String, String),
}

impl State {
    /// Asks a node; none when it does not answer in time.
    pub(super) async fn ask(url: &str) -> Option<Self> {
        tokio::time::timeout(ASK, Self::read(url)).await.ok()?.ok()
    }

    async fn read(url: &str) -> Result<Self> {
        let mut conn = connect(url).await?;
        // A node outside the majority answers these two, and no SELECT from a table.
        let status: Vec<(String, String)> = conn.query("SHOW GLOBAL STATUS LIKE 'wsrep%'").await?;
        let read_only = "SHOW GLOBAL VARIABLES LIKE 'read_only'";
        let read_only: Option<(String, String)> = conn.query_first(read_only).await?;
        conn.disconnect().await?;
        let value = |name: &str| {
            let found = status.iter().find(|(other, _)| other == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        Ok(Self {
            is_synced: value("wsrep_cluster_status") == "Primary"
                && value("wsrep_local_state_comment") == "Synced"
                && value("wsrep_ready") == "ON",
            view: (value("wsrep_cluster_conf_id"), value("wsrep_cluster_size")),
            is_read_only: read_only.is_none_or(|(_, value)| value != "OFF"),
        })
    }
}
