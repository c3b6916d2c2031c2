//! Deployed definitions: what is deployed and what is shown of it.

use model::definition::{Form, Origin, VariableDecl};
use model::{AppId, CatalogId, DefinitionId, Diagnostic, DocumentType, ModelId, Timestamp, UserId};

/// A file to deploy.
#[derive(Debug, Clone, Default)]
pub struct Deploy {
    /// What people see; the process's own name when empty.
    pub name: String,
    /// `.bpmn`, `.dmn` or `.bpt` bytes.
    pub bytes: Vec<u8>,
    /// The documents it runs for.
    pub document: Option<DocumentType>,
    /// The app that owns it.
    pub app: Option<AppId>,
    /// Bits of automatic start (Bitrix contract 4.2).
    pub auto_execute: u8,
    /// Explanation.
    pub description: String,
    /// The model it was drawn as.
    pub model: Option<ModelId>,
    /// Stores a definition with errors too; starting it is refused until they are gone.
    pub allow_undeployable: bool,
    /// The process that this is the next version of, whatever the file calls itself. Without it a `.bpmn` file's own
    /// process id counts, and a `.bpt` file, which has none, is a new process.
    pub process_id: Option<String>,
}

/// What was deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeployedKind {
    /// A process.
    Process,
    /// A decision.
    Decision,
}

/// One process or decision of a deployed file.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// What it is.
    pub kind: DeployedKind,
    /// The version's id.
    pub id: DefinitionId,
    /// The process's or decision's id in its file.
    pub process_id: String,
    /// Counts from 1 per process id.
    pub version: u32,
    /// The latest version has the same content already: it stands, and no new one was made (BPMN MG-9).
    pub unchanged: bool,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a file gave without being deployed.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether it could be deployed.
    pub deployable: bool,
    /// The BPMN XML that shows it; the file itself when it is BPMN. None when the file can not be stored.
    pub bpmn: Option<String>,
    /// Names of the processes in it.
    pub names: Vec<String>,
}

/// Which definitions to list.
#[derive(Debug, Clone, Default)]
pub struct DefinitionFilter {
    /// Part of the name or process id, without regard to case.
    pub search: Option<String>,
    /// Only the newest version of each process id.
    pub latest: bool,
    /// Only versions of this process id.
    pub process_id: Option<String>,
    /// Only those that run for this catalog.
    pub catalog: Option<CatalogId>,
    /// Only those of this app.
    pub app: Option<AppId>,
}

/// A deployed version.
#[derive(Debug, Clone)]
pub struct DefinitionView {
    /// Its id.
    pub id: DefinitionId,
    /// The process's id in its file.
    pub process_id: String,
    /// What people see.
    pub name: String,
    /// Counts from 1 per process id.
    pub version: u32,
    /// Which front-end it came from.
    pub origin: Origin,
    /// Explanation.
    pub description: String,
    /// The documents it runs for.
    pub document: Option<DocumentType>,
    /// The app that owns it.
    pub app: Option<AppId>,
    /// The model it was drawn as.
    pub model: Option<ModelId>,
    /// Bits of automatic start.
    pub auto_execute: u8,
    /// Who deployed it.
    pub deployed_by: Option<UserId>,
    /// When.
    pub deployed_at: Timestamp,
    /// When its name, description or automatic start last changed.
    pub modified_at: Timestamp,
    /// Whether it may be started.
    pub deployable: bool,
    /// What was found when it was deployed.
    pub diagnostics: Vec<Diagnostic>,
    /// Instances by state.
    pub stats: DefinitionStats,
}

/// How many instances a definition has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DefinitionStats {
    /// They run or wait.
    pub active: u64,
    /// They ended normally.
    pub completed: u64,
    /// They ended by an error or were cancelled.
    pub failed: u64,
    /// Running ones that an incident holds somewhere.
    pub incidents: u64,
    /// Ended ones that are no longer kept; not among the others.
    pub purged: u64,
}

/// A deployed version with its content.
#[derive(Debug, Clone)]
pub struct DefinitionDetails {
    /// The facts of the list.
    pub view: DefinitionView,
    /// The BPMN XML that shows it.
    pub bpmn: String,
    /// The file as deployed.
    pub source: Vec<u8>,
    /// Values a start call may or must give.
    pub parameters: Vec<VariableDecl>,
    /// Variables that exist from the start.
    pub variables: Vec<VariableDecl>,
    /// Constants set by an administrator.
    pub constants: Vec<VariableDecl>,
    /// Form shown to a person who starts it.
    pub start_form: Option<Form>,
}

/// Which definition to start.
#[derive(Debug, Clone)]
pub enum DefinitionSel {
    /// This version.
    Id(DefinitionId),
    /// The newest version of this process id.
    ProcessIdLatest(String),
}

/// What of a deployed version may change; `None` keeps.
#[derive(Debug, Clone, Default)]
pub struct DefinitionChange {
    /// What people see.
    pub name: Option<String>,
    /// Explanation.
    pub description: Option<String>,
    /// Bits of automatic start.
    pub auto_execute: Option<u8>,
}
