//! Decisions: what is deployed, and trying one out. Files are deployed at `POST /definitions`.

use super::models::DiagnosticDto;
use super::people::{Lookup, PersonDto};
use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, JsonObject, Page, PageQuery, Params};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::error::codes;
use model::{DefinitionId, Fault, Object, Value};
use runtime::dmn::{DecisionRun, RuleRun, TableRun};
use runtime::{DecisionEvaluation, DecisionFilter, DecisionSel, DecisionView, TriedDecision};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A version of a decision.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Decision)]
pub struct DecisionDto {
    /// `def_3`.
    #[schema(example = "def_3")]
    pub id: String,
    /// The decision's id in its file; the same for all versions.
    pub decision_id: String,
    /// What people see.
    pub name: String,
    /// Counts from 1 per decision.
    pub version: u32,
    /// The author's tag of the version.
    pub version_tag: Option<String>,
    /// The id of the decision requirements it belongs to (`definitions` of the file).
    pub requirements_id: String,
    /// Their name.
    pub requirements_name: String,
    /// Names of what it takes from outside, what it requires included.
    pub inputs: Vec<String>,
    /// The model it was deployed from.
    pub model_id: Option<String>,
    /// When it was deployed, UTC.
    pub deployed_at: String,
    /// By whom.
    pub deployed_by: Option<PersonDto>,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

/// A version of a decision with its file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DecisionDetails)]
pub struct DecisionDetailsDto {
    /// The facts of the list.
    #[serde(flatten)]
    pub decision: DecisionDto,
    /// The DMN XML as deployed.
    pub source: String,
    /// What was found in it when it was deployed.
    pub diagnostics: Vec<DiagnosticDto>,
}

/// Which decisions are wanted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct DecisionQuery {
    /// Part of the name or decision id.
    pub search: Option<String>,
    /// Only the newest version of each decision; `true` when absent.
    pub latest: Option<bool>,
    /// Only versions of this decision.
    pub decision_id: Option<String>,
}

/// With what a version is tried out.
#[derive(Deserialize, ToSchema)]
#[schema(as = DecisionVariables)]
pub struct VariablesDto {
    /// The variables, by name.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: serde_json::Map<String, serde_json::Value>,
}

/// A decision to try out: the newest version of one that is deployed, or one of a text that is not.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TriedDecision)]
pub struct TriedDecisionDto {
    /// The decision's id; with `source` also its name or that of a decision service, the first decision when absent.
    pub decision_id: Option<String>,
    /// DMN XML that needs not be deployed.
    pub source: Option<String>,
    /// The variables, by name.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: serde_json::Map<String, serde_json::Value>,
}

/// What an evaluation gave, and how.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DecisionEvaluation)]
pub struct EvaluationDto {
    /// The version, when it was a deployed one.
    pub id: Option<String>,
    /// Its number.
    pub version: Option<u32>,
    /// The result.
    pub result: serde_json::Value,
    /// Every decision that was evaluated, the one asked for last.
    pub decisions: Vec<DecisionRunDto>,
    /// Why something may be null, in English.
    pub warnings: Vec<String>,
}

/// One decision of an evaluation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DecisionRun)]
pub struct DecisionRunDto {
    /// Its id in the file.
    pub decision_id: String,
    /// Its name.
    pub name: String,
    /// Its result.
    pub result: serde_json::Value,
    /// The decision tables that were evaluated for it.
    pub tables: Vec<TableRunDto>,
}

/// One evaluation of a decision table.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TableRun)]
pub struct TableRunDto {
    /// The table's id in the file.
    pub id: String,
    /// The letter of its hit policy: `U`, `C+`.
    pub hit_policy: String,
    /// The columns of conditions with their values.
    pub inputs: Vec<NamedDto>,
    /// The rules that matched.
    pub matched: Vec<RuleRunDto>,
}

/// A rule that matched.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleRun)]
pub struct RuleRunDto {
    /// Its number, from 1.
    pub index: usize,
    /// Its id in the file.
    pub id: String,
    /// Its results.
    pub outputs: Vec<NamedDto>,
}

/// A value with a name.
#[derive(Serialize, ToSchema)]
#[schema(as = NamedValue)]
pub struct NamedDto {
    /// The name.
    pub name: String,
    /// The value.
    pub value: serde_json::Value,
}

/// The decisions, the latest deployed first.
#[utoipa::path(get, path = "/decisions", tag = "decisions", params(DecisionQuery, PageQuery),
    responses((status = 200, description = "Decisions", body = Page<DecisionDto>)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    Params(query): Params<DecisionQuery>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<DecisionDto>>> {
    let filter = DecisionFilter {
        search: query.search.filter(|s| !s.trim().is_empty()),
        latest: query.latest.unwrap_or(true),
        decision_id: query.decision_id,
    };
    Ok(Json(find(&api, &filter, &page).await?))
}

/// One version with its DMN XML.
#[utoipa::path(get, path = "/decisions/{id}", tag = "decisions", params(("id" = String, Path, example = "def_3")),
    responses((status = 200, description = "The version", body = DecisionDetailsDto)))]
pub(crate) async fn get(State(api): State<ApiState>, Id(id): Id<DefinitionId>) -> ApiResult<Json<DecisionDetailsDto>> {
    let details = api.runtime.decision(id).await?;
    let diagnostics = details.diagnostics.iter().map(DiagnosticDto::from).collect();
    let mut one = dtos(&api, vec![details.view]).await?;
    Ok(Json(DecisionDetailsDto { decision: one.remove(0), source: details.source, diagnostics }))
}

