//! The request headers that are read, each by the grammar of its standard and no narrower one.
//!
//! [`media_type`] reads `Content-Type`, [`bearer`] reads `Authorization`; the two simple ones are
//! here. A value is bytes: a quoted string may hold any of them.

pub mod bearer;
pub mod media_type;

use axum::http::{HeaderMap, header};

/// The length that a client declares (RFC 9110, 8.6), as far as it can be counted; none if it
/// declares none, or nothing that is a number: then the body itself is measured.
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

/// Whether a body comes as it is: `Content-Encoding` (RFC 9110, 8.4), a list over all headers of
/// that name, has nothing but `identity` in it.
pub(crate) fn is_plain(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut codings = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    codings.all(|coding| {
        let coding = trim(coding);
        coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
    })
}

/// Optional white space (RFC 9110, 5.6.3).
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// What is left without optional white space around it.
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

/// A character of a token (RFC 9110, 5.6.2).
fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a text is a token and nothing else.
pub(crate) fn is_token(text: &[u8]) -> bool {
    token(text).is_some_and(|(_, rest)| rest.is_empty())
}

/// The token that a text begins with, and the rest.
fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| !is_token_char(*byte));
    let (token, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    (!token.is_empty()).then_some((token, rest))
}

#[cfg(test)]
mod tests;
