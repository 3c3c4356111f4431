//! The folder of the private server, and what the server finds in it.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Owner, users};
use crate::private;

/// The folder of the private server.
pub(super) struct Place {
    pub(super) folder: PathBuf,
}

impl Place {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder })
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A file that is there to be locked.
    pub(super) fn open(&self, name: &str) -> Result<File> {
        users::lock_file(&self.file(name))
    }

    pub(super) fn read<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        fs::read_to_string(self.file(name))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// What the server finds beside its data: statements to run at its start, a folder for
    /// temporary files, and the only one whose files statements may read and write.
    pub(super) fn prepare(&self, password: &str, owner: &Owner) -> Result<()> {
        owner.shut(&self.folder)?;
        let init = self.file("init.sql");
        private::file(&init)?.write_all(accounts(password).as_bytes())?;
        owner.give(&init)?;
        for folder in ["files", "tmp"].map(|name| self.file(name)) {
            fs::create_dir_all(&folder)?;
            owner.give(&folder)?;
        }
        Ok(())
    }
}

/// A value that is made once and kept in a file for this user only.
pub(super) fn kept(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<String> {
    if let Ok(value) = fs::read_to_string(path)
        && !value.trim().is_empty()
    {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        return Ok(value.trim().to_owned());
    }
    let value = make()?;
    private::file(path)?.write_all(value.as_bytes())?;
    Ok(value)
}

/// Run at each start, before the first connection. One statement a line.
fn accounts(password: &str) -> String {
    // Whoever could get in without a password, also in a folder of an earlier version: root and
    // the anonymous accounts under every host, accounts of the system, and what a test has left.
    // The servers' own accounts are locked; MariaDB's roles have no host.
    let mut sql = "SET SESSION group_concat_max_len = 1000000;\n\
         SET @open = (SELECT GROUP_CONCAT(QUOTE(`User`), '@', QUOTE(`Host`)) FROM `mysql`.`user` \
         WHERE `User` NOT IN ('mariadb.sys', 'mysql.sys', 'mysql.session', 'mysql.infoschema') \
         AND `Host` <> '' AND (`User` IN ('', 'root') OR `plugin` IN ('unix_socket', 'auth_socket') \
         OR COALESCE(`authentication_string`, '') = ''));\n\
         SET @drop = IF(@open IS NULL, 'DO 0', CONCAT('DROP USER ', @open));\n\
         PREPARE `drop` FROM @drop;\n\
         EXECUTE `drop`;\n"
        .to_owned();
    for (name, scope) in [("gatehouse", "`gatehouse`.*"), ("gatehouse_test", "*.*")] {
        let account = format!("'{name}'@'127.0.0.1'");
        let _ = write!(
            sql,
            "CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4;\n\
             CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{password}';\n\
             GRANT ALL PRIVILEGES ON {scope} TO {account} WITH GRANT OPTION;\n"
        );
    }
    sql
}
