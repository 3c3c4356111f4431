//! The counters and the faults over HTTP: `GET /counters`, `PUT /fault`, `DELETE /fault`.

use std::sync::Arc;

use axum::extract::State;
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
