//! One QuickJS runtime for one run.
//!
//! A fresh runtime costs a tenth more than a fresh context on a shared one, and leaves nothing behind: neither memory
//! nor a stack bound that was measured elsewhere.

use crate::env::EvalError;
use model::limits::Limits;
use model::{Timestamp, Value};
use rquickjs::context::EvalOptions;
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Runtime};
use std::cell::Cell;
use std::rc::Rc;

/// Bytes of native stack that a script may use.
const STACK_BYTES: usize = 256 << 10;
const PRELUDE: &str = include_str!("prelude.js");
const FILE: &str = "script";

/// What ends a run that takes too long.
pub(super) enum Budget {
    /// So many interrupt ticks.
    Ticks(u64),
    /// The caller's word.
    Deadline(super::Deadline),
}

/// Where a script is wrong.
#[derive(Debug, Default)]
pub(super) struct Problem {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) message: String,
}

impl Problem {
    /// The same place in the source, without what was put before it.
    pub(super) fn shifted(mut self, indent: u32) -> Self {
        if self.line == 1 {
            self.column = self.column.saturating_sub(indent);
        }
        self
    }

    fn of(message: Option<String>, stack: Option<&str>) -> Self {
        let (line, column) = stack.and_then(place).unwrap_or((0, 0));
        Self { line, column, message: message.unwrap_or_default() }
    }
}

/// `script:3:7` in a stack.
fn place(stack: &str) -> Option<(u32, u32)> {
    let after = &stack[stack.find("script:")? + "script:".len()..];
    let mut numbers = after.split(|c: char| !c.is_ascii_digit());
    let line = numbers.next()?.parse().ok()?;
    Some((line, numbers.next().and_then(|c| c.parse().ok()).unwrap_or(1)))
}

/// Why the interrupt handler stopped the run.
#[derive(Clone, Copy, PartialEq)]
enum Stopped {
    No,
    Inline,
    Deadline,
}

/// A runtime with its limits.
pub(super) struct Sandbox {
    context: Context,
    stopped: Rc<Cell<Stopped>>,
    max_result: usize,
}

fn options() -> EvalOptions {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(FILE.to_owned());
    options
}

fn unavailable(error: rquickjs::Error) -> EvalError {
    match error {
        rquickjs::Error::Allocation => EvalError::Memory,
        other => EvalError::Failed { message: format!("the script could not be run: {other}") },
    }
}

impl Sandbox {
    pub(super) fn new(limits: &Limits, budget: Budget) -> Result<Self, EvalError> {
        let runtime = Runtime::new().map_err(unavailable)?;
        runtime.set_memory_limit(limits.script_bytes);
        runtime.set_max_stack_size(STACK_BYTES);
        let stopped = Rc::new(Cell::new(Stopped::No));
        let told = stopped.clone();
        let mut ticks = 0u64;
        runtime.set_interrupt_handler(Some(Box::new(move || {
            ticks += 1;
            let reason = match &budget {
                Budget::Ticks(allowed) if ticks > *allowed => Stopped::Inline,
                Budget::Deadline(is_over) if is_over() => Stopped::Deadline,
                _ => return false,
            };
            told.set(reason);
            true
        })));
        let context = Context::full(&runtime).map_err(unavailable)?;
        Ok(Self { context, stopped, max_result: limits.instance_bytes })
    }

    /// Runs a wrapped script with these variables.
    pub(super) fn run(
        &self,
        wrapped: &str,
        indent: u32,
        variables: &serde_json::Value,
        now: Timestamp,
    ) -> Result<Value, EvalError> {
        self.context.with(|ctx| {
            let result = run_in(&ctx, wrapped, &variables.to_string(), now);
            let result = result.catch(&ctx).map_err(|e| self.why(&e, indent));
            let json = match result? {
                None => return Ok(Value::Null),
                Some(json) => json,
            };
            if json.len() > self.max_result {
                return Err(EvalError::Size);
            }
            // QuickJS writes at most what its own stack allows; JSON of over 127 levels is refused here.
            serde_json::from_str(&json).map(|json| Value::from_json(&json)).map_err(|_| EvalError::Depth)
        })
    }

    fn why(&self, error: &CaughtError, indent: u32) -> EvalError {
        match self.stopped.get() {
            Stopped::Inline => return EvalError::OutOfInlineBudget,
            Stopped::Deadline => return EvalError::Time,
            Stopped::No => {}
        }
        match error {
            CaughtError::Error(rquickjs::Error::Allocation) => EvalError::Memory,
            CaughtError::Error(other) => EvalError::Failed { message: other.to_string() },
            CaughtError::Exception(exception) => {
                let message = exception.message().unwrap_or_default();
                if message == "out of memory" {
                    return EvalError::Memory;
                }
                if message.contains("stack") && message.contains("exceeded") || message == "stack overflow" {
                    return EvalError::Depth;
                }
                let name: Option<String> = exception.as_object().get("name").ok();
                let problem = Problem::of(Some(message), exception.stack().as_deref()).shifted(indent);
                let name = name.filter(|n| n != "Error").map_or(String::new(), |n| format!("{n}: "));
                let at = if problem.line > 0 { format!(" (line {})", problem.line) } else { String::new() };
                EvalError::Thrown { message: format!("{name}{}{at}", problem.message) }
            }
            CaughtError::Value(value) => {
                let text = value.ctx().json_stringify(value.clone()).ok().flatten();
                let text = text.and_then(|t| t.to_string().ok()).unwrap_or_else(|| value.type_name().to_owned());
                EvalError::Thrown { message: text.trim_matches('"').to_owned() }
            }
        }
    }
}

/// The result as JSON; `None` when there is none.
fn run_in<'js>(ctx: &Ctx<'js>, wrapped: &str, variables: &str, now: Timestamp) -> rquickjs::Result<Option<String>> {
    let prelude: Function = ctx.eval_with_options(PRELUDE, options())?;
    #[allow(clippy::cast_precision_loss, reason = "a JavaScript date is such a number")]
    let now = now.0 as f64;
    let () = prelude.call((variables, now))?;
    let function: Function = ctx.eval_with_options(wrapped, options())?;
    let mut result: rquickjs::Value = function.call(())?;
    if let Some(promise) = result.as_promise().cloned() {
        result = promise.finish()?;
    }
    match ctx.json_stringify(result)? {
        None => Ok(None),
        Some(json) => json.to_string().map(Some),
    }
}

/// Whether the wrapped source can be read; nothing of it runs.
pub(super) fn check_syntax(wrapped: &str, limits: &Limits) -> Result<(), Problem> {
    let failed = |e: EvalError| Problem { message: e.to_string(), ..Problem::default() };
    let sandbox = Sandbox::new(limits, Budget::Ticks(limits.script_inline_ticks)).map_err(failed)?;
    sandbox.context.with(|ctx| {
        let read: rquickjs::Result<Function> = ctx.eval_with_options(wrapped, options());
        read.catch(&ctx).map(|_| ()).map_err(|error| match error {
            CaughtError::Exception(e) => Problem::of(e.message(), e.stack().as_deref()),
            other => Problem { message: other.to_string(), ..Problem::default() },
        })
    })
}
