//! Moving dates: `dateadd`'s steps and `strtotime`'s words.

use super::Session;
use super::dates::{self, Moment};
use jiff::Span;
use jiff::civil::{DateTime, Time, Weekday};

/// A unit of `dateadd` and `strtotime`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

impl Unit {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "y" | "year" | "years" => Self::Year,
            "m" | "month" | "months" => Self::Month,
            "w" | "week" | "weeks" => Self::Week,
            "d" | "day" | "days" => Self::Day,
            "h" | "hour" | "hours" => Self::Hour,
            "i" | "min" | "mins" | "minute" | "minutes" => Self::Minute,
            "s" | "sec" | "secs" | "second" | "seconds" => Self::Second,
            _ => return None,
        })
    }

    /// Exact units move the instant, the others the calendar.
    fn seconds(self) -> Option<i64> {
        match self {
            Self::Hour => Some(3600),
            Self::Minute => Some(60),
            Self::Second => Some(1),
            _ => None,
        }
    }
}

fn step(session: &Session, moment: &Moment, count: i64, unit: Unit) -> Option<Moment> {
    if let Some(seconds) = unit.seconds() {
        let moved = moment.plus_seconds(session, count.checked_mul(seconds)?)?;
        return Some(Moment { is_date: false, ..moved });
    }
    let span = match unit {
        Unit::Year => Span::new().try_years(count),
        Unit::Month => Span::new().try_months(count),
        Unit::Week => Span::new().try_weeks(count),
        _ => Span::new().try_days(count),
    };
    let local = match unit {
        // PHP counts months and lets the day run over: January 31 plus a month is March 3.
        Unit::Year | Unit::Month => overflowing(moment.local, span.ok()?)?,
        _ => moment.local.checked_add(span.ok()?).ok()?,
    };
    moment.with_local(session, local)
}

fn overflowing(local: DateTime, span: Span) -> Option<DateTime> {
    let first = local.date().first_of_month().checked_add(span).ok()?;
    let day = first.checked_add(Span::new().try_days(i64::from(local.day()) - 1).ok()?).ok()?;
    Some(day.to_datetime(local.time()))
}

/// `"-2d 3 minutes"` added to a moment. A sign holds for what follows until the next sign.
pub(super) fn add(session: &Session, moment: &Moment, steps: &str) -> Option<Moment> {
    let mut moment = moment.clone();
    let mut sign = 1;
    let mut any = false;
    for (count, word) in counted_words(steps, &mut sign)? {
        moment = step(session, &moment, count, Unit::of(&word)?)?;
        any = true;
    }
    any.then_some(moment)
}

/// `-2d 3 minutes` → `(-2, d), (-3, minutes)`.
fn counted_words(text: &str, sign: &mut i64) -> Option<Vec<(i64, String)>> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while let Some(c) = chars.next_if(|c| c.is_whitespace() || *c == ',' || *c == '+' || *c == '-') {
            match c {
                '+' => *sign = 1,
                '-' => *sign = -1,
                _ => {}
            }
        }
        if chars.peek().is_none() {
            return Some(out);
        }
        let mut digits = String::new();
        while let Some(d) = chars.next_if(char::is_ascii_digit) {
            digits.push(d);
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let mut word = String::new();
        while let Some(l) = chars.next_if(|c| c.is_alphabetic()) {
            word.extend(l.to_lowercase());
        }
        if word.is_empty() {
            return None;
        }
        out.push((*sign * digits.parse::<i64>().ok()?, word));
    }
}

/// `strtotime`: a date as text, or words relative to `base`.
pub(super) fn of_words(session: &Session, text: &str, base: &Moment) -> Option<Moment> {
    if let Some(moment) = Moment::of_text(session, text) {
        return Some(moment);
    }
    if let Some(seconds) = text.trim().strip_prefix('@') {
        let at = jiff::Timestamp::from_second(seconds.parse().ok()?).ok()?;
        return Some(Moment::instant(session, at));
    }
    let lower = text.to_lowercase();
    let mut words: Vec<&str> = lower.split_whitespace().collect();
    let mut moment = Moment { is_date: false, ..base.clone() };
    // A date may lead: `2026-01-31 +1 day`.
    if let Some(first) = words.first().and_then(|w| Moment::of_text(session, w)) {
        moment = Moment { is_date: false, ..first };
        words.remove(0);
    }
    let mut at = 0;
    while at < words.len() {
        let (moved, used) = one(session, &moment, &words[at..])?;
        moment = moved;
        at += used;
    }
    Some(moment)
}

