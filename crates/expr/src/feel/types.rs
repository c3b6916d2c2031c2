//! Types as `instance of` names them.

use super::value::{Feel, Function};
use model::Value;
use std::sync::Arc;

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
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
    List(Option<Box<Type>>),
    Context(Vec<(Arc<str>, Type)>),
    Function,
    Range(Option<Box<Type>>),
    File,
}

/// The types without parameters.
pub(super) const NAMED: &[(&str, Type)] = &[
    ("Any", Type::Any),
    ("Null", Type::Null),
    ("number", Type::Number),
    ("string", Type::String),
    ("boolean", Type::Boolean),
    ("date and time", Type::DateTime),
    ("date", Type::Date),
    ("time", Type::Time),
    ("days and time duration", Type::DaysDuration),
    ("day-time-duration", Type::DaysDuration),
    ("years and months duration", Type::YearsDuration),
    ("year-month-duration", Type::YearsDuration),
    ("list", Type::List(None)),
    ("context", Type::Context(Vec::new())),
    ("function", Type::Function),
    ("range", Type::Range(None)),
    ("file", Type::File),
];

impl Type {
    /// Whether the value is of this type.
    pub(super) fn holds(&self, value: &Feel) -> bool {
        match (self, value) {
            (Self::Null, v) => v.is_null(),
            (_, v) if v.is_null() => false,
            (Self::Any, _) => true,
            (Self::List(None), v) => v.is_list(),
            (Self::List(Some(item)), v) => v.items().is_some_and(|mut items| items.all(|i| item.holds(&i))),
            (Self::Context(members), v) => {
                let context = matches!(v, Feel::Context(_) | Feel::Data(Value::Object(_)));
                context && members.iter().all(|(k, t)| v.entry(k).is_some_and(|m| m.is_null() || t.holds(&m)))
            }
            (Self::Function, Feel::Function(f)) => matches!(**f, Function::Defined { .. } | Function::Builtin(_)),
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
}
