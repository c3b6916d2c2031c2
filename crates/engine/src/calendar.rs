//! Business calendars (BPMN TM-10): when work is done, and how durations count in it.
//!
//! Owns: the arithmetic of working time. A calendar is data that comes in from outside. Never: reads a clock.

use crate::timers::{parts, resolve};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days that are searched for working time: a calendar without any is told within ten years.
const DAYS_AHEAD: u32 = 3_660;

/// Calendars by their names.
pub type Calendars = BTreeMap<String, Calendar>;

/// When work is done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Calendar {
    /// The zone of its times; the timer's when absent.
    pub zone: Option<String>,
    /// Working hours from Monday to Sunday; each day's in order, without overlaps.
    pub week: [Vec<Hours>; 7],
    /// Days with other hours than their weekday's: holidays have none.
    pub exceptions: BTreeMap<Date, Vec<Hours>>,
}

/// Hours of a day: from a time until before another; until midnight when `to` is not after `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The first moment.
    pub from: Time,
    /// The first moment after it.
    pub to: Time,
}

/// Working time between two instants.
struct Open {
    from: Timestamp,
    to: Timestamp,
}

impl Calendar {
    fn hours(&self, date: Date) -> &[Hours] {
        let weekday = date.weekday().to_monday_zero_offset() as usize;
        self.exceptions.get(&date).unwrap_or(&self.week[weekday])
    }

    fn own_zone(&self, zone: &TimeZone) -> Result<TimeZone, String> {
        match &self.zone {
            Some(name) => TimeZone::get(name).map_err(|_| format!("the calendar's `{name}` is no time zone")),
            None => Ok(zone.clone()),
        }
    }

    /// The instant itself when it is in working time, else the next beginning of work.
    pub(crate) fn opening(&self, at: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
        let zone = self.own_zone(zone)?;
        let mut openings = self.open_from(at, &zone);
        openings.next().map(|open| open.from.max(at)).ok_or_else(|| "the calendar has no working time".to_owned())
    }

    /// `span` after `from`: days are working days at the same wall time, hours and less are working time.
    pub(crate) fn after(&self, from: Timestamp, span: &Span, zone: &TimeZone) -> Result<Timestamp, String> {
        let zone = self.own_zone(zone)?;
        let out_of_range = || "the time is out of range".to_owned();
        let (calendar, exact) = parts(span, 1).map_err(|_| out_of_range())?;
        let days = i64::from(calendar.get_weeks()) * 7;
        let (days, rest) = (i64::from(calendar.get_days()), calendar.days(0).weeks(0).days(days));
        let mut at = from;
        if !rest.is_zero() {
            let wall = at.to_jiff().to_zoned(zone.clone()).datetime();
            at = resolve(wall.checked_add(rest).map_err(|_| out_of_range())?, &zone)?;
        }
        for _ in 0..days.clamp(0, i64::from(DAYS_AHEAD)) {
            at = self.next_working_day(at, &zone)?;
        }
        let milliseconds = exact.total(jiff::Unit::Millisecond).map_err(|_| out_of_range())? as i64;
        self.working(at, milliseconds, &zone)
    }

    /// The same wall time on the next day with working time.
    fn next_working_day(&self, at: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
        let mut wall = at.to_jiff().to_zoned(zone.clone()).datetime();
        for _ in 0..DAYS_AHEAD {
            wall = wall.checked_add(1.day()).map_err(|_| "the time is out of range".to_owned())?;
            if !self.hours(wall.date()).is_empty() {
                return resolve(wall, zone);
            }
        }
        Err("the calendar has no working time".to_owned())
    }

    /// The instant after so much working time; without any, the next working time.
    fn working(&self, from: Timestamp, milliseconds: i64, zone: &TimeZone) -> Result<Timestamp, String> {
        let mut left = milliseconds.max(0);
        for open in self.open_from(from, zone) {
            let start = open.from.max(from);
            let length = open.to.0 - start.0;
            if left < length || (left == length && left > 0) {
                return Ok(start.plus_ms(left));
            }
            left -= length;
        }
        Err("the calendar has too little working time".to_owned())
    }

