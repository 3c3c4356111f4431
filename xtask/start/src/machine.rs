//! What the machine must have, and the command that installs it.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest Node.js that npm is run with. The tools themselves run with the one that npm brings.
pub const NODE: (u32, u32) = (20, 3);
/// The names of the server's program.
pub const SERVERS: [&str; 2] = ["mariadbd", "mysqld"];

/// Something that cannot be installed into the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// rustup, for a Worker's build needs a second compiler and a target.
    Rustup,
    /// Node.js, for npm.
    Node,
    /// npm.
    Npm,
    /// The program of a MariaDB or MySQL server.
    Server,
    /// wrk, for the benchmark.
    Wrk,
    /// Python with venv, for the benchmark.
    Python,
}

/// An unmet need, and one line that says why.
#[derive(Debug)]
pub struct Missing {
    /// What it is.
    pub need: Need,
    /// Why it counts as missing.
    pub reason: String,
}

/// Those needs that the machine does not meet.
#[must_use]
pub fn missing(needs: &[Need]) -> Vec<Missing> {
    let check = |&need: &Need| {
        let reason = match need {
            Need::Rustup => rustup(),
            Need::Node => node(),
            Need::Npm => npm(),
            Need::Server => server(),
            Need::Wrk => wrk(),
            Need::Python => python(),
        };
        reason.map(|reason| Missing { need, reason })
    };
    needs.iter().filter_map(check).collect()
}

fn rustup() -> Option<String> {
    let there = output(Command::new("rustup").arg("--version")).is_some();
    (!there).then(|| "rustup (the Worker needs a nightly compiler and the wasm target)".to_owned())
}

fn node() -> Option<String> {
    let (major, minor) = NODE;
    let Some(version) = output(Command::new("node").arg("--version")) else {
        return Some(format!("Node.js {major}.{minor} or newer"));
    };
    let found = numbers(&version).unwrap_or_default();
    (found < NODE).then(|| format!("Node.js {major}.{minor} or newer: here is {version}"))
}

/// The version of a Node.js, major and minor; none if it does not run.
#[must_use]
pub fn node_version(node: &Path) -> Option<(u32, u32)> {
    numbers(&output(Command::new(node).arg("--version"))?)
}

/// Major and minor of what `node --version` prints.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix('v')?.split('.');
    let mut number = || numbers.next()?.parse().ok();
    Some((number()?, number()?))
}

fn npm() -> Option<String> {
    let there = output(Command::new("npm").arg("--version")).is_some();
    (!there).then(|| "npm (it comes with Node.js)".to_owned())
}

fn server() -> Option<String> {
    let missing = find(&SERVERS).is_none();
    let what = "a MariaDB or MySQL server (or name a database of yours in DATABASE_URL)";
    missing.then(|| what.to_owned())
}

fn wrk() -> Option<String> {
    let missing = find(&["wrk"]).is_none();
    missing.then(|| "wrk (for load)".to_owned())
}

