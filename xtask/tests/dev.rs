//! `cargo xtask dev` as a newcomer meets it: the lines of the README and of docs/api.md, typed against it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod support;

use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use support::checkout::checkout;
use support::{Dev, no_longer_served, xtask};
use testkit::{database, free_port, hash, scratch_folder, wait};

const README: &str = include_str!("../../README.md");
const API: &str = include_str!("../../docs/api.md");

/// The command lines of all processes that name a folder.
fn processes_of(folder: &Path) -> Vec<String> {
    let output = Command::new("ps")
        .args(["-A", "-ww", "-o", "command="])
        .output()
        .expect("ps");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let folder = folder.display().to_string();
    lines
        .lines()
        .filter(|line| line.contains(&folder))
        .map(str::to_owned)
        .collect()
}

/// Sees that no process names a folder any more. The last ones may take a moment to die.
#[track_caller]
fn all_gone(folder: &Path) {
    let why = || format!("{:?}", processes_of(folder));
    let gone = || processes_of(folder).is_empty();
    wait::blocking(Duration::from_secs(20), gone, why);
}

/// The `sh` blocks of the README's session and of the examples that go on from it, and the `json`
/// block after each.
fn examples() -> Vec<(String, String)> {
    let (_, session) = README.split_once("## The API").expect("a section");
    let (session, _) = session.split_once("| route |").expect("its table");
    let (_, more) = API.split_once("## OAuth 2.0 forms").expect("a section");
    let (more, _) = more.split_once("## Errors").expect("the next one");
    let blocks = |section: &'static str| section.split("```").skip(1).step_by(2);
    let blocks: Vec<_> = blocks(session).chain(blocks(more)).collect();
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
    for member in [
        "id",
        "updated_at",
        "access_token",
        "session_id",
        "refresh_token",
        "request_id",
    ] {
        if let Some(member) = value.get_mut(member) {
            *member = serde_json::json!("varies");
        }
    }
    value.to_string()
}

fn run_examples(port: u16, email: &str) {
    let examples = examples();
    assert_eq!(examples.len(), 7);
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

/// Types the line of docs/sessions.md that fires the cron trigger.
fn fire_cron_trigger(port: u16) {
    let line = "curl http://127.0.0.1:8787/cdn-cgi/local/scheduled";
    assert!(include_str!("../../docs/sessions.md").contains(line));
    let line = line.replace("8787", &port.to_string());
    let output = Command::new("sh").args(["-c", &line]).output();
    let output = output.expect("a shell").stdout;
    assert_eq!(String::from_utf8_lossy(&output), "ok");
}

#[test]
fn the_readmes_lines_work_as_printed_and_everything_ends_and_starts_again() {
    // With a private server of its own, whatever else runs in this checkout.
    let folder = scratch_folder().join("dev-folder");
    let _ = std::fs::remove_dir_all(&folder);
    let path = folder.display().to_string();
    let variables = [("XTASK_DEV_FOLDER", path.as_str())];

    let dev = Dev::start(&variables);
    assert!(dev.log().contains("making a private"), "{}", dev.log());
    run_examples(dev.port, "ada@example.com");
    assert!(!processes_of(&folder).is_empty(), "the private server runs");
    dev.stop("-INT", 130);
    all_gone(&folder);

    // The second time everything is there already, the rows too.
    let dev = Dev::start(&variables);
    for word in ["installing", "adding", "building", "making", "applying"] {
        assert!(!dev.log().contains(word), "{word}: {}", dev.log());
    }
    run_examples(dev.port, "grace@example.com");
    fire_cron_trigger(dev.port);
    // A run that is killed can clean nothing up itself.
    dev.signal("-KILL");
    let port = dev.port;
    drop(dev);
    all_gone(&folder);
    no_longer_served(port);
    Dev::start(&variables).stop("-TERM", 143);
    all_gone(&folder);
}

#[test]
fn what_is_stopped_while_it_sets_things_up_leaves_nothing_behind() {
    let folder = scratch_folder().join("dev-stopped");
    let _ = std::fs::remove_dir_all(&folder);
    for wait in [300, 800, 1300] {
        let mut child = xtask()
            .args(["dev", "--port", &free_port().to_string()])
            .envs([("DATABASE_URL", ""), ("DATABASE_HOST", "")])
            .env("XTASK_DEV_FOLDER", &folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("xtask");
        std::thread::sleep(Duration::from_millis(wait));
        let kill = Command::new("kill").arg(child.id().to_string()).status();
        assert!(kill.expect("kill").success());
        let status = child.wait().expect("an end");
        // On a slow machine it may not have come as far as to handle signals.
        assert!(
            status.code() == Some(143) || status.signal() == Some(15),
            "{status}"
        );
        all_gone(&folder);
    }
}

#[tokio::test]
async fn they_work_on_a_database_that_has_the_old_table_and_rows() {
    let insert = format!(
        "INSERT INTO user (email, password) VALUES ('Old@Example.com', '{}')",
        hash::PASSLIB
    );
    let old = [
        "CREATE TABLE user (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255) UNIQUE, \
         password VARCHAR(255), name VARCHAR(50), username VARCHAR(50), updated_at TIMESTAMP NULL DEFAULT now())",
        &insert,
    ];
    let url = database::create(
        &database::url(),
        "gatehouse_dev_old",
        "CHARACTER SET latin1",
        &old,
    )
    .await;
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
    tokio::task::spawn_blocking(move || dev.stop("-TERM", 143))
        .await
        .expect("an end");
}

#[test]
fn a_misconfiguration_is_the_last_thing_said() {
    let url = database::url();
    let short = checkout("dev-misconfigured", "SECRET_KEY=short\n");
    let output = xtask()
        .args(["dev", "--port", &free_port().to_string()])
        .current_dir(&short)
        .env_remove("CARGO_MANIFEST_DIR")
        .env("DATABASE_URL", url)
        .output()
        .expect("xtask");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or_default();
    let reason = "configuration: SECRET_KEY must have at least 32 bytes";
    assert!(last.contains(reason), "{said}");
    // Nor a stack, nor any other line of wrangler's.
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.is_empty(), "{shown}");
}

#[test]
fn a_wrangler_that_ends_by_itself_is_started_again() {
    let folder = scratch_folder().join("dev-again");
    let path = folder.display().to_string();
    let dev = Dev::start(&[("XTASK_DEV_FOLDER", path.as_str())]);
    for _ in 0..2 {
        let wrangler = format!("cli.js dev .* --port {}", dev.port);
        let found = Command::new("pgrep")
            .args(["-f", &wrangler])
            .output()
            .expect("pgrep");
        let pid = String::from_utf8(found.stdout).expect("a number");
        let kill = Command::new("kill").args(["-KILL", pid.trim()]).status();
        assert!(kill.expect("kill").success(), "{pid}");
        dev.wait_for(&format!("Ready again on http://127.0.0.1:{}", dev.port));
        assert!(wait::is_served(dev.port));
    }
    assert!(
        dev.log().contains("wrangler ended by itself"),
        "{}",
        dev.log()
    );
    dev.stop("-TERM", 143);
    all_gone(&folder);
}

#[test]
fn a_port_that_is_taken_is_said_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let output = xtask()
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
