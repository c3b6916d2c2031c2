//! Deployed process definitions.

use super::models::{DeploymentDto, DiagnosticDto, FileFormDto};
use super::people::PersonDto;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A deployed version.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Definition)]
pub struct DefinitionDto {
    /// `def_3`.
    #[schema(example = "def_3")]
    pub id: String,
    /// The process's id in its file; the same for all versions.
    pub process_id: String,
    /// What people see.
    pub name: String,
    /// Counts from 1 per process id.
    pub version: u32,
    /// Which format it came in.
    pub origin: OriginDto,
    /// When it was deployed, UTC.
    pub deployed_at: String,
    /// By whom.
    pub deployed_by: Option<PersonDto>,
    /// The catalog whose records it runs for.
    pub catalog_id: Option<String>,
    /// The app that owns it.
    pub app_id: Option<String>,
    /// The model it was deployed from.
    pub model_id: Option<String>,
    /// Explanation.
    pub description: String,
    /// Whether it can be started.
    pub deployable: bool,
    /// Instances by state.
    pub stats: StatsDto,
}

/// Which format a definition came in.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Origin)]
#[serde(rename_all = "lowercase")]
pub enum OriginDto {
    /// BPMN 2.0 XML.
    Bpmn,
    /// A Bitrix template.
    Bpt,
}

/// How many instances a definition has.
#[derive(Serialize, ToSchema)]
#[schema(as = DefinitionStats)]
pub struct StatsDto {
    /// They run or wait.
    pub active: u64,
    /// They ended normally.
    pub completed: u64,
    /// They ended by an error or were cancelled.
    pub failed: u64,
    /// Their open incidents.
    pub incidents: u64,
}

/// A deployed version with its content.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DefinitionDetails)]
pub struct DefinitionDetailsDto {
    /// The facts of the list.
    #[serde(flatten)]
    pub definition: DefinitionDto,
    /// The BPMN 2.0 XML that shows it.
    pub bpmn: String,
    /// Values a start may or must give.
    pub parameters: Vec<ParameterDto>,
    /// Form-js schema shown to a person who starts it.
    pub start_form: Option<serde_json::Value>,
    /// What was found when it was deployed.
    pub diagnostics: Vec<DiagnosticDto>,
}

/// A value that a start may or must give.
#[derive(Serialize, ToSchema)]
#[schema(as = Parameter)]
#[serde(rename_all = "camelCase")]
pub struct ParameterDto {
    /// Its key.
    pub key: String,
    /// What people see.
    pub name: String,
    /// Explanation.
    pub description: String,
    /// `string`, `text`, `int`, `double`, `bool`, `date`, `datetime`, `time`, `select`, `user`, `file`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether a value must be given.
    pub required: bool,
    /// Whether it holds a list.
    pub multiple: bool,
    /// Options of a `select`.
    pub options: Vec<OptionDto>,
    /// Value when none is given.
    pub default: serde_json::Value,
}

/// An option of a `select`.
#[derive(Serialize, ToSchema)]
#[schema(as = ParameterOption)]
pub struct OptionDto {
    /// What is stored.
    pub key: String,
    /// What people see.
    pub label: String,
}

/// Which definitions are wanted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct DefinitionQuery {
    /// Part of the name or process id.
    pub search: Option<String>,
    /// Only the newest version of each process id; `true` when absent.
    pub latest: Option<bool>,
    /// Only those that run for this catalog's records.
    pub catalog_id: Option<String>,
}

/// The definitions, newest first.
#[utoipa::path(get, path = "/definitions", tag = "definitions", params(DefinitionQuery, crate::edge::PageQuery),
    responses((status = 200, description = "Definitions", body = crate::edge::Page<DefinitionDto>)))]
pub(crate) async fn list() {}

/// Deploy a `.bpmn` or `.bpt` file. When it has errors: 422 `DEF-0002` with `details.diagnostics`.
#[utoipa::path(post, path = "/definitions", tag = "definitions",
    request_body(content = FileFormDto, content_type = "multipart/form-data"),
    responses((status = 201, description = "Deployed", body = DeploymentDto)))]
pub(crate) async fn deploy() {}

/// One version.
#[utoipa::path(get, path = "/definitions/{id}", tag = "definitions",
    params(("id" = String, Path, example = "def_3")),
    responses((status = 200, description = "The version", body = DefinitionDetailsDto)))]
pub(crate) async fn get() {}

/// Withdraw a version that has no running instances.
#[utoipa::path(delete, path = "/definitions/{id}", tag = "definitions",
    params(("id" = String, Path, example = "def_3")), responses((status = 204, description = "Withdrawn")))]
pub(crate) async fn remove() {}

/// All versions of the same process, newest first.
#[utoipa::path(get, path = "/definitions/{id}/versions", tag = "definitions",
    params(("id" = String, Path, example = "def_3")),
    responses((status = 200, description = "Versions", body = crate::edge::Page<DefinitionDto>)))]
pub(crate) async fn versions() {}
