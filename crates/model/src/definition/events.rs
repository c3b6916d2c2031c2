//! Events: what they wait for and what they throw.

use super::{ElementIdx, ExprId, Mapping, ServiceTask};
use serde::{Deserialize, Serialize};

/// A start event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StartEvent {
    /// What starts it; none: a command, or the sub-process around it.
    pub triggers: Vec<Trigger>,
    /// All triggers must come, instead of any (BPMN ML-1).
    pub parallel: bool,
    /// Of an event sub-process: whether the scope around it is interrupted (BPMN ES-2, ES-3).
    pub interrupting: bool,
}

/// An intermediate catch event. Without triggers it is the catch side of a link and passes through.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CatchEvent {
    /// What it waits for: the first of them.
    pub triggers: Vec<Trigger>,
    /// All triggers must come, instead of the first.
    pub parallel: bool,
}

/// An end event or an intermediate throw event: all results are thrown in file order (BPMN ML-1).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ThrowEvent {
    /// What it throws; none: passes through, or the token ends.
    pub results: Vec<Throw>,
}

impl CatchEvent {
    /// One trigger.
    pub fn of(trigger: Trigger) -> Self {
        Self { triggers: vec![trigger], parallel: false }
    }
}

impl ThrowEvent {
    /// One result.
    pub fn of(result: Throw) -> Self {
        Self { results: vec![result] }
    }
}

/// An event on the border of an activity.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundaryEvent {
    /// The activity.
    pub attached_to: ElementIdx,
    /// Whether the activity is terminated (BPMN BD-2) or goes on (BD-3).
    pub interrupting: bool,
    /// What it waits for: any of them.
    pub triggers: Vec<Trigger>,
    /// All triggers must come, instead of any.
    pub parallel: bool,
}

impl BoundaryEvent {
    /// One trigger.
    pub fn of(attached_to: ElementIdx, interrupting: bool, trigger: Trigger) -> Self {
        Self { attached_to, interrupting, triggers: vec![trigger], parallel: false }
    }
}

/// What an event waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// A message.
    Message(Box<MessageTrigger>),
    /// A signal.
    Signal(SignalTrigger),
    /// A time.
    Timer(Timer),
    /// A business error (BPMN ER-2).
    Error(ErrorTrigger),
    /// An escalation (BPMN ER-7).
    Escalation(EscalationTrigger),
    /// A condition that becomes true (BPMN CN-1..5).
    Condition(Condition),
    /// The compensation of the scope (start of a compensation event sub-process).
    Compensation,
    /// The cancellation of the transaction (BPMN TX-2).
    Cancel,
}

/// A message that is waited for (BPMN MS-1).
#[derive(Debug, Clone, PartialEq)]
pub struct MessageTrigger {
    /// Its name.
    pub name: ExprId,
    /// The correlation key; none: any key of a start, the empty key elsewhere.
    pub key: Option<ExprId>,
    /// BPMN's own correlation keys (BPMN MS-8).
    pub correlation: Vec<CorrelationKey>,
}

/// A correlation key of the conversation (BPMN MS-8).
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationKey {
    /// Its id; one value per instance and key.
    pub id: String,
    /// Its properties in order: read from the message's variables, and from the process's when a
    /// `correlationSubscription` binds it.
    pub properties: Vec<CorrelationProperty>,
}

/// A part of a correlation key.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationProperty {
    /// Evaluated over the message's variables.
    pub from_message: ExprId,
    /// Evaluated over the process's variables.
    pub from_process: Option<ExprId>,
}

/// A signal that is waited for (BPMN SG-1).
#[derive(Debug, Clone, PartialEq)]
pub struct SignalTrigger {
    /// Its name.
    pub name: ExprId,
}

/// A business error that is caught.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ErrorTrigger {
    /// The code; none catches all (BPMN ER-2).
    pub code: Option<String>,
    /// Variable that receives the code (BPMN ER-8).
    pub code_variable: Option<String>,
    /// Variable that receives the message.
    pub message_variable: Option<String>,
}

/// An escalation that is caught.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EscalationTrigger {
    /// The code; none catches all.
    pub code: Option<String>,
    /// Variable that receives the code.
    pub code_variable: Option<String>,
}

/// A condition that is watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// What must become true.
    pub condition: ExprId,
    /// Only changes of these variables count; all when empty (BPMN CN-2).
    pub variables: Vec<String>,
    /// Only these kinds of change count; all when empty.
    pub changes: Vec<VariableChange>,
}

