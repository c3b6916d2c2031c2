//! JUEL, the expressions of Camunda 7, Flowable and Activiti, translated into FEEL when a model is deployed.
//!
//! `${amount > 100 && not empty customer.name}` becomes `amount > 100 and not(get or else(is empty(customer.name),
//! true))`. Text with expressions in it becomes one FEEL text. What calls into Java has no meaning here: it ends in a
//! [`JuelProblem`] that names the call, and the reader of the model decides what to do about it.
//!
//! Differences that stay: a missing variable is null with a warning, not an exception; types are not converted into
//! each other (`"5" == 5` is null with a warning); `mod` takes the sign of the divisor.
//!
//! Invariant: what is given back is FEEL that can be read, or a problem with line and column. Never: evaluates.

mod calls;
mod lexer;
mod parser;
mod text;

use crate::syntax::SyntaxError;
use std::fmt;
use std::sync::Arc;

/// Where the text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A condition: one expression that gives a boolean.
    Condition,
    /// A value: one expression of any type, or text with expressions in it.
    Value,
}

/// What a text became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Translated {
    /// Plain text: a constant.
    Text(String),
    /// FEEL, without the leading `=`.
    Feel(String),
    /// `execution.setVariable("name", value)`: the value goes into the variable; `value` is FEEL.
    Assignment {
        /// The variable.
        name: Arc<str>,
        /// FEEL.
        value: String,
    },
}

/// Why a text could not be translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JuelProblem {
    /// What kind of problem it is.
    pub kind: JuelProblemKind,
    /// Where, and what about it.
    pub error: SyntaxError,
}

/// Kinds of problems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JuelProblemKind {
    /// It can not be read.
    Syntax,
    /// It can be read, but calls something that only Java has.
    Call {
        /// The call as written: `orderService.total`.
        call: String,
    },
    /// A condition is no single expression.
    NoCondition,
}

impl fmt::Display for JuelProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for JuelProblem {}

impl JuelProblem {
    /// The call that has no meaning here.
    pub fn call(&self) -> Option<&str> {
        if let JuelProblemKind::Call { call } = &self.kind { Some(call) } else { None }
    }

    fn no_condition(text: &str, at: usize) -> Self {
        let error = SyntaxError::at(
            text,
            at,
            "a condition is one expression, such as ${amount > 100}",
            "условие — это одно выражение, например ${amount > 100}",
        );
        Self { kind: JuelProblemKind::NoCondition, error: error.expecting(&["${…}"]) }
    }
}

impl From<SyntaxError> for JuelProblem {
    fn from(error: SyntaxError) -> Self {
        Self { kind: JuelProblemKind::Syntax, error }
    }
}

/// Whether a text holds an expression at all.
pub fn is_expression(text: &str) -> bool {
    text::parts(text).map_or(true, |parts| parts.iter().any(|p| matches!(p, text::Part::Expression { .. })))
}

/// Translates a text.
pub fn translate(text: &str, place: Place) -> Result<Translated, JuelProblem> {
    let parts = text::parts(text)?;
    let only = match parts.as_slice() {
        [text::Part::Expression { from, to }] => Some((*from, *to)),
        _ => None,
    };
    if let Some((from, to)) = only {
        return parser::translate(text, from, to);
    }
    let expressions = || parts.iter().filter(|p| matches!(p, text::Part::Expression { .. }));
    if place == Place::Condition {
        // Blanks around a single expression are no text.
        return match (expressions().count(), text.trim().len() == text.len()) {
            (1, false) if parts.iter().all(text::Part::is_blank_or_expression) => {
                let trimmed = text.trim_end();
                let start = trimmed.len() - trimmed.trim_start().len();
                parser::translate(trimmed, start + 2, trimmed.len() - 1)
            }
            _ => Err(JuelProblem::no_condition(text, 0)),
        };
    }
    if expressions().count() == 0 {
        return Ok(Translated::Text(parts.iter().map(text::Part::plain).collect()));
    }
    let mut items = Vec::with_capacity(parts.len());
    for part in &parts {
        items.push(match part {
            text::Part::Plain(plain) => lexer::quoted(plain),
            text::Part::Expression { from, to } => match parser::translate(text, *from, *to)? {
                Translated::Feel(feel) => format!("string({feel})"),
                _ => return Err(parser::assignment_inside(text, *from)),
            },
        });
    }
    Ok(Translated::Feel(format!("string join([{}])", items.join(", "))))
}
