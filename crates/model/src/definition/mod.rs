//! The intermediate representation (IR): what BPMN XML, Bitrix templates and robots compile to.
//!
//! A [`ProcessDefinition`] is an arena of elements and sequence flows. Element 0 is the process itself; every other
//! element has a parent scope. Nothing after `formats` knows which front-end a definition came from, except through
//! [`Origin`] and the source positions kept for diagnostics. Expressions are text here; the engine compiles them once.

mod activities;
mod data;
mod events;
mod scopes;

pub use activities::*;
pub use data::*;
pub use events::*;
pub use scopes::*;

use crate::Value;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Position of an [`Element`] in [`ProcessDefinition::elements`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// The version's tag; unique per process id (BPMN MG-9).
    pub version_tag: Option<String>,
    /// The zone of its dates and times without one (BPMN TM-2).
    pub zone: Option<String>,
    /// What missed firings of its timer starts become (BPMN TM-7).
    pub missed_starts: MissedStarts,
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
    /// Boundary events attached to it, in file order; compensation ones are not among them (BPMN BD-6).
    pub boundaries: Vec<ElementIdx>,
    /// What makes it more than a plain run; none for most elements.
    pub traits: Option<Box<Traits>>,
    /// Line in the source, from 1; 0 when there is none.
    pub line: u32,
    /// Column in the source, from 1.
    pub column: u32,
}

impl Element {
    /// An element without flows and settings.
    pub fn new(id: impl Into<Arc<str>>, parent: ElementIdx, kind: ElementKind) -> Self {
        Self {
            id: id.into(),
            name: None,
            parent,
            kind,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            default_flow: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            boundaries: Vec::new(),
            traits: None,
            line: 0,
            column: 0,
        }
    }
    /// Its traits, to be changed.
    pub fn traits_mut(&mut self) -> &mut Traits {
        self.traits.get_or_insert_default()
    }
    /// How often it runs.
    pub fn repetition(&self) -> Option<&Repetition> {
        self.traits.as_deref().and_then(|t| t.repetition.as_ref())
    }
    /// The activity that undoes it (BPMN CO-2).
    pub fn compensation_handler(&self) -> Option<ElementIdx> {
        self.traits.as_deref().and_then(|t| t.compensation_handler)
    }
    /// Whether it runs only to undo another activity.
    pub fn is_for_compensation(&self) -> bool {
        self.traits.as_deref().is_some_and(|t| t.for_compensation)
    }
    /// Its execution listeners, in order.
    pub fn listeners(&self) -> &[Listener] {
        self.traits.as_deref().map_or(&[], |t| &t.listeners)
    }
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
    /// Made for a pair of link events: not in the file (BPMN LK-1).
    pub link: bool,
}

/// What an element does. Closed: the engine matches on it without a wildcard.
#[derive(Debug, Clone, PartialEq)]
pub enum ElementKind {
    /// The process or a sub-process of any kind.
    Scope(Box<Scope>),
    /// A start event.
    StartEvent(StartEvent),
    /// An end event.
    EndEvent(ThrowEvent),
    /// An intermediate catch event. The catch side of a link has no trigger and passes through.
    CatchEvent(CatchEvent),
    /// An intermediate throw event; without results it passes through. The throw side of a link passes through over a
    /// flow made for it ([`SequenceFlow::link`]).
    ThrowEvent(ThrowEvent),
    /// An event on the border of an activity.
    BoundaryEvent(BoundaryEvent),
    /// An abstract task: passes through.
    Task,
    /// A manual task: passes through.
    ManualTask,
    /// A user task.
    UserTask(Box<UserTask>),
    /// Work for a connector, an app's handler or an external worker: service tasks, and send, script and business rule
    /// tasks that are done by a job.
    ServiceTask(Box<ServiceTask>),
    /// A send task that publishes its message itself (BPMN MS-10 b).
    SendTask(Box<MessageThrow>),
    /// Waits for a message.
    ReceiveTask(Box<ReceiveTask>),
    /// A script evaluated by the engine.
    ScriptTask(ScriptTask),
    /// Evaluates a decision.
    BusinessRuleTask(Box<DecisionCall>),
    /// Runs another process.
    CallActivity(Box<CallActivity>),
    /// Takes the first flow whose condition holds.
    ExclusiveGateway,
    /// Joins all incoming, splits to all outgoing.
    ParallelGateway,
    /// Joins what can still arrive (BPMN OR-1..9), takes every flow whose condition holds.
    InclusiveGateway,
    /// Joins by its condition (BPMN CX-1..6).
    ComplexGateway(ComplexGateway),
    /// Waits for the first of the events behind it (BPMN EB-1..6).
    EventBasedGateway(EventBasedGateway),
    /// Read, shown and kept, but not runnable: deployment fails.
    Unsupported {
        /// The construct, as the user knows it: `CodeActivity`.
        construct: String,
        /// The rule id deployment fails with.
        rule: &'static str,
    },
}

impl ElementKind {
    /// The process.
    pub fn process() -> Self {
        Self::Scope(Box::new(Scope::of(ScopeKind::Process)))
    }
    /// An embedded sub-process.
    pub fn sub_process() -> Self {
        Self::Scope(Box::default())
    }
    /// A none start event.
    pub fn start() -> Self {
        Self::StartEvent(StartEvent::default())
    }
    /// A none end event.
    pub fn end() -> Self {
        Self::EndEvent(ThrowEvent::default())
    }
    /// Passes through: a none throw event.
    pub fn throw_none() -> Self {
        Self::ThrowEvent(ThrowEvent::default())
    }
    /// The scope it is, if it is one.
    pub fn as_scope(&self) -> Option<&Scope> {
        match self {
            Self::Scope(scope) => Some(scope),
            _ => None,
        }
    }
    /// Whether it is an activity: may repeat, carry boundary events, be compensated.
    pub fn is_activity(&self) -> bool {
        match self {
            Self::Scope(_)
            | Self::Task
            | Self::ManualTask
            | Self::UserTask(_)
            | Self::ServiceTask(_)
            | Self::SendTask(_)
            | Self::ReceiveTask(_)
            | Self::ScriptTask(_)
            | Self::BusinessRuleTask(_)
            | Self::CallActivity(_) => true,
            Self::StartEvent(_)
            | Self::EndEvent(_)
            | Self::CatchEvent(_)
            | Self::ThrowEvent(_)
            | Self::BoundaryEvent(_)
            | Self::ExclusiveGateway
            | Self::ParallelGateway
            | Self::InclusiveGateway
            | Self::ComplexGateway(_)
            | Self::EventBasedGateway(_)
            | Self::Unsupported { .. } => false,
        }
    }
}

impl ProcessDefinition {
    /// A process without anything but itself (element 0).
    pub fn new(process_id: impl Into<String>, name: impl Into<String>, origin: Origin) -> Self {
        let process_id = process_id.into();
        let root = Element::new(process_id.as_str(), ROOT, ElementKind::process());
        Self {
            process_id,
            name: name.into(),
            origin,
            elements: vec![root],
            flows: Vec::new(),
            expressions: Vec::new(),
            parameters: Vec::new(),
            variables: Vec::new(),
            constants: Vec::new(),
            start_form: None,
            version_tag: None,
            zone: None,
            missed_starts: MissedStarts::default(),
        }
    }
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
