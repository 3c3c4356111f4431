//! A private MariaDB or MySQL under `.dev/`, on loopback, for one checkout.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use mysql_async::prelude::Queryable as _;

use crate::mysqld::Program;
use crate::process::{Background, dev_folder};
use crate::secret::random_hex;
use crate::settings;

/// How long a server may take to start, at its very first start too.
const START: Duration = Duration::from_mins(2);

/// A running private server. If it was started here, it ends when this is dropped.
pub(crate) struct Server {
    port: u16,
    password: String,
    _process: Option<Background>,
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
}

fn url(name: &str, password: &str, port: u16) -> String {
    format!("mysql://{name}:{password}@127.0.0.1:{port}/{name}")
}

/// Starts the private server, or borrows the one that another run of this checkout has started.
pub(crate) async fn ensure() -> Result<Server> {
    let place = Place::new()?;
    // Held until the server answers: of two runs at once, one starts it.
    let lock = fs::File::create(place.file("lock"))?;
    lock.lock().context("cannot lock .dev/mysql")?;

    let password = kept(&place.file("password"), || random_hex(16))?;
    if let Some(port) = place.read("port")
        && answers(&url("gatehouse", &password, port)).await
    {
        return Ok(Server {
            port,
            password,
            _process: None,
        });
    }
    start(&place, password).await
}

async fn start(place: &Place, password: String) -> Result<Server> {
    let program = Program::find_or_install().await?;
    program.initialise(&place.folder).await?;
    fs::write(place.file("init.sql"), accounts(&password))?;
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    fs::write(place.file("port"), port.to_string())?;

    let name = program.name();
    eprintln!("  starting a private {name} on 127.0.0.1:{port}");
    let mut process = Background::start(&mut program.serve(&place.folder, port)?)?;
    let deadline = Instant::now() + START;
    let log = place.file("server.log");
    let advice = format!(
        "see {}, or remove {}",
        log.display(),
        place.folder.display()
    );
    while !answers(&url("gatehouse", &password, port)).await {
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
        _process: Some(process),
    })
}

/// The folder of the private server.
struct Place {
    folder: PathBuf,
}

impl Place {
    fn new() -> Result<Self> {
        let folder = dev_folder().join("mysql");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        fs::read_to_string(self.file(name))
            .ok()?
            .trim()
            .parse()
            .ok()
    }
}

/// A value that is made once and kept in a file for this user only.
fn kept(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<String> {
    use std::os::unix::fs::PermissionsExt as _;
    if let Ok(value) = fs::read_to_string(path)
        && !value.trim().is_empty()
    {
        return Ok(value.trim().to_owned());
    }
    let value = make()?;
    fs::write(path, &value)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
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
    let mut sql = String::new();
    for (name, scope) in [("gatehouse", "`gatehouse`.*"), ("gatehouse_test", "*.*")] {
        let account = format!("'{name}'@'127.0.0.1'");
        let _ = write!(
            sql,
            "CREATE DATABASE IF NOT EXISTS `{name}`;\n\
             CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{password}';\n\
             GRANT ALL PRIVILEGES ON {scope} TO {account} WITH GRANT OPTION;\n"
        );
    }
    sql
}
