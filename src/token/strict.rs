//! The form of a token, checked before anything is made of its content.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::TokenError;
use crate::json::{Object, Value};

/// The longest token that is read, in bytes; ours have under 400.
const MAX_LENGTH: usize = 4096;

/// The members of a header that matter here.
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) typ: String,
    pub(super) kid: String,
}

/// Checks a token's form and returns its header.
///
/// Three parts of base64url without padding or spare bits; header and claims are JSON objects
/// without a name twice; nothing critical (RFC 7515, 4.1.11: we understand no extension).
pub(super) fn header(token: &str) -> Result<Header, TokenError> {
    if token.len() > MAX_LENGTH {
        return Err(TokenError::Malformed);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Malformed);
    };
    decode(signature)?;
    object(claims)?;
    let mut header = object(header)?;
    if header.take("crit").is_some() || header.take("b64").is_some() {
        return Err(TokenError::Header);
    }
    let mut text = |name| match header.take(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(TokenError::Header),
    };
    Ok(Header {
        alg: text("alg")?,
        typ: text("typ")?,
        kid: text("kid")?,
    })
}

fn object(part: &str) -> Result<Object, TokenError> {
    Object::parse(&decode(part)?).map_err(|_| TokenError::Malformed)
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    if part.is_empty() {
        return Err(TokenError::Malformed);
    }
    Base64UrlUnpadded::decode_vec(part).map_err(|_| TokenError::Malformed)
}
