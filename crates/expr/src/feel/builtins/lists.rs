//! Lists. A single value where a list is wanted counts as a list of one.

use super::super::machine::{Machine, expected};
use super::super::operators::{Outcome, Stop, null};
use super::super::value::{Feel, Function, NULL};
use super::{Builtin, arg, given, int, integer, list, list_or_all};
use crate::env::EvalError;
use model::{Number, Value};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

pub(super) fn all() -> Vec<Builtin> {
    const LIST: &[&[&str]] = &[&["list"]];
    const MANY: &[&[&str]] = &[&["list…"]];
    vec![
        Builtin::new("list contains", &[&["list", "element"]], |m, a| {
            let found = position(m, &list(a, 0)?, &arg(a, 1))?.is_some();
            Ok(Feel::from(found))
        }),
        Builtin::new("count", LIST, |_, a| match a[0].list_len() {
            Some(len) => Ok(int(len)),
            None => Ok(int(list(a, 0)?.len())),
        })
        .quick(),
        Builtin::new("is empty", LIST, |_, a| {
            Ok(Feel::from(match (a[0].as_text(), &a[0]) {
                (Some(text), _) => text.is_empty(),
                (None, Feel::Data(Value::Object(entries))) => entries.is_empty(),
                (None, Feel::Context(_)) => false,
                (None, list) if list.is_list() => list.list_len() == Some(0),
                _ => list(a, 0)?.is_empty(),
            }))
        })
        .quick(),
        Builtin::new("min", MANY, |m, a| extreme(m, a, Ordering::Less)),
        Builtin::new("max", MANY, |m, a| extreme(m, a, Ordering::Greater)),
        Builtin::new("sum", MANY, sum),
        Builtin::new("product", MANY, |m, a| fold(m, a, Number::from(1), Number::checked_mul)),
        Builtin::new("mean", MANY, |m, a| mean(&numbers(m, a)?)),
        Builtin::new("median", MANY, median),
        Builtin::new("stddev", MANY, stddev),
        Builtin::new("mode", MANY, mode),
        Builtin::new("all", MANY, |m, a| junction(m, a, false)),
        Builtin::new("any", MANY, |m, a| junction(m, a, true)),
        Builtin::new("sublist", &[&["list", "start position", "length?"]], sublist),
        Builtin::new("append", &[&["list", "items…"]], append),
        Builtin::new("concatenate", &[&["lists…"]], concatenate),
        Builtin::new("insert before", &[&["list", "position", "newItem"]], insert_before),
        Builtin::new("remove", &[&["list", "position"]], remove),
        Builtin::new("list replace", &[&["list", "position", "newItem"], &["list", "match", "newItem"]], list_replace),
        Builtin::new("reverse", LIST, |_, a| {
            let mut items = list(a, 0)?;
            items.reverse();
            Ok(Feel::list(items))
        }),
        Builtin::new("index of", &[&["list", "match"]], index_of),
        Builtin::new("union", &[&["lists…"]], |m, a| {
            let all = concatenated(m, a)?;
            distinct(m, all, false)
        }),
        Builtin::new("distinct values", LIST, |m, a| distinct(m, list(a, 0)?, false)),
        Builtin::new("duplicate values", LIST, |m, a| distinct(m, list(a, 0)?, true)),
        Builtin::new("flatten", LIST, flatten),
        Builtin::new("partition", &[&["list", "size"]], partition),
        Builtin::new("sort", &[&["list", "precedes?"]], sort),
    ]
}

