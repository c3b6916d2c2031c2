//! Incidents: elements that wait for somebody to mend something.

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
pub struct IncidentQuery {
    /// Open ones when absent.
    #[param(value_type = Option<IncidentStateDto>)]
    pub state: Option<IncidentStateDto>,
}

/// The incidents, newest first.
#[utoipa::path(get, path = "/incidents", tag = "incidents", params(IncidentQuery, crate::edge::PageQuery),
    responses((status = 200, description = "Incidents", body = crate::edge::Page<IncidentDto>)))]
pub(crate) async fn list() {}

/// Try the element again.
#[utoipa::path(post, path = "/incidents/{id}/retry", tag = "incidents",
    params(("id" = String, Path, example = "inc_5")), responses((status = 204, description = "Tried again")))]
pub(crate) async fn retry() {}