/// Withdraw a version: business rule tasks no longer find it.
#[utoipa::path(delete, path = "/decisions/{id}", tag = "decisions",
    params(("id" = String, Path, example = "def_3")), responses((status = 204, description = "Withdrawn")))]
pub(crate) async fn remove(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<DefinitionId>,
) -> ApiResult<StatusCode> {
    api.runtime.delete_decision(&caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All versions of the same decision, newest first.
#[utoipa::path(get, path = "/decisions/{id}/versions", tag = "decisions",
    params(("id" = String, Path, example = "def_3"), PageQuery),
    responses((status = 200, description = "Versions", body = Page<DecisionDto>)))]
pub(crate) async fn versions(
    State(api): State<ApiState>,
    Id(id): Id<DefinitionId>,
    Params(page): Params<PageQuery>,
) -> ApiResult<Json<Page<DecisionDto>>> {
    let decision_id = Some(api.runtime.decision(id).await?.view.decision_id);
    Ok(Json(find(&api, &DecisionFilter { decision_id, ..DecisionFilter::default() }, &page).await?))
}

/// Try out a decision by its id, or one of a text that is not deployed. Changes nothing.
#[utoipa::path(post, path = "/decisions/evaluate", tag = "decisions", request_body = TriedDecisionDto,
    responses((status = 200, description = "The result and how it came about", body = EvaluationDto)))]
pub(crate) async fn evaluate(
    State(api): State<ApiState>,
    Body(body): Body<TriedDecisionDto>,
) -> ApiResult<Json<EvaluationDto>> {
    let decision = match (body.source, body.decision_id) {
        (Some(source), decision) => DecisionSel::Draft { source, decision },
        (None, Some(decision)) => DecisionSel::Latest(decision),
        (None, None) => {
            let fault = Fault::new(&codes::REQUEST_INVALID, "Either `decisionId` or `source` has to be given");
            return Err(fault.into());
        }
    };
    tried(&api, decision, body.variables).await
}

/// Try out one version. Changes nothing.
#[utoipa::path(post, path = "/decisions/{id}/evaluate", tag = "decisions", request_body = VariablesDto,
    params(("id" = String, Path, example = "def_3")),
    responses((status = 200, description = "The result and how it came about", body = EvaluationDto)))]
pub(crate) async fn evaluate_version(
    State(api): State<ApiState>,
    Id(id): Id<DefinitionId>,
    Body(body): Body<VariablesDto>,
) -> ApiResult<Json<EvaluationDto>> {
    tried(&api, DecisionSel::Id(id), body.variables).await
}

async fn tried(
    api: &ApiState,
    decision: DecisionSel,
    variables: serde_json::Map<String, serde_json::Value>,
) -> ApiResult<Json<EvaluationDto>> {
    let variables: Object =
        variables.iter().map(|(name, value)| (Arc::from(name.as_str()), Value::from_json(value))).collect();
    let evaluation = api.runtime.try_decision(TriedDecision { decision, variables }).await?;
    Ok(Json(evaluation.into()))
}

async fn find(api: &ApiState, filter: &DecisionFilter, page: &PageQuery) -> Result<Page<DecisionDto>, Fault> {
    let found = api.runtime.decisions(filter, page.of_runtime()).await?;
    Ok(Page { items: dtos(api, found.items).await?, total: found.total })
}

async fn dtos(api: &ApiState, views: Vec<DecisionView>) -> Result<Vec<DecisionDto>, Fault> {
    let names = Lookup::people(api, views.iter().filter_map(|v| v.deployed_by).collect()).await?;
    let dto = |v: DecisionView| DecisionDto {
        id: v.id.to_string(),
        decision_id: v.decision_id,
        name: v.name,
        version: v.version,
        version_tag: v.version_tag,
        requirements_id: v.requirements_id,
        requirements_name: v.requirements_name,
        inputs: v.inputs,
        model_id: v.model.map(|m| m.to_string()),
        deployed_at: v.deployed_at.to_iso(),
        deployed_by: names.person(v.deployed_by),
        withdrawn: v.withdrawn,
    };
    Ok(views.into_iter().map(dto).collect())
}

impl From<DecisionEvaluation> for EvaluationDto {
    fn from(evaluation: DecisionEvaluation) -> Self {
        Self {
            id: evaluation.id.map(|id| id.to_string()),
            version: evaluation.version,
            result: evaluation.outcome.value.to_json(),
            decisions: evaluation.outcome.decisions.into_iter().map(DecisionRunDto::from).collect(),
            warnings: evaluation.outcome.warnings,
        }
    }
}

impl From<DecisionRun> for DecisionRunDto {
    fn from(run: DecisionRun) -> Self {
        Self {
            decision_id: run.id.to_string(),
            name: run.name.to_string(),
            result: run.value.to_json(),
            tables: run.tables.into_iter().map(TableRunDto::from).collect(),
        }
    }
}

impl From<TableRun> for TableRunDto {
    fn from(run: TableRun) -> Self {
        Self {
            id: run.id.to_string(),
            hit_policy: run.hit_policy.to_owned(),
            inputs: named(run.inputs),
            matched: run.matched.into_iter().map(RuleRunDto::from).collect(),
        }
    }
}

impl From<RuleRun> for RuleRunDto {
    fn from(run: RuleRun) -> Self {
        Self { index: run.index, id: run.id.to_string(), outputs: named(run.outputs) }
    }
}

fn named(values: Vec<(Arc<str>, Value)>) -> Vec<NamedDto> {
    values.into_iter().map(|(name, value)| NamedDto { name: name.to_string(), value: value.to_json() }).collect()
}
