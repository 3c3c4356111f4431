//! Galera: `MariaDB` with wsrep.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use super::node::Ports;
use super::state::State;

/// What a node is started with.
pub(super) fn arguments(ports: Ports, peers: &str) -> Result<Vec<String>> {
    let provider = provider().context("there is no libgalera_smm.so")?;
    let Ports {
        group,
        transfers: [all, missed],
        ..
    } = ports;
    Ok(vec![
        "--wsrep-on=ON".to_owned(),
        format!("--wsrep-provider={}", provider.display()),
        format!("--wsrep-cluster-address=gcomm://{peers}"),
        format!("--wsrep-node-address=127.0.0.1:{group}"),
        "--wsrep-sst-method=rsync".to_owned(),
        format!("--wsrep-sst-receive-address=127.0.0.1:{all}"),
        format!(
            "--wsrep-provider-options=base_port={group};\
             gmcast.listen_addr=tcp://127.0.0.1:{group};\
             ist.recv_addr=127.0.0.1:{missed};gcache.size=64M"
        ),
        "--binlog-format=ROW".to_owned(),
        "--innodb-autoinc-lock-mode=2".to_owned(),
        // Three servers on one machine.
        "--innodb-buffer-pool-size=64M".to_owned(),
        "--innodb-log-file-size=32M".to_owned(),
    ])
}

/// What a node says of itself.
pub(super) async fn state(conn: &mut Conn) -> Result<State> {
    // A node outside the majority answers these two, and no SELECT from a table.
    let status: Vec<(String, String)> = conn.query("SHOW GLOBAL STATUS LIKE 'wsrep%'").await?;
    let read_only = "SHOW GLOBAL VARIABLES LIKE 'read_only'";
    let read_only: Option<(String, String)> = conn.query_first(read_only).await?;
    let value = |name: &str| {
        let found = status.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    Ok(State {
        is_synced: value("wsrep_cluster_status") == "Primary"
            && value("wsrep_local_state_comment") == "Synced"
            && value("wsrep_ready") == "ON",
        view: (
            value("wsrep_cluster_conf_id"),
            value("wsrep_cluster_size").parse().unwrap_or(0),
        ),
        is_read_only: read_only.is_none_or(|(_, value)| value != "OFF"),
    })
}

/// Where packages put Galera's library.
pub(super) fn provider() -> Option<PathBuf> {
    let folders = [
        "/usr/lib/galera",
        "/usr/lib64/galera-4",
        "/usr/lib/galera-4",
    ];
    let mut files = folders
        .iter()
        .map(|folder| Path::new(folder).join("libgalera_smm.so"));
    files.find(|file| file.is_file())
}
