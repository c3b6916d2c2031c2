//! Relations of points and ranges (DMN 1.5, table 78). A point stands for the range that holds it alone.

use super::super::machine::Machine;
use super::super::operators::{Outcome, null};
use super::super::value::Feel;
use super::{Builtin, arg};
use std::cmp::Ordering;

pub(super) fn all() -> Vec<Builtin> {
    const POINTS: &[&[&str]] =
        &[&["point1", "point2"], &["point", "range"], &["range", "point"], &["range1", "range2"]];
    const RANGES: &[&[&str]] = &[&["range1", "range2"]];
    const POINT_OR_RANGE: &[&[&str]] = &[&["point", "range"], &["range1", "range2"]];
    const RANGE_OR_POINT: &[&[&str]] = &[&["range", "point"], &["range1", "range2"]];
    vec![
        Builtin::new("before", POINTS, |m, a| ends(a).and_then(|(x, y)| before(m, &x, &y))),
        Builtin::new("after", POINTS, |m, a| ends(a).and_then(|(x, y)| before(m, &y, &x))),
        Builtin::new("meets", RANGES, |m, a| both_ranges(a).and_then(|(x, y)| meets(m, &x, &y))),
        Builtin::new("met by", RANGES, |m, a| both_ranges(a).and_then(|(x, y)| meets(m, &y, &x))),
        Builtin::new("overlaps", RANGES, |m, a| {
            let (x, y) = both_ranges(a)?;
            Ok(Feel::from(!before(m, &x, &y)?.is_true() && !before(m, &y, &x)?.is_true()))
        }),
        Builtin::new("overlaps before", RANGES, |m, a| both_ranges(a).and_then(|(x, y)| overlaps_before(m, &x, &y))),
        Builtin::new("overlaps after", RANGES, |m, a| both_ranges(a).and_then(|(x, y)| overlaps_before(m, &y, &x))),
        Builtin::new("finishes", POINT_OR_RANGE, |m, a| ends(a).and_then(|(x, y)| finishes(m, &x, &y))),
        Builtin::new("finished by", RANGE_OR_POINT, |m, a| ends(a).and_then(|(x, y)| finishes(m, &y, &x))),
        Builtin::new("includes", RANGE_OR_POINT, |m, a| ends(a).and_then(|(x, y)| includes(m, &x, &y))),
        Builtin::new("during", POINT_OR_RANGE, |m, a| ends(a).and_then(|(x, y)| includes(m, &y, &x))),
        Builtin::new("starts", POINT_OR_RANGE, |m, a| ends(a).and_then(|(x, y)| starts(m, &x, &y))),
        Builtin::new("started by", RANGE_OR_POINT, |m, a| ends(a).and_then(|(x, y)| starts(m, &y, &x))),
        Builtin::new("coincides", POINTS, |m, a| {
            let (x, y) = ends(a)?;
            let same = x.start_in == y.start_in && x.end_in == y.end_in;
            let starts = start_order(m, &x, &y)? == Ordering::Equal;
            Ok(Feel::from(same && starts && end_order(m, &x, &y)? == Ordering::Equal))
        }),
    ]
}

/// A range or a point, both as a range.
struct Ends {
    start: Option<Feel>,
    start_in: bool,
    end: Option<Feel>,
    end_in: bool,
    is_point: bool,
}

fn ends(args: &[Feel]) -> Outcome<(Ends, Ends)> {
    let of = |i: usize| match arg(args, i) {
        Feel::Range(r) => Ok(Ends {
            start: r.start.clone(),
            start_in: r.start_included,
            end: r.end.clone(),
            end_in: r.end_included,
            is_point: false,
        }),
        other if other.is_null() => null("expected a range or a point, got null"),
        point => {
            Ok(Ends { start: Some(point.clone()), start_in: true, end: Some(point), end_in: true, is_point: true })
        }
    };
    Ok((of(0)?, of(1)?))
}

