//! `GET /` and `GET /ready`: health checks of the Worker and of its database.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::db::schema;
use crate::error::Error;
use crate::events::Log;
use crate::http::json::json;

/// The response body of both health checks.
#[derive(Serialize)]
pub struct Status {
    status: &'static str,
}

/// `GET /`: 200 as long as the Worker runs, without asking the database.
///
/// # Errors
/// [`Error::Internal`] if the body cannot be serialised, which does not happen.
pub async fn get_status() -> Result<Response, Error> {
    json(axum::http::StatusCode::OK, &Status { status: "ok" })
}

/// `GET /ready`: 200 if the database answers, can be written to, and has the tables that users and
/// logins need, 503 otherwise.
///
/// # Errors
/// [`Error::Database`] if the database fails or a table is not usable.
pub async fn get_ready(State(app): State<Arc<App>>, log: Log) -> Result<Response, Error> {
    let hash_length = app.hasher.hash_length()?;
    let check = async |session| schema::check(&session, hash_length).await;
    app.db.run(&log, check).await?;
    json(axum::http::StatusCode::OK, &Status { status: "ok" })
}

/// Panics, for tests.
#[cfg(feature = "test-panic")]
pub(crate) async fn panic() {
    #[expect(clippy::panic, reason = "it is what the test asks for")]
    {
        panic!("asked to panic")
    }
}
