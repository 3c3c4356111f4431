//! A private MariaDB or MySQL under `.dev/`, on loopback, for one checkout.

mod mysqld;
mod owner;
mod users;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use mysql_async::prelude::Queryable as _;

use crate::process::{Background, dev_folder};
use crate::secret::{private_file, random_hex};
use crate::settings;

use mysqld::Program;
use owner::Owner;
use users::User;

/// How long a server may take to start, at its very first start too.
const START: Duration = Duration::from_mins(2);
/// How long one may take to end, and whoever starts one to be done.
const END: Duration = Duration::from_secs(15);

/// A running private server. It ends with the last run of this checkout that uses it, whichever
/// has started it.
pub(crate) struct Server {
    port: u16,
    password: String,
    place: Place,
    user: Option<User>,
    process: Option<Background>,
}

impl Server {
    /// The database of `cargo xtask dev`, for the account that owns it and nothing else.
    pub(crate) fn dev_url(&self) -> String {
        url("gatehouse", &self.password, self.port)
    }

    /// An account of the tests, which make databases and accounts of their own.
    pub(crate) fn test_url(&self) -> String {
        url("gatehouse_test", &self.password, self.port)
    }

    fn is_served(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody borrows it now: either somebody has it already, or it is about to end.
        let deadline = Instant::now() + END;
        let starting = self.place.open("lock");
        while starting.as_ref().is_ok_and(|lock| lock.try_lock().is_err())
            && Instant::now() < deadline
        {
            thread::sleep(Duration::from_millis(20));
        }
        drop(self.user.take());
        let process = self.process.take();
        if !users::none(&self.place.folder) {
            // Its watcher ends it; this process is no longer needed for that.
            std::mem::forget(process);
            return;
        }
        drop(process);
        while self.is_served() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn url(name: &str, password: &str, port: u16) -> String {
    format!("mysql://{name}:{password}@127.0.0.1:{port}/{name}")
}

/// Starts the private server, or borrows the one that another run of this checkout has started.
pub(crate) async fn ensure() -> Result<Server> {
    ensure_in(&dev_folder().join("mysql")).await
}

async fn ensure_in(folder: &Path) -> Result<Server> {
    let place = Place::new(folder)?;
    // Held until the server answers: of two runs at once, one starts it.
    let lock = place.open("lock")?;
    lock.lock()
        .with_context(|| format!("cannot lock {}", place.folder.display()))?;

    let password = kept(&place.file("password"), || random_hex(16))?;
    if let Some(user) = User::join(&place.folder)?
        && let Some(port) = place.read("port")
        && answers(&url("gatehouse", &password, port)).await
    {
        return Ok(Server {
            port,
            password,
            place,
            user: Some(user),
            process: None,
        });
    }
    start(place, password).await
}

async fn start(place: Place, password: String) -> Result<Server> {
    let program = Program::find()?;
    let owner = program.owner(&place.folder);
    place.prepare(&password, &owner)?;
    program.initialise(&place.folder, &owner).await?;
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    private_file(&place.file("port"))?.write_all(port.to_string().as_bytes())?;

    let name = program.name();
    eprintln!("  starting a private {name} on 127.0.0.1:{port}");
    let (user, last) = User::first(&place.folder)?;
    // A server makes it once it has its port. Before, another program could have taken the port, and
    // would be told the password.
    let socket = place.file("data/mysql.sock");
    if fs::exists(&socket)? {
        fs::remove_file(&socket)?;
    }
    let mut serve = program.serve(&place.folder, port, &owner)?;
    let mut process = Background::start(serve.stdin(Stdio::from(last)))?;
    let deadline = Instant::now() + START;
    let log = place.file("server.log");
    let advice = format!(
        "see {}, or remove {}",
        log.display(),
        place.folder.display()
    );
    while !(socket.exists() && answers(&url("gatehouse", &password, port)).await) {
        if let Some(status) = process.ended()? {
            bail!("the private {name} ended with {status}; {advice}");
        }
        if Instant::now() > deadline {
            bail!(
                "the private {name} is not ready after {} s; {advice}",
                START.as_secs()
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(Server {
        port,
        password,
        place,
        user: Some(user),
        process: Some(process),
    })
}

/// The folder of the private server.
struct Place {
    folder: PathBuf,
}

impl Place {
    fn new(folder: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A file that is there to be locked.
    fn open(&self, name: &str) -> Result<File> {
        users::lock_file(&self.file(name))
    }

    fn read<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        fs::read_to_string(self.file(name))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// What the server finds beside its data: statements to run at its start, a folder for
    /// temporary files, and the only one whose files statements may read and write.
    fn prepare(&self, password: &str, owner: &Owner) -> Result<()> {
        owner.shut(&self.folder)?;
        let init = self.file("init.sql");
        private_file(&init)?.write_all(accounts(password).as_bytes())?;
        owner.give(&init)?;
        for folder in ["files", "tmp"].map(|name| self.file(name)) {
            fs::create_dir_all(&folder)?;
            owner.give(&folder)?;
        }
        Ok(())
    }
}

/// A value that is made once and kept in a file for this user only.
fn kept(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<String> {
    if let Ok(value) = fs::read_to_string(path)
        && !value.trim().is_empty()
    {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        return Ok(value.trim().to_owned());
    }
    let value = make()?;
    private_file(path)?.write_all(value.as_bytes())?;
    Ok(value)
}

async fn answers(url: &str) -> bool {
    let Ok(options) = settings::options(url) else {
        return false;
    };
    let connect = async {
        let mut conn = mysql_async::Conn::new(options).await?;
        conn.query_drop("SELECT 1").await
    };
    let answer = tokio::time::timeout(Duration::from_secs(3), connect).await;
    matches!(answer, Ok(Ok(())))
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

#[cfg(test)]
mod tests;
