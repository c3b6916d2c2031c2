//! JavaScript in a sandbox: QuickJS, a fresh runtime for every run.
//!
//! A script is one expression, or the body of a function whose `return` is the result. Variables are globals (unless
//! the language itself has a global of that name) and members of `vars`; values cross as JSON, dates as ISO strings.
//! There is no host: no modules, network, timers, `console`, `eval`, `Function`. `Date` without arguments is the
//! instant of the evaluation and `Math.random` a generator seeded by it, so a run repeated gives the same.
//!
//! Invariant: nothing survives a run; memory, stack and time are limited. Inside the engine time is counted in
//! interrupt ticks (deterministic); on a worker a deadline of the caller decides.
//! Never: reads a clock. The local zone of `Date` is the process's, not the evaluation's.

mod sandbox;

use crate::env::{Env, EvalError, Evaluated};
use crate::syntax::SyntaxError;
use model::limits::Limits;
use model::{Object, Timestamp, Value};
use sandbox::{Budget, Sandbox};
use std::sync::Arc;

/// Says whether the time is up; asked often.
pub type Deadline = Arc<dyn Fn() -> bool + Send + Sync>;

/// What a run on a worker is given.
#[derive(Clone)]
pub struct Worker<'a> {
    /// The instant that `Date` gives.
    pub now: Timestamp,
    /// Limits of memory and of sizes.
    pub limits: &'a Limits,
    /// Whether the time is up (BPMN IN-7: after `limits.script_ms`).
    pub deadline: Deadline,
}

/// Runs a script on a worker thread: for what does not fit the inline budget.
pub fn run(source: &str, variables: &Object, worker: &Worker) -> Result<Value, EvalError> {
    let script = parse(source, worker.limits).map_err(|e| EvalError::Failed { message: e.to_string() })?;
    script.run(variables, worker.now, worker.limits, Budget::Deadline(worker.deadline.clone()))
}

/// A script that can be read.
#[derive(Debug)]
pub(crate) struct Script {
    /// The source as a function.
    wrapped: String,
    /// Characters before the source on its first line.
    indent: u32,
    /// The source may reach variables without naming them.
    reads_all: bool,
}

const EXPRESSION: (&str, &str) = ("(function(){return (", "\n)})");
const BODY: (&str, &str) = ("(function(){", "\n})");
const ASYNC_EXPRESSION: (&str, &str) = ("(async function(){return (", "\n)})");
const ASYNC_BODY: (&str, &str) = ("(async function(){", "\n})");

/// Reads a script.
pub(crate) fn parse(source: &str, limits: &Limits) -> Result<Script, SyntaxError> {
    if source.contains('\0') {
        return Err(SyntaxError::at(source, source.find('\0').unwrap_or(0), "a zero character", "нулевой символ"));
    }
    // What reaches variables by a computed name must be given all of them.
    let reads_all = ["vars", "globalThis", "this", "\\u", "\\x"].iter().any(|w| source.contains(w));
    let mut last = None;
    // Outside of an asynchronous function `await (x)` would be a call, so the word decides.
    let forms = if source.contains("await") { [ASYNC_EXPRESSION, ASYNC_BODY] } else { [EXPRESSION, BODY] };
    for (before, after) in forms {
        let wrapped = format!("{before}{source}{after}");
        let indent = u32::try_from(before.len()).unwrap_or(0);
        match sandbox::check_syntax(&wrapped, limits) {
            Ok(()) => return Ok(Script { wrapped, indent, reads_all }),
            Err(problem) => last = Some(problem.shifted(indent)),
        }
    }
    let problem = last.unwrap_or_default();
    Err(SyntaxError {
        line: problem.line.max(1),
        column: problem.column.max(1),
        message_ru: format!("скрипт не читается: {}", problem.message),
        message: format!("the script can not be read: {}", problem.message),
        expected: Vec::new(),
    })
}

impl Script {
    /// Runs it inside the engine.
    pub(crate) fn eval(&self, env: &Env) -> Result<Evaluated, EvalError> {
        let budget = Budget::Ticks(env.limits.script_inline_ticks);
        let value = self.run(&env.scope.all(), env.now, env.limits, budget)?;
        Ok(Evaluated { value, warnings: Vec::new() })
    }

    fn run(&self, variables: &Object, now: Timestamp, limits: &Limits, budget: Budget) -> Result<Value, EvalError> {
        let mentioned = variables.iter().filter(|(name, _)| self.reads_all || self.wrapped.contains(&***name));
        let variables: serde_json::Map<String, serde_json::Value> =
            mentioned.map(|(name, value)| (name.to_string(), value.to_json())).collect();
        Sandbox::new(limits, budget)?.run(&self.wrapped, self.indent, &serde_json::Value::Object(variables), now)
    }
}
