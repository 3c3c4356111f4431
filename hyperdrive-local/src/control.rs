//! The counters and the faults over HTTP: `GET /counters`, `PUT /fault`, `DELETE /fault`, for this
//! machine only.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::Serialize;

use crate::Shared;
use crate::counters::Snapshot;
use crate::fault::Fault;

/// What the endpoint can reach.
#[derive(Clone)]
pub struct Control(pub(crate) Arc<Shared>);

#[derive(Serialize)]
struct Counted {
    #[serde(flatten)]
    counters: Snapshot,
    origin_connections: usize,
}

pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route("/counters", get(counters))
        .route("/fault", put(set).delete(clear))
        .with_state(control)
        .layer(middleware::from_fn(only_local))
}

/// A page of another site can have its own name lead to this port, and would then be of one origin
/// with it. A browser still says that name.
async fn only_local(request: Request, next: Next) -> Result<Response, StatusCode> {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    if matches!(name, "127.0.0.1" | "localhost") && port.bytes().all(|c| c.is_ascii_digit()) {
        Ok(next.run(request).await)
    } else {
        Err(StatusCode::FORBIDDEN)
    }
}

async fn counters(State(Control(shared)): State<Control>) -> Json<Counted> {
    Json(Counted {
        counters: shared.counters.snapshot(),
        origin_connections: shared.pool.open(),
    })
}

async fn set(State(Control(shared)): State<Control>, Json(fault): Json<Fault>) -> Json<Fault> {
    shared.faults.set(Some(fault));
    Json(fault)
}

async fn clear(State(Control(shared)): State<Control>) {
    shared.faults.set(None);
}
