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
use std::{sync::Arc, time::Duration};
use store::{Filter, IncidentField, Page, Query, SharedStore};

/// Who balances or watches waits no longer for a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

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
    let silent = || (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response();
    match tokio::time::timeout(PATIENCE, state.1.setting("member_id")).await {
        Ok(Ok(_)) if state.0.cluster().serving => (StatusCode::OK, "ready\n").into_response(),
        Ok(Ok(_)) => (StatusCode::SERVICE_UNAVAILABLE, "this node serves no partitions now\n").into_response(),
        Ok(Err(error)) => {
            tracing::error!(%error, "the database does not answer");
            silent()
        }
        Err(_) => {
            tracing::error!(seconds = PATIENCE.as_secs(), "the database does not answer in time");
            silent()
        }
    }
}

async fn metrics(State(state): State<Shared>) -> Response {
    // The page is there when the database is not: then it lacks one line.
    let open = tokio::time::timeout(PATIENCE, open_incidents(&state.1)).await.ok().and_then(Result::ok);
    let text = prometheus::render(&state.0.metrics().await, &state.1.stats(), open);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn open_incidents(store: &SharedStore) -> store::Result<u64> {
    let mut query = Query::new(Filter::eq(IncidentField::Open, true));
    query.page = Page { limit: 1, offset: 0, count: true };
    Ok(store.incidents(query).await?.total.unwrap_or(0))
}
