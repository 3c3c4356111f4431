//! The network that a request comes from, for limits.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderName, request::Parts};

/// The header of the client's address. Cloudflare sets it, and overwrites any that the client sent.
/// Other headers (`X-Forwarded-For`, `Forwarded`, ...) can be forged by the client.
pub(crate) const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("cf-connecting-ip");

/// The network that a request comes from, which is the unit of all limits: an IPv4 address, or the
/// /64 of an IPv6 address, since a subscriber has at least that many. All requests without an
/// address belong to one network, so that a missing header does not evade a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network(String);

impl Network {
    /// Returns the network of a request with these headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let address = headers
            .get(CLIENT_ADDRESS)
            .and_then(|value| value.to_str().ok()?.trim().parse::<IpAddr>().ok());
        Self(match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                let network = Ipv6Addr::from([a, b, c, d, 0, 0, 0, 0]);
                format!("{network}/64")
            }
            None => "unknown".to_owned(),
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for Network {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(header: &'static str, value: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(header, value.parse().unwrap());
        Network::of(&headers).to_string()
    }

    #[test]
    fn an_ipv4_address_is_counted_by_itself() {
        assert_eq!(key("cf-connecting-ip", "192.0.2.7"), "192.0.2.7");
        assert_eq!(key("cf-connecting-ip", "::ffff:192.0.2.7"), "192.0.2.7");
    }

    #[test]
    fn an_ipv6_address_is_counted_by_its_network() {
        let network = "2001:db8:1:2::/64";
        for address in [
            "2001:db8:1:2::",
            "2001:DB8:1:2:ffff::1",
            "2001:db8:1:2:3:4:5:6",
        ] {
            assert_eq!(key("cf-connecting-ip", address), network);
        }
        assert_ne!(key("cf-connecting-ip", "2001:db8:1:3::"), network);
    }

    #[test]
    fn what_a_client_says_of_itself_does_not_count() {
        for header in [
            "x-forwarded-for",
            "x-real-ip",
            "forwarded",
            "true-client-ip",
        ] {
            assert_eq!(key(header, "192.0.2.7"), "unknown");
        }
        assert_eq!(key("cf-connecting-ip", "192.0.2.7, 192.0.2.8"), "unknown");
        assert_eq!(Network::of(&HeaderMap::new()).to_string(), "unknown");
    }
}
