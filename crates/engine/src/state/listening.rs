//! What events and gateways remember beyond timers and subscriptions: watched conditions, triggers that came one by
//! one, complex gateways between their two phases, keys of the conversation.
//!
//! Owns: the rare parts of an instance; empty for most. Invariant: watchers and collected triggers hang on an active
//! run and go with it, gateway phases go with their scope. Never: looks into the definition.

use model::Object;
use model::definition::{ElementIdx, FlowIdx};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The rare parts of an instance that belong to events and gateways.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Listening {
    /// Conditions that are watched, in the order of their arming.
    pub watchers: Vec<Watcher>,
    /// Triggers that came already to events that wait for all of theirs (BPMN ML-1).
    pub collected: Vec<Collected>,
    /// Complex gateways that wait for their reset (BPMN CX-4).
    pub resets: Vec<Reset>,
    /// Keys of the conversation, set by its first message (BPMN MS-8).
    pub conversation: Vec<ConversationKey>,
}

/// A condition that is watched (BPMN CN-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Watcher {
    /// The run it belongs to, as for subscriptions.
    pub key: u32,
    /// The element that waits for it.
    pub element: ElementIdx,
    /// Position among the element's triggers.
    pub trigger: u32,
    /// It was true when last seen.
    pub holds: bool,
    /// Evaluations that failed, in a row (BPMN CN-4).
    pub failures: u32,
}

/// Triggers that came to an event that waits for all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Collected {
    /// The run it belongs to, as for subscriptions.
    pub key: u32,
    /// The event.
    pub element: ElementIdx,
    /// Positions of the triggers that came.
    pub triggers: Vec<u32>,
    /// Their data, in order of arrival.
    pub variables: Arc<Object>,
}

/// A complex gateway that waits for its reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reset {
    /// The scope instance.
    pub scope: u32,
    /// The gateway.
    pub element: ElementIdx,
    /// The flows whose tokens it took when it fired.
    pub taken: Vec<FlowIdx>,
}

/// A key of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationKey {
    /// The correlation key's id.
    pub name: Arc<str>,
    /// Its value.
    pub value: Arc<str>,
}

impl Listening {
    /// Nothing hangs on a run that is over, or on a scope that is gone.
    pub(crate) fn run_gone(&mut self, key: u32) {
        self.watchers.retain(|w| w.key != key);
        self.collected.retain(|c| c.key != key);
        self.resets.retain(|r| r.scope != key);
    }

    pub(crate) fn watcher_mut(&mut self, key: u32, element: ElementIdx, trigger: u32) -> Option<&mut Watcher> {
        self.watchers.iter_mut().find(|w| w.key == key && w.element == element && w.trigger == trigger)
    }

    pub(crate) fn collected_mut(&mut self, key: u32, element: ElementIdx) -> &mut Collected {
        let at = match self.collected.iter().position(|c| c.key == key && c.element == element) {
            Some(at) => at,
            None => {
                self.collected.push(Collected { key, element, ..Collected::default() });
                self.collected.len() - 1
            }
        };
        &mut self.collected[at]
    }
}
