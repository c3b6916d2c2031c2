//! Interfering with running instances: suspension, modification, turns, ad-hoc choices, migration.

use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller, Id, JsonObject, parse_id, parse_opt_id};
use crate::groups::records::values;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::{IncidentId, InstanceId, Value};
use runtime::{Activate, Migrate, Modification, Move, Operation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Why.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[schema(as = Reason)]
pub struct ReasonDto {
    /// Shown in the history.
    pub reason: String,
}

/// Elements that begin and runs that are cut off, in one step.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[schema(as = Modification)]
pub struct ModifyDto {
    /// What begins.
    pub activate: Vec<ActivateElementDto>,
    /// Keys of runs that are cut off.
    pub terminate: Vec<u32>,
    /// Runs that are cut off while an element begins instead.
    pub moves: Vec<MoveDto>,
    /// Shown in the history.
    pub reason: String,
}

/// An element that begins by hand.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ActivateElement)]
pub struct ActivateElementDto {
    /// Its id.
    pub element_id: String,
    /// Key of the run it begins in, or of one around it; found when there is only one.
    #[serde(default)]
    pub scope: Option<u32>,
    /// Its local variables.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: serde_json::Map<String, serde_json::Value>,
}

/// A run that is replaced by an element.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MoveElement)]
pub struct MoveDto {
    /// Key of the run.
    pub from: u32,
    /// The element's id.
    pub to: String,
}

/// What to do with the turns of a multi-instance activity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", tag = "do")]
#[schema(as = Turns)]
pub enum TurnsDto {
    /// One more.
    Add {
        /// Key of the activity's run.
        key: u32,
        /// The turn's item.
        #[serde(default)]
        #[schema(value_type = Object)]
        item: serde_json::Value,
    },
    /// Cuts one off.
    Delete {
        /// Key of the turn's run.
        turn: u32,
    },
    /// Cuts off those that are left.
    Complete {
        /// Key of the activity's run.
        key: u32,
    },
}

/// What to do with an ad-hoc sub-process.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", tag = "do")]
#[schema(as = AdHocChoice)]
pub enum AdHocDto {
    /// Begins activities.
    Activate {
        /// Key of its run.
        key: u32,
        /// Ids of activities.
        elements: Vec<String>,
        /// Their variables.
        #[serde(default)]
        #[schema(value_type = JsonObject)]
        variables: serde_json::Map<String, serde_json::Value>,
    },
    /// Completes it.
    Complete {
        /// Key of its run.
        key: u32,
    },
}

/// A run.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RunKey)]
pub struct KeyDto {
    /// Its key.
    pub key: u32,
}

/// What an element gives by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SkipIncident)]
pub struct SkipDto {
    /// Its output.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub output: serde_json::Map<String, serde_json::Value>,
    /// Shown in the history.
    #[serde(default)]
    pub reason: String,
}

/// Which instances go on with which version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Migrate)]
pub struct MigrateDto {
    /// The version whose running instances are meant, when none are named; at most 1,000 at once.
    #[serde(default)]
    #[schema(example = "def_3")]
    pub from: Option<String>,
    /// These instances.
    #[serde(default)]
    pub instances: Vec<String>,
    /// The version to go on with.
    #[schema(example = "def_4")]
    pub to: String,
    /// Element ids of this version and of the other, where they differ.
    #[serde(default)]
    pub elements: BTreeMap<String, String>,
    /// Shown in the history.
    #[serde(default)]
    pub reason: String,
    /// Only says what stands in the way.
    #[serde(default)]
    pub dry_run: bool,
}

/// What came of a migration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MigrationReport)]
pub struct MigrationReportDto {
    /// One a instance.
    pub items: Vec<MigrationDto>,
}

/// What came of the migration of one instance.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Migration)]
pub struct MigrationDto {
    /// The instance.
    pub instance_id: String,
    /// Whether it is done, or could be.
    pub ok: bool,
    /// A registered code.
    pub code: Option<String>,
    /// What stands in the way.
    pub message: Option<String>,
    /// Element by element.
    #[schema(value_type = Option<JsonObject>)]
    pub details: Option<serde_json::Value>,
}

/// Suspend: timers, jobs and messages wait until it is resumed, in called instances too.
#[utoipa::path(post, path = "/instances/{id}/suspend", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), request_body = ReasonDto,
    responses((status = 204, description = "Suspended")))]
pub(crate) async fn suspend(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<InstanceId>,
    Body(body): Body<ReasonDto>,
) -> ApiResult<StatusCode> {
    operate(&api, &caller, id, Operation::Suspend { reason: body.reason }).await
}

/// Resume: what waited goes on.
#[utoipa::path(post, path = "/instances/{id}/resume", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), responses((status = 204, description = "Resumed")))]
pub(crate) async fn resume(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<InstanceId>,
) -> ApiResult<StatusCode> {
    operate(&api, &caller, id, Operation::Resume).await
}

