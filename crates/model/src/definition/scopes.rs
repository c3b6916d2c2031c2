//! Scopes: the process and sub-processes of every kind.

use super::{DataObject, ElementIdx, ExprId, OutputCollection, ServiceTask};
use serde::{Deserialize, Serialize};

/// The process or a sub-process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scope {
    /// What kind it is.
    pub kind: ScopeKind,
    /// Its start events without a trigger, in file order.
    pub starts: Vec<ElementIdx>,
    /// The start used when a call names none of several; `starts[0]` when there is only one.
    pub default_start: Option<ElementIdx>,
    /// Start events with triggers, instantiating receive tasks and event-based gateways: of the process, or the one
    /// start of an event sub-process.
    pub triggered: Vec<ElementIdx>,
    /// Without any start: the nodes without incoming flow, all of which get a token (implicit start).
    pub implicit: Vec<ElementIdx>,
    /// Event sub-processes directly in it, in file order.
    pub event_sub_processes: Vec<ElementIdx>,
    /// Data objects directly in it (BPMN DA-1).
    pub data: Vec<DataObject>,
}

impl Scope {
    /// An empty scope of this kind.
    pub fn of(kind: ScopeKind) -> Self {
        Self { kind, ..Self::default() }
    }
}

/// The kinds of scope.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ScopeKind {
    /// The process.
    Process,
    /// An embedded sub-process.
    #[default]
    SubProcess,
    /// A sub-process that an event starts (BPMN ES-1..6).
    EventSubProcess,
    /// A transaction (BPMN TX-1..6).
    Transaction,
    /// An ad-hoc sub-process (BPMN AH-1..6).
    AdHoc(Box<AdHoc>),
}

/// An ad-hoc sub-process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AdHoc {
    /// At most one activity at a time.
    pub sequential: bool,
    /// The ids of the activities that start on entry.
    pub active_elements: Option<ExprId>,
    /// Offered to people and workers, who activate any, any number of times (BPMN AH-2).
    pub manual: bool,
    /// True after an inner completion or a change of variables: complete.
    pub completion: Option<ExprId>,
    /// Completing terminates what still runs.
    pub cancel_remaining: bool,
    /// A worker is asked what to activate next (BPMN AH-5).
    pub job: Option<Box<ServiceTask>>,
    /// What the activities give together.
    pub output: Option<OutputCollection>,
}

/// Which version of a process, decision or form is meant (BPMN CA-1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Binding {
    /// The latest at the moment of the call.
    #[default]
    Latest,
    /// The one of the same deployment.
    Deployment,
    /// The latest with this tag.
    VersionTag(String),
    /// This version.
    Version(u32),
}
