//! Models of the designer: drawing, checking, deploying.

use super::people::Lookup;
use super::people::PersonDto;
use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, JsonObject, Page, PageQuery, Params, UploadedFile, parse_opt_id};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::error::codes;
use model::{DocumentType, Fault, ModelId, Severity};
use platform::models::{Model, ModelContent};
use runtime::{Deploy, Deployed, DeployedKind};
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
    /// What it is.
    pub kind: ModelKindDto,
    /// The catalog whose records its processes run for.
    pub catalog_id: Option<String>,
    /// Counts its changes; sent back with a change.
    pub version: u64,
    /// When it was last changed, UTC.
    pub updated_at: String,
    /// By whom.
    pub updated_by: Option<PersonDto>,
}

/// What a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ModelKind)]
#[serde(rename_all = "lowercase")]
pub enum ModelKindDto {
    /// A process: BPMN 2.0.
    Bpmn,
    /// Decisions: DMN 1.1 to 1.5.
    Dmn,
}

impl ModelKindDto {
    /// What a source is, told by its content.
    fn of(source: &str) -> Self {
        if runtime::dmn::looks_like(source.as_bytes()) { Self::Dmn } else { Self::Bpmn }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bpmn => "bpmn",
            Self::Dmn => "dmn",
        }
    }
}

/// A model with its source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ModelWithSource)]
pub struct ModelWithSourceDto {
    /// The model.
    #[serde(flatten)]
    pub model: ModelDto,
    /// BPMN 2.0 or DMN XML.
    pub source: String,
}

/// A new model.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewModel)]
pub struct NewModelDto {
    /// What people see.
    pub name: String,
    /// BPMN 2.0 or DMN XML; a process with one start event when absent.
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
    /// BPMN 2.0 or DMN XML.
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

/// BPMN 2.0 or DMN XML to check.
#[derive(Deserialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceDto {
    /// BPMN 2.0 or DMN XML.
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
    /// The process's or decision's id in its file.
    pub process_id: String,
    /// Counts from 1 per process or decision id.
    pub version: u32,
    /// The latest version has the same content already, diagrams aside: it is the one named here, no new one was made.
    pub unchanged: bool,
    /// What it is.
    pub kind: DeployedKindDto,
}

/// What was deployed.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = DeployedKind)]
#[serde(rename_all = "lowercase")]
pub enum DeployedKindDto {
    /// A process: `id` is that of a definition.
    Process,
    /// A decision: `id` is that of `/decisions/{id}`.
    Decision,
}

/// What was deployed.
#[derive(Serialize, ToSchema)]
#[schema(as = Deployment)]
pub struct DeploymentDto {
    /// One per process or decision of the file.
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
    /// The file: `.bpmn`, `.dmn` or `.bpt`.
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
    let content = ModelContent {
        name: body.name,
        kind: ModelKindDto::of(&source).name().to_owned(),
        source: source.clone(),
        catalog: parse_opt_id(body.catalog_id.as_deref())?,
    };
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
    let content = ModelContent { name: body.name, source: body.source, catalog, ..ModelContent::default() };
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
pub(crate) async fn deploy(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<ModelId>,
) -> ApiResult<(StatusCode, Json<DeploymentDto>)> {
    let (model, source) = api.platform.models().get(id).await?;
    let what = Deploy {
        name: model.name,
        bytes: source.into_bytes(),
        document: model.catalog.map(|catalog| DocumentType { catalog }),
        model: Some(id),
        ..Deploy::default()
    };
    let deployed = api.runtime.deploy(&caller.actor, what).await?;
    Ok((StatusCode::CREATED, Json(deployment(deployed))))
}

/// Check BPMN 2.0 XML or DMN without keeping it: what deploying it would tell, targets that are not deployed included.
#[utoipa::path(post, path = "/diagnostics", tag = "models", request_body = SourceDto,
    responses((status = 200, description = "The findings", body = DiagnosticsDto)))]
