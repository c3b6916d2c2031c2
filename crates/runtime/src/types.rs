//! What the edges ask of the runtime and what it shows them. Plain data; the edges give it their wire shapes.

use model::definition::{Form, Origin, TaskKind, VariableDecl};
use model::{
    AppId, CatalogId, DefinitionId, Diagnostic, DocumentRef, DocumentType, IncidentId, InstanceId, JobId, ModelId,
    Object, TaskId, Timestamp, UserId,
};
use std::time::Duration;

/// A file to deploy.
#[derive(Debug, Clone, Default)]
pub struct Deploy {
    /// What people see; the process's own name when empty.
    pub name: String,
    /// `.bpmn` or `.bpt` bytes.
    pub bytes: Vec<u8>,
    /// The documents it runs for.
    pub document: Option<DocumentType>,
    /// The app that owns it.
    pub app: Option<AppId>,
    /// Bits of automatic start (Bitrix contract 4.2).
    pub auto_execute: u8,
    /// Explanation.
    pub description: String,
    /// The model it was drawn as.
    pub model: Option<ModelId>,
    /// Stores a definition with errors too; starting it is refused until they are gone.
    pub allow_undeployable: bool,
    /// The process that this is the next version of, whatever the file calls itself. Without it a `.bpmn` file's own
    /// process id counts, and a `.bpt` file, which has none, is a new process.
    pub process_id: Option<String>,
}

/// One process of a deployed file.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// The version's id.
    pub id: DefinitionId,
    /// The process's id in its file.
    pub process_id: String,
    /// Counts from 1 per process id.
    pub version: u32,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a file gave without being deployed.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether it could be deployed.
    pub deployable: bool,
    /// The BPMN XML that shows it; the file itself when it is BPMN. None when the file can not be stored.
    pub bpmn: Option<String>,
    /// Names of the processes in it.
    pub names: Vec<String>,
}

/// Which definitions to list.
#[derive(Debug, Clone, Default)]
pub struct DefinitionFilter {
    /// Part of the name or process id, without regard to case.
    pub search: Option<String>,
    /// Only the newest version of each process id.
    pub latest: bool,
    /// Only versions of this process id.
    pub process_id: Option<String>,
    /// Only those that run for this catalog.
    pub catalog: Option<CatalogId>,
    /// Only those of this app.
    pub app: Option<AppId>,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// How many at most.
    pub limit: u32,
    /// How many to skip.
    pub offset: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 50, offset: 0 }
    }
}

impl From<Page> for store::Page {
    fn from(page: Page) -> Self {
        Self { limit: page.limit, offset: page.offset.into(), count: true }
    }
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

/// A deployed version.
#[derive(Debug, Clone)]
pub struct DefinitionView {
    /// Its id.
    pub id: DefinitionId,
    /// The process's id in its file.
    pub process_id: String,
    /// What people see.
    pub name: String,
    /// Counts from 1 per process id.
    pub version: u32,
    /// Which front-end it came from.
    pub origin: Origin,
    /// Explanation.
    pub description: String,
    /// The documents it runs for.
    pub document: Option<DocumentType>,
    /// The app that owns it.
    pub app: Option<AppId>,
    /// The model it was drawn as.
    pub model: Option<ModelId>,
    /// Bits of automatic start.
    pub auto_execute: u8,
    /// Who deployed it.
    pub deployed_by: Option<UserId>,
    /// When.
    pub deployed_at: Timestamp,
    /// When its name, description or automatic start last changed.
    pub modified_at: Timestamp,
    /// Whether it may be started.
    pub deployable: bool,
    /// What was found when it was deployed.
    pub diagnostics: Vec<Diagnostic>,
    /// Instances by state.
    pub stats: DefinitionStats,
}

/// How many instances a definition has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DefinitionStats {
    /// They run or wait.
    pub active: u64,
    /// They ended normally.
    pub completed: u64,
    /// They ended by an error or were cancelled.
    pub failed: u64,
    /// Running ones that an incident holds somewhere.
    pub incidents: u64,
}

/// A deployed version with its content.
#[derive(Debug, Clone)]
pub struct DefinitionDetails {
    /// The facts of the list.
    pub view: DefinitionView,
    /// The BPMN XML that shows it.
    pub bpmn: String,
    /// The file as deployed.
    pub source: Vec<u8>,
    /// Values a start call may or must give.
    pub parameters: Vec<VariableDecl>,
    /// Variables that exist from the start.
    pub variables: Vec<VariableDecl>,
    /// Constants set by an administrator.
    pub constants: Vec<VariableDecl>,
    /// Form shown to a person who starts it.
    pub start_form: Option<Form>,
}

/// Which definition to start.
#[derive(Debug, Clone)]
pub enum DefinitionSel {
    /// This version.
    Id(DefinitionId),
    /// The newest version of this process id.
    ProcessIdLatest(String),
}

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
    pub record: Option<model::RecordId>,
    /// Only started by this person.
    pub started_by: Option<UserId>,
    /// Only with (or without) open incidents.
    pub has_incident: Option<bool>,
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

/// An open job.
#[derive(Debug, Clone)]
pub struct JobView {
    /// Its id.
    pub id: JobId,
    /// Who can do it.
    pub job_type: String,
    /// Id of the element that waits.
    pub element_id: String,
    /// Tries left.
    pub retries: u32,
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

/// A person asked by a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssigneeView {
    /// Who.
    pub user: UserId,
    /// Whether the task is his, or he may claim it.
    pub candidate: bool,
    /// His answer: `yes`, `no`, `ok`, `cancel`; none while it is open.
    pub outcome: Option<String>,
    /// When he answered.
    pub answered_at: Option<Timestamp>,
}

