//! `for`, `some`, `every`: what they go through, and running their bodies.
//!
//! Invariant: linear: a range is never built, a partial result is copied only when the body kept it.

use super::super::node::{Loop, Over};
use super::super::value::{Feel, ListBuilder, NULL, Range};
use super::{Evaluated, Machine};
use crate::env::EvalError;
use model::{Number, Value};
use std::ops::ControlFlow;
use std::sync::Arc;

impl Machine<'_> {
    pub(super) fn for_loop(&mut self, iteration: &Loop) -> Evaluated {
        let Some(partial) = iteration.partial else {
            let mut out = ListBuilder::with_capacity(0);
            let whole = self.run(iteration, 0, &mut |machine| {
                let item = machine.eval(&iteration.body)?;
                machine.burn(1)?;
                out.push(item);
                Ok(ControlFlow::Continue(()))
            })?;
            return Ok(if whole.is_some() { out.finish() } else { NULL });
        };
        self.set(partial, Feel::list([]));
        let whole = self.run(iteration, 0, &mut |machine| {
            let item = machine.eval(&iteration.body)?;
            machine.check_depth(&item, machine.kept.value_depth)?;
            let so_far = std::mem::replace(&mut machine.slots[partial], NULL);
            if is_shared(&so_far) {
                machine.burn(so_far.list_len().unwrap_or(0) as u64)?;
            }
            let mut list = ListBuilder::reopen(so_far);
            list.push(item);
            machine.slots[partial] = list.finish();
            Ok(ControlFlow::Continue(()))
        })?;
        let list = std::mem::replace(&mut self.slots[partial], NULL);
        Ok(if whole.is_some() { list } else { NULL })
    }

    pub(super) fn quantified(&mut self, every: bool, iteration: &Loop) -> Evaluated {
        let (mut decided, mut unknown) = (false, false);
        let whole = self.run(iteration, 0, &mut |machine| {
            match machine.eval(&iteration.body)?.as_bool() {
                Some(holds) if holds != every => {
                    decided = true;
                    return Ok(ControlFlow::Break(()));
                }
                Some(_) => {}
                None => unknown = true,
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(match (decided, whole) {
            (true, _) => Feel::from(!every),
            (false, None) => NULL,
            (false, Some(_)) if unknown => NULL,
            (false, Some(_)) => Feel::from(every),
        })
    }

    /// Runs `each` for every combination; `None` when a source can not be iterated over.
    fn run(
        &mut self,
        iteration: &Loop,
        index: usize,
        each: &mut dyn FnMut(&mut Self) -> Result<ControlFlow<()>, EvalError>,
    ) -> Result<Option<ControlFlow<()>>, EvalError> {
        let Some(source) = iteration.sources.get(index) else { return each(self).map(Some) };
        let Some(mut turns) = self.turns(&source.over)? else { return Ok(None) };
        while let Some(item) = turns.next_item() {
            self.burn(1)?;
            self.set(source.slot, item);
            match self.run(iteration, index + 1, each)? {
                Some(ControlFlow::Continue(())) => {}
                stopped => return Ok(stopped),
            }
        }
        Ok(Some(ControlFlow::Continue(())))
    }

    fn turns(&mut self, over: &Over) -> Result<Option<Turns>, EvalError> {
        let turns = match over {
            Over::Items(node) => {
                let value = self.eval(node)?;
                Turns::of_value(value)
            }
            Over::Span(from, to) => {
                let (from, to) = (self.eval(from)?, self.eval(to)?);
                Turns::of_span(&from, &to)
            }
        };
        match turns {
            Ok(turns) => Ok(Some(turns)),
            Err(why) => {
                self.warn(why);
                Ok(None)
            }
        }
    }
}

fn is_shared(list: &Feel) -> bool {
    match list {
        Feel::Data(Value::List(items)) => Arc::strong_count(items) > 1,
        Feel::List(items) => Arc::strong_count(items) > 1,
        _ => false,
    }
}

/// What a loop goes through, without building it.
enum Turns {
    /// A list and the next position.
    Items(Feel, usize),
    /// Numbers: next, last, step.
    Numbers(Number, Number, Number),
    /// Dates: next, last, days.
    Dates(Option<jiff::civil::Date>, jiff::civil::Date, i64),
}

impl Turns {
    fn of_value(value: Feel) -> Result<Self, String> {
        match &value {
            Feel::Range(range) => Self::of_range(range),
            v if v.is_null() => Err("null can not be iterated over".to_owned()),
            v if v.is_list() => Ok(Self::Items(value, 0)),
            _ => Ok(Self::Items(Feel::list([value]), 0)),
        }
    }

    fn of_range(range: &Range) -> Result<Self, String> {
        let (Some(start), Some(end)) = (&range.start, &range.end) else {
            return Err("a range without an end can not be iterated over".to_owned());
        };
        if let (Some(from), Some(to)) = (start.as_number(), end.as_number()) {
            let one = Number::from(1);
            if from > to {
                return Err("the range ends before it starts".to_owned());
            }
            let from = if range.start_included { Some(from) } else { from.checked_add(one) };
            let past = !range.end_included;
            let to = if past { to.checked_sub(one) } else { Some(to) };
            let (Some(from), Some(to)) = (from, to) else { return Err("the range is too large".to_owned()) };
            return Ok(Self::Numbers(from, to, one));
        }
        if let (Feel::Data(Value::Date(from)), Feel::Data(Value::Date(to))) = (start, end) {
            let from = if range.start_included { Some(*from) } else { from.tomorrow().ok() };
            let to = if range.end_included { Some(*to) } else { to.yesterday().ok() };
            let (Some(from), Some(to)) = (from, to) else { return Err("the range is too large".to_owned()) };
            return Ok(Self::Dates(Some(from), to, 1));
        }
        Err(format!("a range of {} can not be iterated over", start.type_name()))
    }

    fn of_span(from: &Feel, to: &Feel) -> Result<Self, String> {
        if let (Some(from), Some(to)) = (from.as_number(), to.as_number()) {
            return Ok(Self::Numbers(from, to, Number::from(if from <= to { 1 } else { -1 })));
        }
        if let (Feel::Data(Value::Date(from)), Feel::Data(Value::Date(to))) = (from, to) {
            return Ok(Self::Dates(Some(*from), *to, if from <= to { 1 } else { -1 }));
        }
        Err(format!("can not iterate from {} to {}", from.type_name(), to.type_name()))
    }

    fn next_item(&mut self) -> Option<Feel> {
        match self {
            Self::Items(list, next) => {
                let item = list.list_item(*next)?;
                *next += 1;
                Some(item)
            }
            Self::Numbers(next, last, step) => {
                let up = *step > Number::ZERO;
                if (up && *next > *last) || (!up && *next < *last) {
                    return None;
                }
                let item = *next;
                // At 34 digits adding one may change nothing; such a range holds its first number only.
                match next.checked_add(*step).filter(|following| *following != item) {
                    Some(following) => *next = following,
                    None => {
                        (*next, *last) =
                            if up { (Number::from(1), Number::ZERO) } else { (Number::ZERO, Number::from(1)) }
                    }
                }
                Some(Feel::from(item))
            }
            Self::Dates(next, last, days) => {
                let date = (*next)?;
                if (*days > 0 && date > *last) || (*days < 0 && date < *last) {
                    return None;
                }
                *next = if *days > 0 { date.tomorrow().ok() } else { date.yesterday().ok() };
                Some(Feel::Data(Value::Date(date)))
            }
        }
    }
}
