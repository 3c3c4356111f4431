//! `GET /` and `GET /ready`: whether the Worker runs, and whether its database does.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::db::schema;
use crate::error::Error;
use crate::http::json::json;

/// The answer of both.
#[derive(Serialize)]
pub struct Status {
    status: &'static str,
}

/// `GET /`: 200 as long as the Worker runs. It does not ask the database.
///
/// # Errors
/// [`Error::Internal`], which does not happen.
pub async fn get_status() -> Result<Response, Error> {
    json(axum::http::StatusCode::OK, &Status { status: "ok" })
}

/// `GET /ready`: 200 when the database answers and has the tables that users and logins need,
/// 503 otherwise.
///
/// # Errors
/// [`Error::Database`].
pub async fn get_ready(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let hash_length = app.hasher.hash_length()?;
    let check = async |session| schema::check(&session, hash_length).await;
    app.db.run(check).await?;
    json(axum::http::StatusCode::OK, &Status { status: "ok" })
}

/// A fault on purpose.
#[cfg(feature = "test-panic")]
pub(crate) async fn panic() {
    #[expect(clippy::panic, reason = "it is what the test asks for")]
    {
        panic!("asked to panic")
    }
}
