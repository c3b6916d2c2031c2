//! Cron expressions (BPMN TM-5, TM-6): 5 fields, 6 (seconds first) or 7 (year last), names, `? L W #`, macros.
//!
//! Days of the week count from Sunday = 0 (7 is Sunday too), as in Camunda 8. With 5 fields a day matches when day of
//! month *or* day of week does, if both are given; with 6 or 7 when both do. Never: reads a clock.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{ToSpan, Zoned, tz::TimeZone};
use model::Timestamp;

/// Days that are searched: February 29 on a given weekday comes back within 40 years.
const DAYS_AHEAD: u32 = 366 * 41;
const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A pattern of wall times.
#[derive(Debug, Clone)]
pub(crate) struct Cron {
    seconds: u64,
    minutes: u64,
    hours: u64,
    months: u64,
    days: Vec<Day>,
    weekdays: Vec<Weekdays>,
    /// First and last year of each range, with its step.
    years: Vec<(u32, u32, u32)>,
    every_hour: bool,
    either_day: bool,
}

/// Days of the month.
#[derive(Debug, Clone, Copy)]
enum Day {
    Among(u64),
    /// So many days before the last.
    BeforeLast(i8),
    /// The weekday nearest to the day, within the month.
    WeekdayNear(i8),
    LastWeekday,
}

/// Days of the week.
#[derive(Debug, Clone, Copy)]
enum Weekdays {
    Among(u64),
    Last(i8),
    Nth(i8, i8),
}

impl Cron {
    /// Reads an expression; `None` when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = match text {
            "@yearly" | "@annually" => "0 0 0 1 1 *",
            "@monthly" => "0 0 0 1 * *",
            "@weekly" => "0 0 0 * * 0",
            "@daily" | "@midnight" => "0 0 0 * * *",
            "@hourly" => "0 0 * * * *",
            other => other,
        };
        let mut fields: Vec<&str> = text.split_whitespace().collect();
        let either_day = fields.len() == 5;
        if either_day {
            fields.insert(0, "0");
        }
        let (fields, year) = match fields.as_slice() {
            [fields @ .., year] if fields.len() == 6 => (fields, *year),
            fields if fields.len() == 6 => (fields, "*"),
            _ => return None,
        };
        let (days, weekdays) = (day_field(fields[3])?, weekday_field(fields[5])?);
        Some(Self {
            seconds: mask(fields[0], 0, 59, &[])?,
            minutes: mask(fields[1], 0, 59, &[])?,
            hours: mask(fields[2], 0, 23, &[])?,
            months: mask(fields[4], 1, 12, MONTHS)?,
            either_day: either_day && !days.is_empty() && !weekdays.is_empty(),
            days,
            weekdays,
            years: year.split(',').map(|item| range(item, 1970, 2999, &[])).collect::<Option<_>>()?,
            every_hour: fields[2].starts_with('*'),
        })
    }

    /// The first firing after `after`. A wall time that a change of the clock leaves out fires right after it; one that
    /// comes twice fires the first time, or both times when every hour counts (TM-6).
    pub(crate) fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let start = after.to_jiff().to_zoned(zone.clone());
        if self.every_hour { self.next_by_offset(&start) } else { self.next_by_wall(&start) }
    }

    fn next_by_wall(&self, after: &Zoned) -> Option<Timestamp> {
        let mut wall = after.datetime();
        loop {
            wall = self.next_civil(wall.checked_add(1.second()).ok()?)?;
            let at = crate::timers::resolve(wall, after.time_zone()).ok()?;
            if at > Timestamp::from(after.timestamp()) {
                return Some(at);
            }
        }
    }

    /// Between two changes of the clock wall time runs evenly.
    fn next_by_offset(&self, after: &Zoned) -> Option<Timestamp> {
        let zone = after.time_zone();
        let mut from = after.timestamp().checked_add(1.second()).ok()?;
        loop {
            let offset = zone.to_offset(from);
            let found = self.next_civil(offset.to_datetime(from));
            let found = found.and_then(|wall| offset.to_timestamp(wall).ok());
            match zone.following(from).next() {
                Some(change) if found.is_none_or(|at| at >= change.timestamp()) => from = change.timestamp(),
                _ => return found.map(Timestamp::from),
            }
        }
    }

    /// The first matching wall time at or after `from`, in whole seconds.
    fn next_civil(&self, from: DateTime) -> Option<DateTime> {
        let mut date = from.date();
        let mut earliest = from.time();
        for _ in 0..DAYS_AHEAD {
            if self.is_day(date)
                && let Some(time) = self.next_time(earliest)
            {
                return Some(date.to_datetime(time));
            }
            let month_matches = self.months & bit(date.month()) != 0;
            date = if month_matches { date.tomorrow() } else { date.last_of_month().tomorrow() }.ok()?;
            earliest = Time::midnight();
        }
        None
    }

    fn next_time(&self, from: Time) -> Option<Time> {
        let (hour, minute, second) = (from.hour(), from.minute(), from.second());
        if self.hours & bit(hour) != 0 {
            if self.minutes & bit(minute) != 0
                && let Some(second) = at_or_after(self.seconds, second)
            {
                return Time::new(hour, minute, second, 0).ok();
            }
            if let Some(minute) = at_or_after(self.minutes, minute + 1) {
                return Time::new(hour, minute, at_or_after(self.seconds, 0)?, 0).ok();
            }
        }
        let hour = at_or_after(self.hours, hour + 1)?;
        Time::new(hour, at_or_after(self.minutes, 0)?, at_or_after(self.seconds, 0)?, 0).ok()
    }

    fn is_day(&self, date: Date) -> bool {
        let year = u32::try_from(date.year()).unwrap_or(0);
        let in_year = self
            .years
            .iter()
            .any(|(low, high, step)| (*low..=*high).contains(&year) && (year - low).is_multiple_of(*step));
        if !in_year || self.months & bit(date.month()) == 0 {
            return false;
        }
        let by_day = self.days.is_empty() || self.days.iter().any(|day| day.is(date));
        let by_weekday = self.weekdays.is_empty() || self.weekdays.iter().any(|day| day.is(date));
        if self.either_day { by_day || by_weekday } else { by_day && by_weekday }
    }
}

