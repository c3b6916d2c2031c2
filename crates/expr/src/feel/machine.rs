//! Evaluates the tree.
//!
//! Invariant: every node evaluated and every item produced burns fuel; every step into a node is counted against the
//! depth; text is charged by its length. So no expression and no data can run without end or overflow the stack.

mod calls;
mod loops;

use super::lexer::Place;
use super::node::{Comparison, Multiplicative, Node, RangeNode, Slot, Test};
use super::operators::{self, Outcome, Stop, null};
use super::session::Kept;
use super::temporal::{self, Zones};
use super::value::{Callable, Feel, Function, Globals, ListBuilder, NULL, Range};
use crate::env::{EvalError, Scope};
use model::{Number, Value};
use std::sync::Arc;

/// Bytes of text that cost one step.
const BYTES_PER_STEP: usize = 64;

pub(super) use calls::in_order;

type Evaluated = Result<Feel, EvalError>;

/// The state of one evaluation.
pub(super) struct Machine<'a> {
    pub(super) scope: &'a dyn Scope,
    pub(super) zones: Zones<'a>,
    /// What outlives the machine: the limits left and the warnings.
    pub(super) kept: Kept,
    slots: Vec<Feel>,
    /// Variables that the function being run took with it: they come before those of the scope.
    globals: Option<Arc<Globals>>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(scope: &'a dyn Scope, zones: Zones<'a>, kept: Kept) -> Self {
        Self { scope, zones, kept, slots: Vec::new(), globals: None }
    }

    // Limits.

    pub(super) fn burn(&mut self, steps: u64) -> Result<(), EvalError> {
        self.kept.burn(steps)
    }

    /// Pays for a text of so many bytes.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), EvalError> {
        if bytes > self.kept.value_bytes {
            return Err(EvalError::Size);
        }
        self.burn((bytes / BYTES_PER_STEP) as u64)
    }

    pub(super) fn max_value_depth(&self) -> u32 {
        self.kept.value_depth
    }

    /// Bytes that one text may have.
    pub(super) fn value_limit(&self) -> usize {
        self.kept.value_bytes
    }

    /// Evaluates something that has nothing to do with the local variables here.
    pub(super) fn with_fresh_slots(&mut self, run: impl FnOnce(&mut Self) -> Evaluated) -> Evaluated {
        let outer = std::mem::take(&mut self.slots);
        let result = run(self);
        self.slots = outer;
        result
    }

    /// Refuses results that are too large or nested too deeply to leave.
    pub(super) fn check_result(&self, value: &Value) -> Result<(), EvalError> {
        let mut left = self.kept.result_bytes;
        measure(value, &mut left, self.kept.value_depth)
    }

    fn check_depth(&mut self, value: &Feel, left: u32) -> Result<(), EvalError> {
        self.burn(1)?;
        let Some(left) = left.checked_sub(1) else { return Err(EvalError::Depth) };
        if let Some(items) = value.items() {
            for item in items {
                self.check_depth(&item, left)?;
            }
        } else if let Some(entries) = value.entries() {
            for (_, item) in entries {
                self.check_depth(&item, left)?;
            }
        }
        Ok(())
    }

    /// Data out of a result that holds ranges or functions, which are no data.
    pub(super) fn export(&mut self, value: Feel) -> Result<Value, EvalError> {
        let value = self.exported(value, self.kept.value_depth)?;
        self.check_result(&value)?;
        Ok(value)
    }

    fn exported(&mut self, value: Feel, left: u32) -> Result<Value, EvalError> {
        self.burn(1)?;
        let Some(left) = left.checked_sub(1) else { return Err(EvalError::Depth) };
        match value {
            Feel::Data(value) => Ok(value),
            Feel::List(items) => {
                let items: Result<Vec<Value>, _> = items.iter().map(|i| self.exported(i.clone(), left)).collect();
                Ok(Value::list(items?))
            }
            Feel::Context(entries) => {
                let mut out = model::Object::with_capacity(entries.len());
                for (key, value) in entries.iter() {
                    out.insert(key.clone(), self.exported(value.clone(), left)?);
                }
                Ok(Value::Object(Arc::new(out)))
            }
            Feel::Range(_) | Feel::Function(_) => {
                self.warn(format!("a {} can not be a result", value.type_name()));
                Ok(Value::Null)
            }
        }
    }

    // Warnings.

    pub(super) fn warn(&mut self, message: String) {
        self.kept.warn(message);
    }

    /// A value, or null with a warning.
    fn settle(&mut self, outcome: Outcome<Feel>) -> Evaluated {
        match outcome {
            Ok(value) => Ok(value),
            Err(Stop::Null(why)) => {
                self.warn(why);
                Ok(NULL)
            }
            Err(Stop::Error(error)) => Err(error),
        }
    }

    // Nodes.

    pub(super) fn eval(&mut self, node: &Node) -> Evaluated {
        self.kept.burn(1)?;
        let (node, place) = match node {
            Node::Const(value) => return Ok(value.clone()),
            Node::Local(slot) => return Ok(self.slots.get(*slot).cloned().unwrap_or(NULL)),
            Node::Global(name, place) => return Ok(self.global(name, *place)),
            Node::At(place, node) => (&**node, Some(*place)),
            node => (node, None),
        };
        if self.kept.depth >= self.kept.max_depth {
            return Err(EvalError::Depth);
        }
        self.kept.depth += 1;
        let told = self.kept.warnings.len();
        let result = self.eval_inner(node);
        self.kept.depth -= 1;
        if let Some(place) = place
            && self.kept.warnings.len() > told
        {
            self.kept.place(told, place);
        }
        result
    }

    /// Goes on with the node. Nothing but calls here: the frames of deep recursion are made of this function's.
    fn eval_inner(&mut self, node: &Node) -> Evaluated {
        match node {
            Node::Member { name, items, outside } => self.member(name, items, outside),
            Node::Compare(op, sides) => self.comparison(*op, sides),
            Node::And(nodes) => self.junction(nodes, false),
            Node::Or(nodes) => self.junction(nodes, true),
            Node::If(parts) => self.conditional(parts),
            Node::Sum(first, rest) => self.sum(first, rest),
            Node::Product(first, rest) => self.product(first, rest),
            Node::Between(parts) => self.between_node(parts),
            Node::For(iteration) => self.for_loop(iteration),
            Node::Quantified { every, iteration } => self.quantified(*every, iteration),
            Node::Filter(parts, slot) => self.filter(&parts.0, &parts.1, *slot),
            Node::Builtin(builtin, args) => self.builtin(builtin, args),
            Node::Call(callee, args) => self.call(callee, args),
            Node::Context(entries) => self.context(entries),
            Node::Range(range) => self.range(range),
            Node::UnaryTests { tests, negated } => self.unary_tests(tests, *negated),
            Node::At(_, inner) => self.eval(inner),
            other => self.eval_small(other),
        }
    }

    fn eval_small(&mut self, node: &Node) -> Evaluated {
        match node {
            Node::Negate(inner) => {
                let value = self.eval(inner)?;
                let outcome = self.negate(&value);
                self.settle(outcome)
            }
            Node::Power(sides) => {
                let (a, b) = (self.eval(&sides.0)?, self.eval(&sides.1)?);
                let outcome = self.power(&a, &b);
                self.settle(outcome)
            }
            Node::In(value, tests) => {
                let value = self.eval(value)?;
                self.any_test(&value, tests)
            }
            Node::InstanceOf(inner, kind) => Ok(Feel::from(kind.holds(&self.eval(inner)?))),
            Node::Path(base, name) => {
                let base = self.eval(base)?;
                self.path(&base, name)
            }
            Node::List(items) => {
                let mut list = ListBuilder::with_capacity(items.len());
                for item in items {
                    list.push(self.eval(item)?);
                }
                Ok(list.finish())
            }
            Node::TestRange(op, end) => {
                let end = self.eval(end)?;
                Ok(Feel::Range(Arc::new(Range::of_test(*op, end))))
            }
            Node::Function(function) => Ok(self.closure(function)),
            Node::GlobalOrBuiltin(name, builtin) => Ok(match self.variable(name) {
                Some(value) => value,
                None => Feel::Function(Arc::new(Function(Callable::Builtin(builtin)))),
            }),
            // What has no parts is done before a level is counted.
            _ => self.eval(node),
        }
    }

    fn set(&mut self, slot: Slot, value: Feel) {
        while self.slots.len() <= slot {
            self.slots.push(NULL);
        }
        self.slots[slot] = value;
    }

    /// A variable from outside of the expression.
    pub(super) fn variable(&self, name: &str) -> Option<Feel> {
        let taken = self.globals.as_ref().and_then(|g| g.iter().find(|(n, _)| **n == *name));
        match taken {
            Some((_, value)) => Some(value.clone()),
            None => self.scope.feel(name),
        }
    }

    fn global(&mut self, name: &str, place: Place) -> Feel {
        match self.variable(name) {
            Some(value) => value,
            None => {
                let told = self.kept.warnings.len();
                self.warn(format!("there is no variable `{name}`"));
                self.kept.place(told, place);
                NULL
            }
        }
    }

    fn member(&mut self, name: &str, items: &[Slot], outside: &Node) -> Evaluated {
        for slot in items {
            if let Some(value) = self.slots.get(*slot).and_then(|item| item.entry(name)) {
                return Ok(value);
            }
        }
        self.eval(outside)
    }

    fn comparison(&mut self, op: Comparison, sides: &(Node, Node)) -> Evaluated {
        let warnings = self.kept.warnings.len();
        let (a, b) = (self.eval(&sides.0)?, self.eval(&sides.1)?);
        let asks_for_null = |n: &Node| matches!(n.bare(), Node::Const(c) if c.is_null());
        if asks_for_null(&sides.0) || asks_for_null(&sides.1) {
            // Who compares with null expects that the value may be missing.
            self.kept.warnings.truncate(warnings);
        }
        let outcome = self.compare(op, &a, &b);
        self.settle(outcome)
    }

    /// `and` (decided by false) or `or` (decided by true); anything but a boolean counts as null.
    fn junction(&mut self, nodes: &[Node], decides: bool) -> Evaluated {
        let mut unknown = false;
        for node in nodes {
            let value = self.eval(node)?;
            match value.as_bool() {
                Some(b) if b == decides => return Ok(Feel::from(decides)),
                Some(_) => {}
                None => {
                    if !value.is_null() {
                        let word = if decides { "or" } else { "and" };
                        self.warn(format!("`{word}` needs booleans, got {}", value.type_name()));
                    }
                    unknown = true;
                }
            }
        }
        Ok(if unknown { NULL } else { Feel::from(!decides) })
    }

    fn conditional(&mut self, parts: &(Node, Node, Node)) -> Evaluated {
        let condition = self.eval(&parts.0)?;
        if condition.is_true() {
            return self.eval(&parts.1);
        }
        if condition.as_bool().is_none() {
            self.warn(format!("`if` needs a boolean, got {}", condition.type_name()));
        }
        self.eval(&parts.2)
    }

    fn sum(&mut self, first: &Node, rest: &[(super::node::Additive, Node)]) -> Evaluated {
        let mut total = self.eval(first)?;
        for (op, node) in rest {
            let next = self.eval(node)?;
            let outcome = self.add(*op, &total, &next);
            total = self.settle(outcome)?;
        }
        Ok(total)
    }

    fn product(&mut self, first: &Node, rest: &[(Multiplicative, Node)]) -> Evaluated {
        let mut total = self.eval(first)?;
        for (op, node) in rest {
            let next = self.eval(node)?;
            let outcome = self.multiply(*op, &total, &next);
            total = self.settle(outcome)?;
        }
        Ok(total)
    }

    fn between_node(&mut self, parts: &(Node, Node, Node)) -> Evaluated {
        let value = self.eval(&parts.0)?;
        let (low, high) = (self.eval(&parts.1)?, self.eval(&parts.2)?);
        let outcome = self.compare(Comparison::GreaterOrEqual, &value, &low).and_then(|above| {
            let below = self.compare(Comparison::LessOrEqual, &value, &high)?;
            Ok(Feel::from(above.is_true() && below.is_true()))
        });
        self.settle(outcome)
    }

    // Tests.

    fn any_test(&mut self, value: &Feel, tests: &[Test]) -> Evaluated {
        let mut unknown = false;
        for test in tests {
            let outcome = match test {
                Test::Any => return Ok(Feel::from(true)),
                Test::Compare(op, node) => {
                    let other = self.eval(node)?;
                    self.compare(*op, value, &other)
                }
                Test::Value { node, mentions_input } => {
                    let other = self.eval(node)?;
                    if other.is_null() && matches!(node, Node::Range(_)) {
                        // A range that could not be made says nothing about the value.
                        Ok(NULL)
                    } else if *mentions_input && other.as_bool().is_some() {
                        Ok(other)
                    } else {
                        self.passes(value, &other).map(Feel::from)
                    }
                }
            };
            let passed = self.settle(outcome)?;
            if passed.is_true() {
                return Ok(Feel::from(true));
            }
            unknown |= passed.is_null();
        }
        Ok(if unknown { NULL } else { Feel::from(false) })
    }

    fn unary_tests(&mut self, tests: &[Test], negated: bool) -> Evaluated {
        let value = self.variable("?").unwrap_or(NULL);
        let passed = self.any_test(&value, tests)?.is_true();
        Ok(Feel::from(passed != negated))
    }

    fn range(&mut self, range: &RangeNode) -> Evaluated {
        let (start, end) = (self.eval(&range.start)?, self.eval(&range.end)?);
        let outcome = operators::range(start, range.start_included, end, range.end_included);
        self.settle(outcome)
    }

    // Paths, filters.

    pub(super) fn path(&mut self, base: &Feel, name: &Arc<str>) -> Evaluated {
        if let Some(items) = base.items() {
            let mut out = ListBuilder::with_capacity(items.size_hint().0);
            for item in items {
                self.burn(1)?;
                out.push(item.entry(name).unwrap_or(NULL));
            }
            return Ok(out.finish());
        }
        if let Some(value) = base.entry(name) {
            return Ok(value);
        }
        let found = match base {
            Feel::Range(range) => range_part(range, name),
            Feel::Data(Value::File(file)) => file_part(file, name).map(Feel::Data),
            Feel::Data(value) => temporal::part(&self.zones, value, name).map(Feel::Data),
            _ => None,
        };
        if found.is_none() {
            self.warn(format!("a {} has no entry `{name}`", base.type_name()));
        }
        Ok(found.unwrap_or(NULL))
    }

    fn filter(&mut self, base: &Node, condition: &Node, slot: Slot) -> Evaluated {
        let base = self.eval(base)?;
        if base.is_null() {
            return Ok(NULL);
        }
        let list = if base.is_list() { base } else { Feel::list([base]) };
        let len = list.list_len().unwrap_or(0);
        // Whether the brackets hold a position or a condition shows only in its value: the first item decides.
        self.set(slot, list.list_item(0).unwrap_or(NULL));
        let warnings = self.kept.warnings.len();
        let first = self.eval(condition)?;
        if let Some(position) = first.as_number() {
            return Ok(self.item_at(&list, len, position));
        }
        let mut out = ListBuilder::with_capacity(0);
        if len == 0 {
            self.kept.warnings.truncate(warnings);
        } else if first.is_true() {
            out.push(list.list_item(0).unwrap_or(NULL));
        }
        for i in 1..len {
            self.burn(1)?;
            let item = list.list_item(i).unwrap_or(NULL);
            self.set(slot, item.clone());
            if self.eval(condition)?.is_true() {
                out.push(item);
            }
        }
        self.set(slot, NULL);
        Ok(out.finish())
    }

    fn item_at(&mut self, list: &Feel, len: usize, position: Number) -> Feel {
        let index = position.to_i64().and_then(|p| match p {
            1.. => usize::try_from(p - 1).ok(),
            0 => None,
            _ => len.checked_sub(usize::try_from(p.unsigned_abs()).ok()?),
        });
        match index.and_then(|i| list.list_item(i)) {
            Some(item) => item,
            None => {
                self.warn(format!("the list of {len} has no item {position}"));
                NULL
            }
        }
    }

    // Contexts, functions.

    fn context(&mut self, entries: &[(Arc<str>, Slot, Node)]) -> Evaluated {
        let mut out = Vec::with_capacity(entries.len());
        for (key, slot, node) in entries {
            let value = self.eval(node)?;
            self.set(*slot, value.clone());
            out.push((key.clone(), value));
        }
        Ok(Feel::context(out))
    }
}

