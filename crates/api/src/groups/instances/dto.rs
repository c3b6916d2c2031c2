//! What instances look like on the wire.

use crate::edge::JsonObject;
use crate::groups::incidents::IncidentDto;
use crate::groups::people::{DocumentDto, PersonDto};
use crate::groups::tasks::TaskDto;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The definition an instance runs.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DefinitionRef)]
#[serde(rename_all = "camelCase")]
pub struct DefinitionRefDto {
    /// The version.
    #[schema(example = "def_3")]
    pub id: String,
    /// What people see.
    pub name: String,
    /// Its number.
    pub version: u32,
    /// The same for all versions.
    pub process_id: String,
}

/// Where an instance stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(as = InstanceState)]
#[serde(rename_all = "lowercase")]
pub enum InstanceStateDto {
    /// It runs or waits.
    Active,
    /// It ended normally.
    Completed,
    /// It ended by an error.
    Failed,
    /// It was cancelled.
    Canceled,
}

/// An instance in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Instance)]
pub struct InstanceDto {
    /// `pi_123`.
    #[schema(example = "pi_123")]
    pub id: String,
    /// Where it stands.
    pub state: InstanceStateDto,
    /// What it runs.
    pub definition: DefinitionRefDto,
    /// The record it runs for.
    pub document: Option<DocumentDto>,
    /// The starter's key for it.
    pub business_key: Option<String>,
    /// Who started it; null: the system.
    pub started_by: Option<PersonDto>,
    /// When, UTC.
    pub started_at: String,
    /// When it ended, UTC.
    pub finished_at: Option<String>,
    /// When it last moved, UTC.
    pub updated_at: String,
    /// What it says of its state.
    pub state_title: Option<String>,
    /// How many incidents are open.
    pub incident_count: u32,
    /// The instance that called it.
    #[schema(example = "pi_122")]
    pub parent_id: Option<String>,
    /// The instance that began its tree of calls; null: it was not called.
    #[schema(example = "pi_121")]
    pub root_id: Option<String>,
    /// Whether it is suspended: nothing goes on by itself.
    pub suspended: bool,
}

/// Everything an instance's page shows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InstanceDetails)]
pub struct InstanceDetailsDto {
    /// The facts of the list.
    #[serde(flatten)]
    pub instance: InstanceDto,
    /// The BPMN 2.0 XML that shows its definition.
    pub bpmn: String,
    /// The latest run of each element that ran.
    pub elements: Vec<ElementDto>,
    /// Sequence flows that were taken.
    pub taken_flows: Vec<FlowCountDto>,
    /// Sequence flows on which tokens wait for a join.
    pub waiting_flows: Vec<FlowCountDto>,
    /// Repeated activities that run, with the keys that changing their turns needs.
    pub bodies: Vec<BodyDto>,
    /// Variables by scope, the process first.
    pub variables: Vec<ScopeDto>,
    /// Open incidents.
    pub incidents: Vec<IncidentDto>,
    /// Its tasks, open and closed.
    pub tasks: Vec<TaskDto>,
    /// Open jobs.
    pub jobs: Vec<JobStateDto>,
    /// Instances it called, the latest first.
    pub children: Vec<InstanceDto>,
}

/// The latest run of an element.
#[derive(Serialize, ToSchema)]
#[schema(as = InstanceElement)]
#[serde(rename_all = "camelCase")]
pub struct ElementDto {
    /// Key of the run within the instance.
    pub key: u32,
    /// Id on the diagram.
    pub element_id: String,
    /// Label.
    pub name: Option<String>,
    /// `userTask`, `serviceTask`, …
    pub kind: String,
    /// Where it stands.
    pub state: ElementStateDto,
    /// When it began, UTC.
    pub started_at: String,
    /// When it ended, UTC.
    pub ended_at: Option<String>,
    /// How many runs there were.
    pub count: u32,
}

/// A repeated activity that runs: its run contains the runs of its turns.
#[derive(Serialize, ToSchema)]
#[schema(as = RepeatedActivity)]
#[serde(rename_all = "camelCase")]
pub struct BodyDto {
    /// Key of its run: what `POST /instances/{id}/turns` calls `key`.
    pub key: u32,
    /// Id on the diagram.
    pub element_id: String,
    /// Label.
    pub name: Option<String>,
    /// Whether it runs once an item; else it is a loop, whose turns can not be changed.
    pub multi_instance: bool,
    /// Whether one turn runs after the other.
    pub sequential: bool,
    /// How many turns there are; null for a loop.
    pub total: Option<u32>,
    /// How many turns have begun.
    pub started: u32,
    /// How many turns have ended normally.
    pub completed: u32,
    /// How many turns were cut off.
    pub terminated: u32,
    /// Turns that run.
    pub turns: Vec<TurnDto>,
}

/// A turn of a repeated activity.
#[derive(Serialize, ToSchema)]
#[schema(as = Turn)]
#[serde(rename_all = "camelCase")]
pub struct TurnDto {
    /// Key of its run: what `POST /instances/{id}/turns` calls `turn`.
    pub key: u32,
    /// Its number, from 1.
    pub number: u32,
    /// Its item; null without a collection.
    #[schema(value_type = Object)]
    pub item: serde_json::Value,
}

