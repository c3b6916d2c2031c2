//! What the operators mean: equality, order, arithmetic, membership.
//!
//! Invariant: wrong types end in [`Stop::Null`] with the reason; only limits end in [`Stop::Error`].

use super::machine::Machine;
use super::node::{Additive, Comparison, Multiplicative};
use super::temporal::plus_months;
use super::value::{Feel, Range};
use crate::env::EvalError;
use model::number::Rounding;
use model::{Number, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// Why there is no value.
pub(super) enum Stop {
    /// It is null, for the reason given.
    Null(String),
    /// A limit.
    Error(EvalError),
}

impl From<EvalError> for Stop {
    fn from(error: EvalError) -> Self {
        Self::Error(error)
    }
}

pub(super) type Outcome<T> = Result<T, Stop>;

/// Null with a reason.
pub(super) fn null<T>(why: impl Into<String>) -> Outcome<T> {
    Err(Stop::Null(why.into()))
}

impl Machine<'_> {
    // Comparing.

    pub(super) fn compare(&mut self, op: Comparison, a: &Feel, b: &Feel) -> Outcome<Feel> {
        match op {
            Comparison::Equal => self.equal(a, b).map(Feel::from),
            Comparison::NotEqual => self.equal(a, b).map(|e| Feel::from(!e)),
            _ => {
                self.pay_for_texts(a, b)?;
                let order = self.order(a, b)?;
                Ok(Feel::from(match op {
                    Comparison::Less => order == Ordering::Less,
                    Comparison::LessOrEqual => order != Ordering::Greater,
                    Comparison::Greater => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                }))
            }
        }
    }

    /// Comparing long texts takes time.
    fn pay_for_texts(&mut self, a: &Feel, b: &Feel) -> Result<(), EvalError> {
        match (a.as_text(), b.as_text()) {
            (Some(a), Some(b)) => self.burn(a.len().min(b.len()) as u64 / 256),
            _ => Ok(()),
        }
    }

    /// Which of two comes first.
    pub(super) fn order(&self, a: &Feel, b: &Feel) -> Outcome<Ordering> {
        let (Feel::Data(x), Feel::Data(y)) = (a, b) else { return not_comparable(a, b) };
        let order = match (x, y) {
            (Value::Number(x), Value::Number(y)) => Some(x.cmp(y)),
            (Value::String(x), Value::String(y)) => Some(x.cmp(y)),
            (Value::Date(x), Value::Date(y)) => Some(x.cmp(y)),
            (Value::Time(x, zx), Value::Time(y, zy)) => self.zones.order_times((*x, zx.as_ref()), (*y, zy.as_ref())),
            (Value::DateTime(x, zx), Value::DateTime(y, zy)) => {
                self.zones.order_date_times((*x, zx.as_ref()), (*y, zy.as_ref()))
            }
            (Value::DaysDuration(x), Value::DaysDuration(y)) | (Value::YearsDuration(x), Value::YearsDuration(y)) => {
                Some(x.cmp(y))
            }
            _ => return not_comparable(a, b),
        };
        order.map_or_else(|| null("a date lies outside of the calendar"), Ok)
    }

    /// Whether two are equal; null against anything else is not.
    pub(super) fn equal(&mut self, a: &Feel, b: &Feel) -> Outcome<bool> {
        self.deep_equal(a, b, 0)
    }

    fn deep_equal(&mut self, a: &Feel, b: &Feel, depth: u32) -> Outcome<bool> {
        self.burn(1)?;
        if depth > self.max_value_depth() {
            return Err(Stop::Error(EvalError::Depth));
        }
        if a.is_null() || b.is_null() {
            return Ok(a.is_null() && b.is_null());
        }
        if let (Some(x), Some(y)) = (a.list_len(), b.list_len()) {
            if x != y {
                return Ok(false);
            }
            for i in 0..x {
                let (Some(x), Some(y)) = (a.list_item(i), b.list_item(i)) else { return Ok(false) };
                if !self.deep_equal_or_differ(&x, &y, depth)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        match (a, b) {
            (Feel::Data(Value::Bool(x)), Feel::Data(Value::Bool(y))) => Ok(x == y),
            (Feel::Data(Value::File(x)), Feel::Data(Value::File(y))) => Ok(x.id == y.id),
            (Feel::Data(Value::DaysDuration(0)), Feel::Data(Value::YearsDuration(0)))
            | (Feel::Data(Value::YearsDuration(0)), Feel::Data(Value::DaysDuration(0))) => Ok(true),
            (Feel::Range(x), Feel::Range(y)) => {
                let same_ends = x.start_included == y.start_included && x.end_included == y.end_included;
                let (xs, ys) = ([&x.start, &x.end], [&y.start, &y.end]);
                for (x, y) in xs.into_iter().zip(ys) {
                    let equal = match (x, y) {
                        (Some(x), Some(y)) => self.deep_equal(x, y, depth + 1)?,
                        (None, None) => true,
                        _ => false,
                    };
                    if !equal {
                        return Ok(false);
                    }
                }
                Ok(same_ends)
            }
            _ if a.is_context() && b.is_context() => self.equal_contexts(a, b, depth),
            _ => {
                self.pay_for_texts(a, b)?;
                self.order(a, b).map(|o| o == Ordering::Equal)
            }
        }
    }

    /// Inside of lists and contexts different types only differ.
    fn deep_equal_or_differ(&mut self, a: &Feel, b: &Feel, depth: u32) -> Outcome<bool> {
        match self.deep_equal(a, b, depth + 1) {
            Err(Stop::Null(_)) => Ok(false),
            other => other,
        }
    }

    fn equal_contexts(&mut self, a: &Feel, b: &Feel, depth: u32) -> Outcome<bool> {
        let size = |context: &Feel| match context {
            Feel::Data(Value::Object(o)) => o.len(),
            Feel::Context(o) => o.len(),
            _ => 0,
        };
        if size(a) != size(b) {
            return Ok(false);
        }
        let a = a.entries().unwrap_or_default();
        self.burn(a.len() as u64)?;
        for (key, value) in &a {
            let Some(other) = b.entry(key) else { return Ok(false) };
            if !self.deep_equal_or_differ(value, &other, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Equality where different types only differ: for `list contains`, `distinct values` and their kin.
    pub(super) fn same(&mut self, a: &Feel, b: &Feel) -> Result<bool, EvalError> {
        match self.equal(a, b) {
            Ok(equal) => Ok(equal),
            Err(Stop::Null(_)) => Ok(false),
            Err(Stop::Error(e)) => Err(e),
        }
    }

    /// Whether a range holds a value.
    pub(super) fn range_holds(&self, range: &Range, value: &Feel) -> Outcome<bool> {
        if let Some(start) = &range.start {
            let order = self.order(value, start)?;
            if order == Ordering::Less || (order == Ordering::Equal && !range.start_included) {
                return Ok(false);
            }
        }
        if let Some(end) = &range.end {
            let order = self.order(value, end)?;
            if order == Ordering::Greater || (order == Ordering::Equal && !range.end_included) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether `value` passes the test `test`: lies in a range, is an item of a list, or equals it.
    pub(super) fn passes(&mut self, value: &Feel, test: &Feel) -> Outcome<bool> {
        if let Feel::Range(range) = test {
            return self.range_holds(range, value);
        }
        let Some(len) = test.list_len() else { return self.equal(value, test) };
        if value.is_list() && self.same(value, test)? {
            return Ok(true);
        }
        for i in 0..len {
            self.burn(1)?;
            let Some(item) = test.list_item(i) else { break };
            let found = match &item {
                Feel::Range(range) => matches!(self.range_holds(range, value), Ok(true)),
                _ => self.same(value, &item)?,
            };
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    // Arithmetic.

    pub(super) fn add(&mut self, op: Additive, a: &Feel, b: &Feel) -> Outcome<Feel> {
        let (Feel::Data(x), Feel::Data(y)) = (a, b) else { return no_arithmetic(op_name(op), a, b) };
        let minus = op == Additive::Minus;
        let signed = |n: i64| if minus { n.checked_neg() } else { Some(n) };
        let result = match (x, y) {
            (Value::Number(x), Value::Number(y)) => {
                let sum = if minus { x.checked_sub(*y) } else { x.checked_add(*y) };
                sum.map(Value::Number)
            }
            (Value::String(x), Value::String(y)) if !minus => return self.joined_text(x, y).map(Feel::Data),
            (Value::DaysDuration(x), Value::DaysDuration(y)) => {
                signed(*y).and_then(|y| x.checked_add(y)).map(Value::DaysDuration)
            }
            (Value::YearsDuration(x), Value::YearsDuration(y)) => {
                signed(*y).and_then(|y| x.checked_add(y)).map(Value::YearsDuration)
            }
            (Value::Date(_) | Value::DateTime(..) | Value::Time(..), Value::DaysDuration(ms)) => {
                signed(*ms).and_then(|ms| self.zones.plus_ms(x, ms))
            }
            (Value::Date(_) | Value::DateTime(..), Value::YearsDuration(m)) => {
                signed(*m).and_then(|m| plus_months(x, m))
            }
            (Value::DaysDuration(ms), Value::Date(_) | Value::DateTime(..) | Value::Time(..)) if !minus => {
                self.zones.plus_ms(y, *ms)
            }
            (Value::YearsDuration(m), Value::Date(_) | Value::DateTime(..)) if !minus => plus_months(y, *m),
            _ if minus => return self.between(a, b),
            _ => return no_arithmetic("+", a, b),
        };
        result.map_or_else(|| null("the result is out of range"), |v| Ok(Feel::Data(v)))
    }

    /// How far apart two points in time are.
    fn between(&self, a: &Feel, b: &Feel) -> Outcome<Feel> {
        let (Feel::Data(x), Feel::Data(y)) = (a, b) else { return no_arithmetic("-", a, b) };
        let midnight = jiff::civil::Time::midnight();
        let ms = match (x, y) {
            (Value::Time(x, zx), Value::Time(y, zy)) => self.zones.times_between((*x, zx.as_ref()), (*y, zy.as_ref())),
            (Value::DateTime(x, zx), Value::DateTime(y, zy)) => {
                self.zones.date_times_between((*x, zx.as_ref()), (*y, zy.as_ref()))
            }
            (Value::Date(x), Value::Date(y)) => i64::try_from(x.duration_since(*y).as_millis()).ok(),
            (Value::DateTime(x, zx), Value::Date(y)) => {
                self.zones.date_times_between((*x, zx.as_ref()), (y.to_datetime(midnight), None))
            }
            (Value::Date(x), Value::DateTime(y, zy)) => {
                self.zones.date_times_between((x.to_datetime(midnight), None), (*y, zy.as_ref()))
            }
            _ => return no_arithmetic("-", a, b),
        };
        ms.map_or_else(|| null("the result is out of range"), |ms| Ok(Feel::Data(Value::DaysDuration(ms))))
    }

    fn joined_text(&mut self, a: &str, b: &str) -> Outcome<Value> {
        self.grow(a.len() + b.len())?;
        let mut out = String::with_capacity(a.len() + b.len());
        out.push_str(a);
        out.push_str(b);
        Ok(Value::String(Arc::from(out)))
    }

    pub(super) fn multiply(&mut self, op: Multiplicative, a: &Feel, b: &Feel) -> Outcome<Feel> {
        let name = if op == Multiplicative::Times { "*" } else { "/" };
        let (Feel::Data(x), Feel::Data(y)) = (a, b) else { return no_arithmetic(name, a, b) };
        let times = op == Multiplicative::Times;
        let exact = |n: i64, by: Number| {
            let n = Number::from(n);
            if times { n.checked_mul(by) } else { n.checked_div(by) }
        };
        let of = |n: i64, by: Number| exact(n, by).and_then(Number::rounded_to_i64);
        // Broken months are dropped, broken milliseconds rounded.
        let months = |n: i64, by: Number| exact(n, by)?.rounded(0, Rounding::Down)?.to_i64();
        let result = match (x, y) {
            (Value::Number(x), Value::Number(y)) if times => x.checked_mul(*y).map(Value::Number),
            (_, Value::Number(y)) if !times && *y == Number::ZERO => return null("division by zero"),
            (Value::Number(x), Value::Number(y)) => x.checked_div(*y).map(Value::Number),
            (Value::DaysDuration(ms), Value::Number(by)) => of(*ms, *by).map(Value::DaysDuration),
            (Value::YearsDuration(m), Value::Number(by)) => months(*m, *by).map(Value::YearsDuration),
            (Value::Number(by), Value::DaysDuration(ms)) if times => of(*ms, *by).map(Value::DaysDuration),
            (Value::Number(by), Value::YearsDuration(m)) if times => months(*m, *by).map(Value::YearsDuration),
            (Value::DaysDuration(x), Value::DaysDuration(y)) | (Value::YearsDuration(x), Value::YearsDuration(y))
                if !times =>
            {
                if *y == 0 {
                    return null("division by zero");
                }
                Number::from(*x).checked_div(Number::from(*y)).map(Value::Number)
            }
            _ => return no_arithmetic(name, a, b),
        };
        result.map_or_else(|| null("the result is out of range"), |v| Ok(Feel::Data(v)))
    }

    pub(super) fn power(&self, a: &Feel, b: &Feel) -> Outcome<Feel> {
        match (a.as_number(), b.as_number()) {
            (Some(x), Some(y)) => {
                x.checked_pow(y).map_or_else(|| null("the power has no finite value"), |n| Ok(Feel::from(n)))
            }
            _ => no_arithmetic("**", a, b),
        }
    }

    pub(super) fn negate(&self, a: &Feel) -> Outcome<Feel> {
        match a {
            Feel::Data(Value::Number(n)) => Ok(Feel::from(n.negate())),
            Feel::Data(Value::DaysDuration(ms)) => Ok(Feel::Data(Value::DaysDuration(ms.saturating_neg()))),
            Feel::Data(Value::YearsDuration(m)) => Ok(Feel::Data(Value::YearsDuration(m.saturating_neg()))),
            other => null(format!("a {} has no negative", other.type_name())),
        }
    }
}

fn op_name(op: Additive) -> &'static str {
    if op == Additive::Plus { "+" } else { "-" }
}

fn not_comparable<T>(a: &Feel, b: &Feel) -> Outcome<T> {
    null(format!("can not compare {} with {}", a.type_name(), b.type_name()))
}

fn no_arithmetic<T>(op: &str, a: &Feel, b: &Feel) -> Outcome<T> {
    null(format!("no `{op}` for {} and {}", a.type_name(), b.type_name()))
}

/// A range, when its ends have an order and are of one type.
pub(super) fn range(start: Feel, start_included: bool, end: Feel, end_included: bool) -> Outcome<Feel> {
    let ordered = |v: &Feel| {
        matches!(
            v,
            Feel::Data(
                Value::Number(_)
                    | Value::String(_)
                    | Value::Date(_)
                    | Value::Time(..)
                    | Value::DateTime(..)
                    | Value::DaysDuration(_)
                    | Value::YearsDuration(_)
            )
        )
    };
    if !(ordered(&start) && ordered(&end) && start.type_name() == end.type_name()) {
        return null("a range needs two ends of one type that has an order");
    }
    let range = Range { start_included, end_included, start: Some(start), end: Some(end) };
    Ok(Feel::Range(Arc::new(range)))
}
