//! The id of a request, in its answer and its log lines.

use axum::http::{HeaderMap, HeaderName};

/// The header of it, in the request and in the answer.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The client's own id for the request, if it is one that can go into a log and a header as it
/// is; otherwise a random one.
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
    let mut id = [0; 16];
    // Without randomness ids are all the same, and everything else fails with a reason.
    let _ = getrandom::fill(&mut id);
    format!("{:032x}", u128::from_be_bytes(id))
}
