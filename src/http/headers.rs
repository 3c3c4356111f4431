//! The request headers that are read, and the headers of every response.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use super::address::CLIENT_ADDRESS;
use super::request_id::REQUEST_ID;
use super::same_origin::SEC_FETCH_SITE;
use crate::config::HttpConfig;

/// The request headers that Gatehouse reads. The Worker copies no others out of JavaScript.
pub static REQUEST_HEADERS: [HeaderName; 10] = [
    header::AUTHORIZATION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::ORIGIN,
    header::USER_AGENT,
    CLIENT_ADDRESS,
    REQUEST_ID,
    SEC_FETCH_SITE,
];

/// The fixed headers of every response. The API returns data only, so browsers need not run, frame,
/// sniff or cache any of it.
const FIXED_HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    // Applies to requests without CORS only, such as those for an image or a script (Fetch,
    // "cross-origin resource policy check").
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::VARY, "Origin"),
];

/// One year, for the API's own host. Including its subdomains is left to the owner of the domain.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// One year, for the API's own host and all its subdomains.
const HSTS_INCLUDE_SUBDOMAINS: HeaderValue =
    HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Adds the headers to a response.
pub(super) fn write(response: &mut Response, request_id: &str, config: &HttpConfig) {
    let headers = response.headers_mut();
    for (name, value) in FIXED_HEADERS {
        // A handler may have set `Cache-Control` itself.
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
