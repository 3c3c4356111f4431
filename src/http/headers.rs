//! The headers of every answer.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use super::request_id::REQUEST_ID;
use crate::config::HttpConfig;

/// Headers of every answer. The API answers with data, so no browser has a reason to run, frame,
/// sniff or keep any of it.
const FIXED_HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    // For what is fetched without CORS (an image, a script); a listed origin's CORS requests are
    // not asked for it (Fetch, "cross-origin resource policy check").
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::VARY, "Origin"),
];

/// A year of HTTPS, for the API's own host: what its subdomains do is the zone's owner's to say.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// The same for all its subdomains.
const HSTS_INCLUDE_SUBDOMAINS: HeaderValue =
    HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Writes them.
pub(super) fn write(response: &mut Response, request_id: &str, config: &HttpConfig) {
    let headers = response.headers_mut();
    for (name, value) in FIXED_HEADERS {
        // What may be cached says so itself.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    let hsts = if config.hsts_include_subdomains {
        HSTS_INCLUDE_SUBDOMAINS
    } else {
        HSTS
    };
    headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts);
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
}
