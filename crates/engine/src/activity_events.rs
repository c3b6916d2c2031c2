//! The content of larger events about activities: turns, compensation, migration.
//!
//! Invariant: as for all events, everything that was evaluated is in them. Never: decides anything.

use crate::state::AfterCompensation;
use model::definition::ElementIdx;
use model::{DefinitionId, InstanceId, Object, Value};
use serde::{Deserialize, Serialize};

/// A repeated activity knows its turns (BPMN MI-1, LP-1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnsPlanned {
    /// The activity's run.
    pub key: u32,
    /// How many turns there are; 0 for a standard loop.
    pub total: u32,
    /// The items, one a turn; null without a collection (MI-2: they are fixed here).
    pub items: Value,
}

/// A completed activity can be compensated (BPMN CO-1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompensationRecorded {
    /// The activity's run, about to end.
    pub key: u32,
    /// The activity.
    pub element: ElementIdx,
    /// The run that contains it.
    pub scope: u32,
    /// The run of a repeated activity around its turns.
    pub body: bool,
    /// The called instance that is kept for it (CO-7).
    pub child: Option<InstanceId>,
    /// What its handler will see.
    pub variables: Object,
}

/// Compensation begins (BPMN CO-3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompensationThrown {
    /// The run that throws it.
    pub key: u32,
    /// The run that its handlers run in.
    pub scope: u32,
    /// What happens after it.
    pub then: AfterCompensation,
    /// What is undone; everything of the scope when absent.
    pub activity: Option<ElementIdx>,
    /// The records that are compensated, the next one last.
    pub records: Vec<u32>,
}

/// The instance goes on with another version (BPMN MG-3..6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Migrated {
    /// The version it runs now.
    pub definition: DefinitionId,
    /// Elements of the version before and of this one: what is active, armed or recorded.
    pub elements: Vec<(ElementIdx, ElementIdx)>,
    /// Flows with waiting tokens, in the version before and in this one.
    pub flows: Vec<(u32, u32)>,
    /// Why.
    pub reason: String,
}
