//! FEEL (DMN 1.5) with the functions that Camunda's models use.
//!
//! Read once without data: a name ends at an operator or a blank, so the reading never depends on what variables
//! exist; names with blanks stand in back-ticks. A model that declares its names (DMN) gives them in [`Options`], and
//! those may stand bare: `Monthly Salary * 12`. A tree of [`node::Node`]s with resolved names is what stays;
//! [`machine::Machine`] evaluates it and counts every step.
//!
//! The door for conditions and mappings is [`crate::compile`]. What builds on FEEL (DMN) uses this module:
//!
//! ```
//! # use expr::feel::{self, Feel, Names, Nothing, Options, Session};
//! # let zone = jiff::tz::TimeZone::UTC;
//! # let limits = model::limits::Limits::default();
//! # let env = expr::Env { scope: &Nothing, now: model::Timestamp(0), zone: &zone, limits: &limits, seed: 1 };
//! let names = ["Monthly Salary".into()];
//! let yearly = feel::compile("Monthly Salary * 12", &Options { names: &names, ..Options::new(&limits) })?;
//! let cell = feel::compile_unary_tests("[100..200)", &Options::new(&limits))?;
//! let mut session = Session::new(&env);
//! let mut scope = Names::over(&Nothing);
//! scope.set("Monthly Salary", model::Value::from(10));
//! let salary = yearly.run(&mut session, &scope)?;
//! assert!(cell.test(&mut session, &scope, &salary)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A scope may hold functions: implement [`Native`] and put [`Feel::native`] into [`Names`]; functions written in FEEL
//! are values too, and keep the variables that they read. All that one [`Session`] evaluates shares one budget.
//!
//! Invariant: a wrong type gives null and a warning, never an error; errors are limits only.

mod builtins;
mod lexer;
mod machine;
mod node;
mod operators;
mod parser;
mod patterns;
mod session;
pub(crate) mod temporal;
mod text;
mod types;
mod value;

pub use session::{Names, Native, Nothing, Session, Warning};
pub use types::{Signature, Type};
pub use value::{Feel, Function, NULL, Range};

use crate::env::{Env, EvalError, Evaluated, Scope};
use crate::syntax::SyntaxError;
use model::Value;
use model::limits::Limits;
use session::Kept;
use std::sync::Arc;
use temporal::Zones;

/// What a text may mention.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Declared names: variables, functions, members of contexts. Those of several words are read bare; one that is
    /// also a built-in function's hides it.
    pub names: &'a [Arc<str>],
    /// Declared types, for `instance of` and parameters.
    pub types: &'a [(Arc<str>, Type)],
    /// Levels that the text may be nested.
    pub depth: u32,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self::new(&Limits::default())
    }
}

impl Options<'_> {
    /// Nothing declared.
    pub fn new(limits: &Limits) -> Self {
        Self { names: &[], types: &[], depth: limits.expression_depth }
    }
}

/// A read expression or unary test. Needs no data; shared between threads.
#[derive(Debug)]
pub struct Expression {
    root: node::Node,
    reads: Vec<Arc<str>>,
    calls: Vec<Arc<str>>,
    constant: bool,
}

/// Reads an expression.
pub fn compile(text: &str, options: &Options) -> Result<Expression, SyntaxError> {
    parser::Parser::new(text, options)?.expression_text()
}

/// Reads unary tests: what stands in a cell of a decision table. The tested value is the variable `?`.
pub fn compile_unary_tests(text: &str, options: &Options) -> Result<Expression, SyntaxError> {
    parser::Parser::new(text, options)?.unary_tests_text()
}

/// Reads a type: `list<number>`, `function<string> -> boolean`.
pub fn compile_type(text: &str, options: &Options) -> Result<Type, SyntaxError> {
    parser::Parser::new(text, options)?.type_text()
}

/// Whether there is a built-in function of this name.
pub fn is_function(name: &str) -> bool {
    builtins::find(name).is_some()
}

/// The built-in function whose name is most like this one.
pub fn nearest_function(name: &str) -> Option<&'static str> {
    builtins::nearest(name)
}

/// The names of all built-in functions, sorted, each with its forms: `substring(string, start position, length?)`.
pub fn functions() -> Vec<(&'static str, Vec<String>)> {
    builtins::all()
}

impl Expression {
    /// The names it reads from the scope, sorted.
    pub fn reads(&self) -> &[Arc<str>] {
        &self.reads
    }

    /// The built-in functions it calls, sorted.
    pub fn calls(&self) -> &[Arc<str>] {
        &self.calls
    }

    /// Whether it reads nothing: no variable, no clock, no seed.
    pub fn is_constant(&self) -> bool {
        self.constant
    }

    /// Evaluates it as a part of `session`.
    pub fn run(&self, session: &mut Session, scope: &dyn Scope) -> Result<Feel, EvalError> {
        session.with(scope, |machine| machine.eval(&self.root))
    }

    /// Whether `input` passes these unary tests; the rest of the names come from `scope`.
    pub fn test(&self, session: &mut Session, scope: &dyn Scope, input: &Feel) -> Result<bool, EvalError> {
        let mut with_input = Names::over(scope);
        with_input.set("?", input.clone());
        Ok(self.run(session, &with_input)?.is_true())
    }

    /// Evaluates it alone.
    pub(crate) fn eval(&self, env: &Env) -> Result<Evaluated, EvalError> {
        if let node::Node::Const(Feel::Data(value)) = &self.root {
            return Ok(Evaluated { value: value.clone(), warnings: Vec::new() });
        }
        let zones = Zones { zone: env.zone, now: env.now };
        let mut machine = machine::Machine::new(env.scope, zones, Kept::new(env.limits, env.seed));
        let value = match machine.eval(&self.root)? {
            Feel::Data(value) => {
                if matches!(value, Value::List(_) | Value::Object(_) | Value::String(_)) {
                    machine.check_result(&value)?;
                }
                value
            }
            other => machine.export(other)?,
        };
        let warnings = machine.kept.warnings.iter().map(ToString::to_string).collect();
        Ok(Evaluated { value, warnings })
    }
}
