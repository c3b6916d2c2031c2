//! What an evaluation works with: data, and the two things that live only inside one: ranges and functions.
//!
//! Invariant: [`Feel::List`] and [`Feel::Context`] hold at least one range or function; pure data is [`Feel::Data`].

use super::builtins::Builtin;
use super::node::{Comparison, FunctionNode};
use super::session::Native;
use indexmap::IndexMap;
use model::{Number, Value};
use std::sync::Arc;

/// A value during an evaluation. Cheap to clone. Make lists and contexts by [`Feel::list`] and [`Feel::context`].
#[derive(Debug, Clone)]
pub enum Feel {
    /// Data.
    Data(Value),
    /// A list with something besides data in it.
    List(Arc<Vec<Feel>>),
    /// A context with something besides data in it.
    Context(Arc<IndexMap<Arc<str>, Feel>>),
    /// A range.
    Range(Arc<Range>),
    /// A function.
    Function(Arc<Function>),
}

/// A range; a missing end is infinite.
#[derive(Debug, Clone)]
pub struct Range {
    /// Where it starts.
    pub start: Option<Feel>,
    /// Whether the start belongs to it.
    pub start_included: bool,
    /// Where it ends.
    pub end: Option<Feel>,
    /// Whether the end belongs to it.
    pub end_included: bool,
}

/// A function as a value.
#[derive(Debug)]
pub struct Function(pub(super) Callable);

/// What a function is.
#[derive(Debug)]
pub(super) enum Callable {
    /// Written in an expression.
    Defined {
        /// What is written.
        node: Arc<FunctionNode>,
        /// The local variables around it.
        captured: Vec<Feel>,
        /// The variables of the scope that it reads.
        globals: Arc<Globals>,
    },
    /// Built in.
    Builtin(&'static Builtin),
    /// Somebody else's.
    Native(Arc<dyn Native>),
}

/// Variables that a function took with it.
pub(super) type Globals = Vec<(Arc<str>, Feel)>;

/// Null.
pub const NULL: Feel = Feel::Data(Value::Null);

impl From<Value> for Feel {
    fn from(value: Value) -> Self {
        Self::Data(value)
    }
}
impl From<bool> for Feel {
    fn from(value: bool) -> Self {
        Self::Data(Value::Bool(value))
    }
}
impl From<Number> for Feel {
    fn from(value: Number) -> Self {
        Self::Data(Value::Number(value))
    }
}
impl From<String> for Feel {
    fn from(value: String) -> Self {
        Self::Data(Value::String(Arc::from(value)))
    }
}

impl Feel {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Data(Value::Null))
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Data(Value::Bool(true)))
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::List(_) | Self::Data(Value::List(_)))
    }

    /// The number it is.
    pub fn as_number(&self) -> Option<Number> {
        if let Self::Data(Value::Number(n)) = self { Some(*n) } else { None }
    }

    /// The boolean it is.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Data(Value::Bool(b)) = self { Some(*b) } else { None }
    }

    /// The string it is.
    pub fn as_text(&self) -> Option<&Arc<str>> {
        if let Self::Data(Value::String(s)) = self { Some(s) } else { None }
    }

    /// Whether it is a context.
    pub fn is_context(&self) -> bool {
        matches!(self, Self::Context(_) | Self::Data(Value::Object(_)))
    }

    /// A function that is not written in FEEL.
    pub fn native(function: Arc<dyn Native>) -> Self {
        Self::Function(Arc::new(Function(Callable::Native(function))))
    }

    /// The type's name, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Data(value) => value.type_name(),
            Self::List(_) => "list",
            Self::Context(_) => "context",
            Self::Range(_) => "range",
            Self::Function(_) => "function",
        }
    }

    /// How many items a list has; `None` for anything else.
    pub fn list_len(&self) -> Option<usize> {
        match self {
            Self::List(items) => Some(items.len()),
            Self::Data(Value::List(items)) => Some(items.len()),
            _ => None,
        }
    }

    /// The item at `index` of a list.
    pub fn list_item(&self, index: usize) -> Option<Feel> {
        match self {
            Self::List(items) => items.get(index).cloned(),
            Self::Data(Value::List(items)) => items.get(index).cloned().map(Self::Data),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn items(&self) -> Option<Items<'_>> {
        self.list_len().map(|len| Items { list: self, next: 0, len })
    }

    /// The entry of a context; `None` when this is no context or has no such entry.
    pub fn entry(&self, key: &str) -> Option<Feel> {
        match self {
            Self::Data(Value::Object(entries)) => entries.get(key).cloned().map(Self::Data),
            Self::Context(entries) => entries.get(key).cloned(),
            _ => None,
        }
    }

    /// The entries of a context.
    pub fn entries(&self) -> Option<Vec<(Arc<str>, Feel)>> {
        match self {
            Self::Data(Value::Object(o)) => Some(o.iter().map(|(k, v)| (k.clone(), Self::Data(v.clone()))).collect()),
            Self::Context(o) => Some(o.iter().map(|(k, v)| (k.clone(), v.clone())).collect()),
            _ => None,
        }
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Feel>) -> Self {
        let items = items.into_iter();
        let mut builder = ListBuilder::with_capacity(items.size_hint().0.min(1 << 16));
        items.for_each(|item| builder.push(item));
        builder.finish()
    }

    /// A context; later entries win.
    pub fn context(entries: Vec<(Arc<str>, Feel)>) -> Self {
        if entries.iter().all(|(_, v)| matches!(v, Self::Data(_))) {
            let data = entries.into_iter().filter_map(|(k, v)| if let Self::Data(v) = v { Some((k, v)) } else { None });
            return Self::Data(Value::Object(Arc::new(data.collect())));
        }
        Self::Context(Arc::new(entries.into_iter().collect()))
    }
}

