//! Numbers.

use super::super::machine::Machine;
use super::super::operators::{Outcome, null};
use super::super::value::Feel;
use super::{Builtin, integer, number};
use model::number::Rounding;
use model::{Number, Value};

pub(super) fn all() -> Vec<Builtin> {
    const SCALED: &[&[&str]] = &[&["n", "scale?"]];
    vec![
        Builtin::new("decimal", &[&["n", "scale"]], |_, a| round(a, Rounding::HalfEven)),
        Builtin::new("floor", SCALED, |_, a| round(a, Rounding::Floor)),
        Builtin::new("ceiling", SCALED, |_, a| round(a, Rounding::Ceiling)),
        Builtin::new("round up", SCALED, |_, a| round(a, Rounding::Up)),
        Builtin::new("round down", SCALED, |_, a| round(a, Rounding::Down)),
        Builtin::new("round half up", SCALED, |_, a| round(a, Rounding::HalfUp)),
        Builtin::new("round half down", SCALED, |_, a| round(a, Rounding::HalfDown)),
        Builtin::new("abs", &[&["n"]], abs),
        Builtin::new("modulo", &[&["dividend", "divisor"]], |_, a| {
            finite(number(a, 0)?.checked_modulo(number(a, 1)?), "division by zero")
        }),
        Builtin::new("sqrt", &[&["number"]], |_, a| finite(number(a, 0)?.checked_sqrt(), "no root below zero")),
        Builtin::new("log", &[&["number"]], |_, a| finite(number(a, 0)?.checked_ln(), "no logarithm at or below zero")),
        Builtin::new("exp", &[&["number"]], |_, a| finite(number(a, 0)?.checked_exp(), "the result is out of range")),
        Builtin::new("random number", &[&[]], random_number).varying(),
        Builtin::new("odd", &[&["number"]], |_, a| parity(a, 1)),
        Builtin::new("even", &[&["number"]], |_, a| parity(a, 0)),
    ]
}

fn finite(n: Option<Number>, why: &str) -> Outcome<Feel> {
    n.map_or_else(|| null(why), |n| Ok(Feel::from(n)))
}

fn round(args: &[Feel], rounding: Rounding) -> Outcome<Feel> {
    let scale = if args.len() > 1 { integer(args, 1)? } else { 0 };
    let Some(scale) = i32::try_from(scale).ok().filter(|s| (-6111..=6176).contains(s)) else {
        return null("the scale is out of range");
    };
    finite(number(args, 0)?.rounded(scale, rounding), "the result is out of range")
}

/// At least 0, less than 1, with 15 decimals.
fn random_number(machine: &mut Machine, _: &[Feel]) -> Outcome<Feel> {
    const STEPS: i64 = 1_000_000_000_000_000;
    let drawn = i64::try_from(machine.kept.random() >> 1).unwrap_or(0) % STEPS;
    finite(Number::from(drawn).checked_div(Number::from(STEPS)), "the result is out of range")
}

fn abs(_: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    match args.first() {
        Some(Feel::Data(Value::DaysDuration(ms))) => Ok(Feel::Data(Value::DaysDuration(ms.saturating_abs()))),
        Some(Feel::Data(Value::YearsDuration(m))) => Ok(Feel::Data(Value::YearsDuration(m.saturating_abs()))),
        _ => Ok(Feel::from(number(args, 0)?.abs())),
    }
}

fn parity(args: &[Feel], rest: i64) -> Outcome<Feel> {
    let n = number(args, 0)?;
    if !n.is_integer() {
        return null("only integers are odd or even");
    }
    let modulo = n.checked_modulo(Number::from(2));
    Ok(Feel::from(modulo == Some(Number::from(rest))))
}
