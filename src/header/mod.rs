//! Parsers for request headers, each accepting the full grammar of its RFC.
//!
//! [`media_type`] parses `Content-Type` and [`bearer`] parses `Authorization`; `Content-Length` and
//! `Content-Encoding` are parsed here. Values are bytes, because a quoted string need not be ASCII.

pub mod bearer;
pub mod media_type;

use axum::http::{HeaderMap, header};

/// The value of `Content-Length` (RFC 9110, 8.6), saturating at `u64::MAX`. `None` if the header is
/// missing or not a number; then the caller must measure the body itself.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    let digits = trim(headers.get(header::CONTENT_LENGTH)?.as_bytes());
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |byte: &u8| u64::from(byte - b'0');
    Some(digits.iter().fold(0, |number: u64, byte| {
        number.saturating_mul(10).saturating_add(digit(byte))
    }))
}

/// Returns true if the body is not encoded: all `Content-Encoding` headers together (RFC 9110, 8.4)
/// list no coding other than `identity`.
pub(crate) fn is_plain(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut codings = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    codings.all(|coding| {
        let coding = trim(coding);
        coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
    })
}

/// Returns true for a byte of optional white space (`OWS`, RFC 9110, 5.6.3).
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Removes optional white space around a text.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    text
}

/// Returns true for a byte of a token (`tchar`, RFC 9110, 5.6.2).
fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Returns true if a text is exactly one token (RFC 9110, 5.6.2).
pub(crate) fn is_token(text: &[u8]) -> bool {
    token(text).is_some_and(|(_, rest)| rest.is_empty())
}

/// Splits off the token at the start of a text. Returns the token and the rest of the text.
fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| !is_token_char(*byte));
    let (token, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    (!token.is_empty()).then_some((token, rest))
}

#[cfg(test)]
mod tests;
