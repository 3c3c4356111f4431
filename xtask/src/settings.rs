//! Settings from the environment and `.env`: which database is meant.

use anyhow::{Context as _, Result, bail};
use mysql_async::{Opts, OptsBuilder, SslOpts};

use crate::process::root;

/// A variable of the environment or, if it is not there, of `.env`.
pub(crate) fn variable(name: &str) -> Result<Option<String>> {
    if let Ok(value) = std::env::var(name) {
        return Ok(Some(value).filter(|value| !value.is_empty()));
    }
    let file = root().join(".env");
    if !file.exists() {
        return Ok(None);
    }
    let unreadable = || {
        format!(
            "{} cannot be read; quote values with spaces",
            file.display()
        )
    };
    for pair in dotenvy::from_path_iter(&file).with_context(unreadable)? {
        let (key, value) = pair.with_context(unreadable)?;
        if key == name && !value.is_empty() {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// The database that `DATABASE_URL` or the `DATABASE_*` names of the replaced system mean, as a
/// URL; none when neither is set.
pub(crate) fn database_url() -> Result<Option<String>> {
    if let Some(url) = variable("DATABASE_URL")? {
        return Ok(Some(normal_url(&url)?));
    }
    let Some(host) = variable("DATABASE_HOST")? else {
        return Ok(None);
    };
    let need = |name: &str| {
        variable(name)?.with_context(|| format!("DATABASE_HOST is set, but {name} is not"))
    };
    let port = variable("DATABASE_PORT")?.unwrap_or_else(|| "3306".into());
    let port: u16 = port.parse().context("DATABASE_PORT is no port")?;
    Ok(Some(format!(
        "mysql://{}:{}@{host}:{port}/{}",
        percent_encode(&need("DATABASE_USER")?),
        percent_encode(&need("DATABASE_PASSWORD")?),
        percent_encode(&need("DATABASE_NAME")?),
    )))
}

/// A URL whose scheme is `mysql`, though it may be written for a Python driver
/// (`mysql+aiomysql`).
fn normal_url(url: &str) -> Result<String> {
    let (scheme, rest) = url
        .split_once("://")
        .context("DATABASE_URL has the form mysql://user:password@host:3306/database")?;
    match scheme.split('+').next() {
        Some("mysql" | "mariadb") => Ok(format!("mysql://{rest}")),
        _ => bail!("DATABASE_URL has the scheme {scheme}; it must be mysql://"),
    }
}

/// Options of `mysql_async` for a URL. The query of the URL is wrangler's (`ssl-mode`): TLS is used
/// unless it says `disabled` or the server is on this machine.
pub(crate) fn options(url: &str) -> Result<Opts> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let options = Opts::from_url(base).context("the database's URL cannot be read")?;
    let tls = match ssl_mode(query).as_deref() {
        Some("disabled" | "false" | "0") => None,
        None if is_local(&options) => None,
        Some("required" | "true" | "1") => {
            Some(SslOpts::default().with_danger_accept_invalid_certs(true))
        }
        _ => Some(SslOpts::default()),
    };
    Ok(OptsBuilder::from_opts(options)
        .prefer_socket(false)
        .ssl_opts(tls)
        .into())
}

fn ssl_mode(query: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let key = key.to_ascii_lowercase();
        matches!(&*key, "ssl-mode" | "sslmode" | "ssl").then(|| value.to_ascii_lowercase())
    })
}

fn is_local(options: &Opts) -> bool {
    matches!(
        options.ip_or_hostname(),
        "localhost" | "127.0.0.1" | "[::1]" | "::1"
    )
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
mod tests {
    use super::*;

    #[test]
    fn a_url_of_sqlalchemy_is_understood_and_another_database_is_not() {
        let url = normal_url("mysql+aiomysql://u:p@db.example:3306/app").unwrap();
        assert_eq!(url, "mysql://u:p@db.example:3306/app");
        assert!(normal_url("postgres://u:p@h/d").is_err());
        assert!(normal_url("u:p@h/d").is_err());
    }

    #[test]
    fn tls_is_for_servers_elsewhere_unless_the_url_says_otherwise() {
        let tls = |url| options(url).unwrap().ssl_opts().is_some();
        assert!(!tls("mysql://u:p@127.0.0.1:3306/app"));
        assert!(tls("mysql://u:p@db.example:3306/app"));
        assert!(tls("mysql://u:p@127.0.0.1:3306/app?ssl-mode=required"));
        assert!(!tls("mysql://u:p@db.example:3306/app?ssl-mode=disabled"));
    }

    #[test]
    fn passwords_survive_the_url() {
        let url = format!(
            "mysql://u:{}@127.0.0.1:3306/app",
            percent_encode("a@b:c/d?é%")
        );
        assert_eq!(options(&url).unwrap().pass(), Some("a@b:c/d?é%"));
    }
}
