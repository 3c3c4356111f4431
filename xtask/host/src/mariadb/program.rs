//! The program of a MariaDB or MySQL server: finding, initialising, serving.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use xtask_start::machine::{self, Advice, Need, find};

use super::owner::Owner;
use crate::private;
use crate::process::{End, command, guarded, output, step};

/// Both servers make folders 0700 and files 0600 with these.
const PRIVATE: [(&str, &str); 2] = [("UMASK", "0600"), ("UMASK_DIR", "0700")];

/// A server program and which kind it is.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    mariadb: bool,
}

impl Program {
    /// The one on `PATH` or where packages put it.
    ///
    /// # Errors
    /// When there is none, or it does not run.
    pub fn find() -> Result<Self> {
        let Some(path) = find(&machine::SERVERS) else {
            bail!("{}", Advice(&machine::missing(&[Need::Server])));
        };
        Self::at(path)
    }

    /// The one at a path.
    ///
    /// # Errors
    /// When it does not run.
    pub fn at(path: PathBuf) -> Result<Self> {
        let version = output(Command::new(&path).args(["--no-defaults", "--version"]))
            .with_context(|| format!("{} does not run", path.display()))?;
        Ok(Self {
            path,
            mariadb: version.contains("MariaDB"),
        })
    }

    /// How it is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.mariadb { "MariaDB" } else { "MySQL" }
    }

    /// The account that it runs as in a folder.
    #[must_use]
    pub fn owner(&self, folder: &Path) -> Owner {
        Owner::choose(&self.path, folder)
    }

    /// Makes the data folder, if there is none.
    ///
    /// # Errors
    /// When that fails; with the program's last lines.
    pub async fn initialise(&self, folder: &Path, owner: &Owner) -> Result<()> {
        let (data, new) = (folder.join("data"), folder.join("data.new"));
        if data.exists() {
            return owner.give(&data);
        }
        // Half-made by a run that was stopped.
        if new.exists() {
            fs::remove_dir_all(&new)?;
        }
        fs::create_dir(&new)?;
        owner.give(&new)?;
        let mut initialise = if self.mariadb {
            let program = self.beside("mariadb-install-db").context(
                "mariadb-install-db is missing: it comes with the MariaDB server's package",
            )?;
            let mut initialise = command(program);
            initialise.args([
                "--no-defaults",
                // Root without a password, for this server's own socket only.
                "--auth-root-authentication-method=socket",
                "--auth-root-socket-user=root",
                "--skip-test-db",
                // No look at the machine's name, which a container may not be able to resolve.
                "--force",
            ]);
            // `--user` is for the server alone: of this script it makes a `chown` of every word in
            // the folder's path.
            initialise.args(owner.needs_user_root().then_some("--loose-user=root"));
            initialise
        } else {
            let mut initialise = command(&self.path);
            // Root without a password, whom `init.sql` drops before the first connection.
            initialise.args(["--no-defaults", "--initialize-insecure"]);
            initialise.args(owner.needs_user_root().then_some("--user=root"));
            initialise
        };
        initialise
            .arg(format!("--datadir={}", new.display()))
            .current_dir(folder)
            .envs(PRIVATE)
            .env("TMPDIR", folder.join("tmp"));
        let what = format!("making a private {} database", self.name());
        step(&what, owner.apply(&mut initialise)).await?;
        fs::rename(new, &data)?;
        // The script of MariaDB before 10.5 does not know of the environment.
        owner.give(&data)
    }

    /// The command that serves a folder on a port of loopback, ended in this way when this process
    /// is gone.
    ///
    /// # Errors
    /// When its log cannot be written.
    pub fn serve(&self, folder: &Path, port: u16, owner: &Owner, end: End) -> Result<Command> {
        let log = private::file(&folder.join("server.log"))?;
        let option = |name: &str, file: &str| format!("--{name}={}", folder.join(file).display());
        let mut serve = guarded(&self.path, end);
        serve
            .arg("--no-defaults")
            .arg(option("datadir", "data"))
            .arg(option("init-file", "init.sql"))
            // Where `SELECT INTO OUTFILE`, `LOAD DATA` and `LOAD_FILE` are confined to.
            .arg(option("secure-file-priv", "files"))
            .arg("--local-infile=OFF")
            // Relative to the data folder: a socket's path has 107 bytes at most.
            .args(["--socket=mysql.sock", "--pid-file=pid"])
            .args(["--bind-address=127.0.0.1", "--skip-name-resolve"])
            .arg(format!("--port={port}"))
            .args(owner.needs_user_root().then_some("--user=root"))
            .current_dir(folder)
            .envs(PRIVATE)
            // A server that starts deletes the temporary tables that it finds, also another's.
            .env("TMPDIR", folder.join("tmp"))
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log));
        if !self.mariadb {
            serve.arg("--mysqlx=OFF");
        }
        owner.apply(&mut serve);
        Ok(serve)
    }

    /// A program of the same package.
    fn beside(&self, name: &str) -> Option<PathBuf> {
        let folder = self.path.parent()?;
        let near = [folder.join(name), folder.join("../bin").join(name)];
        near.into_iter()
            .find(|path| path.is_file())
            .or_else(|| find(&[name]))
    }
}
