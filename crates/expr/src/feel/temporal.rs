//! Dates, times and durations: their text, their zones, their arithmetic.
//!
//! A date-time or time without a zone means the zone of the evaluation ([`Zones`]) when it meets one that has a zone.
//! Never: reads a clock.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};
use model::value::Zone;
use model::{Number, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// What gives zoneless values a meaning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Zones<'a> {
    /// The zone of the evaluation.
    pub(crate) zone: &'a TimeZone,
    /// Its instant: decides summer time for a time of day in a named zone.
    pub(crate) now: model::Timestamp,
}

// Reading.

/// Any temporal text: what `@"…"` takes.
pub(crate) fn parse_any(text: &str) -> Option<Value> {
    parse_date(text)
        .map(Value::Date)
        .or_else(|| if text.contains('T') { parse_date_time(text) } else { None })
        .or_else(|| parse_duration(text))
        .or_else(|| parse_time(text).map(|(t, z)| Value::Time(t, z)))
}

/// `2026-01-31`, and nothing shorter or longer.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let shape = digits.len() == 10
        && digits.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !shape {
        return None;
    }
    let year: i16 = digits[0..4].parse().ok()?;
    Date::new(sign * year, digits[5..7].parse().ok()?, digits[8..10].parse().ok()?).ok()
}

/// `10:00:00`, `10:00`, with a fraction, with a zone.
pub(crate) fn parse_time(text: &str) -> Option<(Time, Option<Zone>)> {
    let text = text.strip_prefix('T').unwrap_or(text);
    let clock_len = text.find(['Z', 'z', '+', '-', '@']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(clock_len);
    Some((parse_clock(clock)?, parse_zone(zone)?))
}

fn parse_clock(text: &str) -> Option<Time> {
    let two = |from: usize| {
        let digits = text.get(from..from + 2)?;
        if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse::<i8>().ok() } else { None }
    };
    let colon = |at: usize| text.as_bytes().get(at) == Some(&b':');
    if !colon(2) {
        return None;
    }
    let (hour, minute) = (two(0)?, two(3)?);
    if text.len() == 5 {
        return Time::new(hour, minute, 0, 0).ok();
    }
    if !colon(5) {
        return None;
    }
    let second = two(6)?;
    let nanos = match text.get(8..)? {
        "" => 0,
        fraction => {
            let digits = fraction.strip_prefix('.').filter(|d| !d.is_empty())?;
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
            nine.parse::<i32>().ok()?
        }
    };
    Time::new(hour, minute, second, nanos).ok()
}

/// `Z`, `+03:00`, `@Europe/Moscow`, `+03:00[Europe/Moscow]` or nothing.
pub(crate) fn parse_zone(text: &str) -> Option<Option<Zone>> {
    match text.as_bytes().first() {
        None => return Some(None),
        Some(b'Z' | b'z') if text.len() == 1 => return Some(Some(Zone::Offset(0))),
        Some(b'@') => return named_zone(&text[1..]).map(Some),
        _ => {}
    }
    let (offset, name) = match text.split_once('[') {
        Some((offset, name)) => (offset, Some(name.strip_suffix(']')?)),
        None => (text, None),
    };
    if let Some(name) = name {
        return named_zone(name).map(Some);
    }
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let clock = parse_clock(offset.get(1..)?)?;
    if !matches!(offset.as_bytes().first(), Some(b'+' | b'-')) {
        return None;
    }
    let seconds = i32::from(clock.hour()) * 3600 + i32::from(clock.minute()) * 60 + i32::from(clock.second());
    (seconds <= 18 * 3600).then_some(Some(Zone::Offset(sign * seconds)))
}

fn named_zone(name: &str) -> Option<Zone> {
    if name == "Z" {
        return Some(Zone::Offset(0));
    }
    TimeZone::get(name).ok()?;
    Some(Zone::Named(Arc::from(name)))
}

/// `2026-01-31T10:00:00` with or without a zone; a date alone is its midnight.
pub(crate) fn parse_date_time(text: &str) -> Option<Value> {
    let Some((date, time)) = text.split_once('T') else {
        return Some(Value::DateTime(parse_date(text)?.to_datetime(Time::midnight()), None));
    };
    let date = parse_date(date)?;
    if let Some(zone) = time.strip_prefix("24:00:00") {
        // ISO 8601's end of a day is the next one's beginning.
        return Some(Value::DateTime(date.tomorrow().ok()?.to_datetime(Time::midnight()), parse_zone(zone)?));
    }
    let (time, zone) = parse_time(time)?;
    Some(Value::DateTime(date.to_datetime(time), zone))
}

