//! Types: what `instance of` names, and what a model declares for its data.

use super::value::{Callable, Feel};
use model::Value;
use std::sync::Arc;

/// A type.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant is the type of that name")]
pub enum Type {
    Any,
    Null,
    Number,
    String,
    Boolean,
    Date,
    Time,
    DateTime,
    DaysDuration,
    YearsDuration,
    /// A list, of items of a type.
    List(Option<Box<Type>>),
    /// A context with at least these members.
    Context(Vec<(Arc<str>, Type)>),
    /// A function, with a signature.
    Function(Option<Box<Signature>>),
    /// A range, between values of a type.
    Range(Option<Box<Type>>),
    File,
}

/// What a function takes and gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// The types of its parameters.
    pub params: Vec<Type>,
    /// The type of its result.
    pub result: Type,
}

/// The types without parameters.
pub(super) const NAMED: &[(&str, Type)] = &[
    ("Any", Type::Any),
    ("Null", Type::Null),
    ("number", Type::Number),
    ("string", Type::String),
    ("boolean", Type::Boolean),
    ("date and time", Type::DateTime),
    ("dateTime", Type::DateTime),
    ("date", Type::Date),
    ("time", Type::Time),
    ("days and time duration", Type::DaysDuration),
    ("day-time-duration", Type::DaysDuration),
    ("dayTimeDuration", Type::DaysDuration),
    ("years and months duration", Type::YearsDuration),
    ("year-month-duration", Type::YearsDuration),
    ("yearMonthDuration", Type::YearsDuration),
    ("list", Type::List(None)),
    ("context", Type::Context(Vec::new())),
    ("function", Type::Function(None)),
    ("range", Type::Range(None)),
    ("file", Type::File),
];

impl Type {
    /// The built-in type of this name, as `typeRef` has it: `number`, `date and time`, `Any`.
    pub fn named(name: &str) -> Option<Self> {
        let found = NAMED.iter().find(|(n, _)| *n == name);
        found.map(|(_, t)| t.clone()).or_else(|| (name == "any").then_some(Self::Any))
    }

    /// The type of a value, without parameters.
    pub fn of(value: &Feel) -> Self {
        match value {
            Feel::Data(value) => match value {
                Value::Null => Self::Null,
                Value::Bool(_) => Self::Boolean,
                Value::Number(_) => Self::Number,
                Value::String(_) => Self::String,
                Value::Date(_) => Self::Date,
                Value::Time(..) => Self::Time,
                Value::DateTime(..) => Self::DateTime,
                Value::DaysDuration(_) => Self::DaysDuration,
                Value::YearsDuration(_) => Self::YearsDuration,
                Value::List(_) => Self::List(None),
                Value::Object(_) => Self::Context(Vec::new()),
                Value::File(_) => Self::File,
            },
            Feel::List(_) => Self::List(None),
            Feel::Context(_) => Self::Context(Vec::new()),
            Feel::Range(_) => Self::Range(None),
            Feel::Function(_) => Self::Function(None),
        }
    }

    /// Whether the value is of this type. Null is of the type `Null` only.
    pub fn holds(&self, value: &Feel) -> bool {
        match (self, value) {
            (Self::Null, v) => v.is_null(),
            (_, v) if v.is_null() => false,
            (Self::Any, _) => true,
            (Self::List(None), v) => v.is_list(),
            (Self::List(Some(item)), v) => v.items().is_some_and(|mut items| items.all(|i| item.allows(&i))),
            (Self::Context(members), v) => {
                v.is_context() && members.iter().all(|(k, t)| v.entry(k).is_some_and(|m| t.allows(&m)))
            }
            (Self::Function(None), Feel::Function(_)) => true,
            (Self::Function(Some(wanted)), Feel::Function(f)) => wanted.holds(&f.0),
            (Self::Range(None), Feel::Range(_)) => true,
            (Self::Range(Some(end)), Feel::Range(r)) => [&r.start, &r.end].into_iter().flatten().all(|e| end.holds(e)),
            (_, Feel::Data(value)) => matches!(
                (self, value),
                (Self::Number, Value::Number(_))
                    | (Self::String, Value::String(_))
                    | (Self::Boolean, Value::Bool(_))
                    | (Self::Date, Value::Date(_))
                    | (Self::Time, Value::Time(..))
                    | (Self::DateTime, Value::DateTime(..))
                    | (Self::DaysDuration, Value::DaysDuration(_))
                    | (Self::YearsDuration, Value::YearsDuration(_))
                    | (Self::File, Value::File(_))
            ),
            _ => false,
        }
    }

