//! Events: facts about one instance, in the past tense.
//!
//! Owns: the journal's vocabulary and its encoding. Invariant: a released variant never changes its meaning (a new
//! meaning is a new variant), and an event carries every evaluated value, so that replay evaluates nothing.
//! Never: decides anything; holds the time (the journal row that carries a step's events does).

use model::definition::{ElementIdx, FlowIdx, Form, TaskKind};
use model::{
    DefinitionId, DocumentRef, IncidentId, InstanceId, JobId, Object, SubscriptionId, TaskId, TimerId, Timestamp,
    UserId, Value,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::activity_events::{CompensationRecorded, CompensationThrown, Migrated, TurnsPlanned};
use crate::exchange::{ChildOutcome, ChildStarted, MessageThrown, ParentLink, SignalThrown, SubscriptionOpened};
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
    JobRetried(Box<JobRetried>),
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
    TimerArmed {
        timer: TimerId,
        key: u32,
        element: ElementIdx,
        due: Timestamp,
        repeat: Option<Repeat>,
        #[serde(default)]
        trigger: u32,
    },
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
    /// It waits for a message or signal from outside.
    #[serde(rename = "so")]
    SubscriptionOpened(Box<SubscriptionOpened>),
    /// It waits no more: caught, or no longer wanted.
    #[serde(rename = "sx")]
    SubscriptionClosed { subscription: SubscriptionId, key: u32 },
    /// A message is published.
    #[serde(rename = "mt")]
    MessageThrown(Box<MessageThrown>),
    /// A signal is thrown to all who wait.
    #[serde(rename = "sg")]
    SignalThrown(Box<SignalThrown>),
    /// Another process is called.
    #[serde(rename = "cs")]
    ChildStarted(Box<ChildStarted>),
    /// A called instance is no longer wanted: it is to be cancelled.
    #[serde(rename = "cx")]
    ChildCanceled { child: InstanceId, key: u32 },
    /// A called instance ended.
    #[serde(rename = "ce")]
    ChildFinished { child: InstanceId, key: u32, outcome: Box<ChildOutcome> },
    /// An escalation was raised; `caught`: a handler of this instance takes it, else it goes on to the caller, if there
    /// is one (BPMN ER-7).
    #[serde(rename = "es")]
    EscalationRaised { key: u32, element: ElementIdx, code: String, variables: Object, caught: bool },
    /// What an event waited for came; its variables wait in the run `key` of the event until they become its scope's.
    #[serde(rename = "tr")]
    Triggered { key: u32, element: ElementIdx, trigger: u32, variables: Object },
    /// One of the triggers came to an event that waits for all of them (BPMN ML-1).
    #[serde(rename = "tc")]
    TriggerCollected { key: u32, element: ElementIdx, trigger: u32, variables: Object },
    /// A condition is watched (BPMN CN-1).
    #[serde(rename = "wa")]
    ConditionArmed { key: u32, element: ElementIdx, trigger: u32 },
    /// A watched condition was evaluated and gave something else than before; `failures`: in a row.
    #[serde(rename = "wc")]
    ConditionChecked { key: u32, element: ElementIdx, trigger: u32, holds: bool, failures: u32 },
    /// A condition is watched no more: it was met, or is no longer wanted.
    #[serde(rename = "wx")]
    ConditionDisarmed { key: u32, element: ElementIdx, trigger: u32 },
    /// A key of the conversation got its value (BPMN MS-8).
    #[serde(rename = "ck")]
    ConversationKeySet { name: String, value: String },
    /// All triggers came to an event that waits for all of them.
    #[serde(rename = "tm")]
    TriggersMet { key: u32, element: ElementIdx },
    /// The process can not begin until an incident is resolved; `variables` say how it will.
    #[serde(rename = "sh")]
    StartHeld { variables: Object },
    /// Tokens that waited in a scope are gone with what was cut off there.
    #[serde(rename = "td")]
    TokensDropped { scope: u32 },
    /// An event with several results threw those before `position`.
    #[serde(rename = "ra")]
    ResultsThrown { key: u32, position: u32 },
    /// A complex gateway took one waiting token from each of `flows`: at its start, or at its reset (BPMN CX-3, CX-4).
    #[serde(rename = "cp")]
    ComplexPassed { element: ElementIdx, scope: u32, flows: Vec<FlowIdx>, reset: bool },
    /// The whole tree of calls is to end, from its root on (flowable `terminateAll`).
    #[serde(rename = "te")]
    TreeEnded { key: u32 },
    /// A repeated activity knows its turns.
    #[serde(rename = "rp")]
    TurnsPlanned(Box<TurnsPlanned>),
    /// A turn's run has begun; `index` counts from 0.
    #[serde(rename = "rs")]
    TurnStarted { key: u32, turn: u32, index: u32 },
    /// A turn ended normally; `output` is its slot of the output collection.
    #[serde(rename = "re")]
    TurnEnded { key: u32, turn: u32, output: Value },
    /// One more turn, on demand (BPMN MI-2).
    #[serde(rename = "rd")]
    TurnAdded { key: u32, item: Value, by: Option<UserId> },
    /// A completed activity can be compensated.
    #[serde(rename = "cr")]
    CompensationRecorded(Box<CompensationRecorded>),
    /// Compensation begins.
    #[serde(rename = "ct")]
    CompensationThrown(Box<CompensationThrown>),
    /// A record is being compensated: by its handler's run, or by the called instance itself (BPMN CO-7).
    #[serde(rename = "ch")]
    CompensationStarted { key: u32, record: u32, element: ElementIdx, handler: Option<u32>, child: Option<InstanceId> },
    /// A record is compensated.
    #[serde(rename = "cd")]
    CompensationDone { key: u32, record: u32 },
    /// All records of the compensation are compensated.
    #[serde(rename = "cz")]
    CompensationEnded { key: u32 },
    /// A called instance that has ended is to compensate itself.
    #[serde(rename = "cq")]
    ChildCompensationRequested { child: InstanceId, key: u32 },
    /// This instance had ended and now compensates itself for its caller; `InstanceCompleted` follows when it is done.
    #[serde(rename = "cw")]
    CompensationRequested,
    /// An activity of an ad-hoc sub-process waits for its turn (BPMN AH-3).
    #[serde(rename = "aq")]
    AdHocQueued { key: u32, element: ElementIdx, variables: Object },
    /// The first in the queue begins.
    #[serde(rename = "at")]
    AdHocTaken { key: u32 },
    /// What an activity gives to the output collection.
    #[serde(rename = "ao")]
    AdHocOutput { key: u32, output: Value },
    /// Nothing more begins; `completed`: it was said to be complete.
    #[serde(rename = "az")]
    AdHocClosing { key: u32, completed: bool },
    /// A run waits in a stage before its work, or `after` it: a listener, a continuation, data.
    #[serde(rename = "sw")]
    StageWaits { key: u32, after: bool, stage: u32 },
    /// The stage is passed.
    #[serde(rename = "sp")]
    StagePassed { key: u32, after: bool, stage: u32 },
    /// A run asks for a name that one run at a time holds, in all instances (pattern 39).
    #[serde(rename = "mr")]
    MutexRequested { key: u32, name: String },
    /// It holds the name.
    #[serde(rename = "mg")]
    MutexGranted { key: u32 },
    /// It holds the name, or waits for it, no more.
    #[serde(rename = "ml")]
    MutexReleased { key: u32, name: String },
    /// Nothing goes on by itself: timers are late, jobs are not handed out (BPMN MG-8).
    #[serde(rename = "ps")]
    InstanceSuspended { reason: String, by: Option<UserId> },
    /// It goes on.
    #[serde(rename = "pr")]
    InstanceResumed { by: Option<UserId> },
    /// Tokens that waited before an activity for others were taken together (BPMN TK-9).
    #[serde(rename = "tt")]
    TokensTaken { element: ElementIdx, scope: u32, flows: Vec<FlowIdx> },
    /// A listener denied the completion: the task is asked anew (BPMN IN-5).
    #[serde(rename = "uo")]
    UserTaskReopened { task: TaskId, key: u32, reason: String },
    /// A listener corrected the last answer.
    #[serde(rename = "uv")]
    UserTaskCorrected { task: TaskId, key: u32, values: Object },
    /// A change that listeners are asked about first (BPMN IN-5): of a task, or of the process the cancellation. Empty:
    /// it is made, or was denied.
    #[serde(rename = "xh")]
    ChangeHeld { key: u32, change: Object },
    /// A run lies in another scope: one that another version has around it (BPMN MG-4).
    #[serde(rename = "rm")]
    RunMoved { key: u32, scope: u32 },
    /// The instance runs another version.
    #[serde(rename = "im")]
    InstanceMigrated(Box<Migrated>),
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
    InstanceFailed {
        code: String,
        message: String,
        #[serde(default)]
        variables: Object,
    },
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
    /// Who called it and waits.
    #[serde(default)]
    pub parent: Option<ParentLink>,
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
    /// Waits before a try after a failure, in order, the last one repeated: milliseconds (BPMN IN-1). The
    /// installation's when absent: 10 s, doubled, at most an hour.
    #[serde(default)]
    pub backoff: Option<Vec<i64>>,
}

/// See [`Event::JobRetried`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRetried {
    /// Its id.
    pub job: JobId,
    /// The run of the element that waits for it.
    pub key: u32,
    /// How many tries there are.
    pub retries: u32,
    /// As in [`JobCreated`].
    pub input: Object,
    /// As in [`JobCreated`]: not journaled.
    #[serde(skip)]
    pub headers: Vec<(String, String)>,
    /// As in [`JobCreated`]; not journaled, the definition has them.
    #[serde(skip)]
    pub backoff: Option<Vec<i64>>,
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
