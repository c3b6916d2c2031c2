//! Models of the designer: drawing, checking, deploying.

use super::people::Lookup;
use super::people::PersonDto;
use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, JsonObject, Page, PageQuery, Params, parse_opt_id};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{Fault, ModelId};
use platform::models::{Model, ModelContent};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A model without its source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Model)]
pub struct ModelDto {
    /// `model_4`.
    #[schema(example = "model_4")]
    pub id: String,
    /// What people see.
    pub name: String,
    /// The catalog whose records its processes run for.
    pub catalog_id: Option<String>,
    /// Counts its changes; sent back with a change.
    pub version: u64,
    /// When it was last changed, UTC.
    pub updated_at: String,
    /// By whom.
    pub updated_by: Option<PersonDto>,
}

/// A model with its source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ModelWithSource)]
pub struct ModelWithSourceDto {
    /// The model.
    #[serde(flatten)]
    pub model: ModelDto,
    /// BPMN 2.0 XML.
    pub source: String,
}

/// A new model.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewModel)]
pub struct NewModelDto {
    /// What people see.
    pub name: String,
    /// BPMN 2.0 XML; a process with one start event when absent.
    pub source: Option<String>,
    /// The catalog whose records its processes run for.
    pub catalog_id: Option<String>,
}

/// A model's new content.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ModelChange)]
pub struct ModelChangeDto {
    /// The version it was read with; a conflict is answered 409 `DEF-0007`.
    pub version: u64,
    /// What people see.
    pub name: String,
    /// BPMN 2.0 XML.
    pub source: String,
    /// The catalog whose records its processes run for; none when absent.
    pub catalog_id: Option<String>,
}

/// A finding about a definition.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Diagnostic)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosticDto {
    /// Stable rule id.
    #[schema(example = "LN-03")]
    pub code: String,
    /// How bad it is.
    pub severity: SeverityDto,
    /// Id of the element it is about.
    pub element: Option<String>,
    /// What is wrong and how to mend it, in English.
    pub message: String,
    /// The same in Russian.
    pub message_ru: String,
    /// Line in the source, from 1; 0 when unknown.
    pub line: u32,
    /// Column in the source, from 1; 0 when unknown.
    pub column: u32,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Severity)]
#[serde(rename_all = "lowercase")]
pub enum SeverityDto {
    /// Worth knowing.
    Hint,
    /// Can be deployed, is probably not what was meant.
    Warning,
    /// Can be stored and opened, can not be deployed.
    Error,
    /// Can not even be stored.
    Refused,
}

/// BPMN 2.0 XML to check.
#[derive(Deserialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceDto {
    /// BPMN 2.0 XML.
    pub source: String,
}

/// What was found.
#[derive(Serialize, ToSchema)]
#[schema(as = Diagnostics)]
pub struct DiagnosticsDto {
    /// The findings, in the order of the source.
    pub diagnostics: Vec<DiagnosticDto>,
    /// Whether it can be deployed.
    pub deployable: bool,
}

/// One process of what was deployed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Deployed)]
pub struct DeployedDto {
    /// The version's id.
    #[schema(example = "def_3")]
    pub id: String,
    /// The process's id in its file.
    pub process_id: String,
    /// Counts from 1 per process id.
    pub version: u32,
}

/// What was deployed.
#[derive(Serialize, ToSchema)]
#[schema(as = Deployment)]
pub struct DeploymentDto {
    /// One per process of the file.
    pub definitions: Vec<DeployedDto>,
    /// What was found.
    pub diagnostics: Vec<DiagnosticDto>,
}

/// An imported file.
#[derive(Serialize, ToSchema)]
#[schema(as = Imported)]
pub struct ImportedDto {
    /// The model made of it.
    pub model: ModelDto,
    /// What was found.
    pub diagnostics: Vec<DiagnosticDto>,
}

/// A file in a multipart form.
#[derive(ToSchema)]
#[schema(as = FileForm)]
pub struct FileFormDto {
    /// The file: `.bpmn` or `.bpt`.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    pub file: String,
    /// What people see; from the file when absent.
    pub name: Option<String>,
    /// The catalog whose records its processes run for.
    #[schema(rename = "catalogId")]
    pub catalog_id: Option<String>,
}