impl Day {
    fn is(self, date: Date) -> bool {
        let last = date.days_in_month();
        match self {
            Self::Among(days) => days & bit(date.day()) != 0,
            Self::BeforeLast(days) => date.day() == last - days,
            Self::WeekdayNear(day) => date.day() == near_weekday(date, day.min(last)),
            Self::LastWeekday => {
                let back = match date.last_of_month().weekday() {
                    Weekday::Saturday => 1,
                    Weekday::Sunday => 2,
                    _ => 0,
                };
                date.day() == last - back
            }
        }
    }
}

/// The day of the weekday nearest to `day` without leaving the month.
fn near_weekday(date: Date, day: i8) -> i8 {
    let last = date.days_in_month();
    let Ok(wanted) = Date::new(date.year(), date.month(), day) else { return day };
    match wanted.weekday() {
        Weekday::Saturday if day == 1 => 3,
        Weekday::Saturday => day - 1,
        Weekday::Sunday if day == last => day - 2,
        Weekday::Sunday => day + 1,
        _ => day,
    }
}

impl Weekdays {
    fn is(self, date: Date) -> bool {
        let weekday = date.weekday().to_sunday_zero_offset();
        match self {
            Self::Among(days) => days & bit(weekday) != 0,
            Self::Last(day) => weekday == day && date.day() > date.days_in_month() - 7,
            Self::Nth(day, n) => weekday == day && (date.day() - 1) / 7 + 1 == n,
        }
    }
}

fn bit(n: i8) -> u64 {
    1 << n
}

fn at_or_after(mask: u64, from: i8) -> Option<i8> {
    let rest = if from >= 64 { 0 } else { mask >> from };
    (rest != 0).then(|| from + rest.trailing_zeros() as i8)
}

fn day_field(text: &str) -> Option<Vec<Day>> {
    if matches!(text, "*" | "?") {
        return Some(Vec::new());
    }
    let item = |item: &str| match item {
        "L" => Some(Day::BeforeLast(0)),
        "LW" => Some(Day::LastWeekday),
        _ => match (item.strip_prefix("L-"), item.strip_suffix('W')) {
            (Some(days), _) => days.parse().ok().filter(|d| (0..31).contains(d)).map(Day::BeforeLast),
            (_, Some(day)) => day.parse().ok().filter(|d| (1..=31).contains(d)).map(Day::WeekdayNear),
            _ => mask(item, 1, 31, &[]).map(Day::Among),
        },
    };
    text.split(',').map(item).collect()
}

fn weekday_field(text: &str) -> Option<Vec<Weekdays>> {
    if matches!(text, "*" | "?") {
        return Some(Vec::new());
    }
    let day = |text: &str| value(text, 0, 7, DAYS).map(|d| (d % 7) as i8);
    let item = |item: &str| match (item.split_once('#'), item.strip_suffix('L')) {
        (Some((weekday, n)), _) => {
            let n = n.parse().ok().filter(|n| (1..=5).contains(n))?;
            Some(Weekdays::Nth(day(weekday)?, n))
        }
        (_, Some(weekday)) => day(weekday).map(Weekdays::Last),
        _ => {
            let days = mask(item, 0, 7, DAYS)?;
            Some(Weekdays::Among(if days & bit(7) != 0 { days | 1 } else { days }))
        }
    };
    text.split(',').map(item).collect()
}

/// The bits of a list of ranges.
fn mask(text: &str, low: u32, high: u32, names: &[&str]) -> Option<u64> {
    let mut mask = 0;
    for item in text.split(',') {
        let (from, to, step) = range(item, low, high, names)?;
        for n in (from..=to).step_by(step as usize) {
            mask |= 1 << n;
        }
    }
    Some(mask)
}

