//! Settings from the environment and `.env`: which database is meant. No message holds a value.

mod dotenv;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use hyperdrive_local::url;
use mysql_async::{Conn, Opts};
use tokio::net::lookup_host;
use tokio::time::timeout;

use xtask_host::process::root;

pub(crate) use dotenv::{Dotenv, parse};

/// How long a database may take to let us in.
const CONNECT: Duration = Duration::from_secs(10);

/// A variable of the environment or, if it is not there, of `.env`. Empty is none.
pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    Ok(Settings::read()?.variable(name))
}

/// The database that `DATABASE_URL` or the `DATABASE_*` names of the replaced system mean, as a
/// URL; none when neither is set.
pub(crate) fn database_url() -> Result<Option<String>> {
    let settings = Settings::read()?;
    for line in &settings.file.unreadable {
        eprintln!("  line {line} of .env is no assignment and is passed over");
    }
    settings.database_url()
}

/// The environment, and `.env` for what is not in it.
struct Settings {
    environment: fn(&str) -> Option<String>,
    file: Dotenv,
}

impl Settings {
    /// Reads `.env` of the project's root, if there is one.
    fn read() -> Result<Self> {
        Self::with(&root().join(".env"), |name| std::env::var(name).ok())
    }

    fn with(path: &Path, environment: fn(&str) -> Option<String>) -> Result<Self> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            bytes => bytes.with_context(|| format!("cannot read {}", path.display()))?,
        };
        // Not the error itself: it holds the bytes.
        let text =
            std::str::from_utf8(&bytes).map_err(|_| anyhow!("{} is not UTF-8", path.display()))?;
        let file = parse(text, environment);
        Ok(Self { environment, file })
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name)
            .or_else(|| self.file.values.get(name).cloned().flatten())
            .filter(|value| !value.is_empty())
    }

    /// Where a variable comes from.
    fn origin(&self, name: &str) -> &'static str {
        if (self.environment)(name).is_some() {
            "the environment"
        } else {
            ".env"
        }
    }

    fn database_url(&self) -> Result<Option<String>> {
        if let Some(url) = self.variable("DATABASE_URL") {
            let of = self.origin("DATABASE_URL");
            url::origin(&url).map_err(|error| anyhow!("DATABASE_URL of {of} is wrong: {error}"))?;
            return Ok(Some(url));
        }
        let Some(host) = self.variable("DATABASE_HOST") else {
            return Ok(None);
        };
        let need = |name: &str| {
            self.variable(name)
                .map(|value| percent_encode(&value))
                .with_context(|| format!("DATABASE_HOST is set, but {name} is not"))
        };
        let port = self.variable("DATABASE_PORT");
        let port = port.map_or(Ok(3306), |port| {
            let port = port.trim().parse::<u16>().ok().filter(|port| *port > 0);
            port.context("DATABASE_PORT is no port: a number up to 65535")
        })?;
        let host = host.trim();
        let host = match host.parse::<std::net::Ipv6Addr>() {
            Ok(address) => format!("[{address}]"),
            Err(_) => host.to_owned(),
        };
        let allowed = |c: char| c.is_alphanumeric() || "-._:[]".contains(c);
        let url = format!(
            "mysql://{}:{}@{host}:{port}/{}",
            need("DATABASE_USER")?,
            need("DATABASE_PASSWORD")?,
            need("DATABASE_NAME")?,
        );
        if !host.chars().all(allowed) || url::origin(&url).is_err() {
            bail!("DATABASE_HOST is no host: a name or an address, without scheme and port");
        }
        Ok(Some(url))
    }
}

/// Connects to a database, and says in one sentence why that cannot be done.
pub(crate) async fn connect(url: &str) -> Result<Conn> {
    let options = options(url)?;
    let host = options.ip_or_hostname().trim_matches(['[', ']']);
    let reason = if lookup_host((host, options.tcp_port())).await.is_err() {
        "this name is not known; is the host right?".to_owned()
    } else {
        match timeout(CONNECT, Conn::new(options.clone())).await {
            Ok(Ok(conn)) => return Ok(conn),
            Ok(Err(error)) => url::reason(&error),
            Err(_) => format!(
                "no answer within {} s; are host and port right, and does a firewall let this machine in?",
                CONNECT.as_secs()
            ),
        }
    };
    bail!(url::unreachable(&options, &reason))
}

/// Options of `mysql_async` for a URL.
pub(crate) fn options(url: &str) -> Result<Opts> {
    url::origin(url).context("the database's URL is wrong")
}

fn percent_encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests;