/// One relative phrase at the start of `words`, and how many words it took.
fn one(session: &Session, moment: &Moment, words: &[&str]) -> Option<(Moment, usize)> {
    let midnight = |m: &Moment| m.with_local(session, m.local.date().to_datetime(Time::midnight()));
    let first = *words.first()?;
    let fixed = match first {
        "now" => Some(moment.clone()),
        "today" | "midnight" => midnight(moment),
        "noon" => moment.with_local(session, moment.local.date().to_datetime(Time::constant(12, 0, 0, 0))),
        "tomorrow" => midnight(&step(session, moment, 1, Unit::Day)?),
        "yesterday" => midnight(&step(session, moment, -1, Unit::Day)?),
        _ => None,
    };
    if let Some(fixed) = fixed {
        return Some((fixed, 1));
    }
    if let ("first" | "last", Some(&"day"), Some(&"of")) = (first, words.get(1), words.get(2)) {
        return edge_of_month(session, moment, first == "first", &words[3..]).map(|(m, used)| (m, used + 3));
    }
    if let "next" | "last" | "previous" | "this" = first {
        let count = match first {
            "next" => 1,
            "this" => 0,
            _ => -1,
        };
        let word = words.get(1)?;
        if let Some(unit) = Unit::of(word) {
            return Some((step(session, moment, count, unit)?, 2));
        }
        return Some((midnight(&to_weekday(session, moment, weekday(word)?, count)?)?, 2));
    }
    if let Some(day) = weekday(first) {
        return Some((midnight(&to_weekday(session, moment, day, 0)?)?, 1));
    }
    if let Some((time, _)) = crate::feel::temporal::parse_time(first) {
        return Some((moment.with_local(session, moment.local.date().to_datetime(time))?, 1));
    }
    counted(session, moment, words)
}

/// `+1 day`, `-2weeks`, `3 days ago`.
fn counted(session: &Session, moment: &Moment, words: &[&str]) -> Option<(Moment, usize)> {
    let first = words.first()?;
    let body = first.trim_start_matches(['+', '-']);
    let sign = if first.starts_with('-') { -1 } else { 1 };
    let digits = body.find(|c: char| !c.is_ascii_digit()).unwrap_or(body.len());
    let count: i64 = body[..digits].parse().ok()?;
    let (word, used) = if digits < body.len() { (&body[digits..], 1) } else { (*words.get(1)?, 2) };
    let ago = words.get(used) == Some(&"ago");
    let count = if ago { -sign * count } else { sign * count };
    Some((step(session, moment, count, Unit::of(word)?)?, used + usize::from(ago)))
}

fn edge_of_month(session: &Session, moment: &Moment, first: bool, words: &[&str]) -> Option<(Moment, usize)> {
    let months = match (words.first().copied(), words.get(1).copied()) {
        (Some("next"), Some("month")) => 1,
        (Some("this"), Some("month")) => 0,
        (Some("last" | "previous"), Some("month")) => -1,
        _ => return None,
    };
    let month = moment.local.date().first_of_month().checked_add(Span::new().months(months)).ok()?;
    let day = if first { month } else { month.last_of_month() };
    Some((moment.with_local(session, day.to_datetime(moment.local.time()))?, 2))
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" | "mon" => Weekday::Monday,
        "tuesday" | "tue" => Weekday::Tuesday,
        "wednesday" | "wed" => Weekday::Wednesday,
        "thursday" | "thu" => Weekday::Thursday,
        "friday" | "fri" => Weekday::Friday,
        "saturday" | "sat" => Weekday::Saturday,
        "sunday" | "sun" => Weekday::Sunday,
        _ => return None,
    })
}

/// The next (1), last (-1) or coming (0: today counts) day of the week.
fn to_weekday(session: &Session, moment: &Moment, day: Weekday, direction: i64) -> Option<Moment> {
    let ahead = i64::from(moment.local.weekday().until(day));
    let days = match (direction, ahead) {
        (1, 0) => 7,
        (-1, 0) => -7,
        (-1, n) => n - 7,
        (_, n) => n,
    };
    step(session, moment, days, Unit::Day)
}

/// `settime(d, h, m, offset)`: the clock set in the zone `offset` seconds east of UTC, or in the moment's own.
pub(super) fn with_clock(
    session: &Session,
    moment: &Moment,
    (hour, minute): (i64, i64),
    offset: Option<i64>,
) -> Option<Moment> {
    let clock = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
    let Some(offset) = offset else {
        let set = moment.with_local(session, moment.local.date().to_datetime(clock))?;
        return Some(Moment { is_date: false, ..set });
    };
    let zone = jiff::tz::Offset::from_seconds(i32::try_from(offset).ok()?).ok()?;
    let there = zone.to_datetime(moment.at).date().to_datetime(clock);
    Some(dates::Moment::instant(session, zone.to_timestamp(there).ok()?))
}
