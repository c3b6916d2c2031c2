//! Jobs for external workers.

use super::people::DocumentDto;
use super::people::Lookup;
use super::records::{json, values};
use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, JsonObject, invalid};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::JobId;
use runtime::{ActivateJobs, ActivatedJob, JobError, JobFailure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;
use utoipa::ToSchema;

/// What a worker asks for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Activate)]
pub struct ActivateDto {
    /// The job type.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many at most; 1 when absent, 100 at most.
    #[schema(minimum = 1, maximum = 100)]
    pub max: Option<u32>,
    /// Milliseconds the jobs are this worker's; 60,000 when absent, an hour at most. A lease that ends without an
    /// answer counts as a failed attempt.
    pub lease_ms: Option<u64>,
    /// Milliseconds to wait while there are none; 30,000 at most.
    pub wait_ms: Option<u64>,
    /// The worker's name, for the monitor.
    #[serde(default)]
    pub worker: String,
}

/// A job handed to a worker.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivatedJob)]
#[serde(rename_all = "camelCase")]
pub struct JobDto {
    /// `job_5`.
    #[schema(example = "job_5")]
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The instance.
    pub instance_id: String,
    /// What that runs.
    pub definition_id: String,
    /// The record it runs for.
    pub document: Option<DocumentDto>,
    /// The element that waits.
    pub element_id: String,
    /// Attempts left.
    pub retries: u32,
    /// Until when the job is this worker's, UTC.
    pub leased_until: String,
    /// Static settings of the element.
    #[schema(value_type = JsonObject)]
    pub headers: serde_json::Value,
    /// The inputs.
    #[schema(value_type = JsonObject)]
    pub input: serde_json::Value,
    /// The same at each attempt.
    pub idempotency_key: String,
}

/// Jobs handed to a worker.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivatedJobs)]
pub struct JobsDto {
    /// The jobs; none when there are none.
    pub jobs: Vec<JobDto>,
}

/// A result.
#[derive(Deserialize, ToSchema)]
#[schema(as = JobResult)]
pub struct JobResultDto {
    /// An object whose members the element's output mappings see.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub result: serde_json::Map<String, serde_json::Value>,
}

/// A failed attempt.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobFailure)]
pub struct JobFailureDto {
    /// Why.
    pub message: String,
    /// Attempts left; one less than before when absent. At 0 it becomes an incident.
    pub retries: Option<u32>,
    /// Milliseconds until it is offered again.
    pub retry_in_ms: Option<u64>,
}

/// A business error, for error events of the process.
#[derive(Deserialize, ToSchema)]
#[schema(as = JobError)]
pub struct JobErrorDto {
    /// The error's code.
    pub code: String,
    /// For people.
    pub message: Option<String>,
    /// Variables for the process.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: serde_json::Map<String, serde_json::Value>,
}

/// Take jobs.
#[utoipa::path(post, path = "/jobs/activate", tag = "jobs", request_body = ActivateDto,
    responses((status = 200, description = "Jobs", body = JobsDto)))]
pub(crate) async fn activate(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<ActivateDto>,
) -> ApiResult<Json<JobsDto>> {
    if body.kind.trim().is_empty() {
        return Err(invalid("`type` names nothing").into());
    }
    let ask = ActivateJobs {
        job_type: body.kind,
        max: body.max.unwrap_or(1).clamp(1, 100),
        lease: lease(body.lease_ms),
        wait: Duration::from_millis(body.wait_ms.unwrap_or(0).min(30_000)),
        worker: body.worker,
    };
    let jobs = api.runtime.activate_jobs(&caller.actor, ask).await?;
    let records = jobs.iter().filter_map(|j| j.document.map(|d| d.record)).collect();
    let lookup = Lookup::load(&api, BTreeSet::new(), records).await?;
    Ok(Json(JobsDto { jobs: jobs.into_iter().map(|j| dto(j, &lookup)).collect() }))
}

/// A longer lease.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExtendLease)]
pub struct ExtendDto {
    /// Milliseconds from now; 60,000 when absent, an hour at most.
    pub lease_ms: Option<u64>,
    /// The worker's name, as he gave it when he took the job.
    #[serde(default)]
    pub worker: String,
}

/// Until when a job is a worker's.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Lease)]
pub struct LeaseDto {
    /// Until then, UTC.
    pub leased_until: String,
}

/// Not done yet: a longer lease. A lease that ends without an answer counts as a failed attempt.
#[utoipa::path(post, path = "/jobs/{id}/extend", tag = "jobs", params(("id" = String, Path, example = "job_5")),
    request_body = ExtendDto, responses((status = 200, description = "Until when it lasts", body = LeaseDto)))]
pub(crate) async fn extend(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<JobId>,
    Body(body): Body<ExtendDto>,
) -> ApiResult<Json<LeaseDto>> {
    let lease = lease(body.lease_ms);
    let until = api.runtime.extend_job(&caller.actor, id, &body.worker, lease).await?;
    Ok(Json(LeaseDto { leased_until: until.to_iso() }))
}

fn lease(ms: Option<u64>) -> Duration {
    Duration::from_millis(ms.unwrap_or(60_000).clamp(1_000, 3_600_000))
}

/// Done.
#[utoipa::path(post, path = "/jobs/{id}/complete", tag = "jobs", params(("id" = String, Path, example = "job_5")),
    request_body = JobResultDto, responses((status = 204, description = "Taken note")))]
pub(crate) async fn complete(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<JobId>,
    Body(body): Body<JobResultDto>,
) -> ApiResult<StatusCode> {
    api.runtime.complete_job(&caller.actor, id, values(&body.result)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Failed: again later, or an incident.
#[utoipa::path(post, path = "/jobs/{id}/fail", tag = "jobs", params(("id" = String, Path, example = "job_5")),
    request_body = JobFailureDto, responses((status = 204, description = "Taken note")))]
pub(crate) async fn fail(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<JobId>,
    Body(body): Body<JobFailureDto>,
) -> ApiResult<StatusCode> {
    let failure = JobFailure {
        message: body.message,
        retries: body.retries,
        retry_in: body.retry_in_ms.map(Duration::from_millis),
    };
    api.runtime.fail_job(&caller.actor, id, failure).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A business error.
#[utoipa::path(post, path = "/jobs/{id}/error", tag = "jobs", params(("id" = String, Path, example = "job_5")),
    request_body = JobErrorDto, responses((status = 204, description = "Taken note")))]
pub(crate) async fn error(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<JobId>,
    Body(body): Body<JobErrorDto>,
) -> ApiResult<StatusCode> {
    let error =
        JobError { code: body.code, message: body.message.unwrap_or_default(), variables: values(&body.variables) };
    api.runtime.throw_job_error(&caller.actor, id, error).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn dto(job: ActivatedJob, lookup: &Lookup) -> JobDto {
    let headers = job.headers.into_iter().map(|(k, v)| (k, v.into())).collect();
    JobDto {
        id: job.id.to_string(),
        kind: job.job_type,
        instance_id: job.instance.to_string(),
        definition_id: job.definition.to_string(),
        document: lookup.document(job.document),
        element_id: job.element_id,
        retries: job.retries,
        leased_until: job.leased_until.to_iso(),
        headers: serde_json::Value::Object(headers),
        input: json(&job.input),
        idempotency_key: job.idempotency_key,
    }
}
