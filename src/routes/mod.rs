//! The handlers, with the bodies that they take and give.

pub mod auth;
pub mod health;
pub mod keys;
pub mod user;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::error::Error;

/// An answer with a JSON body.
fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Error> {
    let body = serde_json::to_vec(body).map_err(|error| Error::Internal(error.to_string()))?;
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .map_err(|error| Error::Internal(error.to_string()))
}
