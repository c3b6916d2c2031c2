//! The door: one type for compiled expressions of every language.

use crate::env::{Env, EvalError, Evaluated};
use crate::syntax::SyntaxError;
use crate::{bitrix, feel, js};
use model::Value;
use model::definition::Language;
use model::limits::Limits;
use std::sync::Arc;

/// A compiled expression. Cheap to clone, shared between threads.
#[derive(Debug, Clone)]
pub struct Compiled(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    program: Program,
    reads: Vec<Arc<str>>,
}

#[derive(Debug)]
enum Program {
    Literal(Value),
    Feel(feel::Expression),
    JavaScript(js::Script),
    Bitrix(bitrix::Template),
    BitrixCondition(bitrix::Condition),
}

/// Reads `text`; needs no data.
pub fn compile(language: Language, text: &str, limits: &Limits) -> Result<Compiled, SyntaxError> {
    match language {
        Language::Feel => feel::compile(text, &feel::Options::new(limits)).map(from_feel),
        Language::JavaScript => {
            let program = Program::JavaScript(js::parse(text, limits)?);
            Ok(Compiled(Arc::new(Inner { program, reads: Vec::new() })))
        }
        Language::Bitrix => {
            let template = bitrix::parse_template(text, limits);
            let reads = template.reads();
            Ok(Compiled(Arc::new(Inner { program: Program::Bitrix(template), reads })))
        }
        Language::BitrixCondition => {
            let condition = bitrix::parse_condition(text, limits)?;
            let reads = condition.reads();
            Ok(Compiled(Arc::new(Inner { program: Program::BitrixCondition(condition), reads })))
        }
    }
}

/// Reads FEEL unary tests: a cell of a decision table. The tested value is the variable `?`; the result is a boolean.
pub fn unary_tests(text: &str, limits: &Limits) -> Result<Compiled, SyntaxError> {
    feel::compile_unary_tests(text, &feel::Options::new(limits)).map(from_feel)
}

fn from_feel(expression: feel::Expression) -> Compiled {
    let reads = expression.reads().to_vec();
    Compiled(Arc::new(Inner { program: Program::Feel(expression), reads }))
}

/// A constant.
pub fn literal(value: Value) -> Compiled {
    Compiled(Arc::new(Inner { program: Program::Literal(value), reads: Vec::new() }))
}

impl Compiled {
    /// Evaluates it.
    pub fn eval(&self, env: &Env) -> Result<Evaluated, EvalError> {
        match &self.0.program {
            Program::Literal(value) => Ok(Evaluated { value: value.clone(), warnings: Vec::new() }),
            Program::Feel(expression) => expression.eval(env),
            Program::JavaScript(script) => script.eval(env),
            Program::Bitrix(template) => template.eval(env),
            Program::BitrixCondition(condition) => condition.eval(env),
        }
    }

    /// The top-level names it may read, sorted: variables for FEEL and JavaScript, `Object:Field` for Bitrix. Those of
    /// a script are all words that could be variables: more than it reads, never less. `None` when it may read
    /// anything.
    pub fn reads(&self) -> Option<&[Arc<str>]> {
        match &self.0.program {
            Program::JavaScript(script) => script.reads(),
            _ => Some(&self.0.reads),
        }
    }

    /// The built-in FEEL functions it calls, sorted; empty for other languages.
    pub fn calls(&self) -> &[Arc<str>] {
        match &self.0.program {
            Program::Feel(expression) => expression.calls(),
            _ => &[],
        }
    }

    /// Whether it gives something else when only the clock has moved on.
    pub fn reads_clock(&self) -> bool {
        self.calls().iter().any(|f| matches!(&**f, "now" | "today"))
    }

    /// Whether it gives the same whenever it is evaluated.
    pub fn is_constant(&self) -> bool {
        match &self.0.program {
            Program::Literal(_) => true,
            Program::Feel(expression) => expression.is_constant(),
            Program::JavaScript(_) => false,
            Program::Bitrix(template) => template.is_constant(),
            Program::BitrixCondition(condition) => condition.is_constant(),
        }
    }
}
