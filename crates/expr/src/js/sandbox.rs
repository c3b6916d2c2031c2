//! QuickJS: a runtime per thread, a fresh context per run.
//!
//! Contexts share nothing but the memory they come from. A runtime in which a run did not end well (by a limit, or out
//! of memory) is thrown away, and a run that found too little memory in a used one is done again in a new one: so what
//! ran before never shows.

use super::quick::Kept;
use crate::env::EvalError;
use model::limits::Limits;
use model::{Timestamp, Value};
use rquickjs::context::EvalOptions;
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Runtime};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Bytes of native stack that a script may use.
const STACK_BYTES: usize = 256 << 10;
/// Bytes of garbage, at most, before it is collected: some tens of contexts.
const GARBAGE_BYTES: usize = 4 << 20;
const PRELUDE: &str = include_str!("prelude.js");
const CLOCK: &str = include_str!("prelude_clock.js");
const RANDOM: &str = include_str!("prelude_random.js");
/// Globals that are not for scripts.
const REMOVED: &[&str] =
    &["eval", "performance", "Atomics", "SharedArrayBuffer", "queueMicrotask", "navigator", "print", "console"];
const MOMENTS: &str = include_str!("moments.js");
const FILE: &str = "script";

/// What ends a run that takes too long.
#[derive(Clone)]
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

/// A runtime and what is kept in it. Fields are dropped in this order.
pub(super) struct Engine {
    /// Compiled expressions that only compute.
    pub(super) kept: Option<Kept>,
    pub(super) runtime: Runtime,
    /// Whether anything ran in it.
    used: bool,
}

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

/// This thread's engine, or a new one. Give it back by [`keep`] after a run that ended well.
pub(super) fn engine(limits: &Limits) -> Result<Engine, EvalError> {
    let engine = match ENGINE.with(|e| e.try_borrow_mut().ok().and_then(|mut e| e.take())) {
        Some(engine) => engine,
        None => Engine::new()?,
    };
    engine.runtime.set_memory_limit(limits.script_bytes);
    engine.runtime.set_gc_threshold(GARBAGE_BYTES.min(limits.script_bytes / 4));
    Ok(engine)
}

/// Keeps an engine for the next run on this thread.
pub(super) fn keep(mut engine: Engine) {
    engine.used = true;
    engine.runtime.set_interrupt_handler(None);
    ENGINE.with(|e| {
        if let Ok(mut e) = e.try_borrow_mut() {
            *e = Some(engine);
        }
    });
}

impl Engine {
    fn new() -> Result<Self, EvalError> {
        let runtime = Runtime::new().map_err(unavailable)?;
        runtime.set_max_stack_size(STACK_BYTES);
        Ok(Self { kept: None, runtime, used: false })
    }
}

pub(super) fn options() -> EvalOptions {
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

/// One run.
pub(super) struct Run<'a> {
    /// The source as a function.
    pub(super) wrapped: &'a str,
    /// Characters before the source on its first line.
    pub(super) indent: u32,
    pub(super) now: Timestamp,
    /// What `Math.random` is computed from.
    pub(super) seed: u64,
    pub(super) limits: &'a Limits,
    /// Whether it can reach `Date`.
    pub(super) clock: bool,
    /// Whether it can reach `Math.random`.
    pub(super) random: bool,
    /// Whether `_` is wanted.
    pub(super) lodash: bool,
    /// Whether `moment` and `dayjs` are wanted.
    pub(super) moments: bool,
    /// The variables as JSON.
    pub(super) variables: String,
}

