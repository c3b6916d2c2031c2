//! From one type to another.

use super::super::machine::{Machine, expected};
use super::super::operators::{Outcome, Stop, null};
use super::super::temporal::{months_between, parse_date, parse_date_time, parse_duration, parse_time, parse_zone};
use super::super::value::Feel;
use super::{Builtin, arg, data, given, integer, number, text};
use jiff::civil::{Date, DateTime, Time};
use model::value::Zone;
use model::{Number, Value};

pub(super) fn all() -> Vec<Builtin> {
    vec![
        Builtin::new("date", &[&["from"], &["year", "month", "day"]], date),
        Builtin::new("time", &[&["from"], &["hour", "minute", "second", "offset?"]], time),
        Builtin::new(
            "date and time",
            &[
                &["from"],
                &["date", "time"],
                &["date", "timezone"],
                &["year", "month", "day", "hour", "minute", "second", "offset?"],
            ],
            date_and_time,
        ),
        Builtin::new("duration", &[&["from"]], |_, a| match a.first() {
            Some(Feel::Data(v @ (Value::DaysDuration(_) | Value::YearsDuration(_)))) => data(v.clone()),
            _ => {
                let s = text(a, 0)?;
                parse_duration(&s).map_or_else(|| null(format!("`{s}` is no duration in ISO 8601")), data)
            }
        }),
        // Not of the standard: what timers of other engines are written with.
        Builtin::new("cycle", &[&["interval"], &["repetitions", "interval"]], |m, a| {
            let interval = arg(a, a.len() - 1);
            let Feel::Data(Value::DaysDuration(_) | Value::YearsDuration(_)) = interval else {
                return null("the interval is no duration");
            };
            let times = if a.len() == 1 || a[0].is_null() { String::new() } else { integer(a, 0)?.to_string() };
            let interval = m.text_of(&interval)?;
            Ok(Feel::from(format!("R{times}/{interval}")))
        }),
        Builtin::new("years and months duration", &[&["from", "to"]], |_, a| {
            data(Value::YearsDuration(months_between(midnight_or_time(a, 0)?, midnight_or_time(a, 1)?)))
        }),
        Builtin::new("number", &[&["from", "grouping separator?", "decimal separator?"]], to_number),
        Builtin::new("string", &[&["from"]], |m, a| {
            if a[0].is_null() {
                return data(Value::Null);
            }
            m.text_of(&a[0]).map(Feel::from)
        }),
        Builtin::new("range", &[&["from"]], |m, a| {
            let s = text(a, 0)?;
            m.range_of_text(&s)
        }),
        Builtin::new("to json", &[&["value"]], |m, a| {
            let value = m.export(arg(a, 0)).map_err(Stop::Error)?;
            let json = value.to_json().to_string();
            m.grow(json.len())?;
            Ok(Feel::from(json))
        }),
        Builtin::new("from json", &[&["value"]], |m, a| {
            let s = text(a, 0)?;
            m.grow(s.len())?;
            match serde_json::from_str::<serde_json::Value>(&s) {
                Ok(json) => data(Value::from_json(&json)),
                Err(_) => null("the text is no JSON"),
            }
        }),
    ]
}

fn small<T: TryFrom<i64>>(args: &[Feel], i: usize) -> Outcome<T> {
    T::try_from(integer(args, i)?).or_else(|_| null("a part of the date or time is out of range"))
}

fn date(_: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    if args.len() == 3 {
        let made = Date::new(small(args, 0)?, small(args, 1)?, small(args, 2)?);
        return made.map_or_else(|_| null("there is no such date"), |d| data(Value::Date(d)));
    }
    match args.first() {
        Some(Feel::Data(Value::Date(d))) => data(Value::Date(*d)),
        Some(Feel::Data(Value::DateTime(at, _))) => data(Value::Date(at.date())),
        _ => {
            let s = text(args, 0)?;
            parse_date(&s).map_or_else(|| null(format!("`{s}` is no date")), |d| data(Value::Date(d)))
        }
    }
}

fn time(_: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    if args.len() > 1 {
        return time_of_parts(args, 0);
    }
    match args.first() {
        Some(Feel::Data(Value::Time(t, z))) => data(Value::Time(*t, z.clone())),
        Some(Feel::Data(Value::DateTime(at, z))) => data(Value::Time(at.time(), z.clone())),
        Some(Feel::Data(Value::Date(_))) => data(Value::Time(Time::midnight(), Some(Zone::Offset(0)))),
        _ => {
            let s = text(args, 0)?;
            parse_time(&s).map_or_else(|| null(format!("`{s}` is no time")), |(t, z)| data(Value::Time(t, z)))
        }
    }
}

