//! `wrangler dev`: its process, and what of its output is worth showing.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use crate::docs;
use crate::tools::Tools;
use xtask_host::process::{Background, End, dev_folder, guarded, root};

/// How wrangler marks what went wrong, the Worker's own lines of that kind too.
const ERROR: &str = "\u{2718} [ERROR] ";

/// A running wrangler, ended when this is dropped.
pub(crate) struct Wrangler {
    process: Background,
    log: Arc<Mutex<Log>>,
}

/// What it has said: kept until it serves, and then passed on.
#[derive(Default)]
struct Log {
    serving: bool,
    kept: Vec<String>,
    /// The last thing that went wrong; its further lines are indented.
    error: Option<String>,
    error_goes_on: bool,
}

impl Wrangler {
    pub(crate) fn start(tools: &Tools, port: u16, database: &str) -> Result<Self> {
        let mut process = Background::start(&mut command(tools, port, database)?)?;
        let log = Arc::new(Mutex::new(Log::default()));
        let (output, errors) = process.take_outputs();
        follow(output, &log);
        follow(errors, &log);
        Ok(Self { process, log })
    }

    /// Whether it has ended by itself.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.ended()
    }

    /// It answers: of what it said on the way, what the Worker says of its start is shown.
    pub(crate) fn serves(&self) {
        let mut log = lock(&self.log);
        log.serving = true;
        for line in std::mem::take(&mut log.kept) {
            if is_of_the_start(&line) {
                println!("{line}");
            }
        }
    }

    /// Why it failed. Where that cannot be told, all that it has said is shown.
    pub(crate) fn failed(&self) -> String {
        let mut log = lock(&self.log);
        log.error.take().unwrap_or_else(|| {
            for line in &log.kept {
                eprintln!("{line}");
            }
            "it did not say why, but see above".to_owned()
        })
    }
}

fn lock(log: &Mutex<Log>) -> std::sync::MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

fn follow(output: Option<impl Read + Send + 'static>, log: &Arc<Mutex<Log>>) {
    let Some(output) = output else { return };
    let log = Arc::clone(log);
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            lock(&log).add(&without_colours(&line));
        }
    });
}

/// A line without the escape sequences that wrangler puts in whoever reads it.
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        plain.push_str(rest.get(1..).unwrap_or_default());
    }
    plain
}

impl Log {
    fn add(&mut self, line: &str) {
        let marked = line.strip_prefix(ERROR);
        // The Worker's line is complete without wrangler's mark.
        let shown = marked.filter(|line| line.starts_with('{')).unwrap_or(line);
        if let Some(reason) = reason(shown) {
            self.error = Some(reason);
            self.error_goes_on = false;
        } else if let Some(text) = marked {
            self.error = Some(text.to_owned());
            self.error_goes_on = true;
        } else if self.error_goes_on {
            self.error_goes_on = line.is_empty() || line.starts_with(' ');
            if let Some(error) = self.error.as_mut().filter(|_| line.starts_with(' ')) {
                error.push('\n');
                error.push_str(line);
            }
        }
        if !self.serving {
            self.kept.push(shown.to_owned());
        } else if !shown.is_empty() && !shown.starts_with("[wrangler:info]") {
            println!("{shown}");
        }
    }
}

/// Whether a line is the Worker's own, and of no request: those were sent to wait for its start.
fn is_of_the_start(line: &str) -> bool {
    let line: Option<serde_json::Value> = serde_json::from_str(line).ok();
    let event = line.as_ref().and_then(|line| line.get("event"));
    event.is_some_and(|event| event != "request")
}

/// The reason that a line of the Worker's log gives for a failure.
fn reason(line: &str) -> Option<String> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    Some(line.get("reason")?.as_str()?.to_owned())
}

fn command(tools: &Tools, port: u16, database: &str) -> Result<Command> {
    let home = dev_folder().join("wrangler");
    std::fs::create_dir_all(&home)?;
    let (node, program) = tools.wrangler();
    let mut wrangler = guarded(node, End::Term);
    wrangler
        .arg(program)
        .args(["dev", "--ip", "127.0.0.1", "--inspector-port", "0"])
        .arg("--show-interactive-dev-session=false")
        .args(["--port", &port.to_string()])
        .arg("--assets")
        .arg(docs::folder())
        // Its own SQLite files: a second workerd on the same ones fails to start.
        .arg("--persist-to")
        .arg(home.join(format!("state-{port}")))
        .env(
            "CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE",
            database,
        )
        .env("PATH", tools.path())
        // It is a local server: nothing to report, ask or fetch.
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_SEND_ERROR_REPORTS", "false")
        .env("WRANGLER_HIDE_BANNER", "true")
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("XDG_CONFIG_HOME", &home)
        .env("WRANGLER_LOG_PATH", &home)
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(wrangler)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(lines: &[&str]) -> Option<String> {
        let mut log = Log::default();
        for line in lines {
            log.add(line);
        }
        log.error
    }

    #[test]
    fn of_what_is_said_before_it_serves_only_the_workers_lines_of_its_start_are_shown() {
        assert!(is_of_the_start(
            r#"{"event":"unknown_setting","reason":"PASSWORD_MINLENGTH"}"#
        ));
        for other in [
            r#"{"event":"request","status":200}"#,
            "[wrangler:info] Ready on http://127.0.0.1:8787",
            "{",
            "",
        ] {
            assert!(!is_of_the_start(other), "{other}");
        }
    }

    #[test]
    fn the_reason_of_a_failure_is_found_in_the_workers_log_or_in_wranglers_words() {
        let worker = without_colours(
            "\u{1b}[31m✘ \u{1b}[41;31m[\u{1b}[41;97mERROR\u{1b}[41;31m]\u{1b}[0m \u{1b}[1m\
             {\"event\":\"request\",\"status\":500,\"reason\":\"configuration: X\"}\u{1b}[0m",
        );
        let after = "🪵  Logs were written to \"/somewhere\"";
        assert_eq!(
            error_of(&["Ready", &worker, "", "", after]).as_deref(),
            Some("configuration: X")
        );
        let wrangler = [
            "✘ [ERROR] Processing wrangler.toml:",
            "",
            "    - no main",
            "",
            after,
        ];
        assert_eq!(
            error_of(&wrangler).as_deref(),
            Some("Processing wrangler.toml:\n    - no main")
        );
        assert_eq!(error_of(&["Starting local server...", after]), None);
    }
}
