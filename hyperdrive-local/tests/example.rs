//! The Worker of `example/`, in wrangler, before a local Hyperdrive.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hyperdrive_local::Hyperdrive;
use hyperdrive_local::options::Options;
use mysql_async::{Opts, OptsBuilder};

/// `wrangler dev`, ended with all that it has started when the pipe to it closes.
struct Wrangler {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Wrangler {
    fn start(connection: &str) -> Self {
        // The current folder is the package's.
        let here = std::env::current_dir().expect("the current folder");
        let root = here.parent().expect("the project");
        let wrangler = root.join("node_modules/wrangler/bin/wrangler.js");
        assert!(
            wrangler.exists(),
            "run the tests with `cargo xtask test`, which installs wrangler"
        );
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let folder = root.join("target/tmp/example");
        std::fs::create_dir_all(&folder).expect("a folder");
        let log = folder.join("example.log");
        let output = std::fs::File::create(&log).expect("a log");
        let script = "exec 3<&0 </dev/null; { read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 & exec 3<&-; exec \"$0\" \"$@\"";
        let child = Command::new("sh")
            .args(["-c", script])
            .arg(root.join("node_modules/.bin/node"))
            .arg(wrangler)
            .args([
                "dev",
                "--ip",
                "127.0.0.1",
                "--inspector-port",
                "0",
                "--show-interactive-dev-session=false",
            ])
            .args(["--port", &port.to_string()])
            .current_dir(here.join("example"))
            .env(
                "CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE",
                connection,
            )
            .envs([
                ("WRANGLER_SEND_METRICS", "false"),
                ("WRANGLER_SEND_ERROR_REPORTS", "false"),
            ])
            .envs([
                ("WRANGLER_HIDE_BANNER", "true"),
                ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
            ])
            .env("XDG_CONFIG_HOME", &folder)
            .env("WRANGLER_LOG_PATH", folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(output.try_clone().expect("a log"))
            .stderr(output)
            .spawn();
        Self {
            child: child.expect("node"),
            port,
            log,
        }
    }

    /// Asks for a path until there is an answer.
    async fn ask(&self, path: &str) -> (u16, String) {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            if let Ok(answer) = reqwest::get(format!("http://127.0.0.1:{}{path}", self.port)).await
            {
                return (
                    answer.status().as_u16(),
                    answer.text().await.expect("a body"),
                );
            }
            let log = || std::fs::read_to_string(&self.log).unwrap_or_default();
            assert!(Instant::now() < deadline, "no answer: {}", log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Wrangler {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_worker_that_prepares_a_statement_fails_as_in_production() {
    let url = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the tests with `cargo xtask test`");
    let origin = OptsBuilder::from_opts(Opts::from_url(&url).expect("a URL")).prefer_socket(false);
    let hyperdrive = Hyperdrive::start(Options::new(origin.into()))
        .await
        .expect("a local Hyperdrive");
    let wrangler = Wrangler::start(&hyperdrive.connection_string());
    assert_eq!(
        wrangler.ask("/").await,
        (200, "[{\"answer\":42}]".to_owned())
    );
    let message = "Hyperdrive does not currently support MySQL COM_STMT_PREPARE messages\n";
    assert_eq!(wrangler.ask("/prepared").await, (500, message.to_owned()));
}