/// `P1DT2H` or `P1Y2M`, with a sign; weeks are days.
pub(crate) fn parse_duration(text: &str) -> Option<Value> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1i64, rest),
        None => (1, text),
    };
    let rest = rest.strip_prefix('P')?;
    let (mut months, mut ms, mut has_months, mut has_days) = (0i64, 0i64, false, false);
    let (mut in_time, mut number, mut after_t) = (false, String::new(), true);
    for c in rest.chars() {
        match c {
            '0'..='9' | '.' => number.push(c),
            'T' if !in_time && number.is_empty() => (in_time, after_t) = (true, false),
            _ => {
                let unit_ms = match (c, in_time) {
                    ('Y', false) => None,
                    ('M', false) => None,
                    ('W', false) => Some(7 * DAY_MS),
                    ('D', false) => Some(DAY_MS),
                    ('H', true) => Some(3_600_000),
                    ('M', true) => Some(60_000),
                    ('S', true) => Some(1000),
                    _ => return None,
                };
                match unit_ms {
                    None => {
                        has_months = true;
                        let count: i64 = number.parse().ok()?;
                        months = months.checked_add(count.checked_mul(if c == 'Y' { 12 } else { 1 })?)?;
                    }
                    Some(1000) => {
                        has_days = true;
                        ms = ms.checked_add(seconds_ms(&number)?)?;
                    }
                    Some(unit) => {
                        has_days = true;
                        ms = ms.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
                    }
                }
                number.clear();
                after_t = true;
            }
        }
    }
    if !number.is_empty() || !after_t || has_months == has_days {
        return None;
    }
    Some(if has_months { Value::YearsDuration(sign * months) } else { Value::DaysDuration(sign * ms) })
}

fn seconds_ms(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let three: String = fraction.chars().chain("000".chars()).take(3).collect();
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    whole.checked_mul(1000)?.checked_add(three.parse().ok()?)
}

// Zones.

impl Zones<'_> {
    /// The instant of a date-time.
    pub(crate) fn instant(&self, local: DateTime, zone: Option<&Zone>) -> Option<Timestamp> {
        match zone {
            None => self.zone.to_timestamp(local).ok(),
            Some(Zone::Offset(seconds)) => Offset::from_seconds(*seconds).ok()?.to_timestamp(local).ok(),
            Some(Zone::Named(name)) => TimeZone::get(name).ok()?.to_timestamp(local).ok(),
        }
    }

    /// What the clock shows in `zone` at an instant.
    pub(crate) fn local(&self, at: Timestamp, zone: Option<&Zone>) -> Option<DateTime> {
        match zone {
            None => Some(self.zone.to_datetime(at)),
            Some(Zone::Offset(seconds)) => Some(Offset::from_seconds(*seconds).ok()?.to_datetime(at)),
            Some(Zone::Named(name)) => Some(TimeZone::get(name).ok()?.to_datetime(at)),
        }
    }

    /// Seconds east of UTC of `zone` at a local date-time.
    pub(crate) fn offset_at(&self, local: DateTime, zone: Option<&Zone>) -> Option<i32> {
        if let Some(Zone::Offset(seconds)) = zone {
            return Some(*seconds);
        }
        let at = self.instant(local, zone)?;
        let local = self.local(at, zone)?;
        let as_utc = Offset::UTC.to_timestamp(local).ok()?;
        i32::try_from(as_utc.as_second() - at.as_second()).ok()
    }

    /// Now, in the zone of the evaluation.
    pub(crate) fn now_value(&self) -> Value {
        let at = self.now.to_jiff();
        Value::DateTime(self.zone.to_datetime(at), Some(self.own_zone()))
    }

    /// The zone of the evaluation as a value's zone.
    pub(crate) fn own_zone(&self) -> Zone {
        match self.zone.iana_name() {
            Some("UTC") | None => Zone::Offset(self.zone.to_offset(self.now.to_jiff()).seconds()),
            Some(name) => Zone::Named(Arc::from(name)),
        }
    }

    /// Today's date in the zone of the evaluation.
    pub(crate) fn today(&self) -> Date {
        self.zone.to_datetime(self.now.to_jiff()).date()
    }

    /// Nanoseconds since midnight UTC of a time of day; may lie outside of one day.
    fn time_nanos(&self, time: Time, zone: Option<&Zone>) -> Option<i64> {
        let offset = match zone {
            Some(Zone::Offset(seconds)) => *seconds,
            zone => self.offset_at(self.today().to_datetime(time), zone)?,
        };
        let nanos = time.duration_since(Time::midnight()).as_nanos();
        Some(i64::try_from(nanos).ok()? - i64::from(offset) * 1_000_000_000)
    }

    // Comparing.

    /// Which time of day is earlier.
    pub(crate) fn order_times(&self, a: (Time, Option<&Zone>), b: (Time, Option<&Zone>)) -> Option<Ordering> {
        if a.1.is_none() && b.1.is_none() {
            return Some(a.0.cmp(&b.0));
        }
        Some(self.time_nanos(a.0, a.1)?.cmp(&self.time_nanos(b.0, b.1)?))
    }

    /// Which date-time is earlier.
    pub(crate) fn order_date_times(
        &self,
        a: (DateTime, Option<&Zone>),
        b: (DateTime, Option<&Zone>),
    ) -> Option<Ordering> {
        if a.1.is_none() && b.1.is_none() {
            return Some(a.0.cmp(&b.0));
        }
        Some(self.instant(a.0, a.1)?.cmp(&self.instant(b.0, b.1)?))
    }

    // Arithmetic.

    /// Milliseconds from `b` to `a`.
    pub(crate) fn date_times_between(&self, a: (DateTime, Option<&Zone>), b: (DateTime, Option<&Zone>)) -> Option<i64> {
        if a.1.is_none() && b.1.is_none() {
            return i64::try_from(a.0.duration_since(b.0).as_millis()).ok();
        }
        let between = self.instant(a.0, a.1)?.duration_since(self.instant(b.0, b.1)?);
        i64::try_from(between.as_millis()).ok()
    }

    /// Milliseconds from the time of day `b` to `a`.
    pub(crate) fn times_between(&self, a: (Time, Option<&Zone>), b: (Time, Option<&Zone>)) -> Option<i64> {
        if a.1.is_none() && b.1.is_none() {
            return i64::try_from(a.0.duration_since(b.0).as_millis()).ok();
        }
        Some((self.time_nanos(a.0, a.1)? - self.time_nanos(b.0, b.1)?) / 1_000_000)
    }

    /// A value moved by milliseconds.
    pub(crate) fn plus_ms(&self, value: &Value, ms: i64) -> Option<Value> {
        match value {
            Value::Date(date) => {
                let moved = date.to_datetime(Time::midnight()).checked_add(jiff::SignedDuration::from_millis(ms));
                Some(Value::Date(moved.ok()?.date()))
            }
            Value::Time(time, zone) => {
                let moved = time.wrapping_add(jiff::SignedDuration::from_millis(ms % DAY_MS));
                Some(Value::Time(moved, zone.clone()))
            }
            Value::DateTime(local, zone @ Some(Zone::Named(_))) => {
                let moved = self.instant(*local, zone.as_ref())?.checked_add(jiff::SignedDuration::from_millis(ms));
                Some(Value::DateTime(self.local(moved.ok()?, zone.as_ref())?, zone.clone()))
            }
            Value::DateTime(local, zone) => {
                let moved = local.checked_add(jiff::SignedDuration::from_millis(ms)).ok()?;
                Some(Value::DateTime(moved, zone.clone()))
            }
            _ => None,
        }
    }
}

