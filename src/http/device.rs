//! The device that a request comes from, as its user is shown it in the list of sessions.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use axum::http::{header, request::Parts};

use super::address::Network;

/// The most bytes of a User-Agent that are kept.
const MOST_BYTES: usize = 255;

/// The device that a request comes from. `client` is what it says of itself, for display only; `network`
/// is what Cloudflare says, and counts for the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The start of its User-Agent, without control characters; empty if there is none.
    pub client: String,
    /// Its network.
    pub network: Network,
}

impl Device {
    /// Returns what is shown of its address: the /24 of an IPv4 address, the /48 of an IPv6 one.
    #[must_use]
    pub fn place(&self) -> String {
        let network = self.network.to_string();
        let (address, _) = network.split_once('/').unwrap_or((&network, ""));
        match address.parse() {
            Ok(IpAddr::V4(address)) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            Ok(IpAddr::V6(address)) => {
                let [a, b, c, ..] = address.segments();
                format!("{}/48", Ipv6Addr::from([a, b, c, 0, 0, 0, 0, 0]))
            }
            Err(_) => network,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts.headers.get(header::USER_AGENT);
        let agent = agent.map_or(&b""[..], |agent| agent.as_bytes());
        Ok(Self {
            client: shorten(agent),
            network: Network::of(&parts.headers),
        })
    }
}

fn shorten(agent: &[u8]) -> String {
    let agent = String::from_utf8_lossy(agent);
    let mut short = String::new();
    for character in agent.chars().filter(|character| !character.is_control()) {
        if short.len() + character.len_utf8() > MOST_BYTES {
            break;
        }
        short.push(character);
    }
    short
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    #[test]
    fn an_address_is_shown_as_a_larger_network() {
        let place = |address: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("cf-connecting-ip", address.parse().unwrap());
            let device = Device {
                client: String::new(),
                network: Network::of(&headers),
            };
            device.place()
        };
        assert_eq!(place("192.0.2.7"), "192.0.2.0/24");
        assert_eq!(place("2001:db8:1:2:3::4"), "2001:db8:1::/48");
        assert_eq!(place("x"), "unknown");
    }

    #[test]
    fn a_user_agent_is_cut_between_characters_and_holds_no_control_character() {
        assert_eq!(shorten(b"Mozilla/5.0 (X11)"), "Mozilla/5.0 (X11)");
        assert_eq!(shorten(b"a\tb\x7fc"), "abc");
        let long = "é".repeat(200);
        assert_eq!(shorten(long.as_bytes()), "é".repeat(127));
        assert_eq!(shorten(b"\xff"), "\u{fffd}");
    }
}
