//! `/healthz` (the process lives), `/readyz` (the database answers, the node is a member), `/metrics` (Prometheus).
//! Anybody may ask; nothing here tells about people, processes or data.

use crate::prometheus;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use runtime::Runtime;
use std::sync::Arc;
use store::SharedStore;

type Shared = Arc<(Runtime, SharedStore)>;

/// The three routes.
pub fn router(runtime: Runtime, store: SharedStore) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new((runtime, store)))
}

async fn ready(State(state): State<Shared>) -> Response {
    match state.1.setting("member_id").await {
        Ok(_) if state.0.cluster().serving => (StatusCode::OK, "ready\n").into_response(),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "this node serves no partitions now\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

async fn metrics(State(state): State<Shared>) -> Response {
    let text = prometheus::render(&state.0.metrics().await, &state.1.stats());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
