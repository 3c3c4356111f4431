//! The request id, in the response and in the log.

use axum::http::{HeaderMap, HeaderName};

/// The header of the request id, in requests and responses.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Returns the request id that the client sent, if it is 8 to 64 letters, digits, hyphens and
/// underscores; otherwise a [`random`] one.
pub(super) fn of(headers: &HeaderMap) -> String {
    let sent = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let is_plain = |id: &&str| {
        (8..=64).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    if let Some(id) = sent.filter(is_plain) {
        return id.to_owned();
    }
    random()
}

/// Returns a random id.
pub(crate) fn random() -> String {
    let mut id = [0; 16];
    // Ignored: without randomness the id is all zeros, and the request itself still has an answer.
    let _ = getrandom::fill(&mut id);
    format!("{:032x}", u128::from_be_bytes(id))
}
