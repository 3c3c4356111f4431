//! Parses the `Content-Type` header: a media type with its parameters (RFC 9110, 8.3.1).

use super::{is_space, token, trim};

/// A media type: `type/subtype` and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType<'a> {
    /// The `type` as sent; it is case-insensitive.
    pub main: &'a [u8],
    /// The `subtype` as sent; it is case-insensitive.
    pub sub: &'a [u8],
    /// The parameters in the order sent: case-insensitive names, and values without quotes.
    pub parameters: Vec<(&'a [u8], Vec<u8>)>,
}

impl<'a> MediaType<'a> {
    /// Parses a header's value: `type "/" subtype *( OWS ";" OWS [ parameter ] )`.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let (main, rest) = token(trim(value))?;
        let (sub, mut rest) = token(rest.strip_prefix(b"/")?)?;
        let mut parameters = Vec::new();
        loop {
            let after = skip_space(rest);
            if after.is_empty() {
                return Some(Self {
                    main,
                    sub,
                    parameters,
                });
            }
            rest = skip_space(after.strip_prefix(b";")?);
            if !rest.is_empty() && !rest.starts_with(b";") {
                let (name, value) = token(rest)?;
                let (value, after) = parameter_value(value.strip_prefix(b"=")?)?;
                parameters.push((name, value));
                rest = after;
            }
        }
    }

    /// Returns true for `application/` with this subtype, whatever the parameters.
    #[must_use]
    pub fn is_application(&self, sub: &str) -> bool {
        self.main.eq_ignore_ascii_case(b"application")
            && self.sub.eq_ignore_ascii_case(sub.as_bytes())
    }

    /// Returns true if there is no `charset` parameter other than UTF-8. JSON and forms give `charset` no
    /// meaning (RFC 8259; URL Standard), but a client that names another character set has encoded
    /// the body in it.
    #[must_use]
    pub fn is_utf8(&self) -> bool {
        let mut sets = self
            .parameters
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(b"charset"));
        sets.all(|(_, set)| UTF_8.iter().any(|name| set.eq_ignore_ascii_case(name)))
    }
}

/// The names of UTF-8: the IANA name and its alias, and the label that browsers accept.
const UTF_8: [&[u8]; 3] = [b"utf-8", b"csutf8", b"utf8"];

fn skip_space(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| !is_space(*byte));
    text.get(end.unwrap_or(text.len())..).unwrap_or_default()
}

/// Splits off a parameter's value, `token / quoted-string` (RFC 9110, 5.6.6), and removes its
/// quotes and escapes. Returns it with the rest of the text.
fn parameter_value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        return token(text).map(|(value, rest)| (value.to_vec(), rest));
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter();
    loop {
        match bytes.next()? {
            b'"' => return Some((value, bytes.as_slice())),
            b'\\' => value.push(*bytes.next().filter(|byte| is_text(**byte))?),
            byte if is_text(*byte) => value.push(*byte),
            _ => return None,
        }
    }
}

/// Returns true for a byte that a quoted string may hold, plain or after a backslash (RFC 9110,
/// 5.6.4).
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}
