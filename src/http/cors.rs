//! Cross-origin requests (Fetch): preflights, and the headers for the listed origins.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::config::HttpConfig;

/// The response headers that scripts may read.
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("Retry-After, WWW-Authenticate, X-Request-Id");
/// Seconds for which browsers may cache a preflight.
const PREFLIGHT_MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Returns the request's `Origin`, if it is byte for byte one of the configured origins.
pub(super) fn allowed_origin(headers: &HeaderMap, config: &HttpConfig) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    config
        .cors_origins
        .iter()
        .find(|allowed| *allowed == origin)
        .cloned()
}

/// Adds OPTIONS to the `Allow` header of a 405 and, if the method is OPTIONS, turns the 405 into its
/// response and returns true. The router's 405 lists the methods of the route, so no second table
/// of them is needed.
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

/// Adds the headers that let scripts of a listed origin read the response, or, if it answers
/// OPTIONS, send the request that the preflight is for.
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
