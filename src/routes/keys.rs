//! `GET /.well-known/jwks.json`: the public keys with which other services verify the tokens.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::error::Error;
use crate::http::json::json;
use crate::token::Jwk;

/// Five minutes, which operators wait between publishing a key and signing with it (docs/deploy.md).
const MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// A JSON Web Key Set (RFC 7517, 5).
#[derive(Serialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

/// `GET /.well-known/jwks.json`: 200 and the public keys of all Ed25519 key pairs, possibly none.
///
/// # Errors
/// [`Error::Internal`] if the body cannot be serialised, which does not happen.
pub async fn get_keys(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let keys = app.tokens.public_keys();
    let mut response = json(StatusCode::OK, &KeySet { keys })?;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, MAX_AGE);
    Ok(response)
}