/// `hour, minute, second, offset?` from the argument at `from` on.
fn time_of_parts(args: &[Feel], from: usize) -> Outcome<Feel> {
    let second = number(args, from + 2)?;
    let whole = second.rounded(0, model::number::Rounding::Floor).unwrap_or(Number::ZERO);
    let nanos = second.checked_sub(whole).and_then(|f| f.checked_mul(Number::from(1_000_000_000)));
    let nanos = nanos.and_then(Number::rounded_to_i64).unwrap_or(0);
    let seconds = whole.to_i64().and_then(|s| i8::try_from(s).ok());
    let (Some(seconds), Ok(nanos)) = (seconds, i32::try_from(nanos)) else { return null("there is no such time") };
    let Ok(made) = Time::new(small(args, from)?, small(args, from + 1)?, seconds, nanos) else {
        return null("there is no such time");
    };
    let zone = match args.get(from + 3) {
        None => None,
        Some(a) if a.is_null() => None,
        Some(Feel::Data(Value::DaysDuration(ms))) if ms.abs() <= 18 * 3_600_000 => {
            Some(Zone::Offset(i32::try_from(ms / 1000).unwrap_or(0)))
        }
        other => return expected("an offset of at most 18 hours", other),
    };
    data(Value::Time(made, zone))
}

fn date_and_time(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    if args.len() >= 6 {
        let Feel::Data(Value::Time(time, zone)) = time_of_parts(args, 3)? else {
            return null("there is no such time");
        };
        let Ok(date) = Date::new(small(args, 0)?, small(args, 1)?, small(args, 2)?) else {
            return null("there is no such date");
        };
        return data(Value::DateTime(date.to_datetime(time), zone));
    }
    if args.len() > 1 {
        return joined(machine, args);
    }
    match args.first() {
        Some(Feel::Data(v @ Value::DateTime(..))) => data(v.clone()),
        Some(Feel::Data(Value::Date(d))) => data(Value::DateTime(d.to_datetime(Time::midnight()), None)),
        _ => {
            let s = text(args, 0)?;
            parse_date_time(&s).map_or_else(|| null(format!("`{s}` is no date and time")), data)
        }
    }
}

fn joined(machine: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    match (&args[0], &args[1]) {
        (Feel::Data(Value::Date(d)), Feel::Data(Value::Time(t, z))) => {
            data(Value::DateTime(d.to_datetime(*t), z.clone()))
        }
        (Feel::Data(Value::DateTime(at, _)), Feel::Data(Value::Time(t, z))) => {
            data(Value::DateTime(at.date().to_datetime(*t), z.clone()))
        }
        (Feel::Data(Value::DateTime(at, from)), Feel::Data(Value::String(name))) => {
            let zone = parse_zone(name).or_else(|| parse_zone(&format!("@{name}"))).flatten();
            let moved = zone.and_then(|zone| {
                let instant = machine.zones.instant(*at, from.as_ref())?;
                Some((machine.zones.local(instant, Some(&zone))?, zone))
            });
            moved.map_or_else(
                || null(format!("`{name}` is no time zone")),
                |(at, zone)| data(Value::DateTime(at, Some(zone))),
            )
        }
        _ => expected("a date and a time", args.get(1)),
    }
}

fn midnight_or_time(args: &[Feel], i: usize) -> Outcome<DateTime> {
    match args.get(i) {
        Some(Feel::Data(Value::Date(d))) => Ok(d.to_datetime(Time::midnight())),
        Some(Feel::Data(Value::DateTime(at, _))) => Ok(*at),
        other => expected("a date", other),
    }
}

fn to_number(_: &mut Machine, args: &[Feel]) -> Outcome<Feel> {
    if let (Some(n), 1) = (args.first().and_then(Feel::as_number), args.len()) {
        return Ok(Feel::from(n));
    }
    let mut s = text(args, 0)?.trim().to_owned();
    let separator = |i: usize| if given(args, i) { text(args, i).map(Some) } else { Ok(None) };
    let (grouping, decimal) = (separator(1)?, separator(2)?);
    if let Some(g) = &grouping {
        if !matches!(&**g, " " | "," | "." | "\u{a0}" | "'") || Some(g) == decimal.as_ref() {
            return null("the grouping separator must be a blank, a comma or a point, and not the decimal one");
        }
        s = s.replace(&**g, "");
    }
    match decimal.as_deref() {
        None | Some(".") => {}
        Some(",") if !s.contains('.') => s = s.replace(',', "."),
        _ => return null("the decimal separator must be a comma or a point"),
    }
    s.parse::<Number>().map_or_else(|_| null(format!("`{s}` is no number")), |n| Ok(Feel::from(n)))
}