impl Run<'_> {
    /// Runs it in a fresh context of this thread's runtime.
    pub(super) fn on_this_thread(&self, budget: &Budget) -> Result<Value, EvalError> {
        let first = engine(self.limits)?;
        let used = first.used;
        match self.on(first, budget) {
            Err(EvalError::Memory | EvalError::Depth) if used => self.on(Engine::fresh(self.limits)?, budget),
            other => other,
        }
    }

    fn on(&self, engine: Engine, budget: &Budget) -> Result<Value, EvalError> {
        let stopped = Rc::new(Cell::new(Stopped::No));
        watch(&engine.runtime, budget.clone(), stopped.clone());
        let context = Context::full(&engine.runtime).map_err(unavailable)?;
        let result = context.with(|ctx| {
            let result = self.run_in(&ctx).catch(&ctx).map_err(|e| why(&e, self.indent, stopped.get()));
            let Some(json) = result? else { return Ok(Value::Null) };
            if json.len() > self.limits.instance_bytes {
                return Err(EvalError::Size);
            }
            // QuickJS writes at most what its own stack allows; JSON of over 127 levels is refused here.
            serde_json::from_str(&json).map(|json| Value::from_json(&json)).map_err(|_| EvalError::Depth)
        });
        drop(context);
        if matches!(result, Ok(_) | Err(EvalError::Thrown { .. } | EvalError::Size)) {
            keep(engine);
        }
        result
    }

    /// Takes away what scripts must not have, and puts the variables there. What stands for the clock and for random
    /// numbers is read only by who can reach it: reading takes longer than most scripts run.
    fn prepare(&self, ctx: &Ctx) -> rquickjs::Result<()> {
        let run: Function = ctx.eval_with_options(PRELUDE, options())?;
        let () = run.call(())?;
        let globals = ctx.globals();
        for name in REMOVED {
            globals.remove(*name)?;
        }
        if self.clock || self.moments {
            let run: Function = ctx.eval_with_options(CLOCK, options())?;
            #[allow(clippy::cast_precision_loss, reason = "a JavaScript date is such a number")]
            let () = run.call((self.now.0 as f64,))?;
        }
        if self.random || self.lodash {
            let run: Function = ctx.eval_with_options(RANDOM, options())?;
            #[allow(clippy::cast_possible_truncation, reason = "its generator has 32 bits of state")]
            let () = run.call(((self.seed ^ (self.seed >> 32)) as i32,))?;
        }
        let vars = ctx.json_parse(&*self.variables)?;
        if let Some(vars) = vars.as_object() {
            for entry in vars.props::<String, rquickjs::Value>() {
                let (name, value) = entry?;
                // A global of the language comes first.
                if !globals.contains_key(&*name)? {
                    globals.set(&*name, value)?;
                }
            }
        }
        globals.set("vars", vars)
    }

    /// The result as JSON; `None` when there is none.
    fn run_in<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Option<String>> {
        self.prepare(ctx)?;
        if self.lodash {
            let () = ctx.eval_with_options(super::lodash::source(self.wrapped), options())?;
        }
        if self.moments {
            let moments: Function = ctx.eval_with_options(MOMENTS, options())?;
            let () = moments.call((Function::new(ctx.clone(), zone_offset)?,))?;
        }
        let function: Function = ctx.eval_with_options(self.wrapped, options())?;
        let mut result: rquickjs::Value = function.call(())?;
        if let Some(promise) = result.as_promise().cloned() {
            result = promise.finish()?;
        }
        match ctx.json_stringify(result)? {
            None => Ok(None),
            Some(json) => json.to_string().map(Some),
        }
    }
}

impl Engine {
    fn fresh(limits: &Limits) -> Result<Self, EvalError> {
        let engine = Self::new()?;
        engine.runtime.set_memory_limit(limits.script_bytes);
        Ok(engine)
    }
}

/// Stops what runs in the runtime when its budget is used up.
fn watch(runtime: &Runtime, budget: Budget, told: Rc<Cell<Stopped>>) {
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
}

fn why(error: &CaughtError, indent: u32, stopped: Stopped) -> EvalError {
    match stopped {
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

/// Minutes east of UTC in a zone at an instant; none when there is no such zone.
#[allow(clippy::needless_pass_by_value, reason = "what JavaScript calls takes its arguments by value")]
fn zone_offset(zone: String, ms: f64) -> Option<i32> {
    #[allow(clippy::cast_possible_truncation, reason = "out of range ends as no such instant")]
    let at = jiff::Timestamp::from_millisecond(ms as i64).ok()?;
    Some(jiff::tz::TimeZone::get(&zone).ok()?.to_offset(at).seconds() / 60)
}

/// Whether the wrapped source can be read; nothing of it runs.
pub(super) fn check_syntax(wrapped: &str, limits: &Limits) -> Result<(), Problem> {
    let failed = |e: EvalError| Problem { message: e.to_string(), ..Problem::default() };
    let engine = engine(limits).map_err(failed)?;
    let stopped = Rc::new(Cell::new(Stopped::No));
    watch(&engine.runtime, Budget::Ticks(limits.script_inline_ticks), stopped);
    let context = Context::full(&engine.runtime).map_err(|e| failed(unavailable(e)))?;
    let result = context.with(|ctx| {
        let read: rquickjs::Result<Function> = ctx.eval_with_options(wrapped, options());
        read.catch(&ctx).map(|_| ()).map_err(|error| match error {
            CaughtError::Exception(e) => Problem::of(e.message(), e.stack().as_deref()),
            other => Problem { message: other.to_string(), ..Problem::default() },
        })
    });
    drop(context);
    keep(engine);
    result
}
