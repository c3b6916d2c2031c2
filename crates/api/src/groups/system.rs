//! The server itself, for administrators.

use crate::ApiState;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The server.
#[derive(Serialize, ToSchema)]
#[schema(as = SystemInfo)]
#[serde(rename_all = "camelCase")]
pub struct SystemDto {
    /// Its version.
    pub version: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// The address links are built from.
    pub public_url: String,
    /// Since when it runs, UTC.
    pub started_at: String,
    /// Seconds since then.
    pub uptime_s: i64,
    /// Whether the sample company was loaded.
    pub demo: bool,
    /// The limits in force, by name.
    pub limits: BTreeMap<String, u64>,
    /// Counters since the start, by name.
    pub counters: BTreeMap<String, u64>,
}

/// The server: version, database, limits, counters.
#[utoipa::path(get, path = "/system", tag = "system",
    responses((status = 200, description = "The server", body = SystemDto)))]
pub(crate) async fn system(State(api): State<ApiState>) -> Json<SystemDto> {
    let now = api.platform.clock().now();
    let limits = &api.server.limits;
    let wide = |n: usize| n as u64;
    let limits = [
        ("stepNodeEntries", limits.step_node_entries.into()),
        ("valueBytes", wide(limits.value_bytes)),
        ("instanceBytes", wide(limits.instance_bytes)),
        ("expressionSteps", limits.feel_fuel),
        ("scriptMs", limits.script_ms),
        ("scriptBytes", wide(limits.script_bytes)),
        ("definitionBytes", wide(limits.definition_bytes)),
        ("definitionElements", wide(limits.definition_elements)),
        ("handlerAnswerBytes", wide(limits.handler_answer_bytes)),
        ("handlerCallMs", limits.handler_call_ms),
        ("handlerRetryWindowMs", limits.handler_retry_window_ms),
        ("requestBytes", wide(limits.request_bytes)),
        ("partitionQueue", wide(limits.partition_queue)),
    ];
    let (runtime, store) = (api.runtime.counters(), api.platform.store().stats());
    let counters = [
        ("commands", runtime.commands),
        ("queued", runtime.queued),
        ("conflicts", runtime.conflicts),
        ("deliveries", runtime.deliveries),
        ("timers", runtime.timers),
        ("storeCommits", store.commits),
        ("storeUnits", store.units),
        ("storeReads", store.reads),
        ("storeLargestBatch", store.largest_batch),
    ];
    let named = |list: &[(&str, u64)]| list.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect();
    Json(SystemDto {
        version: api.server.version.clone(),
        database: api.server.database.clone(),
        public_url: api.platform.public_url().to_owned(),
        started_at: api.server.started_at.to_iso(),
        uptime_s: (now.0 - api.server.started_at.0) / 1000,
        demo: api.server.demo,
        limits: named(&limits),
        counters: named(&counters),
    })
}
