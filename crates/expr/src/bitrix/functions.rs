//! The calculator's functions. Names ignore case; missing arguments have PHP's defaults.

use super::calculator::{Calculated, because, order};
use super::dates::{self, Moment};
use super::{Session, convert, moments, php};
use model::number::Rounding;
use model::{Number, Value};
use std::cmp::Ordering;

/// A function and how many arguments it takes.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) run: fn(&mut Session, &[Value]) -> Calculated,
}

const MANY: usize = 1000;

const fn function(
    name: &'static str,
    least: usize,
    most: usize,
    run: fn(&mut Session, &[Value]) -> Calculated,
) -> Function {
    Function { name, least, most, run }
}

static ALL: &[Function] = &[
    // `if` is evaluated by the calculator, which leaves the other side alone.
    function("if", 2, 3, |_, _| Ok(Value::Null)),
    function("and", 1, MANY, |_, a| Ok(Value::Bool(a.iter().all(convert::truth)))),
    function("or", 1, MANY, |_, a| Ok(Value::Bool(a.iter().any(convert::truth)))),
    function("not", 1, 1, |_, a| Ok(Value::Bool(!convert::truth(&a[0])))),
    function("abs", 1, 1, |s, a| Ok(Value::Number(number(s, a, 0).abs()))),
    function("intval", 1, 1, |s, a| rounded(number(s, a, 0), 0, Rounding::Down)),
    function("floatval", 1, 1, |s, a| Ok(Value::Number(number(s, a, 0)))),
    function("min", 1, MANY, |s, a| extreme(s, a, Ordering::Less)),
    function("max", 1, MANY, |s, a| extreme(s, a, Ordering::Greater)),
    function("rand", 0, 2, rand),
    function("round", 1, 2, |s, a| rounded(number(s, a, 0), integer(s, a, 1, 0), Rounding::HalfUp)),
    function("ceil", 1, 1, |s, a| rounded(number(s, a, 0), 0, Rounding::Ceiling)),
    function("floor", 1, 1, |s, a| rounded(number(s, a, 0), 0, Rounding::Floor)),
    function("numberformat", 1, 4, number_format),
    function("substr", 2, 3, substr),
    function("strpos", 2, 2, strpos),
    function("strlen", 1, 1, |s, a| Ok(int(text(s, a, 0).chars().count()))),
    function("strtolower", 1, 1, |s, a| Ok(Value::from(text(s, a, 0).to_lowercase()))),
    function("strtoupper", 1, 1, |s, a| Ok(Value::from(text(s, a, 0).to_uppercase()))),
    function("ucwords", 1, 1, |s, a| Ok(Value::from(capitalised(&text(s, a, 0), true)))),
    function("ucfirst", 1, 1, |s, a| Ok(Value::from(capitalised(&text(s, a, 0), false)))),
    function("trim", 1, 1, |s, a| Ok(Value::text(text(s, a, 0).trim()))),
    function("urlencode", 1, 1, |s, a| Ok(Value::from(php::urlencode(&text(s, a, 0))))),
    function("randstring", 1, 1, randstring),
    function("merge", 1, MANY, |_, a| Ok(Value::list(a.iter().flat_map(convert::items).collect()))),
    function("implode", 2, 2, implode),
    function("explode", 2, 2, explode),
    function("shuffle", 1, 1, shuffle),
    function("firstvalue", 1, 1, |_, a| Ok(convert::items(&a[0]).into_iter().next().unwrap_or_default())),
    function("swirl", 1, 1, |_, a| {
        let mut items = convert::items(&a[0]);
        if !items.is_empty() {
            items.rotate_left(1);
        }
        Ok(Value::list(items))
    }),
    function("date", 1, 2, |s, a| formatted(s, a, &php::ENGLISH)),
    function("locdate", 1, 2, |s, a| {
        let words = if s.english() { &php::ENGLISH } else { &php::RUSSIAN };
        formatted(s, a, words)
    }),
    function("dateadd", 1, 2, date_add),
    function("datediff", 3, 3, date_diff),
    function("strtotime", 1, 2, |s, a| {
        let base = moment(s, a, 1)?;
        match moments::of_words(s, &text(s, a, 0), &base) {
            Some(moment) => Ok(moment.value()),
            None => Ok(Value::Bool(false)),
        }
    }),
    function("settime", 3, 4, |s, a| {
        let offset = (a.len() > 3).then(|| integer(s, a, 3, 0));
        let clock = (integer(s, a, 1, 0), integer(s, a, 2, 0));
        match moments::with_clock(s, &moment(s, a, 0)?, clock, offset) {
            Some(moment) => Ok(moment.value()),
            None => because("there is no such time"),
        }
    }),
    function("getdocumenturl", 0, 0, |s, _| match s.env.scope.object("System", "DocumentUrl") {
        Some(url) => Ok(url),
        None => because("the document's address is not known here"),
    }),
];