fn position(machine: &mut Machine, items: &[Feel], wanted: &Feel) -> Result<Option<usize>, EvalError> {
    for (i, item) in items.iter().enumerate() {
        if machine.same(item, wanted)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

fn extreme(machine: &mut Machine, args: &[Feel], wanted: Ordering) -> Outcome<Feel> {
    let items = list_or_all(args)?;
    let mut best: Option<Feel> = None;
    for item in items {
        machine.burn(1)?;
        best = Some(match best {
            None => item,
            Some(best) if machine.order(&item, &best)? == wanted => item,
            Some(best) => best,
        });
    }
    Ok(best.unwrap_or(NULL))
}

fn numbers(machine: &mut Machine, args: &[Feel]) -> Outcome<Vec<Number>> {
    let items = list_or_all(args)?;
    machine.burn(items.len() as u64)?;
    items.iter().map(|i| i.as_number().map_or_else(|| expected("a list of numbers", Some(i)), Ok)).collect()
}

fn finite(n: Option<Number>) -> Outcome<Feel> {
    n.map_or_else(|| null("the result is out of range"), |n| Ok(Feel::from(n)))
}

fn fold(
    machine: &mut Machine,
    args: &[Feel],
    start: Number,
    step: fn(Number, Number) -> Option<Number>,
) -> Outcome<Feel> {
    let numbers = numbers(machine, args)?;
    if numbers.is_empty() {
        return Ok(NULL);
    }
    finite(numbers.into_iter().try_fold(start, step))
}

fn sum(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let items = list_or_all(args)?;
    let durations =
        items.first().is_some_and(|i| matches!(i, Feel::Data(Value::DaysDuration(_) | Value::YearsDuration(_))));
    if !durations {
        return fold(machine, args, Number::ZERO, Number::checked_add);
    }
    let mut total = arg(&items, 0);
    for item in &items[1..] {
        machine.burn(1)?;
        total = machine.add(super::super::node::Additive::Plus, &total, item)?;
    }
    Ok(total)
}

fn mean(numbers: &[Number]) -> Outcome<Feel> {
    if numbers.is_empty() {
        return Ok(NULL);
    }
    finite(average(numbers))
}

fn average(numbers: &[Number]) -> Option<Number> {
    let total = numbers.iter().try_fold(Number::ZERO, |t, n| t.checked_add(*n))?;
    total.checked_div(Number::from(i64::try_from(numbers.len()).ok()?))
}

fn median(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let mut numbers = numbers(machine, args)?;
    numbers.sort_unstable();
    match numbers.len() {
        0 => Ok(NULL),
        n if n % 2 == 1 => Ok(Feel::from(numbers[n / 2])),
        n => mean(&numbers[n / 2 - 1..=n / 2]),
    }
}

fn stddev(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let numbers = numbers(machine, args)?;
    if numbers.len() < 2 {
        return null("a standard deviation needs two numbers");
    }
    let deviation = || {
        let mean = average(&numbers)?;
        let squares = numbers.iter().try_fold(Number::ZERO, |total, n| {
            let distance = n.checked_sub(mean)?;
            total.checked_add(distance.checked_mul(distance)?)
        })?;
        squares.checked_div(Number::from(i64::try_from(numbers.len() - 1).ok()?))?.checked_sqrt()
    };
    finite(deviation())
}

fn mode(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let mut numbers = numbers(machine, args)?;
    numbers.sort_unstable();
    let mut runs: Vec<(Number, usize)> = Vec::new();
    for n in numbers {
        match runs.last_mut() {
            Some((last, count)) if *last == n => *count += 1,
            _ => runs.push((n, 1)),
        }
    }
    let most = runs.iter().map(|(_, count)| *count).max().unwrap_or(0);
    Ok(Feel::list(runs.into_iter().filter(|(_, count)| *count == most).map(|(n, _)| n.into()).collect::<Vec<_>>()))
}

fn junction(machine: &mut Machine, args: &[Feel], decides: bool) -> Outcome<Feel> {
    let mut unknown = false;
    for item in list_or_all(args)? {
        machine.burn(1)?;
        match item.as_bool() {
            Some(b) if b == decides => return Ok(Feel::from(decides)),
            Some(_) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown { NULL } else { Feel::from(!decides) })
}

/// The index that a position from 1, or from the end when negative, means.
fn index(len: usize, position: i64) -> Outcome<usize> {
    let index = match position {
        1.. => usize::try_from(position - 1).ok(),
        0 => None,
        _ => usize::try_from(position.unsigned_abs()).ok().and_then(|back| len.checked_sub(back)),
    };
    match index.filter(|i| *i < len) {
        Some(i) => Ok(i),
        None => null(format!("the list of {len} has no position {position}")),
    }
}

fn sublist(_: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let items = list(args, 0)?;
    let start = index(items.len(), integer(args, 1)?)?;
    let length = if given(args, 2) { integer(args, 2)? } else { i64::MAX };
    let Ok(length) = usize::try_from(length) else { return null("the length must not be negative") };
    let end = start.saturating_add(length).min(items.len());
    if given(args, 2) && length > items.len() - start {
        return null(format!("from position {} there are no {length} items", start + 1));
    }
    Ok(Feel::list(items[start..end].to_vec()))
}

fn paid(machine: &mut Machine, items: Vec<Feel>) -> Outcome<Feel> {
    machine.burn(items.len() as u64)?;
    Ok(Feel::list(items))
}

fn append(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let mut items = if args[0].is_null() { vec![NULL] } else { list(args, 0)? };
    items.extend_from_slice(&args[1..]);
    paid(machine, items)
}

fn concatenated(machine: &mut Machine, args: &[Feel]) -> Outcome<Vec<Feel>> {
    let mut out = Vec::new();
    for i in 0..args.len() {
        let more = list(args, i)?;
        machine.burn(more.len() as u64)?;
        out.extend(more);
    }
    Ok(out)
}

fn concatenate(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    concatenated(machine, args).map(Feel::list)
}

fn insert_before(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let mut items = list(args, 0)?;
    let position = integer(args, 1)?;
    let at_end = usize::try_from(position).is_ok_and(|p| p == items.len() + 1);
    let at = if at_end { items.len() } else { index(items.len(), position)? };
    items.insert(at, arg(args, 2));
    paid(machine, items)
}

fn remove(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let mut items = list(args, 0)?;
    let at = index(items.len(), integer(args, 1)?)?;
    items.remove(at);
    paid(machine, items)
}

fn list_replace(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let mut items = list(args, 0)?;
    if let Some(Feel::Function(matches)) = args.get(1) {
        if matches.params().is_some_and(|p| p.len() != 2) {
            return null("the function must take two arguments");
        }
        for item in &mut items {
            let found = machine.invoke(matches, vec![item.clone(), arg(args, 2)])?;
            match found.as_bool() {
                Some(true) => *item = arg(args, 2),
                Some(false) => {}
                None => return expected("a boolean from the function", Some(&found)),
            }
        }
        return paid(machine, items);
    }
    let at = index(items.len(), integer(args, 1)?)?;
    items[at] = arg(args, 2);
    paid(machine, items)
}

fn index_of(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let items = list(args, 0)?;
    let mut out = Vec::new();
    for (i, item) in items.iter().enumerate() {
        if machine.same(item, &arg(args, 1))? {
            out.push(int(i + 1));
        }
    }
    Ok(Feel::list(out))
}

/// What a scalar is recognised by, so that long lists need no comparison of each with each.
fn scalar_key(item: &Feel) -> Option<(u8, Arc<str>)> {
    match item {
        Feel::Data(Value::String(s)) => Some((0, s.clone())),
        Feel::Data(Value::Number(n)) => Some((1, Arc::from(n.to_string()))),
        Feel::Data(Value::Bool(b)) => Some((2, Arc::from(if *b { "t" } else { "f" }))),
        Feel::Data(Value::Null) => Some((3, Arc::from(""))),
        _ => None,
    }
}

/// Each value once, or (`repeated`) each value that appears more than once, in the order of appearance.
fn distinct(machine: &mut Machine, items: Vec<Feel>, repeated: bool) -> Outcome<Feel> {
    let mut seen_keys = HashSet::new();
    let mut repeated_keys = HashSet::new();
    let (mut seen, mut again): (Vec<Feel>, Vec<Feel>) = (Vec::new(), Vec::new());
    let mut out = Vec::new();
    for item in items {
        machine.burn(1)?;
        let (first, second) = match scalar_key(&item) {
            Some(key) => {
                let first = seen_keys.insert(key.clone());
                (first, !first && repeated_keys.insert(key))
            }
            None if position(machine, &seen, &item)?.is_none() => {
                seen.push(item.clone());
                (true, false)
            }
            None => {
                let second = position(machine, &again, &item)?.is_none();
                again.push(item.clone());
                (false, second)
            }
        };
        if (repeated && second) || (!repeated && first) {
            out.push(item);
        }
    }
    Ok(Feel::list(out))
}

fn flatten(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    fn walk(machine: &mut Machine, items: Vec<Feel>, left: u32, out: &mut Vec<Feel>) -> Result<(), EvalError> {
        let Some(left) = left.checked_sub(1) else { return Err(EvalError::Depth) };
        for item in items {
            machine.burn(1)?;
            match item.items() {
                Some(inner) => walk(machine, inner.collect(), left, out)?,
                None => out.push(item),
            }
        }
        Ok(())
    }
    let mut out = Vec::new();
    let levels = machine.max_value_depth();
    walk(machine, list(args, 0)?, levels, &mut out)?;
    Ok(Feel::list(out))
}

fn partition(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let items = list(args, 0)?;
    let Some(size) = usize::try_from(integer(args, 1)?).ok().filter(|s| *s > 0) else {
        return null("the size must be positive");
    };
    machine.burn(items.len() as u64)?;
    Ok(Feel::list(items.chunks(size).map(|c| Feel::list(c.to_vec())).collect::<Vec<_>>()))
}

fn sort(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    let items = list(args, 0)?;
    let precedes = match args.get(1) {
        None => None,
        Some(Feel::Function(function)) => Some(function.clone()),
        other => return expected("a function", other),
    };
    merge_sort(machine, items, precedes.as_deref()).map(Feel::list)
}

/// Stable, and able to stop: the comparing function is the user's.
fn merge_sort(machine: &mut Machine, mut items: Vec<Feel>, precedes: Option<&Function>) -> Outcome<Vec<Feel>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let mut left = merge_sort(machine, items, precedes)?.into_iter().peekable();
    let mut right = merge_sort(machine, right, precedes)?.into_iter().peekable();
    let mut out = Vec::with_capacity(left.len() + right.len());
    loop {
        machine.burn(1)?;
        let right_first = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => match precedes {
                None => machine.order(b, a)? == Ordering::Less,
                Some(function) => {
                    let (a, b) = (a.clone(), b.clone());
                    let before = machine.invoke(function, vec![b, a]).map_err(Stop::Error)?;
                    before.is_true()
                }
            },
            (Some(_), None) => false,
            (None, Some(_)) => true,
            (None, None) => return Ok(out),
        };
        let next = if right_first { right.next() } else { left.next() };
        out.extend(next);
    }
}
