//! The calendar, and identity of temporal values.

use super::super::machine::expected;
use super::super::operators::Outcome;
use super::super::value::Feel;
use super::{Builtin, arg, data, int};
use crate::english::{DAYS, MONTHS};
use jiff::civil::Date;
use model::Value;

pub(super) fn all() -> Vec<Builtin> {
    const DATE: &[&[&str]] = &[&["date"]];
    vec![
        Builtin::new("now", &[&[]], |m, _| data(m.zones.now_value())).varying(),
        Builtin::new("today", &[&[]], |m, _| data(Value::Date(m.zones.today()))).varying(),
        Builtin::new("day of year", DATE, |_, a| Ok(int(usize::from(date(a)?.day_of_year().unsigned_abs())))),
        Builtin::new("day of week", DATE, |_, a| {
            let day = date(a)?.weekday().to_monday_zero_offset();
            data(Value::text(DAYS[usize::from(day.unsigned_abs()) % 7]))
        }),
        Builtin::new("month of year", DATE, |_, a| {
            data(Value::text(MONTHS[usize::from(date(a)?.month().unsigned_abs() - 1) % 12]))
        }),
        Builtin::new("week of year", DATE, |_, a| Ok(int(usize::from(date(a)?.iso_week_date().week().unsigned_abs())))),
        Builtin::new("last day of month", DATE, |_, a| data(Value::Date(date(a)?.last_of_month()))),
        Builtin::new("is", &[&["value1?", "value2?"]], |m, a| {
            if a.is_empty() {
                return expected("two values", None);
            }
            let same = match (arg(a, 0), arg(a, 1)) {
                (Feel::Data(x), Feel::Data(y)) => match (&x, &y) {
                    (Value::DateTime(dx, zx), Value::DateTime(dy, zy)) => dx == dy && zx == zy,
                    (Value::Time(tx, zx), Value::Time(ty, zy)) => tx == ty && zx == zy,
                    _ => x.type_name() == y.type_name() && m.same(&Feel::Data(x.clone()), &Feel::Data(y.clone()))?,
                },
                (x, y) => m.same(&x, &y)?,
            };
            Ok(Feel::from(same))
        }),
    ]
}

fn date(args: &[Feel]) -> Outcome<Date> {
    match args.first() {
        Some(Feel::Data(Value::Date(date))) => Ok(*date),
        Some(Feel::Data(Value::DateTime(at, _))) => Ok(at.date()),
        other => expected("a date", other),
    }
}
