//! An evaluation that spans several expressions: a decision with its table, the functions it calls, and so on.
//!
//! Invariant: one budget for all of it: whatever is evaluated through a [`Session`] counts against the same steps and
//! the same depth, so a model that calls itself ends like an expression that does.

use super::machine::{Machine, in_order};
use super::node::Comparison;
use super::operators::Stop;
use super::temporal::Zones;
use super::value::{Feel, Function, NULL};
use crate::env::{Env, EvalError, Scope};
use model::limits::Limits;
use model::{Object, Value};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// More warnings than this say nothing new.
const WARNINGS: usize = 20;

/// Why a result may be null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Line and column, from 1, in the text of the expression; `None` when it comes from no text.
    pub place: Option<(u32, u32)>,
    /// What went wrong, in English.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.place {
            Some((line, column)) => write!(f, " (line {line}, column {column})"),
            None => Ok(()),
        }
    }
}

/// A function that is not written in FEEL: a business knowledge model, a decision service.
pub trait Native: Send + Sync + fmt::Debug {
    /// Names of its parameters, in order.
    fn params(&self) -> &[Arc<str>];
    /// What it takes and gives, where that is declared.
    fn signature(&self) -> Option<&super::Signature> {
        None
    }
    /// Runs it. `args` are as many as were given; evaluate nested expressions with this session.
    fn call(&self, session: &mut Session, args: Vec<Feel>) -> Result<Feel, EvalError>;
}

/// What is left of the limits, and what was warned of.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) fuel: u64,
    pub(super) depth: u32,
    pub(super) max_depth: u32,
    pub(super) value_bytes: usize,
    pub(super) result_bytes: usize,
    pub(super) value_depth: u32,
    pub(super) warnings: Vec<Warning>,
    seed: u64,
}

impl Kept {
    pub(super) fn new(limits: &Limits, seed: u64) -> Self {
        Self {
            fuel: limits.feel_fuel,
            depth: 0,
            // The text is nested at most `expression_depth`; the rest is for functions that call functions.
            max_depth: limits.expression_depth.saturating_mul(3),
            value_bytes: limits.value_bytes,
            result_bytes: limits.instance_bytes,
            value_depth: limits.expression_depth,
            warnings: Vec::new(),
            seed,
        }
    }

    pub(super) fn burn(&mut self, steps: u64) -> Result<(), EvalError> {
        match self.fuel.checked_sub(steps) {
            Some(left) => {
                self.fuel = left;
                Ok(())
            }
            None => Err(EvalError::Fuel),
        }
    }

    pub(super) fn warn(&mut self, message: String) {
        if self.warnings.len() < WARNINGS {
            self.warnings.push(Warning { place: None, message });
        }
    }

    /// Says where the warnings since `from` stand, unless something closer said so.
    pub(super) fn place(&mut self, from: usize, place: (u32, u32)) {
        for warning in self.warnings.iter_mut().skip(from) {
            warning.place.get_or_insert(place);
        }
    }

    /// The next random number of the seed (splitmix64).
    pub(super) fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// One evaluation of one or more expressions.
#[derive(Debug)]
pub struct Session<'e> {
    pub(super) zones: Zones<'e>,
    pub(super) kept: Kept,
}

impl<'e> Session<'e> {
    /// A session with the clock, the zone, the limits and the seed of `env`. Scopes are given with each expression.
    pub fn new(env: &Env<'e>) -> Self {
        Self { zones: Zones { zone: env.zone, now: env.now }, kept: Kept::new(env.limits, env.seed) }
    }

    pub(super) fn from_parts(zones: Zones<'e>, kept: Kept) -> Self {
        Self { zones, kept }
    }

    pub(super) fn into_kept(self) -> Kept {
        self.kept
    }

    /// Runs with a machine over `scope`.
    pub(super) fn with<T>(&mut self, scope: &dyn Scope, run: impl FnOnce(&mut Machine) -> T) -> T {
        let mut machine = Machine::new(scope, self.zones, std::mem::take(&mut self.kept));
        let result = run(&mut machine);
        self.kept = machine.kept;
        result
    }

    /// Remembers a warning without a place.
    pub fn warn(&mut self, message: impl Into<String>) {
        self.kept.warn(message.into());
    }

    /// What was warned of so far.
    pub fn warnings(&self) -> &[Warning] {
        &self.kept.warnings
    }

