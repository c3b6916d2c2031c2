//! The intermediate representation (IR): what BPMN XML, Bitrix templates and robots compile to.
//!
//! A [`ProcessDefinition`] is an arena of elements and sequence flows. Element 0 is the process itself; every other
//! element has a parent scope. Nothing after `formats` knows which front-end a definition came from, except through
//! [`Origin`] and the source positions kept for diagnostics. Expressions are text here; the engine compiles them once.

use crate::{Object, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Position of an [`Element`] in [`ProcessDefinition::elements`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ElementIdx(pub u32);

/// Position of a [`SequenceFlow`] in [`ProcessDefinition::flows`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlowIdx(pub u32);

/// Position of an [`Expression`] in [`ProcessDefinition::expressions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExprId(pub u32);

/// The process: element 0.
pub const ROOT: ElementIdx = ElementIdx(0);

/// Which front-end a definition came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// BPMN 2.0 XML.
    Bpmn,
    /// A Bitrix template.
    Bpt,
}

/// The language of an [`Expression`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// FEEL, without the leading `=`.
    Feel,
    /// JavaScript: the body of a function whose `return` is the result; or a single expression.
    JavaScript,
    /// Text with Bitrix macros `{=Object:Field > modifier}`, `{{=calculation}}` or a whole `=calculation`.
    Bitrix,
    /// A Bitrix condition group as JSON: `{"kind":"mixedcondition","items":[{"object","field","operator","value","joiner"}]}`.
    BitrixCondition,
}

/// Source text of an expression, or a constant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Expression {
    /// A constant: never fails.
    Literal(Value),
    /// Text to compile.
    Source {
        /// Its language.
        language: Language,
        /// The text.
        text: Arc<str>,
        /// Element the expression belongs to.
        element: ElementIdx,
        /// What it is for, in diagnostics: `condition`, `input amount`, `timer`.
        role: Arc<str>,
    },
}

/// One executable process.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessDefinition {
    /// The process's id in its file (BPMN `process/@id`); versions are counted per id.
    pub process_id: String,
    /// What people see.
    pub name: String,
    /// Where it came from.
    pub origin: Origin,
    /// Elements; `[0]` is the process.
    pub elements: Vec<Element>,
    /// Sequence flows in file order.
    pub flows: Vec<SequenceFlow>,
    /// Expressions.
    pub expressions: Vec<Expression>,
    /// Values a start call may or must give.
    pub parameters: Vec<VariableDecl>,
    /// Variables that exist from the start, with their initial values.
    pub variables: Vec<VariableDecl>,
    /// Constants set by an administrator.
    pub constants: Vec<VariableDecl>,
    /// Form shown to a person who starts the process.
    pub start_form: Option<Form>,
}

/// A declared parameter, variable or constant (Bitrix contract 4.3).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VariableDecl {
    /// Key.
    pub key: String,
    /// What people see.
    pub name: String,
    /// Explanation.
    pub description: String,
    /// Bitrix type name: `string`, `text`, `int`, `double`, `bool`, `date`, `datetime`, `time`, `select`, `user`,
    /// `file`.
    pub kind: String,
    /// Whether a value must be given.
    pub required: bool,
    /// Whether it holds a list.
    pub multiple: bool,
    /// Options of a `select`: key → label.
    pub options: Vec<(String, String)>,
    /// Value when none is given.
    pub default: Value,
}

/// A node of the process.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Its id in the file; unique in the definition.
    pub id: Arc<str>,
    /// Its label.
    pub name: Option<String>,
    /// The scope that contains it; the process contains itself.
    pub parent: ElementIdx,
    /// What it does.
    pub kind: ElementKind,
    /// Incoming sequence flows in file order.
    pub incoming: Vec<FlowIdx>,
    /// Outgoing sequence flows in file order.
    pub outgoing: Vec<FlowIdx>,
    /// The default among `outgoing`.
    pub default_flow: Option<FlowIdx>,
    /// Input mappings in order (BPMN VA-3).
    pub inputs: Vec<Mapping>,
    /// Output mappings in order (BPMN VA-4).
    pub outputs: Vec<Mapping>,
    /// Boundary events attached to it, in file order.
    pub boundaries: Vec<ElementIdx>,
    /// Line in the source, from 1; 0 when there is none.
    pub line: u32,
    /// Column in the source, from 1.
    pub column: u32,
}

/// `source` evaluated into the variable `target` (dotted = nested).
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Variable name, or a dotted path.
    pub target: String,
    /// What is evaluated.
    pub source: ExprId,
}

/// An edge.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceFlow {
    /// Its id in the file.
    pub id: Arc<str>,
    /// Its label.
    pub name: Option<String>,
    /// Where it leaves.
    pub source: ElementIdx,
    /// Where it arrives.
    pub target: ElementIdx,
    /// Taken only when this is true.
    pub condition: Option<ExprId>,
}

/// What an element does. Closed: the engine matches on it without a wildcard.
#[derive(Debug, Clone, PartialEq)]
pub enum ElementKind {
    /// The process or an embedded sub-process.
    Scope(Scope),
    /// A start event.
    StartEvent(StartEvent),
    /// An end event.
    EndEvent(EndEvent),
    /// An intermediate catch event.
    CatchEvent(CatchEvent),
    /// An intermediate throw event without a trigger: passes through.
    ThrowNone,
    /// An event on the border of an activity.
    BoundaryEvent(BoundaryEvent),
    /// An abstract task: passes through.
    Task,
    /// A manual task: passes through.
    ManualTask,
    /// A user task.
    UserTask(Box<UserTask>),
    /// Work for a connector, an app's handler or an external worker.
    ServiceTask(Box<ServiceTask>),
    /// A script evaluated by the engine.
    ScriptTask(ScriptTask),
    /// Takes the first flow whose condition holds.
    ExclusiveGateway,
    /// Joins all incoming, splits to all outgoing.
    ParallelGateway,
    /// Read, shown and kept, but not runnable: deployment fails.
    Unsupported {
        /// The construct, as the user knows it: `inclusiveGateway`, `CodeActivity`.
        construct: String,
        /// The rule id deployment fails with.
        rule: &'static str,
    },
}

