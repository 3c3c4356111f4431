//! The handlers, with the bodies that they take and give.

pub mod health;
pub mod keys;
pub mod login;
pub mod register;
pub mod user;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::client::limit_key;
use crate::error::Error;
use crate::log::RequestId;
use crate::platform::Limiter;

/// Counts a request against a limit of its client. When the limiter itself fails, the request goes
/// on and the log says so: what has to be exact is counted in the database.
async fn check_limit(
    app: &App,
    limiter: Limiter,
    headers: &HeaderMap,
    request_id: &RequestId,
) -> Result<(), Error> {
    match app.platform.limit(limiter, limit_key(headers)).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            app.platform.count("rate_limited");
            Err(Error::RateLimited)
        }
        Err(error) => {
            let platform = &*app.platform;
            request_id.alarm(platform, "rate_limiter_failed", None, error.to_string());
            Ok(())
        }
    }
}

/// An answer with a JSON body.
fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Error> {
    let body = serde_json::to_vec(body).map_err(|error| Error::Internal(error.to_string()))?;
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .map_err(|error| Error::Internal(error.to_string()))
}
