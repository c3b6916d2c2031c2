//! Commands: what the outside asks of an instance, in the imperative.
//!
//! A command either fits the state (events follow) or is a [`Rejection`] and nothing changes. Ids and times come in
//! with the command or from [`crate::Env`]; rights were checked by the caller.

use crate::exchange::{ChildOutcome, ParentLink};
use crate::starts::StartTrigger;
use model::definition::ElementIdx;
use model::error::{Fault, codes};
use model::{
    DefinitionId, DocumentRef, IncidentId, InstanceId, JobId, Object, SubscriptionId, TaskId, TimerId, Timestamp,
    UserId, Value,
};
use serde::{Deserialize, Serialize};

/// How an instance begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Its id, given by the caller so that a retry is the same instance.
    pub instance: InstanceId,
    /// The deployed version it runs.
    pub definition: DefinitionId,
    /// The record it runs for.
    pub document: Option<DocumentRef>,
    /// Who started it.
    pub started_by: Option<UserId>,
    /// Start values: parameters and variables.
    pub variables: Object,
    /// A name of the caller's choice, to find the instance by.
    pub business_key: Option<String>,
    /// The start event to use; the process's default when absent. With a trigger: `payload` is the trigger's data.
    pub start_element: Option<ElementIdx>,
    /// Data of the message, signal or event that started it (BPMN BD-4).
    pub payload: Object,
    /// Who calls it and waits.
    pub parent: Option<ParentLink>,
    /// Which trigger of `start_element` came, and with which key; the first without one.
    pub trigger: Option<StartTrigger>,
}

/// What is asked of a running instance. Serialized only between nodes of one installation, which may be of different
/// versions: new fields need a default, no variant changes its meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are named after what they hold; the variants are documented")]
pub enum Command {
    /// A worker did a job.
    CompleteJob { job: JobId, result: Object, by: Option<UserId> },
    /// A try of a job failed. `retries`: how many are left (one less when absent); none left makes an incident with
    /// `code` (`ENG-0008` when empty).
    FailJob { job: JobId, retries: Option<u32>, retry_at: Option<Timestamp>, code: String, message: String },
    /// A job raises a business error (BPMN ER-1).
    ThrowJobError { job: JobId, code: String, message: String, variables: Object },
    /// A person answers a task.
    AnswerTask { task: TaskId, user: UserId, outcome: String, comment: Option<String>, values: Object },
    /// Other people are asked; also how the runtime replaces groups by their members.
    ReassignTask { task: TaskId, assignees: Vec<String>, by: Option<UserId> },
    /// A task can not be done by anybody: it is taken back and its element waits with an incident of `code`.
    FailTask { task: TaskId, code: String, message: String },
    /// A timer is due.
    FireTimer { timer: TimerId },
    /// A message for a subscription. Refused when the message does not fit its conversation (BPMN MS-8).
    DeliverMessage { subscription: SubscriptionId, name: String, variables: Object },
    /// A signal for a subscription.
    DeliverSignal { subscription: SubscriptionId, variables: Object },
    /// A called instance ended, or could not be started.
    FinishChild { child: InstanceId, outcome: ChildOutcome },
    /// A called instance raised an escalation that nothing in it caught (BPMN ER-7).
    EscalateChild { child: InstanceId, code: String, variables: Object },
    /// An ended instance compensates itself for its caller (BPMN CO-7). It answers with `CompensationEnded` of key 0,
    /// which the runtime hands to the caller as [`ChildOutcome::Compensated`].
    Compensate {},
    /// Begins one more turn of a multi-instance activity (BPMN MI-2). `item`: its item, when there is a collection.
    AddTurn { key: u32, item: Value, by: Option<UserId> },
    /// Cuts off one turn; its slot of the output stays null.
    DeleteTurn { turn: u32, by: Option<UserId> },
    /// Cuts off the turns that are left; the activity completes (pattern 27).
    CompleteTurns { key: u32, by: Option<UserId> },
    /// Cancels a transaction from outside (BPMN TX-2).
    CancelTransaction { key: u32, by: Option<UserId> },
    /// Begins activities of an ad-hoc sub-process, in order (BPMN AH-2).
    ActivateAdHoc { key: u32, elements: Vec<String>, variables: Object, by: Option<UserId> },
    /// Completes an ad-hoc sub-process (BPMN AH-4).
    CompleteAdHoc { key: u32, by: Option<UserId> },
    /// A mutex is free for the run that asked for it (pattern 39).
    GrantMutex { key: u32 },
    /// Stops everything that goes on by itself (BPMN MG-8). What comes from outside is still taken.
    Suspend { reason: String, by: Option<UserId> },
    /// Lets it go on.
    Resume { by: Option<UserId> },
    /// Completes the element of an incident with an output given by hand (BPMN IN-3).
    SkipIncident { incident: IncidentId, output: Object, reason: String, by: Option<UserId> },
    /// Judges all conditions that are watched: something outside the instance changed (BPMN CN-5).
    EvaluateConditions {},
    /// Begins elements and cuts off runs, all in one step (BPMN MG-1).
    Modify { modification: Modification, by: Option<UserId> },
    /// Writes variables: locally into the element instance `scope`, or into the process when absent.
    SetVariables { scope: Option<u32>, values: Object, by: Option<UserId> },
    /// Retries the failed element where it stopped (BPMN TK-8).
    ResolveIncident { incident: IncidentId, by: Option<UserId> },
    /// Ends the instance.
    Cancel { reason: String, by: Option<UserId> },
    /// Adds a line to the history, of an element instance or of a job's element.
    Log { key: Option<u32>, job: Option<JobId>, text: String, by: Option<UserId> },
    /// Sets the text people see as the instance's state.
    SetStateTitle { text: String },
}