/// A date or date-time moved by calendar months; the day is clamped to the month.
pub(crate) fn plus_months(value: &Value, months: i64) -> Option<Value> {
    let span = Span::new().try_months(months).ok()?;
    match value {
        Value::Date(date) => Some(Value::Date(date.checked_add(span).ok()?)),
        Value::DateTime(local, zone) => Some(Value::DateTime(local.checked_add(span).ok()?, zone.clone())),
        _ => None,
    }
}

/// Whole months from `from` to `to`, by their dates alone.
pub(crate) fn months_between(from: DateTime, to: DateTime) -> i64 {
    let mut months =
        (i64::from(to.year()) - i64::from(from.year())) * 12 + i64::from(to.month()) - i64::from(from.month());
    if months > 0 && to.day() < from.day() {
        months -= 1;
    } else if months < 0 && to.day() > from.day() {
        months += 1;
    }
    months
}

/// A named part of a temporal value; `None` when it has no such part.
pub(crate) fn part(zones: &Zones, value: &Value, name: &str) -> Option<Value> {
    let number = |n: i64| Some(Value::Number(Number::from(n)));
    match value {
        Value::Date(d) => date_part(*d, name).and_then(number),
        Value::DateTime(dt, zone) => match date_part(dt.date(), name) {
            Some(n) => number(n),
            None => clock_part(zones, *dt, zone.as_ref(), name),
        },
        Value::Time(t, zone) => clock_part(zones, zones.today().to_datetime(*t), zone.as_ref(), name),
        Value::DaysDuration(ms) => number(match name {
            "days" => ms / DAY_MS,
            "hours" => ms % DAY_MS / 3_600_000,
            "minutes" => ms % 3_600_000 / 60_000,
            "seconds" => ms % 60_000 / 1000,
            _ => return None,
        }),
        Value::YearsDuration(months) => number(match name {
            "years" => months / 12,
            "months" => months % 12,
            _ => return None,
        }),
        _ => None,
    }
}

fn date_part(date: Date, name: &str) -> Option<i64> {
    Some(match name {
        "year" => date.year().into(),
        "month" => date.month().into(),
        "day" => date.day().into(),
        "weekday" => date.weekday().to_monday_one_offset().into(),
        _ => return None,
    })
}

fn clock_part(zones: &Zones, at: DateTime, zone: Option<&Zone>, name: &str) -> Option<Value> {
    let number = |n: i64| Some(Value::Number(Number::from(n)));
    match name {
        "hour" => number(at.hour().into()),
        "minute" => number(at.minute().into()),
        "second" => number(at.second().into()),
        "time offset" => match zone {
            None => Some(Value::Null),
            Some(_) => Some(Value::DaysDuration(i64::from(zones.offset_at(at, zone)?) * 1000)),
        },
        "timezone" => Some(match zone {
            Some(Zone::Named(name)) => Value::String(name.clone()),
            Some(Zone::Offset(0)) => Value::text("Z"),
            _ => Value::Null,
        }),
        _ => None,
    }
}
