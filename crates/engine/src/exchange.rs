//! What an instance exchanges with others: subscriptions, messages, signals, called instances.
//!
//! A called instance that can be compensated (BPMN CO-7): `ChildStarted.compensable` becomes
//! [`ParentLink::compensable`]. When it has completed, [`crate::Instance::keeps_records`] says that its whole state
//! is to be kept, until the root of the tree has ended. On `ChildCompensationRequested` the runtime sends it
//! [`crate::Command::Compensate`]; it then runs its handlers (`CompensationRequested` … `CompensationEnded` of key
//! 0, `InstanceCompleted`), and on that `CompensationEnded` the caller gets [`ChildOutcome::Compensated`]. An
//! instance that keeps no records is answered for at once, in the same way.
//!
//! Owns: the words for it. Invariant: the engine only says what it waits for, throws and calls; finding the other side
//! is the runtime's work, which answers with commands. Never: knows another instance's state.

use model::definition::{Binding, ElementIdx, MessageTarget};
use model::{InstanceId, Object, SubscriptionId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An element instance waits for a message or a signal from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubscriptionOpened {
    /// Its id.
    pub subscription: SubscriptionId,
    /// The run it belongs to: of the catch event or receive task, of the host of a boundary event, of the scope of an
    /// event sub-process, of the event-based gateway.
    pub key: u32,
    /// The element that catches it.
    pub element: ElementIdx,
    /// Position among the element's triggers.
    pub trigger: u32,
    /// What is waited for.
    pub awaited: Awaited,
}

/// What is waited for; evaluated on arming and then fixed (BPMN MS-1, SG-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Awaited {
    /// A message of this name and correlation key.
    Message {
        /// Its name.
        name: Arc<str>,
        /// Its correlation key; may be empty. None: whether a message fits is judged by the instance (BPMN MS-8): the
        /// runtime offers those of the name, oldest subscription first, until one is not refused.
        key: Option<Arc<str>>,
    },
    /// A signal of this name.
    Signal {
        /// Its name.
        name: Arc<str>,
    },
}

/// A message is published (BPMN MS-10 b).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageThrown {
    /// The run that throws it.
    pub key: u32,
    /// Its element.
    pub element: ElementIdx,
    /// The message's name.
    pub name: String,
    /// Its correlation key; may be empty.
    pub correlation_key: String,
    /// Its own id, against doubles (BPMN MS-4).
    pub id: Option<String>,
    /// Milliseconds it is kept for a later catch; an hour when the model does not say.
    pub ttl_ms: i64,
    /// Its variables.
    pub variables: Object,
    /// Where its message flow leads (BPMN MS-11).
    pub target: Option<MessageTarget>,
}

/// A signal is thrown (BPMN SG-1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignalThrown {
    /// The run that throws it.
    pub key: u32,
    /// Its element.
    pub element: ElementIdx,
    /// The signal's name.
    pub name: String,
    /// Its variables.
    pub variables: Object,
    /// Only for instances of the same root tree (BPMN SG-3).
    pub own_tree: bool,
}

/// Another process is called (BPMN CA-1..5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildStarted {
    /// The call activity's run.
    pub key: u32,
    /// The call activity.
    pub element: ElementIdx,
    /// The called instance's id, in the caller's partition.
    pub child: InstanceId,
    /// The called process's id.
    pub process: String,
    /// Which version.
    pub binding: Binding,
    /// Its start variables.
    pub variables: Object,
    /// Its business key.
    pub business_key: Option<String>,
    /// The caller may ask it, after its end, to compensate itself: [`ParentLink::compensable`].
    #[serde(default)]
    pub compensable: bool,
    /// Whether the caller waits for its end; then its [`ParentLink`] names the caller, otherwise it has none.
    pub wait: bool,
}

/// Who called an instance and waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentLink {
    /// The caller.
    pub instance: InstanceId,
    /// The run of the call activity there.
    pub key: u32,
    /// The instance that began the tree.
    pub root: InstanceId,
    /// How many calls deep it is; the root's own callees are at 1 (BPMN CA-4: at most 50).
    pub depth: u32,
    /// The caller may ask it, after its end, to compensate itself (BPMN CO-7): its state is then kept.
    #[serde(default)]
    pub compensable: bool,
}

/// How a called instance ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChildOutcome {
    /// Normally, with these process variables.
    Completed {
        /// Its variables.
        variables: Object,
    },
    /// By a business error that nothing in it caught (BPMN ER-3).
    Failed {
        /// The error's code.
        code: String,
        /// Its message.
        message: String,
        /// Variables that travel with it.
        data: Object,
    },
    /// It had ended before and has compensated itself (BPMN CO-7).
    Compensated,
    /// It was cancelled from outside: the call waits with an incident.
    Canceled {
        /// Why.
        reason: String,
    },
    /// It could not be started: the call waits with an incident of this code; a retry looks again (BPMN CA-1).
    NotStarted {
        /// A registered code.
        code: String,
        /// What is wrong.
        message: String,
    },
}
