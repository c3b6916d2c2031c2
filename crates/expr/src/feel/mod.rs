//! FEEL (DMN 1.5) with the functions that Camunda's models use.
//!
//! Read once without data: a name ends at an operator or a blank, so the reading never depends on what variables
//! exist; names with blanks stand in back-ticks, only the built-in functions' own names may hold them bare. A tree of
//! [`node::Node`]s with resolved names is what stays; [`machine::Machine`] evaluates it and counts every step.
//!
//! Invariant: a wrong type gives null and a warning, never an error; errors are limits only.

mod builtins;
mod lexer;
mod machine;
mod node;
mod operators;
mod parser;
mod patterns;
pub(crate) mod temporal;
mod text;
mod types;
mod value;

use crate::env::{Env, EvalError, Evaluated};
use crate::syntax::SyntaxError;
use model::Value;
use model::limits::Limits;
use std::sync::Arc;

/// A read expression or unary test.
#[derive(Debug)]
pub(crate) struct Expression {
    root: node::Node,
    reads: Vec<Arc<str>>,
    constant: bool,
}

/// Reads an expression.
pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Expression, SyntaxError> {
    parser::Parser::new(text, limits)?.expression_text()
}

/// Reads unary tests: what stands in a cell of a decision table. The tested value is the variable `?`.
pub(crate) fn parse_unary_tests(text: &str, limits: &Limits) -> Result<Expression, SyntaxError> {
    parser::Parser::new(text, limits)?.unary_tests_text()
}

impl Expression {
    /// The names it reads from the scope, sorted.
    pub(crate) fn reads(&self) -> &[Arc<str>] {
        &self.reads
    }

    /// Whether it reads nothing: no variable, no clock.
    pub(crate) fn is_constant(&self) -> bool {
        self.constant
    }

    /// Evaluates it.
    pub(crate) fn eval(&self, env: &Env) -> Result<Evaluated, EvalError> {
        if let node::Node::Const(value::Feel::Data(value)) = &self.root {
            return Ok(Evaluated { value: value.clone(), warnings: Vec::new() });
        }
        let mut machine = machine::Machine::new(env);
        let result = machine.eval(&self.root)?;
        let value = match result {
            value::Feel::Data(value) => {
                if matches!(value, Value::List(_) | Value::Object(_) | Value::String(_)) {
                    machine.check_result(&value)?;
                }
                value
            }
            other => machine.export(other)?,
        };
        Ok(Evaluated { value, warnings: machine.into_warnings() })
    }
}
