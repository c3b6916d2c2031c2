//! The server itself, for administrators.

use super::load::{ClusterDto, LoadDto, StorageDto};
use crate::ApiState;
use axum::Json;
use axum::extract::State;
use runtime::Circuit;
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
    /// Targets of outgoing calls that are busy or failing, as this node sees them.
    pub circuits: Vec<CircuitDto>,
    /// The nodes and what they serve.
    pub cluster: ClusterDto,
    /// How busy this node is.
    pub load: LoadDto,
    /// What the database holds.
    pub storage: StorageDto,
}

/// A target of outgoing calls.
#[derive(Serialize, ToSchema)]
#[schema(as = Circuit)]
#[serde(rename_all = "camelCase")]
pub struct CircuitDto {
    /// A host, or the job type of an app's handler.
    pub target: String,
    /// `closed`: calls go out; `open`: they wait, because too many failed; `halfOpen`: one is tried.
    #[schema(example = "open")]
    pub state: String,
    /// Failures in a row.
    pub failures: u32,
    /// Calls on their way.
    pub in_flight: u64,
    /// Calls waiting for their turn in memory.
    pub ready: u64,
    /// Milliseconds until one call is tried.
    pub opens_in_ms: u64,
    /// Milliseconds since which nothing has succeeded.
    pub failing_ms: u64,
}

impl From<Circuit> for CircuitDto {
    fn from(circuit: Circuit) -> Self {
        Self {
            target: circuit.target,
            state: circuit.state.as_str().to_owned(),
            failures: circuit.failures,
            in_flight: circuit.in_flight,
            ready: circuit.ready,
            opens_in_ms: circuit.opens_in_ms,
            failing_ms: circuit.failing_ms,
        }
    }
}

/// The server: version, nodes, load, storage, limits, counters.
#[utoipa::path(get, path = "/system", tag = "system",
    responses((status = 200, description = "The server", body = SystemDto)))]
pub(crate) async fn system(State(api): State<ApiState>) -> Json<SystemDto> {
    let now = api.platform.clock().now();
    let store = api.platform.store();
    let (metrics, extent, waiting) = tokio::join!(api.runtime.metrics(), store.extent(), store.messages_waiting());
    // A database that does not answer is told by readiness; here its figures are absent.
    let (extent, waiting) = (extent.unwrap_or_default(), waiting.ok());
    Json(SystemDto {
        version: api.server.version.clone(),
        database: api.server.database.clone(),
        public_url: api.platform.public_url().to_owned(),
        started_at: api.server.started_at.to_iso(),
        uptime_s: (now.0 - api.server.started_at.0) / 1000,
        demo: api.server.demo,
        limits: limits(&api),
        counters: counters(&api),
        circuits: metrics.circuits.iter().cloned().map(CircuitDto::from).collect(),
        cluster: api.runtime.cluster().into(),
        storage: StorageDto::of(&metrics, extent),
        load: LoadDto::of(&metrics, extent, waiting, now),
    })
}

fn limits(api: &ApiState) -> BTreeMap<String, u64> {
    let limits = &api.server.limits;
    let wide = |n: usize| n as u64;
    named(&[
        ("stepNodeEntries", limits.step_node_entries.into()),
        ("valueBytes", wide(limits.value_bytes)),
        ("instanceBytes", wide(limits.instance_bytes)),
        ("largeValueBytes", wide(limits.large_value_bytes)),
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
        ("definitionStarts", wide(limits.definition_starts)),
        ("queueBytes", wide(limits.queue_bytes)),
        ("roundCommands", wide(limits.round_commands)),
        ("commitMs", limits.commit_ms),
        ("timersNear", wide(limits.timers_near)),
        ("jobPolls", wide(limits.job_polls)),
        ("jobPollsPerType", wide(limits.job_polls_per_type)),
        ("scriptsWaiting", wide(limits.scripts_waiting)),
        ("deliveries", wide(limits.deliveries)),
        ("deliveriesPerTarget", wide(limits.deliveries_per_target)),
        ("circuitFailures", limits.circuit_failures.into()),
        ("circuitOpenMs", limits.circuit_open_ms),
        ("circuitOpenMaxMs", limits.circuit_open_max_ms),
    ])
}

fn counters(api: &ApiState) -> BTreeMap<String, u64> {
    let (runtime, store) = (api.runtime.counters(), api.platform.store().stats());
    named(&[
        ("commands", runtime.commands),
        ("queued", runtime.queued),
        ("conflicts", runtime.conflicts),
        ("deliveries", runtime.deliveries),
        ("timers", runtime.timers),
        ("purgedInstances", runtime.purged_instances),
        ("purgedEntries", runtime.purged_entries),
        ("packedJournals", runtime.packed_journals),
        ("retentionBacklog", runtime.retention_backlog),
        ("storeCommits", store.commits),
        ("storeUnits", store.units),
        ("storeReads", store.reads),
        ("storeLargestBatch", store.largest_batch),
    ])
}

fn named(list: &[(&str, u64)]) -> BTreeMap<String, u64> {
    list.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect()
}
