//! `GET /.well-known/jwks.json`: what others verify the tokens with.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::error::Error;
use crate::http::json::json;
use crate::token::Jwk;

/// Five minutes: a key is announced that long before it signs (docs/deploy.md).
const MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// A JSON Web Key Set (RFC 7517, 5).
#[derive(Serialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

/// `GET /.well-known/jwks.json`: 200 and the public halves of all Ed25519 keys, which may be
/// none.
///
/// # Errors
/// [`Error::Internal`], which does not happen.
pub async fn get_keys(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let keys = app.tokens.public_keys();
    let mut response = json(StatusCode::OK, &KeySet { keys })?;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, MAX_AGE);
    Ok(response)
}