    /// Takes the warnings out.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.kept.warnings)
    }

    /// Pays for work done outside of expressions.
    pub fn burn(&mut self, steps: u64) -> Result<(), EvalError> {
        self.kept.burn(steps)
    }

    /// Runs one level deeper: for whatever may lead back to itself.
    pub fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, EvalError>) -> Result<T, EvalError> {
        if self.kept.depth >= self.kept.max_depth {
            return Err(EvalError::Depth);
        }
        self.kept.depth += 1;
        let result = run(self);
        self.kept.depth -= 1;
        result
    }

    /// Calls a function value with arguments in order; null with a warning when it is none or they do not fit.
    pub fn call(&mut self, function: &Feel, args: Vec<Feel>) -> Result<Feel, EvalError> {
        self.call_named(function, args.into_iter().map(|a| (None, a)).collect())
    }

    /// Calls a function value with arguments of which all or none have names.
    pub fn call_named(&mut self, function: &Feel, args: Vec<(Option<Arc<str>>, Feel)>) -> Result<Feel, EvalError> {
        let Feel::Function(function) = function else {
            self.warn(format!("a {} can not be called", function.type_name()));
            return Ok(NULL);
        };
        let ordered = match function.params() {
            None => Some(args.into_iter().map(|(_, v)| v).collect()),
            Some(params) => in_order(params, args),
        };
        let Some(ordered) = ordered else {
            self.warn("the arguments do not fit the function's parameters");
            return Ok(NULL);
        };
        self.invoke(function, ordered)
    }

    fn invoke(&mut self, function: &Function, args: Vec<Feel>) -> Result<Feel, EvalError> {
        self.with(&Nothing, |machine| machine.invoke(function, args))
    }

    /// Calls a built-in function by its name: `sum`, `date and time`.
    pub fn builtin(&mut self, name: &str, args: Vec<Feel>) -> Result<Feel, EvalError> {
        match super::builtins::find(name) {
            Some(builtin) => self.invoke(&Function(super::value::Callable::Builtin(builtin)), args),
            None => {
                self.warn(format!("there is no function `{name}`"));
                Ok(NULL)
            }
        }
    }

    /// Whether two values are equal; values of different types are not.
    pub fn same(&mut self, a: &Feel, b: &Feel) -> Result<bool, EvalError> {
        self.with(&Nothing, |machine| machine.same(a, b))
    }

    /// Which of two comes first; `None` when they can not be compared.
    pub fn order(&mut self, a: &Feel, b: &Feel) -> Result<Option<Ordering>, EvalError> {
        self.with(&Nothing, |machine| match machine.order(a, b) {
            Ok(order) => Ok(Some(order)),
            Err(Stop::Null(_)) => Ok(None),
            Err(Stop::Error(e)) => Err(e),
        })
    }

    /// What `value = other` gives: null when the types differ.
    pub fn equal(&mut self, value: &Feel, other: &Feel) -> Result<Feel, EvalError> {
        self.with(&Nothing, |machine| match machine.compare(Comparison::Equal, value, other) {
            Ok(result) => Ok(result),
            Err(Stop::Null(_)) => Ok(NULL),
            Err(Stop::Error(e)) => Err(e),
        })
    }

    /// What `string(value)` writes.
    pub fn text(&mut self, value: &Feel) -> Result<String, EvalError> {
        self.with(&Nothing, |machine| match machine.text_of(value) {
            Ok(text) => Ok(text),
            Err(Stop::Null(_)) => Ok(String::new()),
            Err(Stop::Error(e)) => Err(e),
        })
    }

    /// Data out of a value; ranges and functions in it become null with a warning. Refuses what is over the limits.
    pub fn export(&mut self, value: Feel) -> Result<Value, EvalError> {
        self.with(&Nothing, |machine| machine.export(value))
    }
}

/// A scope without variables.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Scope for Nothing {
    fn variable(&self, _: &str) -> Option<Value> {
        None
    }
    fn all(&self) -> Object {
        Object::new()
    }
}

/// Named values over an outer scope.
#[derive(Clone)]
pub struct Names<'s> {
    entries: Vec<(Arc<str>, Feel)>,
    outer: &'s dyn Scope,
}

impl<'s> Names<'s> {
    /// No names yet, over `outer`.
    pub fn over(outer: &'s dyn Scope) -> Self {
        Self { entries: Vec::new(), outer }
    }

    /// Adds a name; it hides what was there.
    pub fn set(&mut self, name: impl Into<Arc<str>>, value: impl Into<Feel>) {
        let name = name.into();
        let value = value.into();
        match self.entries.iter_mut().find(|(n, _)| *n == name) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((name, value)),
        }
    }
}

impl Scope for Names<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        if let Feel::Data(value) = self.feel(name)? { Some(value) } else { None }
    }
    fn feel(&self, name: &str) -> Option<Feel> {
        let own = self.entries.iter().find(|(n, _)| **n == *name);
        own.map(|(_, v)| v.clone()).or_else(|| self.outer.feel(name))
    }
    fn object(&self, object: &str, field: &str) -> Option<Value> {
        self.outer.object(object, field)
    }
    fn all(&self) -> Object {
        let mut all = self.outer.all();
        for (name, value) in &self.entries {
            if let Feel::Data(value) = value {
                all.insert(name.clone(), value.clone());
            }
        }
        all
    }
}
