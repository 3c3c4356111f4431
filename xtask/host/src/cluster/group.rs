//! Group Replication: `MySQL` with one primary.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use super::USER;
use super::node::Ports;
use super::state::State;

/// What a node is started with. It joins the group by itself, also after a crash: a primary that is
/// started outside the group takes writes, which are lost.
pub(super) fn arguments(ports: Ports, peers: &str) -> Vec<String> {
    let Ports { sql, group, .. } = ports;
    vec![
        format!("--server-id={sql}"),
        "--gtid-mode=ON".to_owned(),
        "--enforce-gtid-consistency=ON".to_owned(),
        "--report-host=127.0.0.1".to_owned(),
        format!("--report-port={sql}"),
        "--plugin-load-add=group_replication.so".to_owned(),
        "--loose-group-replication-start-on-boot=ON".to_owned(),
        "--loose-group-replication-group-name=6a7e40e5-0000-4000-8000-000000000000".to_owned(),
        format!("--loose-group-replication-local-address=127.0.0.1:{group}"),
        format!("--loose-group-replication-group-seeds={peers}"),
        "--loose-group-replication-recovery-get-public-key=ON".to_owned(),
        // Three servers on one machine.
        "--innodb-buffer-pool-size=64M".to_owned(),
        "--innodb-redo-log-capacity=32M".to_owned(),
    ]
}

/// What the first node is started with too, the first time.
pub(super) const FIRST: &str = "--loose-group-replication-bootstrap-group=ON";

/// Run at the first start of each node, before it joins. One statement a line.
pub(super) fn accounts(password: &str) -> String {
    // What each node has written for itself would keep it out of the group.
    format!(
        "SET sql_log_bin = 0;\n\
         CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{password}';\n\
         GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'127.0.0.1' WITH GRANT OPTION;\n\
         DROP USER 'root'@'localhost';\n\
         SET sql_log_bin = 1;\n\
         CHANGE REPLICATION SOURCE TO SOURCE_USER = '{USER}', SOURCE_PASSWORD = '{password}' \
         FOR CHANNEL 'group_replication_recovery';\n"
    )
}

/// What a node says of itself. Only the primary may be written to.
pub(super) async fn state(conn: &mut Conn) -> Result<State> {
    let sql = "SELECT MEMBER_ID, MEMBER_STATE, MEMBER_ID = @@server_uuid
               FROM performance_schema.replication_group_members ORDER BY MEMBER_ID";
    let members: Vec<(String, String, bool)> = conn.query(sql).await?;
    let sql = "SELECT @@GLOBAL.super_read_only";
    let read_only: Option<bool> = conn.query_first(sql).await?;
    let online: Vec<_> = members
        .iter()
        .filter(|(_, state, _)| state == "ONLINE")
        .collect();
    let is_majority = online.len() * 2 > members.len();
    let ids: Vec<_> = online.iter().map(|(id, ..)| id.as_str()).collect();
    Ok(State {
        is_synced: is_majority && online.iter().any(|(_, _, is_this)| *is_this),
        view: (ids.join(" "), online.len()),
        is_read_only: read_only.unwrap_or(true),
    })
}

/// The program of a server: the one at a path, or in a folder into which Debian's packages of it and of
/// its libraries were unpacked, under `root`. That runs by its own loader, for which a script is made.
pub(super) fn program(path: &Path, folder: &Path) -> Result<PathBuf> {
    if path.is_file() {
        return Ok(std::path::absolute(path)?);
    }
    let root = std::path::absolute(path)?.join("root/usr");
    let found = fs::read_dir(root.join("lib"))?.filter_map(Result::ok);
    let mut libraries = found.map(|entry| entry.path());
    let is_loader = |name: &str| name.starts_with("ld-linux");
    let loader = libraries.find_map(|folder| {
        let files = fs::read_dir(&folder).ok()?.filter_map(Result::ok);
        let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        let name = names.find(|name| is_loader(name))?;
        Some((folder.join(name), folder))
    });
    let (loader, libraries) = loader.with_context(|| format!("no server in {}", path.display()))?;
    let (root, loader, libraries) = (root.display(), loader.display(), libraries.display());
    let script = folder.join("mysqld");
    let text = format!(
        "#!/bin/sh\n[ \"$1\" != --no-defaults ] || shift\n\
         exec '{loader}' --library-path '{libraries}' '{root}/sbin/mysqld' --no-defaults \
         --basedir='{root}' --plugin-dir='{root}/lib/mysql/plugin' \
         --lc-messages-dir='{root}/share/mysql' --character-sets-dir='{root}/share/mysql/charsets' \
         \"$@\"\n"
    );
    fs::File::create(&script)?.write_all(text.as_bytes())?;
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(script)
}