/// A user task.
#[derive(Debug, Clone)]
pub struct TaskView {
    /// Its id.
    pub id: TaskId,
    /// What people see.
    pub title: String,
    /// Explanation.
    pub description: String,
    /// What answers it offers.
    pub kind: TaskKind,
    /// The instance.
    pub instance: InstanceId,
    /// Its definition.
    pub definition: DefinitionId,
    /// Its definition's name.
    pub definition_name: String,
    /// The record.
    pub document: Option<DocumentRef>,
    /// Id of the element.
    pub element_id: String,
    /// 0..100.
    pub priority: u32,
    /// When it is late.
    pub due_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// `open`, `completed`, `canceled`.
    pub state: String,
    /// The people.
    pub assignees: Vec<AssigneeView>,
    /// When it was closed.
    pub completed_at: Option<Timestamp>,
    /// By whom.
    pub completed_by: Option<UserId>,
    /// With what.
    pub outcome: Option<String>,
    /// Grows with every change.
    pub version: i64,
}

impl TaskView {
    /// The outcomes it offers.
    pub fn outcomes(&self) -> &'static [&'static str] {
        self.kind.outcomes()
    }
}

/// A user task with its form.
#[derive(Debug, Clone)]
pub struct TaskDetails {
    /// The facts of the list.
    pub view: TaskView,
    /// A form-js schema.
    pub form: Option<serde_json::Value>,
    /// Values to show in the form.
    pub data: Object,
    /// Face-specific settings (button labels, comment rules).
    pub settings: Object,
}

/// Which tasks to list.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Only those this person is asked in.
    pub assignee: Option<UserId>,
    /// Only open (`true`) or closed (`false`) ones. With `assignee`: open for him.
    pub open: Option<bool>,
    /// Only of this instance.
    pub instance: Option<InstanceId>,
    /// Part of the title, without regard to case.
    pub search: Option<String>,
}

/// A person's answer.
#[derive(Debug, Clone, Default)]
pub struct TaskAnswer {
    /// One of the outcomes offered; the only one when empty and the task offers one.
    pub outcome: String,
    /// A remark.
    pub comment: Option<String>,
    /// The form's values.
    pub values: Object,
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
    /// Variables by scope.
    pub variables: Vec<ScopeVariables>,
    /// Open incidents.
    pub incidents: Vec<IncidentView>,
    /// Its tasks, open and closed.
    pub tasks: Vec<TaskView>,
    /// Open jobs.
    pub jobs: Vec<JobView>,
}

/// A job handed to a worker.
#[derive(Debug, Clone)]
pub struct ActivatedJob {
    /// Its id.
    pub id: JobId,
    /// What it asked for.
    pub job_type: String,
    /// The instance.
    pub instance: InstanceId,
    /// Its definition.
    pub definition: DefinitionId,
    /// The record it runs for.
    pub document: Option<DocumentRef>,
    /// Id of the element.
    pub element_id: String,
    /// Tries left.
    pub retries: u32,
    /// Until when the job is this worker's.
    pub leased_until: Timestamp,
    /// Static settings of the element.
    pub headers: Vec<(String, String)>,
    /// The mapped inputs.
    pub input: Object,
    /// The same on every hand-out of the job.
    pub idempotency_key: String,
}

/// What a worker asks for.
#[derive(Debug, Clone)]
pub struct ActivateJobs {
    /// The job type.
    pub job_type: String,
    /// How many at most.
    pub max: u32,
    /// For how long they are his.
    pub lease: Duration,
    /// How long to wait while there are none.
    pub wait: Duration,
    /// His name, for the monitor.
    pub worker: String,
}

/// A worker's report that a try failed.
#[derive(Debug, Clone, Default)]
pub struct JobFailure {
    /// Why.
    pub message: String,
    /// Tries left; one less than before when absent.
    pub retries: Option<u32>,
    /// When to offer it again; by the back-off when absent.
    pub retry_in: Option<Duration>,
}

/// A business error raised by a job.
#[derive(Debug, Clone, Default)]
pub struct JobError {
    /// The code that boundary events catch.
    pub code: String,
    /// A message for people.
    pub message: String,
    /// Variables that travel with it.
    pub variables: Object,
}

/// What of a deployed version may change; `None` keeps.
#[derive(Debug, Clone, Default)]
pub struct DefinitionChange {
    /// What people see.
    pub name: Option<String>,
    /// Explanation.
    pub description: Option<String>,
    /// Bits of automatic start.
    pub auto_execute: Option<u8>,
}

/// An app's answer to a waiting activity (`bizproc.event.send`).
#[derive(Debug, Clone)]
pub struct AppAnswer {
    /// The instance.
    pub instance: InstanceId,
    /// Id of the element, from the event token.
    pub element_id: String,
    /// The execution of the element, from the event token.
    pub event_id: String,
    /// Return values, already typed by the activity's return properties.
    pub values: Object,
    /// A line for the history; "Received application response" when empty.
    pub log: Option<String>,
}

/// What became of an app's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerOutcome {
    /// It resumed the element.
    Accepted,
    /// The element was answered before, timed out, or runs again: no effect.
    Ignored,
}

/// Counters for the system page and the metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Commands taken from the queues.
    pub commands: u64,
    /// Transactions.
    pub commits: u64,
    /// Instance writes in them.
    pub units: u64,
    /// Units that met a conflict and were decided again.
    pub conflicts: u64,
    /// Commands that wait now.
    pub queued: u64,
    /// Tries of outgoing calls.
    pub deliveries: u64,
    /// Timers fired.
    pub timers: u64,
}