/// A kind of change of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableChange {
    /// It came to be.
    Create,
    /// It got another value.
    Update,
    /// It went with its scope.
    Delete,
}

/// When a timer fires (BPMN TM-1..10).
#[derive(Debug, Clone, PartialEq)]
pub struct Timer {
    /// How `value` is read.
    pub kind: TimerKind,
    /// An ISO 8601 text, a date or a duration.
    pub value: ExprId,
    /// The last instant of a cycle (flowable `endDate`).
    pub end: Option<ExprId>,
    /// The zone of values without one; the process's when absent (BPMN TM-2).
    pub zone: Option<String>,
    /// The business calendar that durations count in (BPMN TM-10).
    pub calendar: Option<String>,
}

impl Timer {
    /// A timer in the process's zone.
    pub fn new(kind: TimerKind, value: ExprId) -> Self {
        Self { kind, value, end: None, zone: None, calendar: None }
    }
}

/// How a timer's value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimerKind {
    /// At an instant.
    Date,
    /// After a duration.
    Duration,
    /// Repeatedly: `R3/PT1H`, or cron.
    Cycle,
}

/// What missed firings of a timer start become (BPMN TM-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissedStarts {
    /// Nothing: the next future one.
    #[default]
    Skip,
    /// One start.
    Once,
    /// One start each, at most 1,000.
    All,
}

/// What an event throws.
#[derive(Debug, Clone, PartialEq)]
pub enum Throw {
    /// A message that the engine publishes itself (BPMN MS-10 b).
    Message(Box<MessageThrow>),
    /// A job that sends a message (BPMN MS-10 a).
    Job(Box<ServiceTask>),
    /// A signal to everybody who waits for it.
    Signal(SignalThrow),
    /// A business error (BPMN ER-1).
    Error {
        /// Its code; an expression may give it.
        code: ExprId,
        /// A message for people.
        message: Option<ExprId>,
    },
    /// An escalation (BPMN ER-7).
    Escalation {
        /// Its code.
        code: ExprId,
    },
    /// Compensation (BPMN CO-3).
    Compensation {
        /// What is undone; everything of the scope when absent.
        activity: Option<ElementIdx>,
        /// Waits until all handlers are done (BPMN CO-9).
        wait: bool,
    },
    /// The cancellation of the transaction (end events only, BPMN TX-2).
    Cancel,
    /// The end of the scope (end events only, BPMN TE-1).
    Terminate(TerminateReach),
}

/// How much a terminate end event ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TerminateReach {
    /// Its own scope instance.
    #[default]
    Scope,
    /// All turns of the multi-instance activity around it (flowable `terminateMultiInstance`).
    MultiInstance,
    /// The whole root tree (flowable `terminateAll`).
    All,
}

/// A message that is published. Its variables: the event's input mapping, or all visible ones when it maps none.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageThrow {
    /// Its name.
    pub name: ExprId,
    /// The correlation key; empty when absent.
    pub key: Option<ExprId>,
    /// A message id (BPMN MS-4).
    pub id: Option<ExprId>,
    /// How long it is kept for a later catch: a duration; an hour when absent (BPMN MS-3).
    pub ttl: Option<ExprId>,
    /// Where a message flow leads (BPMN MS-11); none: to whoever waits.
    pub target: Option<MessageTarget>,
}

/// Where a message flow leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MessageTarget {
    /// A process of the same file: its start, catch or receive only.
    Process {
        /// The process's id.
        process: String,
        /// The element that takes it; any when the flow ends at the pool.
        element: Option<String>,
    },
    /// A black box: nothing is correlated.
    External {
        /// The participant's name.
        participant: String,
    },
}

/// A signal that is thrown. Its variables: the event's input mapping, or none when it maps none.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalThrow {
    /// Its name.
    pub name: ExprId,
    /// Only instances of the thrower's root tree get it (flowable `processInstance`, BPMN SG-3).
    pub own_tree: bool,
    /// All visible variables go with it (camunda `variables="all"`).
    pub all_variables: bool,
    /// Variables of its own (camunda `in`), evaluated where it is thrown.
    pub variables: Vec<Mapping>,
}

/// An event-based gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventBasedGateway {
    /// The messages behind it create the instance (BPMN EB-4, EB-5).
    pub instantiate: bool,
    /// All messages must come before the instance completes (BPMN EB-5).
    pub parallel: bool,
}

/// A complex gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ComplexGateway {
    /// Evaluated at every arrival; all incoming flows are waited for when absent (BPMN CX-2, CX-6).
    pub activation: Option<ExprId>,
}
