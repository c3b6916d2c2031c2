//! `/healthz` (the process lives), `/readyz` (the database answers, partitions run), `/metrics` (Prometheus).
//! Anybody may ask; nothing here tells about people, processes or data.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use runtime::Runtime;
use std::{fmt::Write as _, sync::Arc};
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
        Ok(_) => (StatusCode::OK, "ready\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

async fn metrics(State(state): State<Shared>) -> Response {
    let (runtime, store) = (state.0.counters(), state.1.stats());
    let mut text = String::new();
    let mut add = |name: &str, kind: &str, help: &str, value: u64| {
        let _infallible = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    };
    add("ruslo_commands_total", "counter", "Commands taken from the queues", runtime.commands);
    add("ruslo_commands_queued", "gauge", "Commands that wait", runtime.queued);
    add("ruslo_deliveries_total", "counter", "Tries of outgoing calls", runtime.deliveries);
    add("ruslo_timers_fired_total", "counter", "Timers fired", runtime.timers);
    add("ruslo_store_commits_total", "counter", "Transactions", store.commits);
    add("ruslo_store_units_total", "counter", "Units committed", store.units);
    add("ruslo_store_conflicts_total", "counter", "Units refused by a conflict", store.conflicts);
    add("ruslo_store_statements_total", "counter", "Writing statements", store.statements);
    add("ruslo_store_reads_total", "counter", "Reads", store.reads);
    add("ruslo_store_largest_batch", "gauge", "Units in the largest transaction", store.largest_batch);
    add("ruslo_store_log_pages", "gauge", "Pages in the write-ahead log", store.log_pages);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