    /// Working time that ends after `from`, in order.
    fn open_from<'c>(&'c self, from: Timestamp, zone: &'c TimeZone) -> impl Iterator<Item = Open> + 'c {
        let first = from.to_jiff().to_zoned(zone.clone()).date();
        let dates = (0..DAYS_AHEAD).scan(first, |date, _| {
            let this = *date;
            *date = date.tomorrow().ok()?;
            Some(this)
        });
        dates
            .flat_map(move |date| self.hours(date).iter().filter_map(move |hours| hours.on(date, zone)))
            .filter(move |open| open.to > from)
    }
}

impl Hours {
    fn on(self, date: Date, zone: &TimeZone) -> Option<Open> {
        let to: DateTime = match self.to > self.from {
            true => date.to_datetime(self.to),
            false => date.tomorrow().ok()?.to_datetime(Time::midnight()),
        };
        let from = resolve(date.to_datetime(self.from), zone).ok()?;
        let to = resolve(to, zone).ok()?;
        (from < to).then_some(Open { from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Calendar {
        let day = |from: i8, to: i8| Hours { from: Time::constant(from, 0, 0, 0), to: Time::constant(to, 0, 0, 0) };
        let workday = vec![day(9, 13), day(14, 18)];
        let mut week: [Vec<Hours>; 7] = std::array::from_fn(|_| workday.clone());
        (week[5], week[6]) = (Vec::new(), Vec::new());
        let exceptions = BTreeMap::from([(Date::constant(2026, 3, 30), Vec::new())]);
        Calendar { zone: Some("Europe/Berlin".to_owned()), week, exceptions }
    }

    fn after(from: &str, span: &str) -> String {
        let from = Timestamp::parse_iso(from).unwrap();
        office().after(from, &span.parse().unwrap(), &TimeZone::UTC).unwrap().to_iso()
    }

    #[test]
    fn tm_10_hours_are_working_time() {
        // Friday 27 March 2026, 16:00 in Berlin: two hours are left, Monday is a holiday, the clocks change between.
        assert_eq!(after("2026-03-27T15:00:00Z", "PT1H"), "2026-03-27T16:00:00.000Z");
        assert_eq!(after("2026-03-27T15:00:00Z", "PT2H"), "2026-03-27T17:00:00.000Z");
        assert_eq!(after("2026-03-27T15:00:00Z", "PT3H"), "2026-03-31T08:00:00.000Z");
        assert_eq!(after("2026-03-27T15:00:00Z", "PT7H"), "2026-03-31T13:00:00.000Z");
        assert_eq!(after("2026-03-28T15:00:00Z", "PT0S"), "2026-03-31T07:00:00.000Z");
    }

    #[test]
    fn tm_10_days_are_working_days() {
        assert_eq!(after("2026-03-27T15:00:00Z", "P1D"), "2026-03-31T14:00:00.000Z");
        assert_eq!(after("2026-03-27T15:00:00Z", "P2DT1H"), "2026-04-01T15:00:00.000Z");
        assert_eq!(after("2026-03-23T15:00:00Z", "P1W"), "2026-03-31T07:00:00.000Z");
    }

    #[test]
    fn tm_10_a_date_moves_to_the_next_working_time() {
        let opening = |at: &str| {
            let at = Timestamp::parse_iso(at).unwrap();
            office().opening(at, &TimeZone::UTC).unwrap().to_iso()
        };
        assert_eq!(opening("2026-03-28T10:00:00Z"), "2026-03-31T07:00:00.000Z");
        assert_eq!(opening("2026-03-27T12:30:00Z"), "2026-03-27T13:00:00.000Z");
        assert_eq!(opening("2026-03-27T10:00:00Z"), "2026-03-27T10:00:00.000Z");
        assert!(Calendar::default().opening(Timestamp(0), &TimeZone::UTC).is_err());
    }
}