    /// Whether the value is of this type, or null.
    pub fn allows(&self, value: &Feel) -> bool {
        value.is_null() || self.holds(value)
    }

    /// The value made to fit by DMN's implicit conversions (10.3.2.9.4): a value to a list of one and back, a date to
    /// a date and time; `None` when it does not fit.
    pub fn coerce(&self, value: Feel) -> Option<Feel> {
        if self.allows(&value) {
            return Some(value);
        }
        if let (Self::List(_), false) = (self, value.is_list()) {
            let inside = if let Self::List(Some(item)) = self { item.coerce(value)? } else { value };
            return Some(Feel::list([inside]));
        }
        if !matches!(self, Self::List(_)) && value.list_len() == Some(1) {
            return self.coerce(value.list_item(0)?);
        }
        match (self, value) {
            (Self::DateTime, Feel::Data(Value::Date(day))) => {
                let zone = Some(model::value::Zone::Offset(0));
                Some(Feel::Data(Value::DateTime(day.to_datetime(jiff::civil::Time::midnight()), zone)))
            }
            (Self::List(Some(item)), list) => {
                let items: Option<Vec<Feel>> = list.items()?.map(|i| item.coerce(i)).collect();
                items.map(Feel::list)
            }
            (Self::Context(members), context) if context.is_context() => {
                let mut entries = context.entries()?;
                for (name, kind) in members {
                    let entry = entries.iter_mut().find(|(k, _)| k == name)?;
                    entry.1 = kind.coerce(entry.1.clone())?;
                }
                Some(Feel::context(entries))
            }
            _ => None,
        }
    }

    /// Whether each value of this type is one of `other`.
    fn conforms_to(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Any) | (Self::Null, _) => true,
            (Self::List(_), Self::List(None)) | (Self::Range(_), Self::Range(None)) => true,
            (Self::List(Some(a)), Self::List(Some(b))) | (Self::Range(Some(a)), Self::Range(Some(b))) => {
                a.conforms_to(b)
            }
            (Self::Context(a), Self::Context(b)) => {
                b.iter().all(|(k, t)| a.iter().any(|(name, have)| name == k && have.conforms_to(t)))
            }
            (Self::Function(_), Self::Function(None)) => true,
            (Self::Function(Some(a)), Self::Function(Some(b))) => a.conforms_to(b),
            (a, b) => a == b,
        }
    }
}

impl Signature {
    /// A function conforms when it takes at least what is given and gives at most what is wanted.
    fn conforms_to(&self, other: &Self) -> bool {
        self.params.len() == other.params.len()
            && other.params.iter().zip(&self.params).all(|(given, taken)| given.conforms_to(taken))
            && self.result.conforms_to(&other.result)
    }

    fn holds(&self, function: &Callable) -> bool {
        match function {
            Callable::Defined { node, .. } => {
                let own = Self { params: node.types.clone(), result: node.result_type() };
                own.conforms_to(self)
            }
            Callable::Builtin(builtin) => builtin.takes(self.params.len()),
            Callable::Native(native) => match native.signature() {
                Some(own) => own.conforms_to(self),
                None => native.params().len() == self.params.len(),
            },
        }
    }
}
