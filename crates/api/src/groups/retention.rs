//! How long what is over is kept.

use crate::ApiState;
use crate::edge::{ApiResult, Body, Caller};
use axum::Json;
use axum::extract::State;
use runtime::{Kept, ProcessKept, RetentionPreview, RetentionRules};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How long things are kept after they are over: days, or `null` for ever.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = RetentionRules)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RulesDto {
    /// Days that ended instances are kept with their history, tasks, calls and incidents; 1 to 36,500.
    #[serde(default)]
    pub instances_days: Option<u32>,
    /// The same by process id, instead of the general rule.
    #[serde(default)]
    pub processes: BTreeMap<String, Option<u32>>,
    /// Days that logged calls are kept, also those of running instances.
    #[serde(default)]
    pub calls_days: Option<u32>,
    /// Days that notifications are kept, read or not.
    #[serde(default)]
    pub notifications_days: Option<u32>,
    /// Days that outgoing calls are kept that were given up.
    #[serde(default)]
    pub dead_effects_days: Option<u32>,
    /// Hours after which the long journal of an ended instance is packed (its history stays the same); `null`: never;
    /// 24 when absent.
    #[serde(default = "a_day")]
    pub pack_after_hours: Option<u32>,
}

#[allow(clippy::unnecessary_wraps, reason = "the field's type")]
fn a_day() -> Option<u32> {
    RetentionRules::default().pack_after_hours
}

/// The rules, and what became of them on this node since it was started.
#[derive(Serialize, ToSchema)]
#[schema(as = Retention)]
#[serde(rename_all = "camelCase")]
pub struct RetentionDto {
    /// The rules in force.
    #[serde(flatten)]
    pub rules: RulesDto,
    /// What was done.
    pub done: TidiedDto,
}

/// What was done by the rules.
#[derive(Serialize, ToSchema)]
#[schema(as = Tidied)]
#[serde(rename_all = "camelCase")]
pub struct TidiedDto {
    /// Ended instances removed.
    pub instances: u64,
    /// Calls, notifications and given-up calls removed.
    pub entries: u64,
    /// Journals packed.
    pub journals: u64,
    /// Ended instances over their time that are still there: counted every ten minutes, less those removed since.
    pub backlog: u64,
}

/// How long the ended instances of a process are kept.
#[derive(Serialize, ToSchema)]
#[schema(as = Kept)]
pub struct KeptDto {
    /// Days; `null`: for ever.
    pub days: Option<u32>,
    /// Whether it is the process's own rule instead of the general one.
    pub own: bool,
}

impl From<Kept> for KeptDto {
    fn from(kept: Kept) -> Self {
        Self { days: kept.days, own: kept.own }
    }
}

/// What rules would do.
#[derive(Serialize, ToSchema)]
#[schema(as = RetentionPreview)]
#[serde(rename_all = "camelCase")]
pub struct PreviewDto {
    /// Every process, by name; also those that only have a rule.
    pub processes: Vec<ProcessKeptDto>,
    /// Ended instances over their time by these rules: they would be removed.
    pub over: u64,
    /// There are more; counting stopped.
    pub more: bool,
}

/// What rules mean for one process.
#[derive(Serialize, ToSchema)]
#[schema(as = ProcessKept)]
#[serde(rename_all = "camelCase")]
pub struct ProcessKeptDto {
    /// Its id in its file.
    pub process_id: String,
    /// The name of its newest version.
    pub name: String,
    /// Ended instances that are there.
    pub ended: u64,
    /// Ended instances removed so far.
    pub purged: u64,
    /// Ended instances over their time.
    pub over: u64,
    /// The rule for it.
    pub kept: KeptDto,
}

impl From<ProcessKept> for ProcessKeptDto {
    fn from(process: ProcessKept) -> Self {
        Self {
            process_id: process.process_id,
            name: process.name,
            ended: process.ended,
            purged: process.purged,
            over: process.over,
            kept: process.kept.into(),
        }
    }
}

impl From<RetentionPreview> for PreviewDto {
    fn from(preview: RetentionPreview) -> Self {
        let processes = preview.processes.into_iter().map(ProcessKeptDto::from).collect();
        Self { processes, over: preview.over, more: preview.more }
    }
}

impl From<RulesDto> for RetentionRules {
    fn from(rules: RulesDto) -> Self {
        Self {
            instances_days: rules.instances_days,
            processes: rules.processes,
            calls_days: rules.calls_days,
            notifications_days: rules.notifications_days,
            dead_effects_days: rules.dead_effects_days,
            pack_after_hours: rules.pack_after_hours,
        }
    }
}

/// The rules, and what was done by them.
#[utoipa::path(get, path = "/settings/retention", tag = "settings",
    responses((status = 200, description = "The rules", body = RetentionDto)))]
pub(crate) async fn get(State(api): State<ApiState>, caller: Caller) -> ApiResult<Json<RetentionDto>> {
    let rules = api.runtime.retention(&caller.actor).await?;
    Ok(Json(dto(&api, rules)))
}

/// Change the rules, all of them. What is over its time by the new ones begins to go at once, in small steps.
#[utoipa::path(put, path = "/settings/retention", tag = "settings", request_body = RulesDto,
    responses((status = 200, description = "The rules", body = RetentionDto)))]
pub(crate) async fn put(
    State(api): State<ApiState>,
    caller: Caller,
    Body(wanted): Body<RulesDto>,
) -> ApiResult<Json<RetentionDto>> {
    let rules = RetentionRules::from(wanted);
    api.runtime.set_retention(&caller.actor, &rules).await?;
    Ok(Json(dto(&api, rules)))
}

/// What rules would do if they were in force now. Nothing is changed.
#[utoipa::path(post, path = "/settings/retention/preview", tag = "settings", request_body = RulesDto,
    responses((status = 200, description = "What they would do", body = PreviewDto)))]
pub(crate) async fn preview(
    State(api): State<ApiState>,
    caller: Caller,
    Body(wanted): Body<RulesDto>,
) -> ApiResult<Json<PreviewDto>> {
    Ok(Json(api.runtime.preview_retention(&caller.actor, &wanted.into()).await?.into()))
}

fn dto(api: &ApiState, rules: RetentionRules) -> RetentionDto {
    let counters = api.runtime.counters();
    RetentionDto {
        rules: RulesDto {
            instances_days: rules.instances_days,
            processes: rules.processes,
            calls_days: rules.calls_days,
            notifications_days: rules.notifications_days,
            dead_effects_days: rules.dead_effects_days,
            pack_after_hours: rules.pack_after_hours,
        },
        done: TidiedDto {
            instances: counters.purged_instances,
            entries: counters.purged_entries,
            journals: counters.packed_journals,
            backlog: counters.retention_backlog,
        },
    }
}
