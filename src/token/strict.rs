//! Parses a token and checks its form before its content is used.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::de::DeserializeOwned;

use super::error::TokenError;
use super::key::Key;
use crate::strict_json::{Object, Value};

/// The accepted difference between clocks, in seconds.
pub(super) const LEEWAY: i64 = 5;

/// The longest token accepted, in bytes. Those issued here have under 500.
const MAX_LENGTH: usize = 4096;

/// Header parameters that are refused, because they mean that the payload is not plain claims: a
/// critical extension, of which none is supported (RFC 7515, 4.1.11), or a payload that is not
/// encoded (RFC 7797), is compressed or encrypted (RFC 7516, 4.1) or is another token (RFC 7519,
/// 5.2).
const REFUSED: [&str; 5] = ["crit", "b64", "zip", "enc", "cty"];

/// A parsed token: a JWS in its compact serialisation (RFC 7515, 7.1).
pub(super) struct Compact<'a> {
    pub(super) alg: String,
    pub(super) typ: Option<String>,
    pub(super) kid: Option<String>,
    /// True if the header has parameters other than `alg`, `typ` and `kid`. They are ignored (RFC
    /// 7515, 4), except for those that [`parse`] refuses: no key is ever taken from a token.
    pub(super) has_more: bool,
    /// The JWS Signing Input: the encoded header, a dot and the encoded payload.
    pub(super) message: &'a [u8],
    pub(super) signature: Vec<u8>,
    payload: Vec<u8>,
}

impl Compact<'_> {
    /// Checks that `alg` is exactly the name of the key's algorithm and that the key signed the
    /// token.
    pub(super) fn check_signature(&self, key: &Key) -> Result<(), TokenError> {
        if self.alg != key.algorithm().name() {
            return Err(TokenError::Header);
        }
        let verified = key.verify(self.message, &self.signature);
        verified.then_some(()).ok_or(TokenError::Signature)
    }

    /// Parses the claims, a JSON object with unique member names.
    pub(super) fn claims<T: DeserializeOwned>(&self) -> Result<T, TokenError> {
        object(&self.payload)?;
        serde_json::from_slice(&self.payload).map_err(|_| TokenError::Claims)
    }
}

/// Splits a token into its parts and decodes them.
///
/// Each of the three parts must be base64url without padding or spare bits. The header must be a
/// JSON object with unique member names and none of the [`REFUSED`] parameters.
pub(super) fn parse(token: &str) -> Result<Compact<'_>, TokenError> {
    if token.len() > MAX_LENGTH {
        return Err(TokenError::Malformed);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenError::Malformed);
    };
    let message = token.get(..header.len() + 1 + payload.len());
    let (signature, payload) = (decode(signature)?, decode(payload)?);
    let mut header = object(&decode(header)?)?;
    if REFUSED.iter().any(|name| header.take(name).is_some()) {
        return Err(TokenError::Header);
    }
    let mut text = |name| match header.take(name) {
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::Header),
        None => Ok(None),
    };
    Ok(Compact {
        alg: text("alg")?.ok_or(TokenError::Header)?,
        typ: text("typ")?,
        kid: text("kid")?,
        has_more: !header.is_empty(),
        message: message.ok_or(TokenError::Malformed)?.as_bytes(),
        signature,
        payload,
    })
}

fn object(text: &[u8]) -> Result<Object, TokenError> {
    Object::parse(text).map_err(|_| TokenError::Malformed)
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    if part.is_empty() {
        return Err(TokenError::Malformed);
    }
    Base64UrlUnpadded::decode_vec(part).map_err(|_| TokenError::Malformed)
}
