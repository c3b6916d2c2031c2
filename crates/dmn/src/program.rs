//! A model as it is evaluated: expressions read, references resolved to positions.
//!
//! Invariant: immutable; shared between threads by reference counting.

use crate::tree::IterationKind;
use crate::types::{Kind, Tests, Types};
use expr::feel::Expression;
use std::sync::Arc;

/// Everything of one deployment's model.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) types: Types,
    pub(crate) inputs: Vec<Input>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) functions: Vec<Arc<Function>>,
    pub(crate) services: Vec<Arc<Service>>,
    /// The items of a range.
    pub(crate) unfold: Expression,
}

/// Something given from outside.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Option<Kind>,
}

/// What a name in an expression stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum What {
    Input(usize),
    Decision(usize),
    Function(usize),
    Service(usize),
}

/// A name that an expression may use, and what it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    pub(crate) name: Arc<str>,
    /// The import it comes by, when that has a name: the value is a member of it.
    pub(crate) import: Option<Arc<str>>,
    pub(crate) what: What,
    /// Other names under which vendors' models know it, used when nothing else has them.
    pub(crate) aliases: Vec<Arc<str>>,
}

/// A decision.
#[derive(Debug)]
pub(crate) struct Decision {
    /// Which file it stands in.
    pub(crate) file: usize,
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) version_tag: Option<Arc<str>>,
    pub(crate) kind: Option<Kind>,
    pub(crate) requires: Vec<Requirement>,
    pub(crate) logic: Option<Boxed>,
}

/// A function with a name.
#[derive(Debug)]
pub(crate) struct Function {
    /// By which it may call itself.
    pub(crate) name: Arc<str>,
    pub(crate) params: Vec<Arc<str>>,
    pub(crate) kinds: Vec<Option<Kind>>,
    pub(crate) knows: Vec<Requirement>,
    pub(crate) body: Boxed,
}

/// A decision service.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) file: usize,
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    /// Names of inputs and input decisions, in the order of parameters.
    pub(crate) params: Vec<Arc<str>>,
    pub(crate) given: Vec<What>,
    pub(crate) kind: Option<Kind>,
    pub(crate) outputs: Vec<usize>,
}

/// A boxed expression with its declared type.
#[derive(Debug)]
pub(crate) struct Boxed {
    pub(crate) form: Form,
    pub(crate) kind: Option<Kind>,
}

/// A boxed expression.
#[derive(Debug)]
pub(crate) enum Form {
    /// Could not be read; null. Such a model is never deployed.
    Broken(String),
    Literal(Expression),
    Table(Box<Table>),
    Context(Vec<Entry>),
    List(Vec<Boxed>),
    Relation {
        columns: Vec<Arc<str>>,
        rows: Vec<Vec<Boxed>>,
    },
    Invocation {
        callee: Callee,
        bindings: Vec<(Arc<str>, Boxed)>,
    },
    Function(Arc<Closure>),
    Conditional(Box<(Boxed, Boxed, Boxed)>),
    Filter(Box<(Boxed, Boxed)>),
    Iteration {
        kind: IterationKind,
        variable: Arc<str>,
        partial: bool,
        parts: Box<(Boxed, Boxed)>,
    },
}

/// What an invocation calls.
#[derive(Debug)]
pub(crate) enum Callee {
    /// A value of the model.
    Value(Box<Boxed>),
    /// A function of FEEL.
    Builtin(Arc<str>),
}

/// An entry of a boxed context; the one without a name is the result.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) kind: Option<Kind>,
    pub(crate) value: Boxed,
}

/// A boxed function.
#[derive(Debug)]
pub(crate) struct Closure {
    pub(crate) params: Vec<Arc<str>>,
    pub(crate) kinds: Vec<Option<Kind>>,
    pub(crate) body: Boxed,
}

/// What happens when rules match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HitPolicy {
    Unique,
    Any,
    Priority,
    First,
    RuleOrder,
    OutputOrder,
    Collect,
    Sum,
    Min,
    Max,
    Count,
}

impl HitPolicy {
    /// Its letter in a table's corner.
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Unique => "U",
            Self::Any => "A",
            Self::Priority => "P",
            Self::First => "F",
            Self::RuleOrder => "R",
            Self::OutputOrder => "O",
            Self::Collect => "C",
            Self::Sum => "C+",
            Self::Min => "C<",
            Self::Max => "C>",
            Self::Count => "C#",
        }
    }

    /// Whether one rule gives the result.
    pub(crate) fn is_single(self) -> bool {
        matches!(self, Self::Unique | Self::Any | Self::Priority | Self::First)
    }
}

/// A decision table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) id: Arc<str>,
    pub(crate) policy: HitPolicy,
    pub(crate) inputs: Vec<InputColumn>,
    pub(crate) outputs: Vec<OutputColumn>,
    pub(crate) rules: Vec<Rule>,
}

/// A column of conditions.
#[derive(Debug)]
pub(crate) struct InputColumn {
    pub(crate) label: Arc<str>,
    pub(crate) value: Option<Expression>,
    pub(crate) kind: Option<Kind>,
    pub(crate) allowed: Option<Tests>,
    /// A name for the column's value inside of its cells.
    pub(crate) variable: Option<Arc<str>>,
}

/// A column of results.
#[derive(Debug)]
pub(crate) struct OutputColumn {
    /// The member's name when there are several; the label otherwise.
    pub(crate) name: Arc<str>,
    pub(crate) kind: Option<Kind>,
    pub(crate) allowed: Option<Tests>,
    /// The values in falling order of priority.
    pub(crate) order: Vec<Expression>,
    pub(crate) default: Option<Expression>,
}

/// A row; `None` is a cell that any value passes, or an output that is null.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: Arc<str>,
    pub(crate) inputs: Vec<Option<Expression>>,
    pub(crate) outputs: Vec<Option<Expression>>,
}