fn range_part(range: &Range, name: &str) -> Option<Feel> {
    Some(match name {
        "start" => range.start.clone().unwrap_or(NULL),
        "end" => range.end.clone().unwrap_or(NULL),
        "start included" => Feel::from(range.start_included),
        "end included" => Feel::from(range.end_included),
        _ => return None,
    })
}

fn file_part(file: &model::value::FileRef, name: &str) -> Option<Value> {
    Some(match name {
        "id" => Value::text(file.id.to_string()),
        "name" => Value::text(&file.name),
        "size" => Value::Number(Number::from(i64::try_from(file.size).unwrap_or(i64::MAX))),
        "type" => Value::text(&file.media_type),
        _ => return None,
    })
}

/// Counts down bytes and levels.
fn measure(value: &Value, left: &mut usize, levels: u32) -> Result<(), EvalError> {
    let (own, levels) = match value {
        Value::String(s) => (8 + s.len(), levels),
        Value::List(_) | Value::Object(_) => (8, levels.checked_sub(1).ok_or(EvalError::Depth)?),
        _ => (8, levels),
    };
    *left = left.checked_sub(own).ok_or(EvalError::Size)?;
    match value {
        Value::List(items) => items.iter().try_for_each(|i| measure(i, left, levels)),
        Value::Object(entries) => entries.iter().try_for_each(|(key, v)| {
            *left = left.checked_sub(key.len()).ok_or(EvalError::Size)?;
            measure(v, left, levels)
        }),
        _ => Ok(()),
    }
}

/// `null` with a reason, for functions that want the name of a type.
pub(super) fn expected<T>(what: &str, got: Option<&Feel>) -> Outcome<T> {
    null(format!("expected {what}, got {}", got.map_or("nothing", Feel::type_name)))
}