/// Where an element stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = ElementState)]
#[serde(rename_all = "lowercase")]
pub enum ElementStateDto {
    /// It runs or waits.
    Active,
    /// It ended normally.
    Completed,
    /// It was cut off.
    Terminated,
    /// An incident holds it.
    Incident,
}

/// How many tokens a sequence flow saw.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowCount)]
#[serde(rename_all = "camelCase")]
pub struct FlowCountDto {
    /// Id on the diagram.
    pub flow_id: String,
    /// How many.
    pub count: u32,
}

/// Variables of a scope.
#[derive(Serialize, ToSchema)]
#[schema(as = ScopeVariables)]
#[serde(rename_all = "camelCase")]
pub struct ScopeDto {
    /// Key of the run; 0 is the process.
    pub scope: u32,
    /// Id of its element.
    pub element_id: String,
    /// The values.
    #[schema(value_type = JsonObject)]
    pub values: serde_json::Value,
}

/// An open job.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenJob)]
#[serde(rename_all = "camelCase")]
pub struct JobStateDto {
    /// `job_5`.
    pub id: String,
    /// Who can do it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The element that waits.
    pub element_id: String,
    /// Attempts left.
    pub retries: u32,
}

/// Which instances are wanted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct InstanceQuery {
    /// Only in this state.
    #[param(value_type = Option<InstanceStateDto>)]
    pub state: Option<InstanceStateDto>,
    /// Only of this version.
    pub definition_id: Option<String>,
    /// Only of this process, all versions.
    pub process_id: Option<String>,
    /// Only for this record.
    pub record_id: Option<String>,
    /// Only started by `me` or `user_5`.
    pub started_by: Option<String>,
    /// Only with, or without, open incidents.
    pub has_incident: Option<bool>,
    /// Only called by this instance.
    pub parent_id: Option<String>,
    /// Only of the tree of calls that began with this instance.
    pub root_id: Option<String>,
    /// Only those with an id less than this one: lists are ordered by it, so a walk that gives the last id it saw
    /// misses none, whatever ends or begins meanwhile.
    pub before: Option<String>,
    /// Only those that are, or are not, suspended.
    pub suspended: Option<bool>,
    /// An instance's id, or the beginning of a business key.
    pub search: Option<String>,
}

/// A start: `definitionId` for one version or `processId` for the newest.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Start)]
pub struct StartDto {
    /// The version.
    pub definition_id: Option<String>,
    /// The process whose newest version is meant.
    pub process_id: Option<String>,
    /// The record it runs for.
    pub record_id: Option<String>,
    /// Parameters and variables.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// A key of the caller's choice.
    pub business_key: Option<String>,
    /// Milliseconds to wait for the end, 30,000 at most.
    #[schema(maximum = 30000)]
    pub wait_ms: Option<u64>,
}

/// A started instance.
#[derive(Serialize, ToSchema)]
#[schema(as = Started)]
pub struct StartedDto {
    /// Its id.
    #[schema(example = "pi_123")]
    pub id: String,
    /// Where it stands.
    pub state: InstanceStateDto,
    /// The process's variables, when it ended while the caller waited.
    #[schema(value_type = Option<JsonObject>)]
    pub variables: Option<serde_json::Value>,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
#[serde(rename_all = "camelCase")]
pub struct HistoryDto {
    /// Counts from 1.
    pub seq: u64,
    /// When, UTC.
    pub at: String,
    /// `elementActivated`, `jobCreated`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The element it is about.
    pub element_id: Option<String>,
    /// Its label.
    pub element_name: Option<String>,
    /// The event's particulars.
    #[schema(value_type = JsonObject)]
    pub event: serde_json::Value,
}

/// A call to a handler.
#[derive(Serialize, ToSchema)]
#[schema(as = HandlerCall)]
#[serde(rename_all = "camelCase")]
pub struct CallDto {
    /// Its place in the log.
    pub id: i64,
    /// When, UTC.
    pub at: String,
    /// The instance.
    pub instance_id: Option<String>,
    /// The element that asked.
    pub element_id: String,
    /// From 1.
    pub attempt: u32,
    /// Where to.
    pub url: String,
    /// What was sent, without secrets.
    pub request: String,
    /// HTTP status.
    pub status: Option<u16>,
    /// What came back, cut.
    pub response: String,
    /// Milliseconds.
    pub duration_ms: u64,
    /// Why it failed.
    pub error: Option<String>,
}

/// Why an instance is cancelled.
#[derive(Deserialize, ToSchema)]
#[schema(as = Cancel)]
pub struct CancelDto {
    /// Kept in the history.
    #[serde(default)]
    pub reason: String,
}

/// Variables to set.
#[derive(Deserialize, ToSchema)]
#[schema(as = Variables)]
pub struct VariablesDto {
    /// Key of the run whose scope is meant; the process when absent.
    pub scope: Option<u32>,
    /// The values.
    #[schema(value_type = JsonObject)]
    pub values: serde_json::Map<String, serde_json::Value>,
}
