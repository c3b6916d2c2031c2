//! Process instances: starting, watching, interfering.

pub mod dto;
pub mod operate;
mod view;

use super::people::Lookup;
use super::records::{json, values};
use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, Page, PageQuery, Params, invalid, parse_id, parse_opt_id};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
pub use dto::*;
use model::{DocumentRef, Fault, InstanceId, RecordId};
use platform::{Action, Object};
use runtime::{DefinitionSel, InstanceFilter, InstanceSummary, StartRequest};
use std::time::Duration;
use store::{Filter, Query, TaskField};
use view::{call_dto, details_dto, instance_dto};

/// The instances, newest first. Employees see those they started or have tasks in.
#[utoipa::path(get, path = "/instances", tag = "instances", params(InstanceQuery, PageQuery),
    responses((status = 200, description = "Instances", body = Page<InstanceDto>)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    caller: Caller,
    Params(query): Params<InstanceQuery>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<InstanceDto>>> {
    let filter = InstanceFilter {
        state: query.state.map(|s| s.as_str().to_owned()),
        definition: parse_opt_id(query.definition_id.as_deref())?,
        process_id: query.process_id.filter(|p| !p.is_empty()),
        record: parse_opt_id(query.record_id.as_deref())?,
        started_by: match query.started_by.as_deref() {
            Some("me") => Some(caller.actor.user_id()),
            other => parse_opt_id(other)?,
        },
        has_incident: query.has_incident,
        parent: parse_opt_id(query.parent_id.as_deref())?,
        root: parse_opt_id(query.root_id.as_deref())?,
        before: parse_opt_id(query.before.as_deref())?,
        suspended: query.suspended,
        search: query.search.filter(|s| !s.trim().is_empty()),
    };
    Ok(Json(find(&api, &caller, filter, &page).await?))
}

/// Start a process. Durable when it is answered.
#[utoipa::path(post, path = "/instances", tag = "instances", request_body = StartDto,
    responses((status = 201, description = "Started", body = StartedDto)))]
pub(crate) async fn start(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<StartDto>,
) -> ApiResult<(StatusCode, Json<StartedDto>)> {
    let definition = match (body.definition_id.as_deref(), body.process_id) {
        (Some(id), None) => DefinitionSel::Id(parse_id(id)?),
        (None, Some(process_id)) => DefinitionSel::ProcessIdLatest(process_id),
        _ => return Err(invalid("Give either `definitionId` or `processId`").into()),
    };
    let document = match parse_opt_id::<RecordId>(body.record_id.as_deref())? {
        Some(record) => Some(api.platform.records().require(record).await?.document()),
        None => None,
    };
    let request = StartRequest {
        definition,
        document,
        variables: values(&body.variables),
        business_key: body.business_key.filter(|k| !k.is_empty()),
        wait: body.wait_ms.filter(|ms| *ms > 0).map(|ms| Duration::from_millis(ms.min(MAX_WAIT_MS))),
    };
    let started = api.runtime.start(&caller.actor, request).await?;
    let dto = StartedDto {
        id: started.instance.to_string(),
        state: InstanceStateDto::of(started.state),
        variables: started.variables.as_ref().map(json),
    };
    Ok((StatusCode::CREATED, Json(dto)))
}

/// One instance with everything its page shows.
#[utoipa::path(get, path = "/instances/{id}", tag = "instances", params(("id" = String, Path, example = "pi_123")),
    responses((status = 200, description = "The instance", body = InstanceDetailsDto)))]
pub(crate) async fn get(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<InstanceId>,
) -> ApiResult<Json<InstanceDetailsDto>> {
    may_view(&api, &caller, id).await?;
    let view = api.runtime.instance(id).await?;
    Ok(Json(details_dto(&api, view).await?))
}

/// What happened, in order.
#[utoipa::path(get, path = "/instances/{id}/history", tag = "instances",
    params(("id" = String, Path, example = "pi_123"), PageQuery),
    responses((status = 200, description = "History", body = Page<HistoryDto>)))]
