//! Events: facts about one instance, in the past tense.
//!
//! Owns: the journal's vocabulary and its encoding. Invariant: a released variant never changes its meaning (a new
//! meaning is a new variant), and an event carries every evaluated value, so that replay evaluates nothing.
//! Never: decides anything; holds the time (the journal row that carries a step's events does).

use model::definition::{ElementIdx, FlowIdx, Form, TaskKind};
use model::{
    DefinitionId, DocumentRef, IncidentId, InstanceId, JobId, Object, TaskId, TimerId, Timestamp, UserId, Value,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::state::{Phase, Repeat};

/// A fact about an instance. `key` names an element instance, `scope` the element instance that contains it; the
/// process itself has key 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are named after what they hold; the variants are documented")]
pub enum Event {
    /// The instance exists. Always the first event.
    #[serde(rename = "ic")]
    InstanceCreated(Box<InstanceCreated>),
    /// A token entered an element: its run has begun.
    #[serde(rename = "ea")]
    ElementActivated { key: u32, element: ElementIdx, scope: u32 },
    /// The element's run ended normally.
    #[serde(rename = "ec")]
    ElementCompleted { key: u32, element: ElementIdx },
    /// The element's run was cut off; its jobs, tasks, timers and incidents were removed before.
    #[serde(rename = "et")]
    ElementTerminated { key: u32, element: ElementIdx },
    /// A token went over a sequence flow. `waits`: it stays there until the parallel join at the flow's end passes.
    #[serde(rename = "ft")]
    FlowTaken { flow: FlowIdx, scope: u32, waits: bool },
    /// A parallel join took one waiting token from each of `flows`.
    #[serde(rename = "jp")]
    JoinPassed { element: ElementIdx, scope: u32, flows: Vec<FlowIdx> },
    /// Variables of a scope were created or replaced.
    #[serde(rename = "vs")]
    VariablesSet { scope: u32, values: Object, by: Option<UserId> },
    /// A job is offered.
    #[serde(rename = "jc")]
    JobCreated(Box<JobCreated>),
    /// A job was done; `result` is what its worker gave.
    #[serde(rename = "jd")]
    JobCompleted { job: JobId, key: u32, result: Object, by: Option<UserId> },
    /// A try failed. With `retries` left it is offered again at `retry_at` (at once when absent), else an
    /// `IncidentRaised` follows.
    #[serde(rename = "jf")]
    JobFailed { job: JobId, key: u32, retries: u32, retry_at: Option<Timestamp>, code: String, message: String },
    /// A job whose tries were used up is offered again, with its input evaluated anew.
    #[serde(rename = "jr")]
    JobRetried { job: JobId, key: u32, retries: u32, input: Object },
    /// A job is no longer wanted.
    #[serde(rename = "jx")]
    JobCanceled { job: JobId, key: u32 },
    /// People are asked.
    #[serde(rename = "uc")]
    UserTaskCreated(Box<UserTaskCreated>),
    /// One person answered; the task may stay open for others.
    #[serde(rename = "ua")]
    UserTaskAnswered(Box<UserTaskAnswered>),
    /// The task is closed.
    #[serde(rename = "ud")]
    UserTaskCompleted(Box<UserTaskCompleted>),
    /// The task is no longer wanted.
    #[serde(rename = "ux")]
    UserTaskCanceled { task: TaskId, key: u32 },
    /// Other people are asked.
    #[serde(rename = "ur")]
    UserTaskReassigned { task: TaskId, key: u32, assignees: Vec<String>, by: Option<UserId> },
    /// A timer runs. `key` is the catch event's run, or the host's when `element` is a boundary event.
    #[serde(rename = "ta")]
    TimerArmed { timer: TimerId, key: u32, element: ElementIdx, due: Timestamp, repeat: Option<Repeat> },
    /// A timer was due and is gone; a repeating one is followed by a new `TimerArmed`.
    #[serde(rename = "tf")]
    TimerFired { timer: TimerId, key: u32 },
    /// A timer is no longer wanted.
    #[serde(rename = "tx")]
    TimerCanceled { timer: TimerId, key: u32 },
    /// An element waits for a person to mend definition or data.
    #[serde(rename = "ir")]
    IncidentRaised(Box<IncidentRaised>),
    /// An incident is over: retried (`retried`), or its element is gone.
    #[serde(rename = "id")]
    IncidentResolved { incident: IncidentId, key: u32, retried: bool, by: Option<UserId> },
    /// A business error was raised by an end event or a job (BPMN ER-1).
    #[serde(rename = "er")]
    ErrorRaised { key: u32, element: ElementIdx, code: String, message: String },
    /// The boundary event `element` of the host `key` caught it (BPMN ER-2).
    #[serde(rename = "eh")]
    ErrorCaught { key: u32, element: ElementIdx, code: String },
    /// A line for the history.
    #[serde(rename = "lg")]
    Logged { key: Option<u32>, element: Option<ElementIdx>, text: String, level: LogLevel, by: Option<UserId> },
    /// The text people see as the instance's state.
    #[serde(rename = "st")]
    StateTitleSet { text: String },
    /// The instance ended normally.
    #[serde(rename = "zc")]
    InstanceCompleted,
    /// The instance ended by a business error that nothing caught (BPMN ER-5).
    #[serde(rename = "zf")]
    InstanceFailed { code: String, message: String },
    /// The instance was cancelled from outside.
    #[serde(rename = "zx")]
    InstanceCanceled { reason: String, by: Option<UserId> },
}

/// See [`Event::InstanceCreated`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are named after what they hold")]
pub struct InstanceCreated {
    pub instance: InstanceId,
    pub definition: DefinitionId,
    pub document: Option<DocumentRef>,
    pub started_by: Option<UserId>,
    pub started_at: Timestamp,
    pub business_key: Option<String>,
    /// Values of the definition's declared parameters; never change (Bitrix 4.3). Empty for BPMN, whose start values
    /// are variables.
    pub parameters: Object,
}

/// See [`Event::JobCreated`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobCreated {
    /// Its id.
    pub job: JobId,
    /// The run of the element that waits for it.
    pub key: u32,
    /// The element.
    pub element: ElementIdx,
    /// Who can do it: `rest_<md5>`, `ruslo:…`, or any name a worker asks for.
    pub job_type: String,
    /// How many tries there are.
    pub retries: u32,
    /// Static settings of the element. Not journaled: the definition has them.
    #[serde(skip)]
    pub headers: Vec<(String, String)>,
    /// The mapped inputs; all visible variables when the element maps none.
    pub input: Object,
}