/// The function of this lower-case name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    ALL.iter().find(|f| f.name == name)
}

/// Why a function of the portal is not there.
pub(super) fn unavailable(name: &str) -> Option<&'static str> {
    match name {
        "addworkdays" | "workdateadd" | "isworkday" | "isworktime" => Some("there is no calendar of working time"),
        "touserdate" | "getuserdateoffset" => Some("people have no zone of their own"),
        _ => None,
    }
}

// Arguments.

fn text(session: &Session, args: &[Value], i: usize) -> String {
    args.get(i).map_or_else(String::new, |v| convert::text(session, v))
}

fn number(session: &Session, args: &[Value], i: usize) -> Number {
    args.get(i).map_or(Number::ZERO, |v| convert::to_number(session, v))
}

fn integer(session: &Session, args: &[Value], i: usize, default: i64) -> i64 {
    let Some(value) = args.get(i) else { return default };
    let n = convert::to_number(session, value).rounded(0, Rounding::Down);
    n.and_then(Number::to_i64).unwrap_or(default)
}

/// The date at `i`, or now when it is not given.
fn moment(session: &Session, args: &[Value], i: usize) -> Result<Moment, super::calculator::Failure> {
    match args.get(i) {
        None => Ok(dates::now(session)),
        Some(value) => match Moment::of(session, value) {
            Some(moment) => Ok(moment),
            None => because(format!("`{}` is no date", convert::text(session, value))),
        },
    }
}

fn int(n: usize) -> Value {
    Value::from(i64::try_from(n).unwrap_or(i64::MAX))
}

// Numbers.

fn rounded(n: Number, scale: i64, rounding: Rounding) -> Calculated {
    let scale = i32::try_from(scale.clamp(-60, 60)).unwrap_or(0);
    n.rounded(scale, rounding).map_or_else(|| because("the number is out of range"), |n| Ok(Value::Number(n)))
}

fn extreme(session: &mut Session, args: &[Value], wanted: Ordering) -> Calculated {
    let mut items = args.iter().flat_map(convert::items);
    let Some(mut best) = items.next() else { return because("there is nothing to compare") };
    for item in items {
        session.burn(1)?;
        if order(session, &item, &best) == wanted {
            best = item;
        }
    }
    Ok(best)
}

fn rand(session: &mut Session, args: &[Value]) -> Calculated {
    let (low, high) = (integer(session, args, 0, 0), integer(session, args, 1, 2_147_483_647));
    let Some(span) = high.checked_sub(low).filter(|s| *s >= 0).map(|s| s.unsigned_abs().saturating_add(1)) else {
        return because("the upper bound lies below the lower one");
    };
    let offset = i64::try_from(session.random() % span).unwrap_or(0);
    Ok(Value::from(low.saturating_add(offset)))
}

fn number_format(session: &mut Session, args: &[Value]) -> Calculated {
    let decimals = usize::try_from(integer(session, args, 1, 0).clamp(0, 30)).unwrap_or(0);
    let mark = |i: usize, default: &str| if args.len() > i { text(session, args, i) } else { default.to_owned() };
    let (point, thousands) = (mark(2, "."), mark(3, ","));
    let n = number(session, args, 0);
    let Some(n) = n.rounded(i32::try_from(decimals).unwrap_or(0), Rounding::HalfUp) else {
        return because("the number is out of range");
    };
    let plain = n.abs().to_string();
    if plain.contains('e') {
        return because("the number is out of range");
    }
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::from(if n < Number::ZERO { "-" } else { "" });
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push_str(&thousands);
        }
        out.push(digit);
    }
    if decimals > 0 {
        out.push_str(&point);
        out.push_str(fraction);
        out.extend(std::iter::repeat_n('0', decimals.saturating_sub(fraction.len())));
    }
    Ok(Value::from(out))
}