/// What a modification does: activations first, then terminations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Modification {
    /// What begins.
    pub activate: Vec<Activate>,
    /// Runs that are cut off.
    pub terminate: Vec<u32>,
    /// Runs that are cut off while an element begins instead.
    pub moves: Vec<Move>,
    /// Why, for the history.
    pub reason: String,
}

/// An element that begins by hand.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Activate {
    /// Its id.
    pub element: String,
    /// The run it begins in, or one around it; found when there is only one.
    pub scope: Option<u32>,
    /// Its local variables.
    pub variables: Object,
}

/// A run that is replaced by an element.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// The run.
    pub from: u32,
    /// The element's id.
    pub to: String,
}

/// Why a command does not fit the state. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are named after what they hold; the variants are documented")]
pub enum Rejection {
    /// The instance has ended.
    #[error("the instance has ended")]
    InstanceEnded,
    /// No such open job: its element is gone, or it was completed before.
    #[error("the job {job} is not open")]
    JobNotOpen { job: JobId },
    /// No such open task.
    #[error("the task {task} is not open")]
    TaskNotOpen { task: TaskId },
    /// This person answered before.
    #[error("{user} has already answered the task {task}")]
    TaskAnswered { task: TaskId, user: UserId },
    /// The task's kind does not offer this outcome.
    #[error("the task {task} does not offer the outcome `{outcome}`, only {offered}")]
    OutcomeNotOffered { task: TaskId, outcome: String, offered: String },
    /// No such open subscription.
    #[error("the subscription {subscription} is not open")]
    SubscriptionNotOpen { subscription: SubscriptionId },
    /// The message belongs to another conversation (BPMN MS-8).
    #[error("the message does not fit the conversation of the subscription {subscription}")]
    OtherConversation { subscription: SubscriptionId },
    /// No such called instance is waited for.
    #[error("the called instance {child} is not waited for")]
    ChildNotAwaited { child: InstanceId },
    /// No such armed timer.
    #[error("the timer {timer} is not armed")]
    TimerNotArmed { timer: TimerId },
    /// The timer's time has not come.
    #[error("the timer {timer} is not due yet")]
    TimerNotDue { timer: TimerId },
    /// No such open incident.
    #[error("the incident {incident} is not open")]
    IncidentNotOpen { incident: IncidentId },
    /// Only a finished called instance can be compensated.
    #[error("the instance can not be compensated")]
    NotCompensable,
    /// The element can not be activated there.
    #[error("`{element}` can not be activated here: {why}")]
    NotActivatable { element: String, why: String },
    /// The instance is suspended, or is not.
    #[error("the instance is {state}")]
    Suspension { state: &'static str },
    /// No such element instance.
    #[error("there is no active element instance {key}")]
    ElementNotActive { key: u32 },
    /// The process has no start event that a command may use.
    #[error("the process has no such start event")]
    NoStartEvent,
    /// Several start events and none is the default.
    #[error("the process has several start events: name one of {starts}")]
    StartNotNamed { starts: String },
    /// A value, or all variables together, would be over the limit.
    #[error("{what} {bytes} bytes; at most {limit} are allowed")]
    VariableTooLarge { what: String, bytes: usize, limit: usize },
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        let code = match &rejection {
            Rejection::InstanceEnded | Rejection::ElementNotActive { .. } => &codes::NOT_ACTIVE,
            Rejection::TimerNotArmed { .. } | Rejection::TimerNotDue { .. } => &codes::NOT_ACTIVE,
            Rejection::SubscriptionNotOpen { .. } | Rejection::OtherConversation { .. } => &codes::NOT_ACTIVE,
            Rejection::ChildNotAwaited { .. } => &codes::NOT_ACTIVE,
            Rejection::JobNotOpen { .. } => &codes::JOB_NOT_FOUND,
            Rejection::TaskNotOpen { .. } | Rejection::TaskAnswered { .. } => &codes::TASK_COMPLETED,
            Rejection::OutcomeNotOffered { .. } => &codes::TASK_OUTCOME,
            Rejection::IncidentNotOpen { .. } => &codes::INCIDENT_NOT_FOUND,
            Rejection::NotCompensable => &codes::NOT_COMPENSABLE,
            Rejection::NotActivatable { .. } => &codes::MODIFICATION_REFUSED,
            Rejection::Suspension { .. } => &codes::NOT_ACTIVE,
            Rejection::NoStartEvent | Rejection::StartNotNamed { .. } => &codes::DEFINITION_NOT_DEPLOYABLE,
            Rejection::VariableTooLarge { .. } => &codes::VARIABLE_TOO_LARGE,
        };
        Self::new(code, rejection.to_string())
    }
}
