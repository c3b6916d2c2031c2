//! Incidents: elements that wait for somebody to mend something.

use crate::ApiState;
use crate::edge::{ApiResult, Caller, Id, Page, PageQuery, Params, parse_opt_id};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::IncidentId;
use runtime::IncidentView;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An incident.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Incident)]
pub struct IncidentDto {
    /// `inc_5`.
    #[schema(example = "inc_5")]
    pub id: String,
    /// The instance.
    pub instance_id: String,
    /// What it runs.
    pub definition_id: String,
    /// What people see of that.
    pub definition_name: String,
    /// The element that waits.
    pub element_id: String,
    /// Its label.
    pub element_name: Option<String>,
    /// A registered code; its page is `docs/errors/CODE.md`.
    #[schema(example = "ENG-0003")]
    pub code: String,
    /// What is wrong and how to mend it.
    pub message: String,
    /// Since when, UTC.
    pub created_at: String,
    /// When it was over, UTC.
    pub resolved_at: Option<String>,
}

/// Which incidents.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = IncidentState)]
pub enum IncidentStateDto {
    /// They wait.
    Open,
    /// They are over.
    Resolved,
}

/// Which incidents are wanted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct IncidentQuery {
    /// Open ones when absent.
    #[param(value_type = Option<IncidentStateDto>)]
    pub state: Option<IncidentStateDto>,
    /// Only of this instance.
    pub instance_id: Option<String>,
}

/// The incidents, newest first.
#[utoipa::path(get, path = "/incidents", tag = "incidents", params(IncidentQuery, PageQuery),
    responses((status = 200, description = "Incidents", body = Page<IncidentDto>)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    Params(query): Params<IncidentQuery>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<IncidentDto>>> {
    let open = !matches!(query.state, Some(IncidentStateDto::Resolved));
    let instance = parse_opt_id(query.instance_id.as_deref())?;
    let found = api.runtime.incidents(Some(open), instance, page.of_runtime()).await?;
    Ok(Json(Page { items: found.items.into_iter().map(incident_dto).collect(), total: found.total }))
}

/// Try the element again.
#[utoipa::path(post, path = "/incidents/{id}/retry", tag = "incidents",
    params(("id" = String, Path, example = "inc_5")), responses((status = 204, description = "Tried again")))]
pub(crate) async fn retry(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<IncidentId>,
) -> ApiResult<StatusCode> {
    api.runtime.retry_incident(&caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn incident_dto(i: IncidentView) -> IncidentDto {
    IncidentDto {
        id: i.id.to_string(),
        instance_id: i.instance.to_string(),
        definition_id: i.definition.to_string(),
        definition_name: i.definition_name,
        element_id: i.element_id,
        element_name: i.element_name,
        code: i.code,
        message: i.message,
        created_at: i.created_at.to_iso(),
        resolved_at: i.resolved_at.map(|at| at.to_iso()),
    }
}