// Text.

fn substr(session: &mut Session, args: &[Value]) -> Calculated {
    let chars: Vec<char> = text(session, args, 0).chars().collect();
    let len = i64::try_from(chars.len()).unwrap_or(i64::MAX);
    let from = integer(session, args, 1, 0);
    let start = if from < 0 { (len + from).max(0) } else { from.min(len) };
    let count = integer(session, args, 2, len);
    let end = if count < 0 { len.saturating_add(count) } else { start.saturating_add(count).min(len) };
    let (start, end) = (usize::try_from(start).unwrap_or(0), usize::try_from(end.max(start)).unwrap_or(0));
    Ok(Value::from(chars[start..end].iter().collect::<String>()))
}

fn strpos(session: &mut Session, args: &[Value]) -> Calculated {
    let (whole, part) = (text(session, args, 0), text(session, args, 1));
    Ok(match whole.find(&part) {
        Some(byte) if !part.is_empty() => int(whole[..byte].chars().count()),
        _ => Value::Bool(false),
    })
}

fn capitalised(text: &str, every_word: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at_start = true;
    for c in text.chars() {
        if at_start && !c.is_whitespace() {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        at_start = every_word && c.is_whitespace();
    }
    out
}

fn randstring(session: &mut Session, args: &[Value]) -> Calculated {
    const LETTERS: &[u8] = b"abcdefghijklnmopqrstuvwxyzABCDEFGHIJKLNMOPQRSTUVWXYZ0123456789";
    let length = usize::try_from(integer(session, args, 0, 0).clamp(0, 1000)).unwrap_or(0);
    let letter = |session: &mut Session| {
        let index = usize::try_from(session.random() % LETTERS.len() as u64).unwrap_or(0);
        char::from(LETTERS[index])
    };
    Ok(Value::from((0..length).map(|_| letter(session)).collect::<String>()))
}

// Lists.

fn implode(session: &mut Session, args: &[Value]) -> Calculated {
    let glue = text(session, args, 0);
    let mut out = String::new();
    for (i, item) in convert::items(&args[1]).iter().enumerate() {
        if i > 0 {
            out.push_str(&glue);
        }
        out.push_str(&convert::text(session, item));
        if out.len() > session.env.limits.value_bytes {
            return Err(crate::EvalError::Size.into());
        }
    }
    Ok(Value::from(out))
}

fn explode(session: &mut Session, args: &[Value]) -> Calculated {
    let (glue, whole) = (text(session, args, 0), text(session, args, 1));
    if glue.is_empty() {
        return because("the glue is empty");
    }
    Ok(Value::list(whole.split(&glue).map(Value::text).collect()))
}

fn shuffle(session: &mut Session, args: &[Value]) -> Calculated {
    let mut items = convert::items(&args[0]);
    for i in (1..items.len()).rev() {
        let other = usize::try_from(session.random() % (i as u64 + 1)).unwrap_or(0);
        items.swap(i, other);
    }
    Ok(Value::list(items))
}

// Dates.

fn formatted(session: &mut Session, args: &[Value], words: &php::Words) -> Calculated {
    let format = text(session, args, 0);
    let moment = moment(session, args, 1)?;
    Ok(Value::from(php::format(&format, &moment, words)))
}

fn date_add(session: &mut Session, args: &[Value]) -> Calculated {
    let from = moment(session, args, 0)?;
    let steps = text(session, args, 1);
    if steps.trim().is_empty() {
        return Ok(from.value());
    }
    match moments::add(session, &from, &steps) {
        Some(moved) => Ok(moved.value()),
        None => because(format!("`{steps}` is no interval")),
    }
}

fn date_diff(session: &mut Session, args: &[Value]) -> Calculated {
    let (from, to) = (moment(session, args, 0)?, moment(session, args, 1)?);
    let format = text(session, args, 2);
    Ok(Value::from(php::interval(&format, from.in_zone(session).local, to.in_zone(session).local)))
}
