//! Parses the URL of a database and explains why a database cannot be reached. Messages contain no
//! part of the URL except its host, port, user and database.

use std::io::ErrorKind;

use anyhow::{Context as _, Result, bail};
use mysql_async::{DriverError, Error, IoError, Opts, OptsBuilder, SslOpts, UrlError};

const FORM: &str = "the form is mysql://user:password@host:3306/database";

/// Parses the URL of a database: `mysql://user:password@host:3306/database?ssl-mode=required`, also
/// with the scheme of a Python driver (`mysql+aiomysql`). TLS with a checked certificate is used
/// unless the server is on this machine or the parameter `ssl-mode` (also `ssl`, `sslmode`) says
/// otherwise: `disabled` turns TLS off, `required` accepts any certificate.
///
/// # Errors
/// If the URL cannot be parsed, has another scheme, or names no host or no database.
pub fn origin(url: &str) -> Result<Opts> {
    let (scheme, rest) = url
        .split_once("://")
        .with_context(|| format!("it is no URL; {FORM}"))?;
    if !matches!(scheme.split('+').next(), Some("mysql" | "mariadb")) {
        bail!("its scheme is not mysql://; {FORM}");
    }
    let (base, query) = rest.split_once('?').unwrap_or((rest, ""));
    let options = Opts::from_url(&format!("mysql://{base}")).map_err(|error| {
        let reason = match error {
            UrlError::Parse(reason) => format!("it cannot be read ({reason})"),
            _ => "it cannot be read".to_owned(),
        };
        anyhow::anyhow!(
            "{reason}; {FORM}, where each of @ : / ? # % in the user or the password is written as %40 %3A %2F %3F %23 %25"
        )
    })?;
    if options.ip_or_hostname().is_empty() {
        bail!("it names no host; {FORM}");
    }
    if options.db_name().is_none_or(str::is_empty) {
        bail!("it names no database; {FORM}");
    }
    let tls = match ssl_mode(query).as_deref() {
        Some("disabled" | "false" | "0") => None,
        None if is_local(&options) => None,
        Some("required" | "true" | "1") => {
            Some(SslOpts::default().with_danger_accept_invalid_certs(true))
        }
        _ => Some(SslOpts::default()),
    };
    let options = OptsBuilder::from_opts(options).prefer_socket(false);
    Ok(options.ssl_opts(tls).into())
}

fn ssl_mode(query: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let key = key.to_ascii_lowercase();
        matches!(&*key, "ssl-mode" | "sslmode" | "ssl").then(|| value.to_ascii_lowercase())
    })
}

fn is_local(options: &Opts) -> bool {
    let host = options.ip_or_hostname();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The host and port of a database, as `host:port`.
#[must_use]
pub fn place(origin: &Opts) -> String {
    format!("{}:{}", origin.ip_or_hostname(), origin.tcp_port())
}

/// A sentence that names the database, server and user of a failed connection, and the reason.
#[must_use]
pub fn unreachable(origin: &Opts, reason: &str) -> String {
    format!(
        "cannot reach the database {} on {} as {}: {reason}",
        origin.db_name().unwrap_or_default(),
        place(origin),
        origin.user().unwrap_or_default(),
    )
}

/// The reason why a connection failed and what to do about it, for [`unreachable()`].
#[must_use]
pub fn reason(error: &Error) -> String {
    match error {
        Error::Io(IoError::Io(io)) => match io.kind() {
            ErrorKind::ConnectionRefused => {
                "nothing listens there; is the server running, and are host and port right?".into()
            }
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => {
                "it closed the connection; is it a MySQL server?".into()
            }
            _ if io.raw_os_error().is_some() => {
                format!("it does not answer ({io}); are host and port right?")
            }
            _ => NO_MYSQL.into(),
        },
        Error::Io(IoError::Tls(reason)) => {
            format!("no TLS ({reason}); ?ssl-mode=required in the URL takes any certificate")
        }
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            "it has no TLS; on a network that you trust, add ?ssl-mode=disabled to the URL".into()
        }
        Error::Server(refusal) => match refusal.code {
            1045 | 1698 => "the password is wrong, or there is no such user".into(),
            1044 => "this user is not let into this database; grant it the rights".into(),
            1049 => "there is no such database; create it, or correct the name".into(),
            code => format!("the server says: {} ({code})", refusal.message),
        },
        _ => NO_MYSQL.into(),
    }
}

const NO_MYSQL: &str = "what answers is no MySQL server; are host and port right?";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_sqlalchemy_is_understood() {
        for scheme in ["mysql", "mysql+aiomysql", "mariadb", "mariadb+pymysql"] {
            let options = origin(&format!("{scheme}://u:p@db.example:3306/app")).unwrap();
            assert_eq!(place(&options), "db.example:3306");
            assert_eq!(
                (options.user(), options.db_name()),
                (Some("u"), Some("app"))
            );
        }
    }

    #[test]
    fn tls_is_for_servers_elsewhere_unless_the_url_says_otherwise() {
        let tls = |host: &str, query: &str| {
            let options = origin(&format!("mysql://u:p@{host}:3306/app{query}")).unwrap();
            let tls = options.ssl_opts().map(SslOpts::accept_invalid_certs);
            assert!(!options.prefer_socket());
            tls
        };
        for local in ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"] {
            assert_eq!(tls(local, ""), None, "{local}");
            assert_eq!(tls(local, "?ssl-mode=required"), Some(true));
            assert_eq!(tls(local, "?ssl-mode=verify_identity"), Some(false));
        }
        for elsewhere in [
            "db.example",
            "10.0.0.1",
            "localhost.example",
            "[2001:db8::1]",
        ] {
            assert_eq!(tls(elsewhere, ""), Some(false), "{elsewhere}");
            assert_eq!(tls(elsewhere, "?charset=utf8mb4"), Some(false));
            assert_eq!(tls(elsewhere, "?charset=utf8mb4&SSL-Mode=DISABLED"), None);
            assert_eq!(tls(elsewhere, "?ssl=true"), Some(true));
        }
    }

    #[test]
    fn a_bad_url_is_told_without_a_part_of_it() {
        for (url, told) in [
            ("hunter2", "it is no URL"),
            ("", "it is no URL"),
            ("hunter2://hunter2@h/d", "its scheme is not mysql://"),
            ("postgres://u:hunter2@h/d", "its scheme is not mysql://"),
            ("mysql://u:hunter2@h", "it names no database"),
            ("mysql://u:hunter2@h/", "it names no database"),
            ("mysql:///d", "it cannot be read"),
            ("mysql://u:hunter2@h:port/d", "invalid port number"),
            ("mysql://u:hunter2@h:99999/d", "invalid port number"),
            // A password with a character that must be encoded.
            ("mysql://u:hunter2#x@h/d", "written as %40"),
            ("mysql://u:hunter2/x@h/d", "written as %40"),
            ("mysql://u:hunter2?x@h/d", "written as %40"),
        ] {
            let error = format!("{:#}", origin(url).unwrap_err());
            assert!(error.contains(told), "{url}: {error}");
            assert!(!error.contains("hunter2"), "{url}: {error}");
            assert!(!error.contains('\n'));
        }
    }
}
