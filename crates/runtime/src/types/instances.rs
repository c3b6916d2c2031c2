//! Instances: how they are started and what is shown of them.

use super::DefinitionSel;
use super::JobView;
use super::TaskView;
use model::{DefinitionId, DocumentRef, IncidentId, InstanceId, Object, RecordId, Timestamp, UserId};
use std::time::Duration;

/// A start.
#[derive(Debug, Clone)]
pub struct StartRequest {
    /// What to start.
    pub definition: DefinitionSel,
    /// The record it runs for.
    pub document: Option<DocumentRef>,
    /// Parameters and variables.
    pub variables: Object,
    /// A name of the caller's choice.
    pub business_key: Option<String>,
    /// Waits so long for the instance to finish.
    pub wait: Option<Duration>,
}

impl StartRequest {
    /// A start without anything but the definition.
    pub fn of(definition: DefinitionId) -> Self {
        Self {
            definition: DefinitionSel::Id(definition),
            document: None,
            variables: Object::new(),
            business_key: None,
            wait: None,
        }
    }
}

/// A durable instance.
#[derive(Debug, Clone)]
pub struct Started {
    /// Its id.
    pub instance: InstanceId,
    /// Where it stands: `active`, `completed`, `failed`, `canceled`.
    pub state: &'static str,
    /// The process's variables, when it finished in time and the caller waited for it.
    pub variables: Option<Object>,
}

/// An instance in a list.
#[derive(Debug, Clone)]
pub struct InstanceSummary {
    /// Its id.
    pub id: InstanceId,
    /// `active`, `completed`, `failed`, `canceled`.
    pub state: String,
    /// The deployed version.
    pub definition: DefinitionId,
    /// Its name.
    pub definition_name: String,
    /// Its number.
    pub definition_version: u32,
    /// The process's id in its file.
    pub process_id: String,
    /// The record.
    pub document: Option<DocumentRef>,
    /// The caller's name for it.
    pub business_key: Option<String>,
    /// Who started it.
    pub started_by: Option<UserId>,
    /// When.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When it last moved.
    pub updated_at: Timestamp,
    /// The text people see as its state.
    pub state_title: Option<String>,
    /// Open incidents.
    pub incidents: u32,
    /// Who called it.
    pub parent: Option<InstanceId>,
    /// Where its tree of calls began; none: it was not called.
    pub root: Option<InstanceId>,
    /// Whether nothing goes on by itself.
    pub suspended: bool,
}

/// Which instances to list.
#[derive(Debug, Clone, Default)]
pub struct InstanceFilter {
    /// Only in this state.
    pub state: Option<String>,
    /// Only of this version.
    pub definition: Option<DefinitionId>,
    /// Only of this process id.
    pub process_id: Option<String>,
    /// Only for this record.
    pub record: Option<RecordId>,
    /// Only started by this person.
    pub started_by: Option<UserId>,
    /// Only with (or without) open incidents.
    pub has_incident: Option<bool>,
    /// Only called by this instance.
    pub parent: Option<InstanceId>,
    /// Only of the tree of calls that began with this instance.
    pub root: Option<InstanceId>,
    /// Only those with an id less than this: a walk over a list that changes meanwhile.
    pub before: Option<InstanceId>,
    /// Only those that are (or are not) suspended.
    pub suspended: Option<bool>,
    /// An instance id, or part of the business key.
    pub search: Option<String>,
}

/// Where an element stands, on the diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementState {
    /// It runs or waits.
    Active,
    /// It ended normally.
    Completed,
    /// It was cut off.
    Terminated,
    /// An incident holds it.
    Incident,
}

impl ElementState {
    /// `active`, `completed`, `terminated`, `incident`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Terminated => "terminated",
            Self::Incident => "incident",
        }
    }
}

/// The latest run of one element.
#[derive(Debug, Clone)]
pub struct ElementView {
    /// Key of the element instance.
    pub key: u32,
    /// Id in the file.
    pub element_id: String,
    /// Label.
    pub name: Option<String>,
    /// `userTask`, `serviceTask`, …
    pub kind: &'static str,
    /// Where it stands.
    pub state: ElementState,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How many runs there were.
    pub count: u32,
}

/// A repeated activity that runs: its run contains the runs of its turns.
#[derive(Debug, Clone)]
pub struct BodyView {
    /// Key of its run.
    pub key: u32,
    /// Id of the activity.
    pub element_id: String,
    /// Label.
    pub name: Option<String>,
    /// Whether it runs once an item, rather than as a loop.
    pub multi_instance: bool,
    /// Whether one turn runs after the other.
    pub sequential: bool,
    /// How many turns there are; none for a loop.
    pub total: Option<u32>,
    /// How many turns have begun.
    pub started: u32,
    /// How many turns have ended normally.
    pub completed: u32,
    /// How many turns were cut off.
    pub terminated: u32,
    /// Turns that run.
    pub turns: Vec<TurnView>,
}

/// A turn that runs.
#[derive(Debug, Clone)]
pub struct TurnView {
    /// Key of its run.
    pub key: u32,
    /// Its number, from 1.
    pub number: u32,
    /// Its item; null without a collection.
    pub item: model::Value,
}

/// Variables of one scope.
#[derive(Debug, Clone)]
pub struct ScopeVariables {
    /// Key of the element instance; 0 is the process.
    pub scope: u32,
    /// Id of its element.
    pub element_id: String,
    /// The values.
    pub values: Object,
}

/// An incident.
#[derive(Debug, Clone)]
pub struct IncidentView {
    /// Its id.
    pub id: IncidentId,
    /// The instance.
    pub instance: InstanceId,
    /// Its definition.
    pub definition: DefinitionId,
    /// Its definition's name.
    pub definition_name: String,
    /// Id of the element that waits.
    pub element_id: String,
    /// Its label.
    pub element_name: Option<String>,
    /// A registered code.
    pub code: String,
    /// What is wrong and how to mend it.
    pub message: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
}

/// One line of an instance's history.
#[derive(Debug, Clone)]
pub struct HistoryEntry {
    /// Counts from 1.
    pub seq: u64,
    /// When it was committed.
    pub at: Timestamp,
    /// `elementActivated`, `jobCreated`, …
    pub kind: String,
    /// Id of the element it is about.
    pub element_id: Option<String>,
    /// Its label.
    pub element_name: Option<String>,
    /// The event's fields.
    pub event: serde_json::Value,
}

/// One try of an outgoing call.
#[derive(Debug, Clone)]
pub struct CallView {
    /// Counts over all calls.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The instance.
    pub instance: Option<InstanceId>,
    /// Id of the element that asked.
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

/// Everything an instance page shows.
#[derive(Debug, Clone)]
pub struct InstanceView {
    /// The facts of the list.
    pub summary: InstanceSummary,
    /// The BPMN XML that shows its definition.
    pub bpmn: String,
    /// The latest run of each element that ran.
    pub elements: Vec<ElementView>,
    /// Sequence flow id and how often it was taken.
    pub taken_flows: Vec<(String, u32)>,
    /// Sequence flow id and how many tokens wait on it for a join.
    pub waiting: Vec<(String, u32)>,
    /// Repeated activities that run.
    pub bodies: Vec<BodyView>,
    /// Variables by scope.
    pub variables: Vec<ScopeVariables>,
    /// Open incidents.
    pub incidents: Vec<IncidentView>,
    /// Its tasks, open and closed.
    pub tasks: Vec<TaskView>,
    /// Open jobs.
    pub jobs: Vec<JobView>,
    /// Instances it called, the latest first.
    pub children: Vec<InstanceSummary>,
}