/// The models, the latest changed first.
#[utoipa::path(get, path = "/models", tag = "models", params(PageQuery),
    responses((status = 200, description = "Models", body = Page<ModelDto>)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<ModelDto>>> {
    let Page { items, total } = page.slice(api.platform.models().list().await?);
    Ok(Json(Page { items: dtos(&api, items).await?, total }))
}

/// Make a model.
#[utoipa::path(post, path = "/models", tag = "models", request_body = NewModelDto,
    responses((status = 201, description = "Made", body = ModelWithSourceDto)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<NewModelDto>,
) -> ApiResult<(StatusCode, Json<ModelWithSourceDto>)> {
    let source = body.source.filter(|s| !s.trim().is_empty()).unwrap_or_else(empty);
    let content =
        ModelContent { name: body.name, source: source.clone(), catalog: parse_opt_id(body.catalog_id.as_deref())? };
    let model = api.platform.models().create(&caller.actor, content).await?;
    let model = dto(&api, model).await?;
    Ok((StatusCode::CREATED, Json(ModelWithSourceDto { model, source })))
}

/// One model with its source.
#[utoipa::path(get, path = "/models/{id}", tag = "models", params(("id" = String, Path, example = "model_4")),
    responses((status = 200, description = "The model", body = ModelWithSourceDto)))]
pub(crate) async fn get(State(api): State<ApiState>, Id(id): Id<ModelId>) -> ApiResult<Json<ModelWithSourceDto>> {
    let (model, source) = api.platform.models().get(id).await?;
    Ok(Json(ModelWithSourceDto { model: dto(&api, model).await?, source }))
}

/// Save a model.
#[utoipa::path(put, path = "/models/{id}", tag = "models", params(("id" = String, Path, example = "model_4")),
    request_body = ModelChangeDto, responses((status = 200, description = "Saved", body = ModelDto)))]
pub(crate) async fn update(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<ModelId>,
    Body(body): Body<ModelChangeDto>,
) -> ApiResult<Json<ModelDto>> {
    let catalog = parse_opt_id(body.catalog_id.as_deref())?;
    let content = ModelContent { name: body.name, source: body.source, catalog };
    let model = api.platform.models().update(&caller.actor, id, body.version, content).await?;
    Ok(Json(dto(&api, model).await?))
}

/// Remove a model; what was deployed from it stays.
#[utoipa::path(delete, path = "/models/{id}", tag = "models", params(("id" = String, Path, example = "model_4")),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(State(api): State<ApiState>, Id(id): Id<ModelId>) -> ApiResult<StatusCode> {
    api.platform.models().delete(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deploy a model as saved. When it has errors: 422 `DEF-0002` with `details.diagnostics`.
#[utoipa::path(post, path = "/models/{id}/deploy", tag = "models",
    params(("id" = String, Path, example = "model_4")),
    responses((status = 201, description = "Deployed", body = DeploymentDto)))]
pub(crate) async fn deploy() {}

/// Check BPMN 2.0 XML without keeping it.
#[utoipa::path(post, path = "/diagnostics", tag = "models", request_body = SourceDto,
    responses((status = 200, description = "The findings", body = DiagnosticsDto)))]
pub(crate) async fn diagnostics() {}

/// Make a model of a `.bpmn` or `.bpt` file.
#[utoipa::path(post, path = "/import", tag = "models",
    request_body(content = FileFormDto, content_type = "multipart/form-data"),
    responses((status = 201, description = "Imported", body = ImportedDto)))]
pub(crate) async fn import() {}

/// The element templates of the designer: built-in components and activities of apps, as the palette shows them.
#[utoipa::path(get, path = "/element-templates", tag = "models",
    responses((status = 200, description = "Element templates", body = Vec<JsonObject>)))]
pub(crate) async fn element_templates() {}

/// What a new model holds: a process with one start event.
const EMPTY: &str = include_str!("empty.bpmn");

/// Versions are counted per process id, so each new model gets an id of its own.
fn empty() -> String {
    let id = format!("Process_{}", platform::identity::secrets::random_alphanumeric(8));
    EMPTY.replace("Process_1", &id)
}

pub(super) async fn dto(api: &ApiState, model: Model) -> Result<ModelDto, Fault> {
    let mut one = dtos(api, vec![model]).await?;
    Ok(one.remove(0))
}

async fn dtos(api: &ApiState, models: Vec<Model>) -> Result<Vec<ModelDto>, Fault> {
    let names = Lookup::people(api, models.iter().filter_map(|m| m.updated_by).collect()).await?;
    let dto = |m: Model| ModelDto {
        id: m.id.to_string(),
        name: m.name,
        catalog_id: m.catalog.map(|c| c.to_string()),
        version: m.version,
        updated_at: m.updated_at.to_iso(),
        updated_by: names.person(m.updated_by),
    };
    Ok(models.into_iter().map(dto).collect())
}
