//! The nodes of the cluster together.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::node::{Node, Ports};
use super::{Kind, NODES, USER, free_ports, group};
use crate::mariadb::{Owner, Program};
use crate::private;

/// How long a node may take to start and to receive all data.
const START: Duration = Duration::from_mins(2);

/// Three nodes.
pub struct Nodes {
    kind: Kind,
    program: Program,
    owner: Owner,
    all: Vec<Node>,
}

impl Nodes {
    /// Makes them in a folder, and returns when all are synced.
    pub(super) async fn start(
        kind: Kind,
        program: Program,
        folder: &Path,
        password: &str,
    ) -> Result<Self> {
        let owner = program.owner(folder);
        let all = make(kind, folder, password, &owner)?;
        let mut nodes = Self {
            kind,
            program,
            owner,
            all,
        };
        let (program, owner) = (&nodes.program, &nodes.owner);
        let first = match kind {
            Kind::Galera => "--wsrep-new-cluster",
            Kind::Group => group::FIRST,
        };
        for (number, node) in nodes.all.iter_mut().enumerate() {
            // A later Galera node receives all data from another one.
            if number == 0 || kind == Kind::Group {
                program.initialise(node.folder(), owner).await?;
            }
            let more = (number == 0).then_some(first);
            node.run(program, owner, more.as_slice())?;
            synced(std::slice::from_mut(node)).await?;
            // The accounts are there now.
            fs::write(node.folder().join("init.sql"), "")?;
        }
        synced(&mut nodes.all).await?;
        Ok(nodes)
    }

    /// The nodes, the one-writer arrangement's writer first.
    #[must_use]
    pub fn all(&self) -> &[Node] {
        &self.all
    }

    /// The same, to be stopped or killed.
    pub fn all_mut(&mut self) -> &mut [Node] {
        &mut self.all
    }

    /// Undoes whatever was done to the nodes, and returns when all are synced.
    ///
    /// # Errors
    /// When they do not come back.
    pub async fn heal(&mut self) -> Result<()> {
        for node in &mut self.all {
            if node.is_running() {
                node.thaw();
                if self.kind == Kind::Galera {
                    // One that does not answer yet is not isolated either.
                    let _ = node.rejoin().await;
                    let _ = node.execute("SET GLOBAL read_only = OFF").await;
                }
            } else {
                node.run(&self.program, &self.owner, &[])?;
            }
        }
        synced(&mut self.all).await
    }

    /// The number of the node that has most clients.
    pub async fn busiest(&self) -> usize {
        let mut busiest = (0, 0);
        for (number, node) in self.all.iter().enumerate() {
            let clients = node.clients().await;
            if clients > busiest.1 {
                busiest = (number, clients);
            }
        }
        busiest.0
    }
}

/// Waits until nodes take statements and see the same group: one that was frozen has an old view of
/// it for a moment.
async fn synced(nodes: &mut [Node]) -> Result<()> {
    let deadline = Instant::now() + START;
    loop {
        let mut views = Vec::new();
        for node in &mut *nodes {
            node.check()?;
            let state = node.state().await.filter(|state| state.is_synced);
            views.extend(state.map(|state| state.view));
        }
        let alone = nodes.len() == 1;
        let together = |(_, size): &(String, usize)| *size == NODES;
        if views.len() == nodes.len()
            && views.iter().all(|view| alone || together(view))
            && views.windows(2).all(|two| two.first() == two.last())
        {
            return Ok(());
        }
        if Instant::now() > deadline {
            let folder = nodes
                .first()
                .map(|node| node.folder().display().to_string());
            bail!(
                "the cluster is not synced; see {}/server.log",
                folder.unwrap_or_default()
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn make(kind: Kind, folder: &Path, password: &str, owner: &Owner) -> Result<Vec<Node>> {
    owner.shut(folder)?;
    let ports = free_ports(4 * NODES)?;
    let ports: Vec<_> = ports
        .chunks_exact(4)
        .map(|ports| match *ports {
            [sql, group, all, missed] => Some(Ports {
                sql,
                group,
                transfers: [all, missed],
            }),
            _ => None,
        })
        .collect::<Option<_>>()
        .context("four ports for each node")?;
    let members = ports
        .iter()
        .map(|ports| format!("127.0.0.1:{}", ports.group));
    let peers = members.collect::<Vec<_>>().join(",");
    let mut nodes = Vec::new();
    for (number, &ports) in ports.iter().enumerate() {
        let place = folder.join(format!("node-{}", number + 1));
        fs::create_dir(&place)?;
        owner.shut(&place)?;
        let init = match kind {
            Kind::Galera if number > 0 => String::new(),
            Kind::Galera => accounts(password),
            Kind::Group => group::accounts(password),
        };
        let path = place.join("init.sql");
        private::file(&path)?.write_all(init.as_bytes())?;
        owner.give(&path)?;
        // Of a folder of data that is received; another one is made by the server's own program.
        let data = (number > 0 && kind == Kind::Galera).then_some("data");
        for name in ["files", "tmp"].into_iter().chain(data) {
            fs::create_dir(place.join(name))?;
            owner.give(&place.join(name))?;
        }
        nodes.push(Node::new(place, ports, kind, &peers, password));
    }
    Ok(nodes)
}

/// Run at the first start of the first Galera node. One statement a line.
fn accounts(password: &str) -> String {
    format!(
        "CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{password}';\n\
         GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'127.0.0.1' WITH GRANT OPTION;\n"
    )
}