/// See [`Event::UserTaskCreated`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserTaskCreated {
    /// Its id.
    pub task: TaskId,
    /// The run of the element that waits for it.
    pub key: u32,
    /// The element.
    pub element: ElementIdx,
    /// What answers it offers.
    pub kind: TaskKind,
    /// What people see.
    pub title: String,
    /// Explanation; may be empty.
    pub description: String,
    /// Who is asked: `user_5`, a login, `group_…`, as the definition says it.
    pub assignees: Vec<String>,
    /// Who may claim it.
    pub candidate_users: Vec<String>,
    /// Whose members may claim it.
    pub candidate_groups: Vec<String>,
    /// When it is late.
    pub due: Option<Timestamp>,
    /// 0..100.
    pub priority: u32,
    /// The form. Not journaled: the definition has it.
    #[serde(skip)]
    pub form: Option<Form>,
    /// Face-specific settings. Not journaled: the definition has them.
    #[serde(skip)]
    pub settings: Object,
    /// The mapped inputs.
    pub input: Object,
}

/// See [`Event::UserTaskAnswered`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are named after what they hold")]
pub struct UserTaskAnswered {
    pub task: TaskId,
    pub key: u32,
    pub user: UserId,
    pub outcome: String,
    pub comment: Option<String>,
    pub values: Object,
}

/// See [`Event::UserTaskCompleted`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserTaskCompleted {
    /// Its id.
    pub task: TaskId,
    /// The run that waited for it.
    pub key: u32,
    /// `yes`, `no`, `ok`, `cancel`.
    pub outcome: String,
    /// The form's values, of all answers, later ones over earlier ones.
    pub values: Object,
    /// What expressions can read of the node (`TaskId`, `Comments`, …); only in Bitrix templates.
    pub outputs: Object,
    /// Whose answer closed it.
    pub by: UserId,
}

impl UserTaskCompleted {
    /// What the element instance keeps until it becomes variables.
    pub(crate) fn result(&self) -> Object {
        Object::from_iter([
            (Arc::from("outcome"), Value::text(&self.outcome)),
            (Arc::from("values"), Value::Object(Arc::new(self.values.clone()))),
            (Arc::from("outputs"), Value::Object(Arc::new(self.outputs.clone()))),
        ])
    }
}

/// See [`Event::IncidentRaised`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentRaised {
    /// Its id.
    pub incident: IncidentId,
    /// The run of the element that waits.
    pub key: u32,
    /// The element.
    pub element: ElementIdx,
    /// Where the run stopped and is resumed (BPMN TK-8).
    pub phase: Phase,
    /// The job whose tries are used up.
    pub job: Option<JobId>,
    /// A registered code (`ENG-0002`).
    pub code: String,
    /// What is wrong and how to mend it; public.
    pub message: String,
    /// Machine-readable particulars.
    pub details: Option<serde_json::Value>,
}

/// How loud a line of history is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Said by an element, an app or a person.
    Info,
    /// An expression gave a warning.
    Warning,
}