fn python() -> Option<String> {
    let there = output(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_some();
    (!there).then(|| "Python 3 with venv (for the backend to compare with)".to_owned())
}

/// The first of some programs that is in a folder of `PATH` or where packages put servers.
#[must_use]
pub fn find(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let usual = [
        "/usr/sbin",
        "/usr/libexec",
        "/usr/local/sbin",
        "/opt/homebrew/bin",
    ];
    let folders: Vec<_> = env::split_paths(&path)
        .chain(usual.map(PathBuf::from))
        .collect();
    let mut programs = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    programs.find(|program| program.is_file())
}

/// The variables that name a database, one of which makes a server of our own needless.
pub const DATABASE: [&str; 2] = ["DATABASE_URL", "DATABASE_HOST"];
/// The same for the tests.
pub const TEST_DATABASE: [&str; 1] = ["TEST_DATABASE_URL"];

/// Whether one of some variables has a value, in the environment or in the `.env` of a folder.
#[must_use]
pub fn is_set(names: &[&str], root: &Path) -> bool {
    let variable = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    // A look is enough here: what `.env` says is read later, and read well.
    let file = std::fs::read_to_string(root.join(".env")).unwrap_or_default();
    let has_value = |rest: &str| {
        let value = rest.trim_start().trim_start_matches(['=', ':']);
        !value.trim_matches([' ', '\t', '"', '\'', '`']).is_empty()
    };
    let sets_one = |line: &str| {
        let line = line.trim_start().trim_start_matches("export ").trim_start();
        let mut rests = names.iter().filter_map(|name| line.strip_prefix(name));
        rests.any(has_value)
    };
    names.iter().any(variable) || file.lines().any(sets_one)
}

/// The packages of Debian and Ubuntu that meet the needs, where all of them can be installed here
/// and now: as root, from a system with `apt-get`.
#[must_use]
pub fn installable(missing: &[Missing]) -> Option<Vec<&'static str>> {
    let packages: Vec<_> = missing
        .iter()
        .flat_map(|missing| debian(missing.need))
        .copied()
        .collect();
    // Debian has no rustup before 13, and an old Node.js is not replaced behind its owner's back.
    let ours = |missing: &Missing| match missing.need {
        Need::Rustup => false,
        Need::Node => find(&["node"]).is_none(),
        Need::Npm | Need::Server | Need::Wrk | Need::Python => true,
    };
    let root = output(Command::new("id").arg("-u")).as_deref() == Some("0");
    let apt = output(Command::new("apt-get").arg("--version")).is_some();
    (root && apt && missing.iter().all(ours)).then_some(packages)
}

fn debian(need: Need) -> &'static [&'static str] {
    match need {
        Need::Rustup => &[],
        Need::Node => &["nodejs"],
        Need::Npm => &["npm"],
        // The programs alone: `mariadb-server` also starts a system service.
        Need::Server => &["mariadb-server-core", "mariadb-client-core"],
        Need::Wrk => &["wrk"],
        Need::Python => &["python3-venv"],
    }
}

fn fedora(need: Need) -> &'static [&'static str] {
    match need {
        Need::Rustup => &[],
        Need::Node => &["nodejs"],
        Need::Npm => &["nodejs-npm"],
        Need::Server => &["mariadb-server"],
        Need::Wrk => &["wrk"],
        Need::Python => &["python3"],
    }
}

fn homebrew(need: Need) -> &'static [&'static str] {
    match need {
        Need::Rustup => &[],
        Need::Node | Need::Npm => &["node"],
        Need::Server => &["mariadb"],
        Need::Wrk => &["wrk"],
        Need::Python => &["python"],
    }
}

/// All that is missing, and the commands that install it.
pub struct Advice<'a>(pub &'a [Missing]);

impl fmt::Display for Advice<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "this machine lacks")?;
        for missing in self.0 {
            write!(formatter, "\n  {}", missing.reason)?;
        }
        let all = |packages: fn(Need) -> &'static [&'static str]| {
            let needed = self.0.iter().flat_map(|missing| packages(missing.need));
            let mut all: Vec<_> = needed.copied().collect();
            all.dedup();
            all.join(" ")
        };
        let lacks = |need| self.0.iter().any(|missing| missing.need == need);
        if self.0.iter().any(|missing| missing.need != Need::Rustup) {
            write!(
                formatter,
                "\nInstall it:\n  \
                 Debian, Ubuntu: sudo apt-get install --yes --no-install-recommends {}\n  \
                 Fedora:         sudo dnf install --assumeyes {}\n  \
                 macOS:          brew install {}",
                all(debian),
                all(fedora),
                all(homebrew)
            )?;
        }
        if lacks(Need::Node) {
            let advice = "\nWhere the system's Node.js is older, take it from https://nodejs.org";
            formatter.write_str(advice)?;
        }
        if lacks(Need::Rustup) {
            formatter.write_str("\nInstall rustup as https://rustup.rs says")?;
        }
        Ok(())
    }
}

/// What a command prints, or none when it cannot be run or fails. For commands that answer at once.
#[must_use]
pub fn output(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}