fn both_ranges(args: &[Feel]) -> Outcome<(Ends, Ends)> {
    let (a, b) = ends(args)?;
    if a.is_point || b.is_point { null("expected two ranges") } else { Ok((a, b)) }
}

/// A missing start lies before everything.
fn start_order(machine: &Machine, a: &Ends, b: &Ends) -> Outcome<Ordering> {
    match (&a.start, &b.start) {
        (Some(x), Some(y)) => machine.order(x, y),
        (None, None) => Ok(Ordering::Equal),
        (None, Some(_)) => Ok(Ordering::Less),
        (Some(_), None) => Ok(Ordering::Greater),
    }
}

/// A missing end lies behind everything.
fn end_order(machine: &Machine, a: &Ends, b: &Ends) -> Outcome<Ordering> {
    match (&a.end, &b.end) {
        (Some(x), Some(y)) => machine.order(x, y),
        (None, None) => Ok(Ordering::Equal),
        (None, Some(_)) => Ok(Ordering::Greater),
        (Some(_), None) => Ok(Ordering::Less),
    }
}

/// `a` ends before `b` starts.
fn before(machine: &mut Machine, a: &Ends, b: &Ends) -> Outcome<Feel> {
    let (Some(end), Some(start)) = (&a.end, &b.start) else { return Ok(Feel::from(false)) };
    let order = machine.order(end, start)?;
    Ok(Feel::from(order == Ordering::Less || (order == Ordering::Equal && !(a.end_in && b.start_in))))
}

/// `a` ends exactly where `b` starts, and both hold that point.
fn meets(machine: &mut Machine, a: &Ends, b: &Ends) -> Outcome<Feel> {
    let (Some(end), Some(start)) = (&a.end, &b.start) else { return Ok(Feel::from(false)) };
    Ok(Feel::from(a.end_in && b.start_in && machine.order(end, start)? == Ordering::Equal))
}

/// `a` starts before `b`, ends inside of `b`.
fn overlaps_before(machine: &mut Machine, a: &Ends, b: &Ends) -> Outcome<Feel> {
    let start = start_order(machine, a, b)?;
    let starts_first = start == Ordering::Less || (start == Ordering::Equal && a.start_in && !b.start_in);
    let end = end_order(machine, a, b)?;
    let ends_first = end == Ordering::Less || (end == Ordering::Equal && (!a.end_in || b.end_in));
    Ok(Feel::from(starts_first && ends_first && !before(machine, a, b)?.is_true()))
}

/// `a` ends with `b` and starts no earlier.
fn finishes(machine: &mut Machine, a: &Ends, b: &Ends) -> Outcome<Feel> {
    let together = a.end_in == b.end_in && end_order(machine, a, b)? == Ordering::Equal;
    Ok(Feel::from(together && starts_inside(machine, a, b)?))
}

/// `a` starts with `b` and ends no later.
fn starts(machine: &mut Machine, a: &Ends, b: &Ends) -> Outcome<Feel> {
    let together = a.start_in == b.start_in && start_order(machine, a, b)? == Ordering::Equal;
    Ok(Feel::from(together && ends_inside(machine, a, b)?))
}

/// `b` lies within `a`.
fn includes(machine: &mut Machine, a: &Ends, b: &Ends) -> Outcome<Feel> {
    if a.is_point {
        return null("expected a range, got a point");
    }
    Ok(Feel::from(starts_inside(machine, b, a)? && ends_inside(machine, b, a)?))
}

fn starts_inside(machine: &mut Machine, a: &Ends, b: &Ends) -> Outcome<bool> {
    let order = start_order(machine, a, b)?;
    Ok(order == Ordering::Greater || (order == Ordering::Equal && (b.start_in || !a.start_in)))
}

fn ends_inside(machine: &mut Machine, a: &Ends, b: &Ends) -> Outcome<bool> {
    let order = end_order(machine, a, b)?;
    Ok(order == Ordering::Less || (order == Ordering::Equal && (b.end_in || !a.end_in)))
}
