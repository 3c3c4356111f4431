//! Parses the `Authorization` header for a bearer token (RFC 6750, 2.1).

use super::{token, trim};

/// A parsed `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorization<'a> {
    /// The scheme `Bearer`, in any case, with one token.
    Bearer(&'a str),
    /// The scheme `Bearer` with anything other than one token.
    Malformed,
    /// Another scheme, or no scheme.
    Other,
}

impl<'a> Authorization<'a> {
    /// Parses a header's value: `auth-scheme 1*SP b64token`, with optional white space around it.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Self {
        let Some((scheme, rest)) = token(trim(value)) else {
            return Self::Other;
        };
        if !scheme.eq_ignore_ascii_case(b"Bearer") {
            return Self::Other;
        }
        let start = rest.iter().position(|byte| *byte != b' ').unwrap_or(0);
        match rest.get(start..) {
            Some(token) if start > 0 && is_b64token(token) => {
                std::str::from_utf8(token).map_or(Self::Malformed, Self::Bearer)
            }
            _ => Self::Malformed,
        }
    }
}

/// Returns true for `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(text: &[u8]) -> bool {
    let is_character = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    let end = text
        .iter()
        .position(|byte| !is_character(byte))
        .unwrap_or(text.len());
    let padding = text.get(end..).unwrap_or_default();
    end > 0 && padding.iter().all(|byte| *byte == b'=')
}
