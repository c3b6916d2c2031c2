//! What people who look after instances do with them.

use model::{DefinitionId, Fault, InstanceId, Object, Value};

pub use engine::{Activate, Modification, Move};

/// One act on a running instance.
#[derive(Debug, Clone)]
pub enum Operation {
    /// Stops everything that goes on by itself (BPMN MG-8), in called instances too.
    Suspend {
        /// Why.
        reason: String,
    },
    /// Lets it go on.
    Resume,
    /// Begins elements and cuts off runs, in one step (BPMN MG-1).
    Modify(Modification),
    /// One more turn of a multi-instance activity (BPMN MI-2).
    AddTurn {
        /// The activity's run.
        key: u32,
        /// The turn's item.
        item: Value,
    },
    /// Cuts off one turn.
    DeleteTurn {
        /// The turn's run.
        turn: u32,
    },
    /// Cuts off the turns that are left.
    CompleteTurns {
        /// The activity's run.
        key: u32,
    },
    /// Begins activities of an ad-hoc sub-process (BPMN AH-2).
    ActivateAdHoc {
        /// Its run.
        key: u32,
        /// Ids of activities.
        elements: Vec<String>,
        /// Their variables.
        variables: Object,
    },
    /// Completes an ad-hoc sub-process (BPMN AH-4).
    CompleteAdHoc {
        /// Its run.
        key: u32,
    },
    /// Cancels a transaction (BPMN TX-2).
    CancelTransaction {
        /// Its run.
        key: u32,
    },
}

/// A migration to another version (BPMN MG-3..7).
#[derive(Debug, Clone)]
pub struct Migrate {
    /// The version whose running instances are meant, when none are named.
    pub from: Option<DefinitionId>,
    /// These instances.
    pub instances: Vec<InstanceId>,
    /// The version to go on with.
    pub to: DefinitionId,
    /// Ids of elements here and there, where they differ.
    pub elements: Vec<(String, String)>,
    /// Why, for the history.
    pub reason: String,
    /// Only says what stands in the way.
    pub dry_run: bool,
}

/// What came of the migration of one instance.
#[derive(Debug, Clone)]
pub struct Migration {
    /// The instance.
    pub instance: InstanceId,
    /// What stands in the way; none: it is done, or could be.
    pub fault: Option<Fault>,
}
