//! Cross-origin requests (the Fetch standard): preflights, and what a listed origin may read.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::config::HttpConfig;

/// What a browser's script may read beside the body.
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("Retry-After, WWW-Authenticate, X-Request-Id");
/// Seconds for which a browser may remember a preflight.
const PREFLIGHT_MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The request's origin, if it is on the list, byte for byte.
pub(super) fn allowed_origin(headers: &HeaderMap, config: &HttpConfig) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    config
        .cors_origins
        .iter()
        .find(|allowed| *allowed == origin)
        .cloned()
}

/// Makes the answer to OPTIONS out of the router's refusal, which lists the methods; says whether
/// it did. So there is no second table of methods.
pub(super) fn answer_options(method: &Method, response: &mut Response) -> bool {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return false;
    }
    let allowed = response
        .headers()
        .get(header::ALLOW)
        .and_then(|value| value.to_str().ok());
    let methods = format!("{},OPTIONS", allowed.unwrap_or_default()).replace(',', ", ");
    if let Ok(value) = HeaderValue::from_str(methods.trim_start_matches(", ")) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    let options = method == Method::OPTIONS;
    if options {
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = Body::empty();
    }
    options
}

/// What lets a listed origin's scripts read the answer, or send the request that OPTIONS asks for.
pub(super) fn write_grant(
    response: &mut Response,
    options: bool,
    origin: HeaderValue,
    config: &HttpConfig,
) {
    let allow = response.headers().get(header::ALLOW).cloned();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    if let (true, Some(methods)) = (options, allow) {
        let allowed = config.cors_headers.clone();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE);
    }
}
