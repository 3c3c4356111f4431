//! The cluster with the database of these tests.

use std::path::Path;
use std::time::Duration;

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
    /// Makes a connection see what other nodes have committed before.
    wait: &'static str,
    fault: Duration,
}

impl Ground {
    /// On Galera.
    pub(super) async fn galera() -> Self {
        let cluster = Cluster::galera(&empty_folder("cluster")).await;
        let wait = "SET SESSION wsrep_sync_wait = 1";
        Self::on(cluster.expect("a cluster"), wait, Duration::from_secs(15)).await
    }

    /// On Group Replication by a `mysqld`.
    pub(super) async fn group(mysqld: &str) -> Self {
        let folder = empty_folder("cluster-group");
        let cluster = Cluster::group(Path::new(mysqld), &folder).await;
        let wait = "SET SESSION group_replication_consistency = 'BEFORE'";
        // Electing another primary takes some 20 s, and a node that is back before that is refused.
        Self::on(cluster.expect("a cluster"), wait, Duration::from_secs(40)).await
    }

    async fn on(cluster: Cluster, wait: &'static str, fault: Duration) -> Self {
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
        Self {
            cluster,
            wait,
            fault,
        }
    }

    /// How long a fault lasts.
    pub(crate) fn fault(&self) -> Duration {
        self.fault
    }

    /// Undoes what was done to the nodes, and returns when all of them work.
    pub(crate) async fn heal(&mut self) {
        self.cluster.nodes.heal().await.expect("a whole cluster");
    }

    pub(crate) fn node(&self, number: usize) -> &Node {
        &self.cluster.nodes.all()[number]
    }

    pub(crate) fn node_mut(&mut self, number: usize) -> &mut Node {
        &mut self.cluster.nodes.all_mut()[number]
    }

    /// The number of the node that has most clients.
    pub(crate) async fn busiest(&self) -> usize {
        self.cluster.nodes.busiest().await
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
            conn.query_drop(self.wait).await.expect("a setting");
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
