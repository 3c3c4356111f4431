//! Settings from the environment and `.env`: which database is meant. No message holds a value.

mod dotenv;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use hyperdrive_local::url;
use mysql_async::{Conn, Opts};

use crate::process::root;

pub(crate) use dotenv::{Dotenv, parse};

/// How long a database may take to let us in.
const CONNECT: Duration = Duration::from_secs(10);

/// The environment, and `.env` for what is not in it.
pub(crate) struct Settings {
    environment: fn(&str) -> Option<String>,
    file: Dotenv,
}

impl Settings {
    /// Reads `.env` of the project's root, if there is one.
    pub(crate) fn read() -> Result<Self> {
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
        for line in &file.unreadable {
            let path = path.display();
            eprintln!("  line {line} of {path} is no assignment and is passed over");
        }
        Ok(Self { environment, file })
    }

    /// A variable that is not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
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

    /// The database that `DATABASE_URL` or the `DATABASE_*` names of the replaced system mean, as a
    /// URL; none when neither is set.
    pub(crate) fn database_url(&self) -> Result<Option<String>> {
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

/// The URL of the database that the settings name, after a look whether it lets us in; none when
/// they name none. Call it before anything that takes long.
pub(crate) async fn reach() -> Result<Option<String>> {
    let url = Settings::read()?.database_url()?;
    if let Some(url) = &url {
        connect(url).await?.disconnect().await.ok();
    }
    Ok(url)
}

/// Connects to a database, and says in one sentence why that cannot be done.
pub(crate) async fn connect(url: &str) -> Result<Conn> {
    let options = options(url)?;
    let place = url::place(&options);
    let host = options.ip_or_hostname().trim_matches(['[', ']']).to_owned();
    if tokio::net::lookup_host((host.as_str(), options.tcp_port()))
        .await
        .is_err()
    {
        bail!("cannot reach the database: the name {host} is not known; is the host right?");
    }
    match tokio::time::timeout(CONNECT, Conn::new(options.clone())).await {
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(error)) => {
            let reason = url::unreachable(&options, &error);
            Err(anyhow!("cannot reach the database: {reason}"))
        }
        Err(_) => bail!(
            "cannot reach the database: {place} does not answer within {} s; are host and port right, and does a firewall let this machine in?",
            CONNECT.as_secs()
        ),
    }
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
