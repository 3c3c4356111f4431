//! A private MariaDB or MySQL under `.dev/`, on loopback, for one checkout.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use mysql_async::prelude::Queryable as _;

use crate::process::{Background, command, dev_folder, output, step};
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
        format!(
            "mysql://gatehouse:{}@127.0.0.1:{}/gatehouse",
            self.password, self.port
        )
    }

    /// An account of the tests, which make databases and accounts of their own.
    pub(crate) fn test_url(&self) -> String {
        format!(
            "mysql://gatehouse_test:{}@127.0.0.1:{}/gatehouse_test",
            self.password, self.port
        )
    }
}

/// Starts the private server, or finds it running.
pub(crate) async fn ensure() -> Result<Server> {
    let folder = dev_folder().join("mysql");
    std::fs::create_dir_all(&folder)?;
    let password = kept(&folder.join("password"), || random_hex(16))?;
    if let Some(port) = std::fs::read_to_string(folder.join("port"))
        .ok()
        .and_then(|port| port.trim().parse().ok())
    {
        let server = Server {
            port,
            password: password.clone(),
            _process: None,
        };
        if answers(&server.dev_url()).await {
            return Ok(server);
        }
    }
    let program = find_or_install()?;
    let program = Program::new(&program)?;
    program.initialise(&folder)?;
    std::fs::write(folder.join("init.sql"), accounts(&password))?;

    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    std::fs::write(folder.join("port"), port.to_string())?;
    let mut process = Background::start(&mut program.serve(&folder, port)?)?;
    let server = Server {
        port,
        password,
        _process: None,
    };
    let deadline = Instant::now() + START;
    eprintln!(
        "  starting a private {} on 127.0.0.1:{port}",
        program.name()
    );
    while !answers(&server.dev_url()).await {
        let log = folder.join("server.log");
        if let Some(status) = process.ended()? {
            bail!(
                "the private database server ended with {status}; see {}",
                log.display()
            );
        }
        if Instant::now() > deadline {
            bail!(
                "the private database server is not ready after {} s; see {}",
                START.as_secs(),
                log.display()
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(Server {
        _process: Some(process),
        ..server
    })
}

/// A value that is made once and kept in a file for this user only.
fn kept(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<String> {
    use std::os::unix::fs::PermissionsExt as _;
    if let Ok(value) = std::fs::read_to_string(path) {
        return Ok(value.trim().to_owned());
    }
    let value = make()?;
    std::fs::write(path, &value)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(value)
}

async fn answers(url: &str) -> bool {
    let Ok(options) = settings::options(url) else {
        return false;
    };
    let connect = async {
        mysql_async::Conn::new(options)
            .await?
            .query_drop("SELECT 1")
            .await
    };
    matches!(
        tokio::time::timeout(Duration::from_secs(3), connect).await,
        Ok(Ok(()))
    )
}

/// Run at each start, before the first connection. One statement a line.
fn accounts(password: &str) -> String {
    let mut sql = String::new();
    for (user, database, scope) in [
        ("gatehouse", "gatehouse", "`gatehouse`.*"),
        ("gatehouse_test", "gatehouse_test", "*.*"),
    ] {
        let account = format!("'{user}'@'127.0.0.1'");
        let _ = write!(
            sql,
            "CREATE DATABASE IF NOT EXISTS `{database}`;\n\
             CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{password}';\n\
             GRANT ALL PRIVILEGES ON {scope} TO {account} WITH GRANT OPTION;\n"
        );
    }
    sql
}

/// The server's program: MariaDB's or MySQL's, from `PATH` or where packages put it.
fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = [
        "/usr/sbin",
        "/usr/libexec",
        "/usr/local/sbin",
        "/opt/homebrew/bin",
    ]
    .map(PathBuf::from);
    let folders: Vec<_> = std::env::split_paths(&path).chain(usual).collect();
    ["mariadbd", "mysqld"].iter().find_map(|name| {
        folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|program| program.is_file())
    })
}

fn find_or_install() -> Result<PathBuf> {
    if let Some(program) = find() {
        return Ok(program);
    }
    let root = output(Command::new("id").arg("-u")).as_deref() == Some("0");
    let apt = output(Command::new("apt-get").arg("--version")).is_some();
    if !(root && apt) {
        bail!(
            "there is no MariaDB or MySQL server on this machine: install one (Debian and Ubuntu: \
             `apt-get install mariadb-server-core mariadb-client-core`; macOS: `brew install \
             mariadb`), or name a database in DATABASE_URL"
        );
    }
    step(
        "reading the lists of packages",
        command("apt-get").arg("update"),
    )?;
    // The server's program alone: the package mariadb-server would also start a system service.
    let mut install = command("apt-get");
    install
        .args([
            "install",
            "--yes",
            "--no-install-recommends",
            "mariadb-server-core",
            "mariadb-client-core",
        ])
        .env("DEBIAN_FRONTEND", "noninteractive");
    step("installing MariaDB (no service is started)", &mut install)?;
    find().context("the packages hold no server")
}

/// A server program and which kind it is.
struct Program {
    path: PathBuf,
    mariadb: bool,
}

impl Program {
    fn new(path: &Path) -> Result<Self> {
        let version = output(Command::new(path).args(["--no-defaults", "--version"]))
            .with_context(|| format!("{} does not run", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            mariadb: version.contains("MariaDB"),
        })
    }

    fn name(&self) -> &'static str {
        if self.mariadb { "MariaDB" } else { "MySQL" }
    }

    /// Makes the data folder, if there is none.
    fn initialise(&self, folder: &Path) -> Result<()> {
        let data = folder.join("data");
        if data.join("mysql").exists() {
            return Ok(());
        }
        // Half-made by a run that was stopped.
        if data.exists() {
            std::fs::remove_dir_all(&data)?;
        }
        let mut initialise = if self.mariadb {
            let mut initialise = command("mariadb-install-db");
            initialise.args([
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ]);
            initialise
        } else {
            let mut initialise = command(&self.path);
            initialise.args(["--no-defaults", "--initialize-insecure"]);
            initialise
        };
        initialise
            .arg(format!("--datadir={}", data.display()))
            .args(Self::user());
        step(
            &format!("making a private {} database", self.name()),
            &mut initialise,
        )
    }

    fn serve(&self, folder: &Path, port: u16) -> Result<Command> {
        let log = std::fs::File::create(folder.join("server.log"))?;
        let mut serve = command(&self.path);
        serve
            .arg("--no-defaults")
            .arg(format!("--datadir={}", folder.join("data").display()))
            .arg(format!("--init-file={}", folder.join("init.sql").display()))
            .arg(format!("--pid-file={}", folder.join("pid").display()))
            // Relative to the data folder: a socket's path has 107 bytes at most.
            .args([
                "--socket=mysql.sock",
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
            ])
            .arg(format!("--port={port}"))
            .args(Self::user())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log));
        if !self.mariadb {
            serve.arg("--mysqlx=OFF");
        }
        Ok(serve)
    }

    /// Neither server runs as root unless it is told to.
    fn user() -> Option<&'static str> {
        let root = output(Command::new("id").arg("-u")).as_deref() == Some("0");
        root.then_some("--user=root")
    }
}
