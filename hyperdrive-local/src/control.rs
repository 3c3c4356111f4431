//! The HTTP endpoint for counters and faults: `GET /counters`, `PUT /fault` and `DELETE /fault`,
//! for callers on this machine only.

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

/// The state of the endpoint.
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

/// Refuses a request whose `Host` is not this machine. Without this check a web page could reach
/// the endpoint by DNS rebinding: its host name would resolve to 127.0.0.1, and the browser would
/// treat both as one origin. The browser still sends that name as `Host`.
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
