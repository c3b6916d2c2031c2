//! JavaScript in a sandbox: QuickJS, a fresh context for every run.
//!
//! A script is one expression, or the body of a function whose `return` is the result. Variables are globals (unless
//! the language itself has a global of that name) and members of `vars`; values cross as JSON, dates as ISO strings.
//! `_` (the common functions of lodash) and `moment`/`dayjs` (dates, in English and Russian) are there when a script
//! mentions them and no variable has the name. There is no host: no modules, network, timers, `console`, `eval`,
//! `Function`. `Date` without arguments is the instant of the evaluation and `Math.random` a generator with a seed (of
//! the evaluation, or on a worker of the instant and the instance), so a run repeated gives the same.
//!
//! An expression that only computes (`amount > 100 && status === 'new'`, see [`words`]) can leave nothing behind, so
//! it is kept compiled in a context of its thread; whatever else such a run ends in, it is done again in a fresh one.
//!
//! Invariant: nothing survives a run; memory, stack and time are limited. Inside the engine time is counted in
//! interrupt ticks (deterministic); on a worker a deadline of the caller decides.
//! Never: reads a clock. The local zone of `Date` is the process's, not the evaluation's.

mod lodash;
mod quick;
mod sandbox;
mod words;

use crate::env::{Env, EvalError, Evaluated};
use crate::syntax::SyntaxError;
use model::limits::Limits;
use model::{Object, Timestamp, Value};
use sandbox::{Budget, Run};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use words::Words;

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
    let given = Given { variables, now: worker.now, seed: seed_on_worker(variables, worker.now) };
    script.run(&given, worker.limits, &Budget::Deadline(worker.deadline.clone()))
}

/// The same script of the same instance at the same instant draws the same; another instance draws something else.
fn seed_on_worker(variables: &Object, now: Timestamp) -> u64 {
    let instance = variables.get("instance").and_then(|i| i.get("id")).map(Value::to_text).unwrap_or_default();
    let bytes = instance.bytes().map(i64::from);
    crate::seed_of(&std::iter::once(now.0).chain(bytes).collect::<Vec<_>>())
}

/// What a run is given.
struct Given<'a> {
    variables: &'a Object,
    now: Timestamp,
    seed: u64,
}

/// A script that can be read.
#[derive(Debug)]
pub(crate) struct Script {
    /// Tells scripts apart where they are kept compiled.
    id: u64,
    /// The source as a function.
    wrapped: String,
    /// Characters before the source on its first line.
    indent: u32,
    /// The source may reach variables without naming them.
    reads_all: bool,
    words: Words,
}

const EXPRESSION: (&str, &str) = ("(function(){return (", "\n)})");
const BODY: (&str, &str) = ("(function(){", "\n})");
const ASYNC_EXPRESSION: (&str, &str) = ("(async function(){return (", "\n)})");
const ASYNC_BODY: (&str, &str) = ("(async function(){", "\n})");

/// Reads a script.
pub(crate) fn parse(source: &str, limits: &Limits) -> Result<Script, SyntaxError> {
    static LAST_ID: AtomicU64 = AtomicU64::new(0);
    if source.contains('\0') {
        return Err(SyntaxError::at(source, source.find('\0').unwrap_or(0), "a zero character", "нулевой символ"));
    }
    // What reaches variables by a computed name must be given all of them.
    let reads_all = ["vars", "globalThis", "this", "\\u", "\\x"].iter().any(|w| source.contains(w));
    let mut last = None;
    // Outside of an asynchronous function `await (x)` would be a call, so the word decides.
    let forms = if source.contains("await") { [ASYNC_EXPRESSION, ASYNC_BODY] } else { [EXPRESSION, BODY] };
    for (form, (before, after)) in forms.into_iter().enumerate() {
        let wrapped = format!("{before}{source}{after}");
        let indent = u32::try_from(before.len()).unwrap_or(0);
        match sandbox::check_syntax(&wrapped, limits) {
            Ok(()) => {
                let mut words = words::look(source);
                if form > 0 {
                    words.free = None;
                }
                let id = LAST_ID.fetch_add(1, Ordering::Relaxed);
                return Ok(Script { id, wrapped, indent, reads_all, words });
            }
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
        if let Some(free) = &self.words.free
            && let Some(value) = quick::run(self, free, env)
        {
            return Ok(Evaluated { value, warnings: Vec::new() });
        }
        let budget = Budget::Ticks(env.limits.script_inline_ticks);
        let given = Given { variables: &env.scope.all(), now: env.now, seed: env.seed };
        let value = self.run(&given, env.limits, &budget)?;
        Ok(Evaluated { value, warnings: Vec::new() })
    }

    /// The names it may read, sorted: more than it does, never less; `None` when it may read any.
    pub(crate) fn reads(&self) -> Option<&[Arc<str>]> {
        if self.reads_all { None } else { Some(self.words.free.as_deref().unwrap_or(&self.words.names)) }
    }

    fn run(&self, from: &Given, limits: &Limits, budget: &Budget) -> Result<Value, EvalError> {
        let mentioned = |name: &str| self.reads_all || self.words.names.binary_search_by(|n| (**n).cmp(name)).is_ok();
        let given = from.variables.iter().filter(|(name, _)| mentioned(name));
        let given: serde_json::Map<String, serde_json::Value> =
            given.map(|(name, value)| (name.to_string(), value.to_json())).collect();
        let helper = |name: &str| self.words.names.iter().any(|n| **n == *name) && !given.contains_key(name);
        let run = Run {
            wrapped: &self.wrapped,
            indent: self.indent,
            now: from.now,
            seed: from.seed,
            limits,
            clock: self.reads_all || self.wrapped.contains("Date"),
            // `Math` may be asked for any member.
            random: self.reads_all || self.wrapped.contains("Math"),
            lodash: helper("_"),
            moments: helper("moment") || helper("dayjs"),
            variables: serde_json::Value::Object(given).to_string(),
        };
        run.on_this_thread(budget)
    }
}