/// `*`, `a`, `a-b`, each with `/step`; `a/step` runs to the end.
fn range(item: &str, low: u32, high: u32, names: &[&str]) -> Option<(u32, u32, u32)> {
    let (span, step) = match item.split_once('/') {
        Some((span, step)) => (span, Some(step.parse::<u32>().ok().filter(|s| *s > 0)?)),
        None => (item, None),
    };
    let (from, to) = match span.split_once('-') {
        _ if matches!(span, "*" | "?") => (low, high),
        Some((from, to)) => (value(from, low, high, names)?, value(to, low, high, names)?),
        None => {
            let from = value(span, low, high, names)?;
            (from, if step.is_some() { high } else { from })
        }
    };
    (from <= to).then_some((from, to, step.unwrap_or(1)))
}

fn value(text: &str, low: u32, high: u32, names: &[&str]) -> Option<u32> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    let number = match named {
        Some(at) => at as u32 + low,
        None => text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))?,
    };
    (low..=high).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, after: &str, expected: &[&str]) {
        let cron = Cron::parse(text).unwrap_or_else(|| panic!("`{text}`"));
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let mut at: Timestamp =
            after.parse::<jiff::civil::DateTime>().unwrap().to_zoned(zone.clone()).unwrap().timestamp().into();
        for wanted in expected {
            at = cron.next(at, &zone).unwrap();
            let shown = at.to_jiff().to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
            assert!(shown.starts_with(wanted), "`{text}`: {shown}, not {wanted}");
        }
    }

    #[test]
    fn tm_5_fields_names_and_steps() {
        check("0 0 9 * * MON-FRI", "2026-01-02T09:00:00", &["2026-01-05T09:00", "2026-01-06T09:00"]);
        check("*/15 10-11 * * *", "2026-01-02T10:40:00", &["2026-01-02T10:45", "2026-01-02T11:00"]);
        check("30 0/20 * * * *", "2026-01-02T10:40:31", &["2026-01-02T11:00:30", "2026-01-02T11:20:30"]);
        check("@monthly", "2026-01-02T00:00:00", &["2026-02-01T00:00", "2026-03-01T00:00"]);
        check("0 0 0 1 JAN ? 2030/2", "2026-06-01T00:00:00", &["2030-01-01", "2032-01-01"]);
        check("0 12 29 2 *", "2026-01-01T00:00:00", &["2028-02-29T12:00", "2032-02-29T12:00"]);
    }

    #[test]
    fn tm_5_days_by_either_field_with_five_and_by_both_with_six() {
        check("0 0 13 * FRI", "2026-01-10T00:00:00", &["2026-01-13", "2026-01-16"]);
        check("0 0 0 13 * FRI", "2026-01-10T00:00:00", &["2026-02-13", "2026-03-13"]);
        check("0 0 * * 7", "2026-01-01T00:00:00", &["2026-01-04", "2026-01-11"]);
    }

    #[test]
    fn tm_5_last_nearest_and_nth() {
        check("0 0 0 L * ?", "2026-01-31T00:00:00", &["2026-02-28", "2026-03-31"]);
        check("0 0 0 L-2 * ?", "2026-01-01T00:00:00", &["2026-01-29", "2026-02-26"]);
        check("0 0 0 LW * ?", "2026-01-01T00:00:00", &["2026-01-30", "2026-02-27"]);
        check("0 0 0 1W * ?", "2026-01-31T00:00:00", &["2026-02-02", "2026-03-02"]);
        check("0 0 0 ? * FRIL", "2026-01-01T00:00:00", &["2026-01-30", "2026-02-27"]);
        check("0 0 0 ? * 1#2", "2026-01-01T00:00:00", &["2026-01-12", "2026-02-09"]);
    }

    #[test]
    fn tm_6_changes_of_the_clock() {
        // 02:30 does not exist on the 29th of March: the first instant after the gap.
        check("0 30 2 * * *", "2026-03-28T12:00:00", &["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00"]);
        // 02:30 comes twice on the 25th of October: once for a given hour, twice for every hour.
        check("0 30 2 * * *", "2026-10-24T12:00:00", &["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]);
        let both = ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"];
        check("0 30 * * * *", "2026-10-25T01:40:00", &both);
        check("0 30 * * * *", "2026-03-29T01:30:00", &["2026-03-29T03:30:00+02:00"]);
    }

    #[test]
    fn tm_5_what_is_no_cron() {
        for text in
            ["", "* * * *", "60 * * * *", "* * * * * * * *", "a b c d e", "5-1 * * * *", "*/0 * * * *", "R/PT1H"]
        {
            assert!(Cron::parse(text).is_none(), "`{text}`");
        }
        assert!(Cron::parse("0 0 0 31 2 *").unwrap().next(Timestamp(0), &TimeZone::UTC).is_none());
    }
}
