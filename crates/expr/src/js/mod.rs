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
//!
//! Without the feature `javascript` (WebAssembly) there is no interpreter: any text passes for a script, and none runs.

#[cfg(feature = "javascript")]
mod lodash;
#[cfg(feature = "javascript")]
mod quick;
#[cfg(feature = "javascript")]
mod runs;
#[cfg(feature = "javascript")]
mod sandbox;
#[cfg(not(feature = "javascript"))]
mod unread;
mod words;

use crate::syntax::SyntaxError;
use model::limits::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use words::Words;

#[cfg(feature = "javascript")]
pub use runs::{Deadline, Worker, run};
#[cfg(feature = "javascript")]
use sandbox::check_syntax;
#[cfg(not(feature = "javascript"))]
use unread::check_syntax;

/// A script that can be read.
#[derive(Debug)]
#[cfg_attr(not(feature = "javascript"), allow(dead_code, reason = "what running it takes"))]
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
        match check_syntax(&wrapped, limits) {
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
    /// The names it may read, sorted: more than it does, never less; `None` when it may read any.
    pub(crate) fn reads(&self) -> Option<&[Arc<str>]> {
        if self.reads_all { None } else { Some(self.words.free.as_deref().unwrap_or(&self.words.names)) }
    }
}