/// The process or an embedded sub-process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scope {
    /// Its none start events, in file order.
    pub starts: Vec<ElementIdx>,
}

/// A start event.
#[derive(Debug, Clone, PartialEq)]
pub enum StartEvent {
    /// Started by a command.
    None,
}

/// An end event.
#[derive(Debug, Clone, PartialEq)]
pub enum EndEvent {
    /// The token ends.
    None,
    /// Ends its scope at once (BPMN TE-1).
    Terminate,
    /// Raises a business error (BPMN ER-1).
    Error {
        /// The error's code.
        code: String,
        /// A message for people.
        message: Option<String>,
    },
}

/// An intermediate catch event.
#[derive(Debug, Clone, PartialEq)]
pub enum CatchEvent {
    /// Waits for a time.
    Timer(Timer),
}

/// An event on the border of an activity.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundaryEvent {
    /// The activity.
    pub attached_to: ElementIdx,
    /// Whether the activity is terminated (BPMN BD-2) or goes on (BD-3).
    pub interrupting: bool,
    /// What it waits for.
    pub trigger: BoundaryTrigger,
}

/// What a boundary event waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundaryTrigger {
    /// A time.
    Timer(Timer),
    /// A business error; `code` none catches all (BPMN ER-2).
    Error {
        /// The code caught.
        code: Option<String>,
    },
}

/// When a timer fires (BPMN TM-1..8).
#[derive(Debug, Clone, PartialEq)]
pub struct Timer {
    /// How `value` is read.
    pub kind: TimerKind,
    /// An ISO 8601 text, a date or a duration.
    pub value: ExprId,
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

/// What kind of answer a task asks for; decides its buttons and how it looks on the Bitrix face (contract 2.10, 4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TaskKind {
    /// Fill in a form (or nothing) and complete: outcome `ok`.
    #[default]
    Form,
    /// Approve or refuse: outcomes `yes`, `no`.
    Approve,
    /// Acknowledge: outcome `ok`.
    Review,
    /// Fill in a form or refuse: outcomes `ok`, `cancel`.
    FormOrRefuse,
}

impl TaskKind {
    /// The outcomes it offers.
    pub fn outcomes(self) -> &'static [&'static str] {
        match self {
            Self::Form | Self::Review => &["ok"],
            Self::Approve => &["yes", "no"],
            Self::FormOrRefuse => &["ok", "cancel"],
        }
    }
}

/// A user task.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserTask {
    /// What kind of answer it asks for.
    pub kind: TaskKind,
    /// The person: `user_5`, a login, or a list of them.
    pub assignee: Option<ExprId>,
    /// People who may claim it.
    pub candidate_users: Option<ExprId>,
    /// Groups whose members may claim it.
    pub candidate_groups: Option<ExprId>,
    /// When it is late.
    pub due: Option<ExprId>,
    /// What people see as its title; the element's name when absent.
    pub title: Option<ExprId>,
    /// Explanation for the person.
    pub description: Option<ExprId>,
    /// 0..100; 50 when absent.
    pub priority: Option<ExprId>,
    /// The form.
    pub form: Option<Form>,
    /// Variable that receives the outcome (`yes`, `ok`, …) besides the form's values.
    pub outcome_variable: Option<String>,
    /// Face-specific settings kept as they were (button labels, comment rules).
    pub settings: Object,
}

/// A form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// A form-js schema kept in the definition.
    Embedded(serde_json::Value),
    /// A deployed form by its id.
    Id(String),
}

/// Work for a connector, an app's handler or an external worker.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceTask {
    /// Job type: `rest_<md5>` for an app's activity, `ruslo:…` for built-in components, anything for workers.
    pub job_type: ExprId,
    /// How often the job may fail before it becomes an incident; 3 when absent.
    pub retries: Option<ExprId>,
    /// Static settings.
    pub headers: Vec<(String, String)>,
    /// Variable that receives the whole result as a context (zeebe header `resultVariable`).
    pub result_variable: Option<String>,
    /// Expression over the result; its context's entries become variables (zeebe header `resultExpression`).
    pub result_expression: Option<ExprId>,
}

/// A script evaluated by the engine.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptTask {
    /// What is evaluated.
    pub script: ExprId,
    /// Variable that receives the result; for JavaScript without one, a returned object's members become variables.
    pub result_variable: Option<String>,
}

impl ProcessDefinition {
    /// The element at `idx`. Indexes come from this definition, so they are in range.
    pub fn element(&self, idx: ElementIdx) -> &Element {
        &self.elements[idx.0 as usize]
    }
    /// The flow at `idx`.
    pub fn flow(&self, idx: FlowIdx) -> &SequenceFlow {
        &self.flows[idx.0 as usize]
    }
    /// The expression at `id`.
    pub fn expression(&self, id: ExprId) -> &Expression {
        &self.expressions[id.0 as usize]
    }
    /// The element with the id in the file.
    pub fn find(&self, id: &str) -> Option<ElementIdx> {
        self.elements.iter().position(|e| &*e.id == id).map(|i| ElementIdx(i as u32))
    }
}
