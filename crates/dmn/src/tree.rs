//! What a DMN file says, as data: one tree for every version of the language.
//!
//! Never: judges it. Every `at` is a byte of the file's text.

use std::sync::Arc;

/// A file.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) namespace: Arc<str>,
    pub(crate) imports: Vec<Import>,
    pub(crate) types: Vec<ItemDefinition>,
    pub(crate) inputs: Vec<InputData>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) functions: Vec<Function>,
    pub(crate) services: Vec<Service>,
}

/// `import` of another model.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) name: Arc<str>,
    pub(crate) namespace: Arc<str>,
    pub(crate) at: usize,
}

/// A text in the file.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) text: String,
    pub(crate) at: usize,
}

/// A name with a type.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: Arc<str>,
    pub(crate) type_ref: Option<Arc<str>>,
}

/// A type.
#[derive(Debug)]
pub(crate) struct ItemDefinition {
    pub(crate) name: Arc<str>,
    pub(crate) type_ref: Option<Arc<str>>,
    pub(crate) collection: bool,
    pub(crate) allowed: Option<Source>,
    pub(crate) constraint: Option<Source>,
    pub(crate) components: Vec<ItemDefinition>,
    pub(crate) function: bool,
    pub(crate) at: usize,
}

/// Something that is given from outside.
#[derive(Debug)]
pub(crate) struct InputData {
    pub(crate) id: Arc<str>,
    pub(crate) variable: Variable,
}

/// A decision.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) version_tag: Option<Arc<str>>,
    pub(crate) variable: Variable,
    pub(crate) requires: Vec<Reference>,
    pub(crate) knows: Vec<Reference>,
    pub(crate) logic: Option<Logic>,
    pub(crate) at: usize,
}

/// A business knowledge model.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) id: Arc<str>,
    pub(crate) variable: Variable,
    pub(crate) knows: Vec<Reference>,
    pub(crate) definition: Option<FunctionDefinition>,
    pub(crate) at: usize,
}

/// A decision service.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) variable: Variable,
    pub(crate) outputs: Vec<Reference>,
    pub(crate) input_decisions: Vec<Reference>,
    pub(crate) input_data: Vec<Reference>,
    pub(crate) at: usize,
}

/// `href` of a requirement.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) href: Arc<str>,
    pub(crate) at: usize,
}

/// A boxed expression.
#[derive(Debug)]
pub(crate) struct Logic {
    pub(crate) id: Option<Arc<str>>,
    pub(crate) type_ref: Option<Arc<str>>,
    pub(crate) form: Form,
    pub(crate) at: usize,
}

/// What kind of boxed expression.
#[derive(Debug)]
pub(crate) enum Form {
    Literal { source: Source, language: Option<Arc<str>> },
    Table(Box<Table>),
    Context(Vec<(Option<Variable>, Option<Logic>)>),
    List(Vec<Logic>),
    Relation { columns: Vec<Variable>, rows: Vec<Vec<Logic>> },
    Invocation { callee: Option<Box<Logic>>, bindings: Vec<(Variable, Option<Logic>)> },
    Function(Box<FunctionDefinition>),
    Conditional(Vec<Option<Logic>>),
    Filter { list: Option<Box<Logic>>, condition: Option<Box<Logic>> },
    Iteration { kind: IterationKind, variable: Arc<str>, over: Option<Box<Logic>>, body: Option<Box<Logic>> },
    Unknown(String),
}

/// Which iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IterationKind {
    For,
    Some,
    Every,
}

/// A function with its parameters.
#[derive(Debug)]
pub(crate) struct FunctionDefinition {
    pub(crate) kind: Option<Arc<str>>,
    pub(crate) params: Vec<Variable>,
    pub(crate) body: Option<Logic>,
    pub(crate) at: usize,
}

/// A decision table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) hit_policy: String,
    pub(crate) aggregation: String,
    pub(crate) inputs: Vec<InputClause>,
    pub(crate) outputs: Vec<OutputClause>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) label: Option<Arc<str>>,
}

/// A column of conditions.
#[derive(Debug)]
pub(crate) struct InputClause {
    pub(crate) label: Option<Arc<str>>,
    pub(crate) source: Source,
    pub(crate) language: Option<Arc<str>>,
    pub(crate) type_ref: Option<Arc<str>>,
    pub(crate) variable: Option<Arc<str>>,
    pub(crate) allowed: Option<Source>,
}

/// A column of results.
#[derive(Debug)]
pub(crate) struct OutputClause {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) label: Option<Arc<str>>,
    pub(crate) type_ref: Option<Arc<str>>,
    pub(crate) allowed: Option<Source>,
    pub(crate) default: Option<Source>,
}

/// A row.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: Option<Arc<str>>,
    pub(crate) inputs: Vec<Cell>,
    pub(crate) outputs: Vec<Cell>,
    pub(crate) at: usize,
}

/// A cell.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) source: Source,
    pub(crate) language: Option<Arc<str>>,
}
