//! Conversion of responses: in one piece, with headers that are made once.

use std::cell::RefCell;

use axum::body::Body;
use http::{HeaderMap, Response, header};
use http_body_util::BodyExt as _;
use worker::web_sys::{self, Headers};

use super::bridge;
use crate::http::request_id::REQUEST_ID;

/// How many sets of headers an isolate keeps: those of a success and of the usual errors.
const MAX_KEPT: usize = 8;

thread_local! {
    /// The latest sets of headers, without the request id, and the JavaScript objects made of them.
    static KEPT: RefCell<Vec<(HeaderMap, Headers)>> = const { RefCell::new(Vec::new()) };
}

/// Converts a response of the router.
///
/// # Errors
/// [`worker::Error`] if JavaScript refuses the status or a header, or if the body is not UTF-8.
pub(super) async fn convert(response: Response<Body>) -> worker::Result<web_sys::Response> {
    let (mut parts, body) = response.into_parts();
    let request_id = parts.headers.remove(REQUEST_ID);
    // A secret, which is not kept with the other headers.
    let cookie = parts.headers.remove(header::SET_COOKIE);
    let request_id = request_id.as_ref().and_then(|id| id.to_str().ok());
    // All bodies are in memory, so this waits for nothing.
    let body = body.collect().await;
    let body = body.map_err(|error| worker::Error::RustError(error.to_string()))?;
    let body = body.to_bytes();
    let body = str::from_utf8(&body).map_err(|_| worker::Error::BadEncoding)?;
    let headers = headers(&parts.headers)?;
    let response = bridge::make_response(
        parts.status.as_u16(),
        &headers,
        request_id.unwrap_or_default(),
        body,
    )?;
    if let Some(cookie) = cookie {
        let cookie = cookie.to_str().map_err(|_| worker::Error::BadEncoding)?;
        response.headers().append("set-cookie", cookie)?;
    }
    Ok(response)
}

/// Returns the JavaScript object of a set of headers, which is made unless it is kept.
fn headers(headers: &HeaderMap) -> worker::Result<Headers> {
    KEPT.with_borrow_mut(|kept| {
        let found = kept.iter().position(|(other, _)| other == headers);
        let entry = match found {
            Some(found) => kept.remove(found),
            None => (headers.clone(), make(headers)?),
        };
        let made = entry.1.clone();
        kept.truncate(MAX_KEPT - 1);
        kept.insert(0, entry);
        Ok(made)
    })
}

fn make(headers: &HeaderMap) -> worker::Result<Headers> {
    let made = Headers::new()?;
    for (name, value) in headers {
        let value = value.to_str().map_err(|_| worker::Error::BadEncoding)?;
        made.append(name.as_str(), value)?;
    }
    Ok(made)
}