pub(crate) async fn history(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<InstanceId>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<HistoryDto>>> {
    may_view(&api, &caller, id).await?;
    let Page { items, total } = page.slice(api.runtime.history(id).await?);
    let dto = |e: runtime::HistoryEntry| HistoryDto {
        seq: e.seq,
        at: e.at.to_iso(),
        kind: e.kind,
        element_id: e.element_id,
        element_name: e.element_name,
        event: e.event,
    };
    Ok(Json(Page { items: items.into_iter().map(dto).collect(), total }))
}

/// Calls to handlers, in order.
#[utoipa::path(get, path = "/instances/{id}/calls", tag = "instances",
    params(("id" = String, Path, example = "pi_123"), PageQuery),
    responses((status = 200, description = "Calls", body = Page<CallDto>)))]
pub(crate) async fn calls(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<InstanceId>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<CallDto>>> {
    may_view(&api, &caller, id).await?;
    let Page { items, total } = page.slice(api.runtime.calls(id).await?);
    Ok(Json(Page { items: items.into_iter().map(call_dto).collect(), total }))
}

/// Cancel: the instance ends, its history stays.
#[utoipa::path(post, path = "/instances/{id}/cancel", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), request_body = CancelDto,
    responses((status = 204, description = "Cancelled")))]
pub(crate) async fn cancel(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<InstanceId>,
    Body(body): Body<CancelDto>,
) -> ApiResult<StatusCode> {
    api.runtime.cancel(&caller.actor, id, &body.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Erase: the instance ends, nothing of it stays.
#[utoipa::path(delete, path = "/instances/{id}", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), responses((status = 204, description = "Erased")))]
pub(crate) async fn kill(State(api): State<ApiState>, caller: Caller, Id(id): Id<InstanceId>) -> ApiResult<StatusCode> {
    api.runtime.kill(&caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set variables of a running instance.
#[utoipa::path(patch, path = "/instances/{id}/variables", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), request_body = VariablesDto,
    responses((status = 204, description = "Set")))]
pub(crate) async fn set_variables(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<InstanceId>,
    Body(body): Body<VariablesDto>,
) -> ApiResult<StatusCode> {
    api.runtime.set_variables(&caller.actor, id, body.scope, values(&body.values)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The longest a start waits for its end.
const MAX_WAIT_MS: u64 = 30_000;

/// A page of instances that the caller may see. An employee's lists hold what he started; what he has tasks in he
/// reaches from those.
pub(super) async fn find(
    api: &ApiState,
    caller: &Caller,
    mut filter: InstanceFilter,
    page: &PageQuery,
) -> Result<Page<InstanceDto>, Fault> {
    if !caller.actor.is_admin() {
        if filter.started_by.is_some_and(|user| user != caller.actor.user_id()) {
            return Ok(Page::whole(Vec::new()));
        }
        filter.started_by = Some(caller.actor.user_id());
    }
    let found = api.runtime.instances(&filter, page.of_runtime()).await?;
    let lookup = lookup(api, &found.items).await?;
    let items = found.items.into_iter().map(|s| instance_dto(s, &lookup)).collect();
    Ok(Page { items, total: found.total })
}

/// Names and titles that instances need.
async fn lookup(api: &ApiState, items: &[InstanceSummary]) -> Result<Lookup, Fault> {
    let people = items.iter().filter_map(|i| i.started_by).collect();
    let records = items.iter().filter_map(|i| i.document.map(|d: DocumentRef| d.record)).collect();
    Lookup::load(api, people, records).await
}

/// Whether the caller started the instance or has or had a task in it; administrators see all.
async fn may_view(api: &ApiState, caller: &Caller, id: InstanceId) -> Result<(), Fault> {
    let started_by = api.runtime.instance_summary(id).await?.started_by;
    let mut object = Object::Instance { started_by, involved: false };
    if caller.may(Action::View, object).is_err() {
        let own = Filter::eq(TaskField::Instance, id).and(Filter::eq(TaskField::User, caller.actor.user_id()));
        let involved = !api.platform.store().tasks(Query::new(own).limit(1)).await?.rows.is_empty();
        object = Object::Instance { started_by, involved };
    }
    caller.may(Action::View, object)
}