/// Modify: begin elements, cut runs off, move tokens.
#[utoipa::path(post, path = "/instances/{id}/modify", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), request_body = ModifyDto,
    responses((status = 204, description = "Modified")))]
pub(crate) async fn modify(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<InstanceId>,
    Body(body): Body<ModifyDto>,
) -> ApiResult<StatusCode> {
    let activate = body.activate.into_iter().map(|a| Activate {
        element: a.element_id,
        scope: a.scope,
        variables: values(&a.variables),
    });
    let modification = Modification {
        activate: activate.collect(),
        terminate: body.terminate,
        moves: body.moves.into_iter().map(|m| Move { from: m.from, to: m.to }).collect(),
        reason: body.reason,
    };
    operate(&api, &caller, id, Operation::Modify(modification)).await
}

/// Add, cut off or complete turns of a multi-instance activity.
#[utoipa::path(post, path = "/instances/{id}/turns", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), request_body = TurnsDto,
    responses((status = 204, description = "Done")))]
pub(crate) async fn turns(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<InstanceId>,
    Body(body): Body<TurnsDto>,
) -> ApiResult<StatusCode> {
    let operation = match body {
        TurnsDto::Add { key, item } => Operation::AddTurn { key, item: Value::from_json(&item) },
        TurnsDto::Delete { turn } => Operation::DeleteTurn { turn },
        TurnsDto::Complete { key } => Operation::CompleteTurns { key },
    };
    operate(&api, &caller, id, operation).await
}

/// Begin activities of an ad-hoc sub-process, or complete it.
#[utoipa::path(post, path = "/instances/{id}/ad-hoc", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), request_body = AdHocDto,
    responses((status = 204, description = "Done")))]
pub(crate) async fn ad_hoc(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<InstanceId>,
    Body(body): Body<AdHocDto>,
) -> ApiResult<StatusCode> {
    let operation = match body {
        AdHocDto::Activate { key, elements, variables } => {
            Operation::ActivateAdHoc { key, elements, variables: values(&variables) }
        }
        AdHocDto::Complete { key } => Operation::CompleteAdHoc { key },
    };
    operate(&api, &caller, id, operation).await
}

/// Cancel a transaction: what it did is compensated.
#[utoipa::path(post, path = "/instances/{id}/cancel-transaction", tag = "instances",
    params(("id" = String, Path, example = "pi_123")), request_body = KeyDto,
    responses((status = 204, description = "Cancelled")))]
pub(crate) async fn cancel_transaction(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<InstanceId>,
    Body(body): Body<KeyDto>,
) -> ApiResult<StatusCode> {
    operate(&api, &caller, id, Operation::CancelTransaction { key: body.key }).await
}

/// Complete the element with an output given by hand.
#[utoipa::path(post, path = "/incidents/{id}/skip", tag = "incidents",
    params(("id" = String, Path, example = "inc_5")), request_body = SkipDto,
    responses((status = 204, description = "Skipped")))]
pub(crate) async fn skip(
    State(api): State<ApiState>,
    caller: Caller,
    Id(id): Id<IncidentId>,
    Body(body): Body<SkipDto>,
) -> ApiResult<StatusCode> {
    api.runtime.skip_incident(&caller.actor, id, values(&body.output), body.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Move running instances to another version, each on its own; with `dryRun` nothing changes.
#[utoipa::path(post, path = "/migrations", tag = "instances", request_body = MigrateDto,
    responses((status = 200, description = "What came of each", body = MigrationReportDto)))]
pub(crate) async fn migrate(
    State(api): State<ApiState>,
    caller: Caller,
    Body(body): Body<MigrateDto>,
) -> ApiResult<Json<MigrationReportDto>> {
    let mut instances = Vec::with_capacity(body.instances.len());
    for id in &body.instances {
        instances.push(parse_id(id)?);
    }
    let wanted = Migrate {
        from: parse_opt_id(body.from.as_deref())?,
        instances,
        to: parse_id(&body.to)?,
        elements: body.elements.into_iter().collect(),
        reason: body.reason,
        dry_run: body.dry_run,
    };
    let report = api.runtime.migrate(&caller.actor, wanted).await?;
    let item = |m: runtime::Migration| MigrationDto {
        instance_id: m.instance.to_string(),
        ok: m.fault.is_none(),
        code: m.fault.as_ref().map(|f| f.code.code.to_owned()),
        message: m.fault.as_ref().map(|f| f.message.clone()),
        details: m.fault.and_then(|f| f.details),
    };
    Ok(Json(MigrationReportDto { items: report.into_iter().map(item).collect() }))
}

async fn operate(api: &ApiState, caller: &Caller, id: InstanceId, operation: Operation) -> ApiResult<StatusCode> {
    api.runtime.operate(&caller.actor, id, operation).await?;
    Ok(StatusCode::NO_CONTENT)
}
