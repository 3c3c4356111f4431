//! The cluster with the database of these tests.

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder};
use testkit::{database, empty_folder};
use xtask_host::cluster::{Arrangement, Cluster, NODES, Node};

use crate::support::{App, Builder};

const DATABASE: &str = "gatehouse";
/// The account of the apps: its name and its password.
const APP: &str = "app";

/// A cluster with tables and an account for apps.
pub(crate) struct Ground {
    cluster: Cluster,
}

impl Ground {
    pub(super) async fn start() -> Self {
        let cluster = Cluster::start(&empty_folder("cluster")).await;
        let cluster = cluster.expect("a cluster");
        let server = cluster.url(Arrangement::OneWriter, "mysql");
        let url = database::create(&server, DATABASE, "CHARACTER SET utf8mb4", &[]).await;
        let mut conn = database::connect(&url).await;
        database::migrate(&mut conn).await;
        // Not more: an account of the whole server may write where `read_only` forbids it.
        for sql in [
            format!("CREATE USER '{APP}'@'127.0.0.1' IDENTIFIED BY '{APP}'"),
            format!("GRANT ALL PRIVILEGES ON `{DATABASE}`.* TO '{APP}'@'127.0.0.1'"),
        ] {
            conn.query_drop(sql).await.expect("an account");
        }
        conn.disconnect().await.expect("an end");
        Self { cluster }
    }

    /// Undoes what was done to the nodes, and returns when all of them work.
    pub(crate) async fn heal(&mut self) {
        self.cluster.galera.heal().await.expect("a whole cluster");
    }

    pub(crate) fn node(&self, number: usize) -> &Node {
        &self.cluster.galera.nodes()[number]
    }

    pub(crate) fn node_mut(&mut self, number: usize) -> &mut Node {
        &mut self.cluster.galera.nodes_mut()[number]
    }

    /// The number of the node that has most clients.
    pub(crate) async fn busiest(&self) -> usize {
        self.cluster.galera.busiest().await
    }

    /// An app behind `HAProxy`.
    pub(crate) fn app(&self, arrangement: Arrangement) -> Builder {
        App::with().origin(options(self.cluster.port(arrangement)))
    }

    /// An app on one node alone.
    pub(crate) fn app_on(&self, node: usize) -> Builder {
        App::with().origin(options(self.node(node).port()))
    }

    /// A connection to each node. A SELECT on it sees what the other nodes have committed before.
    pub(crate) async fn conns(&self) -> Vec<Conn> {
        let mut conns = Vec::new();
        for number in 0..NODES {
            let url = self.cluster.node_url(number, DATABASE).expect("a node");
            let mut conn = database::connect(&url).await;
            let wait = "SET SESSION wsrep_sync_wait = 1";
            conn.query_drop(wait).await.expect("a setting");
            conns.push(conn);
        }
        conns
    }
}

fn options(port: u16) -> Opts {
    OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(port)
        .user(Some(APP))
        .pass(Some(APP))
        .db_name(Some(DATABASE))
        .prefer_socket(false)
        .into()
}
