//! The settings of cross-origin requests: the allowed origins and request headers.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderValue;

use super::error::ConfigError;
use super::settings::{CORS_HEADERS, CORS_ORIGINS};
use super::url;
use crate::header::is_token;

/// Request headers that every preflight allows.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, X-Request-Id";

/// Parses `CORS_ORIGINS`: origins separated by commas.
pub(super) fn origins(list: &str) -> Result<Vec<HeaderValue>, ConfigError> {
    let mut origins = Vec::new();
    for (place, origin) in entries(list) {
        let refuse = |problem| refuse(CORS_ORIGINS.0, place, problem);
        check_origin(origin).map_err(refuse)?;
        origins.push(HeaderValue::from_str(origin).map_err(|_| refuse("is not ASCII"))?);
    }
    Ok(origins)
}

/// Checks that an origin is written as browsers write it in `Origin`, since origins are compared
/// byte by byte: `scheme://host` in lower case, a port unless it is the scheme's default, no path.
fn check_origin(origin: &str) -> Result<(), &'static str> {
    const FORM: &str = "is not an origin as browsers write it, such as https://app.example or \
                        http://localhost:5173";
    let (scheme, authority) = origin.split_once("://").ok_or(FORM)?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if let Some(port) = port {
        let number = url::port(port).ok_or(FORM)?;
        if matches!((scheme, number), ("https", 443) | ("http", 80)) {
            return Err("has the default port of its scheme, which browsers leave out");
        }
    }
    let known = Host::parse(host).ok_or(FORM)?;
    match scheme {
        "https" => Ok(()),
        "http" if known == Host::Near => Ok(()),
        "http" => Err("is http, which is for localhost and private addresses only"),
        // Apps and browser extensions have schemes of their own.
        _ if is_scheme(scheme) => Ok(()),
        _ => Err(FORM),
    }
}

/// True for a scheme in lower case (RFC 3986, 3.1).
fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
}

#[derive(PartialEq, Eq)]
enum Host {
    /// This machine, or a private or link-local address.
    Near,
    Far,
}

impl Host {
    /// Parses a host; `None` if browsers would write it differently.
    fn parse(host: &str) -> Option<Self> {
        let near = |near| Some(if near { Self::Near } else { Self::Far });
        if let Some(address) = host.strip_prefix('[') {
            let text = address.strip_suffix(']')?;
            let address: Ipv6Addr = text.parse().ok()?;
            return (address.to_string() == text).then(|| near(is_private(address.into())))?;
        }
        let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b);
        if host.is_empty() || !host.bytes().all(letters) {
            return None;
        }
        match host.parse() {
            Ok(address) => near(is_private(address)),
            // A host that ends in a number is an IPv4 address to browsers (URL Standard, "host
            // parsing"), and they would write it in dotted-decimal form.
            Err(_) if ends_with_number(host) => None,
            Err(_) => near(host == "localhost" || host.ends_with(".localhost")),
        }
    }
}

fn ends_with_number(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next();
    last.is_some_and(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit()))
}

/// True for loopback, link-local, RFC 1918 and RFC 4193 addresses.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Parses `CORS_HEADERS`, names of request headers separated by commas, and returns them after
/// those that are always allowed, as a value of `Access-Control-Allow-Headers`.
pub(super) fn headers(list: &str) -> Result<HeaderValue, ConfigError> {
    let mut allowed = ALLOWED_HEADERS.to_owned();
    for (place, name) in entries(list) {
        // `*` is a valid header name, and with credentials browsers read it as one (Fetch), not as
        // "any header".
        if name == "*" || !is_token(name.as_bytes()) {
            return Err(refuse(CORS_HEADERS.0, place, "is not a header name"));
        }
        allowed = allowed + ", " + name;
    }
    HeaderValue::try_from(allowed)
        .map_err(|_| ConfigError::new(CORS_HEADERS.0, "cannot be written into a header"))
}

fn refuse(variable: &'static str, place: usize, problem: &str) -> ConfigError {
    ConfigError::new(variable, format!("entry {place} {problem}"))
}

/// Splits a list at its commas and returns the entries that are not blank, with their positions
/// counted from 1.
fn entries(list: &str) -> Vec<(usize, &str)> {
    let mut entries: Vec<_> = (1..).zip(list.split(',').map(str::trim)).collect();
    entries.retain(|(_, entry)| !entry.is_empty());
    entries
}

#[cfg(test)]
mod tests;
