//! Running scripts, inside the engine and on a worker.
//!
//! Owns: what a run is given. Never: reads a clock.

use super::sandbox::{Budget, Run};
use super::{Script, parse, quick};
use crate::env::{Env, EvalError, Evaluated};
use model::limits::Limits;
use model::{Object, Timestamp, Value};
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
