//! Deployed decisions: what is shown of them and what trying one out gives.

use model::{DefinitionId, Diagnostic, ModelId, Object, Timestamp, UserId};

/// Which versions of decisions to list.
#[derive(Debug, Clone, Default)]
pub struct DecisionFilter {
    /// Part of the name or decision id, without regard to case.
    pub search: Option<String>,
    /// Only the newest version of each decision.
    pub latest: bool,
    /// Only versions of this decision.
    pub decision_id: Option<String>,
}

/// A version of a decision.
#[derive(Debug, Clone)]
pub struct DecisionView {
    /// Its id.
    pub id: DefinitionId,
    /// The decision's id in its file.
    pub decision_id: String,
    /// What people see.
    pub name: String,
    /// Counts from 1 per decision.
    pub version: u32,
    /// The author's tag of the version.
    pub version_tag: Option<String>,
    /// The id of the file's requirements (`definitions`).
    pub requirements_id: String,
    /// Their name.
    pub requirements_name: String,
    /// Names of what it takes from outside, what it requires included.
    pub inputs: Vec<String>,
    /// The model it was drawn as.
    pub model: Option<ModelId>,
    /// Who deployed it.
    pub deployed_by: Option<UserId>,
    /// When.
    pub deployed_at: Timestamp,
    /// Whether it is no longer found by its decision's id.
    pub withdrawn: bool,
}

/// A version with its file.
#[derive(Debug, Clone)]
pub struct DecisionDetails {
    /// The facts of the list.
    pub view: DecisionView,
    /// The DMN XML.
    pub source: String,
    /// What was found in the file when it was deployed.
    pub diagnostics: Vec<Diagnostic>,
}

/// Which decision to try out.
#[derive(Debug, Clone)]
pub enum DecisionSel {
    /// This version.
    Id(DefinitionId),
    /// The newest version of this decision.
    Latest(String),
    /// A decision of a text that is not deployed; its first when none is named.
    Draft {
        /// DMN XML.
        source: String,
        /// The decision's or service's id or name.
        decision: Option<String>,
    },
}

/// A decision to try out.
#[derive(Debug, Clone)]
pub struct TriedDecision {
    /// Which.
    pub decision: DecisionSel,
    /// With what.
    pub variables: Object,
}

/// What trying one out gave.
#[derive(Debug, Clone)]
pub struct DecisionEvaluation {
    /// The version, when it was a deployed one.
    pub id: Option<DefinitionId>,
    /// Its number.
    pub version: Option<u32>,
    /// The result, and how it came about.
    pub outcome: dmn::Outcome,
}
