//! Process instances: starting, watching, interfering.

pub mod dto;

pub use dto::*;

/// The instances, newest first. Employees see those they started or have tasks in.
#[utoipa::path(get, path = "/instances", tag = "instances", params(InstanceQuery, crate::edge::PageQuery),
    responses((status = 200, description = "Instances", body = crate::edge::Page<InstanceDto>)))]
pub(crate) async fn list() {}

/// Start a process. Durable when it is answered.
#[utoipa::path(post, path = "/instances", tag = "instances", request_body = StartDto,
    responses((status = 201, description = "Started", body = StartedDto)))]
pub(crate) async fn start() {}

/// One instance with everything its page shows.
#[utoipa::path(get, path = "/instances/{id}", tag = "instances", params(("id" = String, Path, example = "pi_123")),
    responses((status = 200, description = "The instance", body = InstanceDetailsDto)))]
pub(crate) async fn get() {}

/// What happened, in order.
#[utoipa::path(get, path = "/instances/{id}/history", tag = "instances",
    params(("id" = String, Path, example = "pi_123"), crate::edge::PageQuery),
    responses((status = 200, description = "History", body = crate::edge::Page<HistoryDto>)))]
pub(crate) async fn history() {}

/// Calls to handlers, in order.
#[utoipa::path(get, path = "/instances/{id}/calls", tag = "instances",
    params(("id" = String, Path, example = "pi_123"), crate::edge::PageQuery),
    responses((status = 200, description = "Calls", body = crate::edge::Page<CallDto>)))]
pub(crate) async fn calls() {}

/// Cancel: the instance ends, its history stays.
#[utoipa::path(post, path = "/instances/{id}/cancel", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), request_body = CancelDto,
    responses((status = 204, description = "Cancelled")))]
pub(crate) async fn cancel() {}

/// Erase: the instance ends, nothing of it stays.
#[utoipa::path(delete, path = "/instances/{id}", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), responses((status = 204, description = "Erased")))]
pub(crate) async fn kill() {}

/// Set variables of a running instance.
#[utoipa::path(patch, path = "/instances/{id}/variables", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), request_body = VariablesDto,
    responses((status = 204, description = "Set")))]
pub(crate) async fn set_variables() {}
