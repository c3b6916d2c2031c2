//! Deployed process definitions.

use super::models::{DeploymentDto, DiagnosticDto, FileFormDto};
use super::people::Lookup;
use super::people::PersonDto;
use super::retention::KeptDto;
use crate::ApiState;
use crate::edge::{ApiResult, Caller, Id, Page, PageQuery, Params, UploadedFile, parse_opt_id};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::definition::{Form, Origin, VariableDecl};
use model::{DefinitionId, DocumentType, Fault};
use runtime::{DefinitionFilter, DefinitionView, Deploy};
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
    /// Ended ones that are no longer kept; not among the others.
    pub purged: u64,
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
    /// How long its ended instances are kept.
    pub kept: KeptDto,
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
#[utoipa::path(get, path = "/definitions", tag = "definitions", params(DefinitionQuery, PageQuery),
    responses((status = 200, description = "Definitions", body = Page<DefinitionDto>)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    Params(query): Params<DefinitionQuery>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<DefinitionDto>>> {
    let filter = DefinitionFilter {
        search: query.search.filter(|s| !s.trim().is_empty()),
        latest: query.latest.unwrap_or(true),
        catalog: parse_opt_id(query.catalog_id.as_deref())?,
        ..DefinitionFilter::default()
    };
    Ok(Json(find(&api, &filter, &page).await?))
}

/// Deploy a `.bpmn`, `.dmn` or `.bpt` file. When it has errors: 422 `DEF-0002` with `details.diagnostics`.
#[utoipa::path(post, path = "/definitions", tag = "definitions",
    request_body(content = FileFormDto, content_type = "multipart/form-data"),
    responses((status = 201, description = "Deployed", body = DeploymentDto)))]
pub(crate) async fn deploy(
    State(api): State<ApiState>,
    caller: Caller,
    file: UploadedFile,
) -> ApiResult<(StatusCode, Json<DeploymentDto>)> {
    let what = Deploy {
        name: file.name.clone().unwrap_or_default(),
        document: file.catalog.map(|catalog| DocumentType { catalog }),
        bytes: file.bytes,
        ..Deploy::default()
    };
    let deployed = api.runtime.deploy(&caller.actor, what).await?;
    Ok((StatusCode::CREATED, Json(super::models::deployment(deployed))))
}

/// One version.
#[utoipa::path(get, path = "/definitions/{id}", tag = "definitions",
    params(("id" = String, Path, example = "def_3")),
    responses((status = 200, description = "The version", body = DefinitionDetailsDto)))]
pub(crate) async fn get(
    State(api): State<ApiState>,
    Id(id): Id<DefinitionId>,
) -> ApiResult<Json<DefinitionDetailsDto>> {
    let details = api.runtime.definition(id).await?;
    let diagnostics = details.view.diagnostics.iter().map(DiagnosticDto::from).collect();
    let kept = api.runtime.kept(&details.view.process_id).await?.into();
    let mut one = dtos(&api, vec![details.view]).await?;
    Ok(Json(DefinitionDetailsDto {
        definition: one.remove(0),
        bpmn: details.bpmn,
        parameters: details.parameters.into_iter().map(parameter).collect(),
        start_form: details.start_form.and_then(|form| match form {
            Form::Embedded(schema) => Some(schema),
            Form::Id(_) => None,
        }),
        diagnostics,
        kept,
    }))
}

/// Withdraw a version: it is started no more, its instances run on.
#[utoipa::path(delete, path = "/definitions/{id}", tag = "definitions",
    params(("id" = String, Path, example = "def_3")), responses((status = 204, description = "Withdrawn")))]
pub(crate) async fn remove(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<DefinitionId>,
) -> ApiResult<StatusCode> {
    api.runtime.delete_definition(&caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All versions of the same process, newest first.
#[utoipa::path(get, path = "/definitions/{id}/versions", tag = "definitions",
    params(("id" = String, Path, example = "def_3"), PageQuery),
    responses((status = 200, description = "Versions", body = Page<DefinitionDto>)))]
pub(crate) async fn versions(
    State(api): State<ApiState>,
    Id(id): Id<DefinitionId>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<DefinitionDto>>> {
    let process_id = api.runtime.definition(id).await?.view.process_id;
    let filter = DefinitionFilter { process_id: Some(process_id), ..DefinitionFilter::default() };
    Ok(Json(find(&api, &filter, &page).await?))
}

/// A page of definitions.
pub(super) async fn find(
    api: &ApiState,
    filter: &DefinitionFilter,
    page: &PageQuery,
) -> Result<Page<DefinitionDto>, Fault> {
    let found = api.runtime.definitions(filter, page.of_runtime()).await?;
    Ok(Page { items: dtos(api, found.items).await?, total: found.total })
}

async fn dtos(api: &ApiState, views: Vec<DefinitionView>) -> Result<Vec<DefinitionDto>, Fault> {
    let names = Lookup::people(api, views.iter().filter_map(|v| v.deployed_by).collect()).await?;
    let dto = |v: DefinitionView| DefinitionDto {
        id: v.id.to_string(),
        process_id: v.process_id,
        name: v.name,
        version: v.version,
        origin: match v.origin {
            Origin::Bpmn => OriginDto::Bpmn,
            Origin::Bpt => OriginDto::Bpt,
        },
        deployed_at: v.deployed_at.to_iso(),
        deployed_by: names.person(v.deployed_by),
        catalog_id: v.document.map(|d| d.catalog.to_string()),
        app_id: v.app.map(|a| a.to_string()),
        model_id: v.model.map(|m| m.to_string()),
        description: v.description,
        deployable: v.deployable,
        stats: StatsDto {
            active: v.stats.active,
            completed: v.stats.completed,
            failed: v.stats.failed,
            incidents: v.stats.incidents,
            purged: v.stats.purged,
        },
    };
    Ok(views.into_iter().map(dto).collect())
}

fn parameter(decl: VariableDecl) -> ParameterDto {
    ParameterDto {
        key: decl.key,
        name: decl.name,
        description: decl.description,
        kind: decl.kind,
        required: decl.required,
        multiple: decl.multiple,
        options: decl.options.into_iter().map(|(key, label)| OptionDto { key, label }).collect(),
        default: decl.default.to_json(),
    }
}
