//! `cargo xtask dev` as a newcomer meets it: the README's own lines, typed against it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable as _;

const README: &str = include_str!("../../README.md");

/// `cargo xtask dev` on a free port, ended by SIGTERM.
struct Dev {
    child: Child,
    port: u16,
}

impl Dev {
    fn start(variables: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(["dev", "--port", &port.to_string()])
            .envs(variables.iter().copied());
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("xtask");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let ready = format!("Ready on http://127.0.0.1:{port}");
        let (found, wait) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut seen = String::new();
            for line in output.lines().map_while(Result::ok) {
                if line == ready {
                    let _ = found.send(Ok(()));
                }
                seen.push_str(&line);
                seen.push('\n');
            }
            let _ = found.send(Err(seen));
        });
        let dev = Self { child, port };
        wait.recv_timeout(Duration::from_mins(5))
            .expect("no line with the URL")
            .expect("it ended early");
        dev
    }

    /// Asks it to end, and says how long it took.
    fn stop(mut self) -> Duration {
        let started = Instant::now();
        let kill = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(kill.expect("kill").success());
        assert!(self.child.wait().expect("an end").success());
        assert!(
            TcpStream::connect(("127.0.0.1", self.port)).is_err(),
            "the port is still served"
        );
        started.elapsed()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// The `sh` blocks of a section of the README, and the `json` block after each.
fn examples() -> Vec<(String, String)> {
    let (_, api) = README.split_once("## The API").expect("a section");
    let (api, _) = api.split_once("| route |").expect("its table");
    let blocks: Vec<_> = api.split("```").skip(1).step_by(2).collect();
    let text = |block: &str, language: &str| {
        block
            .strip_prefix(language)
            .unwrap_or_else(|| panic!("no {language} block: {block}"))
            .trim()
            .to_owned()
    };
    blocks
        .chunks(2)
        .map(|pair| match pair {
            [shell, json] => (text(shell, "sh"), text(json, "json")),
            _ => panic!("a block without its answer"),
        })
        .collect()
}

/// A JSON answer with what differs from run to run made the same.
fn normal(json: &str) -> String {
    let mut value: serde_json::Value =
        serde_json::from_str(json).unwrap_or_else(|_| panic!("not JSON: {json}"));
    for member in ["id", "updated_at", "access_token", "request_id"] {
        if let Some(member) = value.get_mut(member) {
            *member = serde_json::json!("varies");
        }
    }
    value.to_string()
}

fn run_examples(port: u16, email: &str) {
    let examples = examples();
    assert_eq!(examples.len(), 5);
    // One shell for all of them, since TOKEN is set in one and used in the next.
    let script: Vec<_> = examples
        .iter()
        .map(|(shell, _)| format!("{shell}\necho\n"))
        .collect();
    let script = script
        .concat()
        .replace("127.0.0.1:8787", &format!("127.0.0.1:{port}"))
        .replace("ada@example.com", email);
    let output = Command::new("sh")
        .args(["-e", "-c", &script])
        .output()
        .expect("a shell");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answers = String::from_utf8(output.stdout).expect("UTF-8");
    let answers: Vec<_> = answers
        .lines()
        .filter(|line| !line.is_empty())
        .map(normal)
        .collect();
    let expected: Vec<_> = examples
        .iter()
        .map(|(_, json)| normal(&json.replace("ada@example.com", email)))
        .collect();
    assert_eq!(answers, expected);
}

#[test]
fn the_readmes_lines_work_as_printed() {
    let dev = Dev::start(&[]);
    let email = format!("ada{}@example.com", std::process::id());
    run_examples(dev.port, &email);
    let took = dev.stop();
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test]
async fn they_work_on_a_database_that_has_the_old_table_and_rows() {
    let server = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set: run the tests with `cargo xtask test`");
    let (base, _) = server.rsplit_once('/').expect("a database's URL");
    let options = mysql_async::Opts::from_url(&server).expect("a database's URL");
    let options = mysql_async::OptsBuilder::from_opts(options).prefer_socket(false);
    let mut conn = mysql_async::Conn::new(options).await.expect("a connection");
    for sql in [
        "DROP DATABASE IF EXISTS gatehouse_dev_old",
        "CREATE DATABASE gatehouse_dev_old CHARACTER SET latin1",
        "CREATE TABLE gatehouse_dev_old.user (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE, \
         password VARCHAR(255), name VARCHAR(50), username VARCHAR(50), updated_at TIMESTAMP NULL DEFAULT now())",
        "INSERT INTO gatehouse_dev_old.user (email, password) VALUES ('Old@Example.com', \
         '$argon2id$v=19$m=65536,t=3,p=4$P8c4p3ROyRmDcM75nzNmzA$VOQW7OSCzpQKSFauY7I23Wvx2nLzXsVsHmmEstaZ5xI')",
    ] {
        conn.query_drop(sql).await.expect(sql);
    }
    let url = format!("{base}/gatehouse_dev_old");
    let dev = tokio::task::spawn_blocking(move || {
        let dev = Dev::start(&[("DATABASE_URL", &url)]);
        run_examples(dev.port, "ada@example.com");
        dev
    });
    let dev = dev.await.expect("the examples");
    let login = format!(
        "curl -s http://127.0.0.1:{}/auth/login -H 'Content-Type: application/json' \
         -d '{{\"email\": \"old@example.com\", \"password\": \"correct horse battery staple\"}}'",
        dev.port
    );
    let answer = Command::new("sh")
        .args(["-c", &login])
        .output()
        .expect("a shell")
        .stdout;
    assert!(
        String::from_utf8_lossy(&answer).contains("access_token"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    tokio::task::spawn_blocking(move || dev.stop())
        .await
        .expect("an end");
}

#[test]
fn a_port_that_is_taken_is_said_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["dev", "--port", &port])
        .output()
        .expect("xtask");
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains(&format!("port {port} is taken; choose another with --port")),
        "{error}"
    );
}
