//! A private cluster of three database nodes with an HAProxy before it, on loopback, for tests that
//! break it: Galera, or Group Replication.

mod galera;
mod group;
mod haproxy;
mod node;
mod nodes;
mod state;

use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use xtask_start::machine::find;

use crate::mariadb::Program;
use crate::private::random_hex;

pub use node::Node;
pub use nodes::Nodes;

use haproxy::HaProxy;
use state::StateServer;

/// How many nodes there are: the fewest of which one may be lost.
pub const NODES: usize = 3;
/// The account of the tests. It may do everything, on all databases.
const USER: &str = "cluster";

/// How the nodes keep together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Galera,
    Group,
}

/// Which nodes HAProxy sends connections to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// The first node that is usable: the others are its backups.
    OneWriter,
    /// All usable nodes, in turn.
    ThreeWriters,
}

impl Arrangement {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::OneWriter, Self::ThreeWriters];
}

/// Ports that are free now. They are below those that the system gives to outgoing connections: a node
/// opens some of its ports only when it receives data, and fails if such a connection has one.
fn free_ports(count: usize) -> Result<Vec<u16>> {
    const FIRST: u16 = 15_000;
    const LAST: u16 = 30_000;
    let mut random = [0; 2];
    getrandom::fill(&mut random).context("the system has no randomness")?;
    let start = FIRST + u16::from_le_bytes(random) % (LAST - FIRST);
    let candidates = (start..LAST).chain(FIRST..start);
    // Held until all are known, so that no port is given twice.
    let listeners = candidates.filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    let listeners: Vec<_> = listeners.take(count).collect();
    let ports = listeners.iter().map(TcpListener::local_addr);
    let ports: Vec<_> = ports
        .map(|address| address.map(|address| address.port()))
        .collect::<Result<_, _>>()?;
    if ports.len() < count {
        bail!("fewer than {count} ports are free on 127.0.0.1");
    }
    Ok(ports)
}

/// A running cluster. It ends when this is dropped, and with this process in any case.
pub struct Cluster {
    // In the order in which they end.
    haproxy: HaProxy,
    _state: StateServer,
    /// The nodes.
    pub nodes: Nodes,
    password: String,
}

impl Cluster {
    /// Starts a Galera cluster in a new and empty folder, and returns when all nodes are usable.
    ///
    /// # Errors
    /// When a program is missing, or something does not start.
    pub async fn galera(folder: &Path) -> Result<Self> {
        missing().map_or(Ok(()), |advice| Err(anyhow::Error::msg(advice)))?;
        Self::start(Kind::Galera, Program::find()?, folder).await
    }

    /// The same with Group Replication, by the `mysqld` at a path, or in a folder into which Debian's
    /// packages were unpacked.
    ///
    /// # Errors
    /// When there is none, or something does not start.
    pub async fn group(mysqld: &Path, folder: &Path) -> Result<Self> {
        let program = Program::at(group::program(mysqld, folder)?)?;
        Self::start(Kind::Group, program, folder).await
    }

    async fn start(kind: Kind, program: Program, folder: &Path) -> Result<Self> {
        let password = random_hex(16)?;
        let nodes = Nodes::start(kind, program, folder, &password).await?;
        let all = nodes.all();
        let urls = all.iter().map(|node| node.url("", &password));
        let state = StateServer::start(urls.collect(), kind)?;
        let haproxy = HaProxy::start(folder, all, state.ports())?;
        Ok(Self {
            haproxy,
            _state: state,
            nodes,
            password,
        })
    }

    /// The URL of a database behind HAProxy, for an account that may do everything.
    #[must_use]
    pub fn url(&self, arrangement: Arrangement, database: &str) -> String {
        node::url(database, &self.password, self.port(arrangement))
    }

    /// HAProxy's port for an arrangement.
    #[must_use]
    pub fn port(&self, arrangement: Arrangement) -> u16 {
        self.haproxy.port(arrangement)
    }

    /// The URL of a database on a node, for an account that may do everything.
    #[must_use]
    pub fn node_url(&self, node: usize, database: &str) -> Option<String> {
        let node = self.nodes.all().get(node)?;
        Some(node.url(database, &self.password))
    }
}

/// What is missing on this machine for a cluster, and what to install; none if nothing is.
#[must_use]
pub fn missing() -> Option<String> {
    let programs = ["mariadbd", "haproxy", "rsync", "wsrep_sst_rsync"];
    let mut lacking = programs.to_vec();
    lacking.retain(|program| find(&[program]).is_none());
    if galera::provider().is_none() {
        lacking.push("libgalera_smm.so");
    }
    (!lacking.is_empty()).then(|| {
        format!(
            "a cluster takes {}, which this machine lacks: install Debian's packages \
             mariadb-server, galera-4, rsync and haproxy",
            lacking.join(", ")
        )
    })
}

/// A program that `missing` has looked for.
fn program(name: &str) -> Result<std::path::PathBuf> {
    find(&[name]).with_context(|| format!("{name} is missing"))
}