pub(crate) async fn diagnostics(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<SourceDto>,
) -> ApiResult<Json<DiagnosticsDto>> {
    let checked = api.runtime.check(&caller.actor, "", body.source.into_bytes()).await?;
    let diagnostics = checked.diagnostics.iter().map(DiagnosticDto::from).collect();
    Ok(Json(DiagnosticsDto { diagnostics, deployable: checked.deployable }))
}

/// Make a model of a `.bpmn` or `.bpt` file.
#[utoipa::path(post, path = "/import", tag = "models",
    request_body(content = FileFormDto, content_type = "multipart/form-data"),
    responses((status = 201, description = "Imported", body = ImportedDto)))]
pub(crate) async fn import(
    State(api): State<ApiState>,
    caller: Caller,
    file: UploadedFile,
) -> ApiResult<(StatusCode, Json<ImportedDto>)> {
    let title = file.title();
    let checked = api.runtime.check(&caller.actor, &title, file.bytes).await?;
    let diagnostics: Vec<DiagnosticDto> = checked.diagnostics.iter().map(DiagnosticDto::from).collect();
    let Some(source) = checked.bpmn else {
        let message = checked.diagnostics.first().map_or("The file can not be read", |d| d.message.as_str());
        let details = serde_json::json!({ "diagnostics": diagnostics });
        return Err(Fault::new(&codes::DEFINITION_REFUSED, message).with_details(details).into());
    };
    let name = match (file.name, checked.names.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) if !only.trim().is_empty() => only.clone(),
        _ => title,
    };
    let content =
        ModelContent { name, kind: ModelKindDto::of(&source).name().to_owned(), source, catalog: file.catalog };
    let model = api.platform.models().create(&caller.actor, content).await?;
    Ok((StatusCode::CREATED, Json(ImportedDto { model: dto(&api, model).await?, diagnostics })))
}

/// The element templates of the designer: built-in components and activities of apps, as the palette shows them.
#[utoipa::path(get, path = "/element-templates", tag = "models",
    responses((status = 200, description = "Element templates", body = Vec<JsonObject>)))]
pub(crate) async fn element_templates(
    State(api): State<ApiState>,
    caller: Caller,
) -> ApiResult<Json<Vec<serde_json::Value>>> {
    let mut templates = formats::element_template::builtins();
    templates.extend(runtime::app_templates(&api.platform, caller.actor.language()).await?);
    Ok(Json(templates))
}

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
        kind: if m.kind == "dmn" { ModelKindDto::Dmn } else { ModelKindDto::Bpmn },
        catalog_id: m.catalog.map(|c| c.to_string()),
        version: m.version,
        updated_at: m.updated_at.to_iso(),
        updated_by: names.person(m.updated_by),
    };
    Ok(models.into_iter().map(dto).collect())
}

/// What a deployment is answered with. Every process of a file carries the file's findings.
pub(super) fn deployment(deployed: Vec<Deployed>) -> DeploymentDto {
    let findings = deployed.first().map(|d| d.diagnostics.as_slice()).unwrap_or_default();
    let diagnostics = findings.iter().map(DiagnosticDto::from).collect();
    let kind = |kind| match kind {
        DeployedKind::Process => DeployedKindDto::Process,
        DeployedKind::Decision => DeployedKindDto::Decision,
    };
    let dto = |d: Deployed| DeployedDto {
        kind: kind(d.kind),
        id: d.id.to_string(),
        process_id: d.process_id,
        version: d.version,
        unchanged: d.unchanged,
    };
    DeploymentDto { definitions: deployed.into_iter().map(dto).collect(), diagnostics }
}

impl From<&model::Diagnostic> for DiagnosticDto {
    fn from(d: &model::Diagnostic) -> Self {
        Self {
            code: d.code.clone(),
            severity: match d.severity {
                Severity::Hint => SeverityDto::Hint,
                Severity::Warning => SeverityDto::Warning,
                Severity::Error => SeverityDto::Error,
                Severity::Refused => SeverityDto::Refused,
            },
            element: d.element.clone(),
            message: d.message.clone(),
            message_ru: d.message_ru.clone(),
            line: d.line,
            column: d.column,
        }
    }
}