/// Iterates over a list's items.
pub struct Items<'a> {
    list: &'a Feel,
    next: usize,
    len: usize,
}

impl Iterator for Items<'_> {
    type Item = Feel;
    fn next(&mut self) -> Option<Feel> {
        let item = self.list.list_item(self.next)?;
        self.next += 1;
        Some(item)
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len - self.next, Some(self.len - self.next))
    }
}

/// Builds a list without deciding beforehand whether it is pure data.
pub(super) enum ListBuilder {
    /// So far only data.
    Data(Vec<Value>),
    /// Something besides data.
    Mixed(Vec<Feel>),
}

impl ListBuilder {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self::Data(Vec::with_capacity(capacity))
    }

    pub(super) fn push(&mut self, item: Feel) {
        match (&mut *self, item) {
            (Self::Data(items), Feel::Data(value)) => items.push(value),
            (Self::Data(items), other) => {
                let mut mixed: Vec<Feel> = std::mem::take(items).into_iter().map(Feel::Data).collect();
                mixed.push(other);
                *self = Self::Mixed(mixed);
            }
            (Self::Mixed(items), other) => items.push(other),
        }
    }

    pub(super) fn finish(self) -> Feel {
        match self {
            Self::Data(items) => Feel::Data(Value::List(Arc::new(items))),
            Self::Mixed(items) => Feel::List(Arc::new(items)),
        }
    }

    /// Takes a list apart again, without copying when nobody else holds it.
    pub(super) fn reopen(list: Feel) -> Self {
        match list {
            Feel::Data(Value::List(items)) => Self::Data(Arc::unwrap_or_clone(items)),
            Feel::List(items) => Self::Mixed(Arc::unwrap_or_clone(items)),
            other => Self::Mixed(vec![other]),
        }
    }
}

impl Range {
    /// The range that a test such as `< 5` stands for.
    pub(super) fn of_test(op: Comparison, end: Feel) -> Self {
        let (start, start_included, stop, end_included) = match op {
            Comparison::Less => (None, false, Some(end), false),
            Comparison::LessOrEqual => (None, false, Some(end), true),
            Comparison::Greater => (Some(end), false, None, false),
            Comparison::GreaterOrEqual => (Some(end), true, None, false),
            Comparison::Equal | Comparison::NotEqual => (Some(end.clone()), true, Some(end), true),
        };
        Self { start, start_included, end: stop, end_included }
    }
}
