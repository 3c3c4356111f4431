//! A MariaDB of a test's own, to be stopped and killed.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mysql_async::{Conn, Opts, OptsBuilder};

use super::database::migrate;
use super::scratch_folder;

pub(crate) struct Server {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    arguments: &'static [&'static str],
    process: Option<Child>,
}

impl Server {
    /// Starts one with an empty `user` table; none where there is no MariaDB.
    pub(crate) async fn start(name: &str) -> Option<Self> {
        Self::start_with(name, &[]).await
    }

    /// Starts one with arguments of the server.
    pub(crate) async fn start_with(name: &str, arguments: &'static [&'static str]) -> Option<Self> {
        let program = find("mariadbd")?;
        let folder = scratch_folder().join(format!("server-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("tmp")).expect("a folder");
        let made = Command::new(find("mariadb-install-db")?)
            // A server that starts deletes the temporary tables that it finds, also another's.
            .env("TMPDIR", folder.join("tmp"))
            .args([
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ])
            .arg(format!("--datadir={}", folder.join("data").display()))
            .args(user())
            .output()
            .expect("mariadb-install-db");
        let said = String::from_utf8_lossy(&made.stdout) + String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{said}");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        std::fs::write(
            folder.join("init.sql"),
            "CREATE DATABASE IF NOT EXISTS app CHARACTER SET utf8mb4;\n\
             CREATE USER IF NOT EXISTS 'app'@'127.0.0.1' IDENTIFIED BY 'app';\n\
             GRANT ALL PRIVILEGES ON app.* TO 'app'@'127.0.0.1';\n",
        )
        .expect("a file");
        let mut server = Self {
            program,
            folder,
            port,
            arguments,
            process: None,
        };
        server.run();
        let mut conn = server.conn().await;
        migrate(&mut conn).await;
        Some(server)
    }

    /// Runs it, and returns when it answers.
    pub(crate) fn run(&mut self) {
        let log = std::fs::File::create(self.folder.join("log")).expect("a log");
        let option =
            |name: &str, file: &str| format!("--{name}={}", self.folder.join(file).display());
        // The shell ends it when this process is gone.
        let script = "exec 3<&0 </dev/null; { read -r _ <&3; kill -9 $$; } >/dev/null 2>&1 & exec 3<&-; exec \"$0\" \"$@\"";
        let process = Command::new("sh")
            .args(["-c", script])
            .arg(&self.program)
            .arg("--no-defaults")
            .arg(option("datadir", "data"))
            .arg(option("init-file", "init.sql"))
            .arg(option("tmpdir", "tmp"))
            .args([
                "--socket=mysql.sock",
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
            ])
            .arg(format!("--port={}", self.port))
            .args(self.arguments)
            .args(user())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn();
        self.process = Some(process.expect("mariadbd"));
        let deadline = Instant::now() + Duration::from_mins(1);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(
                Instant::now() < deadline,
                "the server does not start: {}",
                self.folder.display()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it by a signal, and returns when it has gone.
    pub(crate) fn end(&mut self, signal: &str) {
        let mut process = self.process.take().expect("it runs");
        let sent = Command::new("kill")
            .args([signal, &process.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
        // Waiting closes the pipe, at which the watcher would kill it.
        let watched = process.stdin.take();
        process.wait().expect("an end");
        drop(watched);
    }

    pub(crate) fn options(&self) -> Opts {
        let builder = OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(self.port)
            .prefer_socket(false);
        builder
            .user(Some("app"))
            .pass(Some("app"))
            .db_name(Some("app"))
            .into()
    }

    pub(crate) async fn conn(&self) -> Conn {
        Conn::new(self.options()).await.expect("a connection")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.end("-KILL");
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/opt/homebrew/bin".into()]);
    folders
        .map(|folder: PathBuf| folder.join(name))
        .find(|program| program.is_file())
}

/// MariaDB does not run as root unless it is told to.
fn user() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().expect("id").stdout;
    (id == b"0\n").then_some("--user=root")
}
