//! When timers fire (BPMN TM-1..8): dates, durations, cycles.
//!
//! Owns: reading a timer's value and counting its firings. Invariant: the k-th firing of a cycle is its anchor plus k
//! intervals, so months do not drift (TM-4). Never: fires anything.

use crate::Env;
use crate::calendar::Calendar;
use crate::cron::Cron;
use crate::event::Event;
use crate::program::Program;
use crate::state::{Repeat, TimerState};
use crate::step::{Step, Trouble};
use crate::triggers::Armed;
use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Span, Zoned};
use model::definition::{ElementIdx, Timer, TimerKind};
use model::error::codes;
use model::value::Zone;
use model::{Object, TimerId, Timestamp, Value};

/// The shortest interval of a cycle (TM-11: a second is as fine as timers are).
const SHORTEST_CYCLE_MS: i64 = 1000;

/// Evaluates a timer and arms it; false when it would never fire. `repeats`: a cycle goes on after its first firing
/// (TM-8).
pub(crate) fn arm(step: &mut Step, armed: Armed, timer: &Timer, repeats: bool) -> Result<bool, Trouble> {
    let id = &step.program.element(armed.element).id;
    let failed = |why: String| Trouble::new(&codes::TIMER_INVALID, format!("the timer of `{id}`: {why}"));
    let Some((due, repeat)) = evaluate(step, armed.key, timer).map_err(failed)? else { return Ok(false) };
    arm_at(step, armed, due, repeat.filter(|_| repeats));
    Ok(true)
}

/// A firing: when, and how it goes on after it.
type Firing = (Timestamp, Option<Repeat>);

/// The first firing of a timer as the run `key` sees it.
fn evaluate(step: &mut Step, key: u32, timer: &Timer) -> Result<Option<Firing>, String> {
    let value = step.evaluate(key, timer.value, None).map_err(|e| e.to_string())?;
    let end = match timer.end {
        Some(end) => Some(step.evaluate(key, end, None).map_err(|e| e.to_string())?),
        None => None,
    };
    let zone = zone_of(step, timer)?;
    let calendar = calendar_of(step.env, timer)?;
    let place = Place { now: step.env.now, zone: &zone, calendar };
    let Some((due, mut repeat)) = first_firing(timer.kind, &value, &place)? else { return Ok(None) };
    if let Some(end) = end.filter(|end| !end.is_null()) {
        let end = instant_or_duration(&end, step.env.now, &zone)?;
        if due > end {
            return Ok(None);
        }
        if let Some(repeat) = &mut repeat {
            repeat.end = Some(repeat.end.map_or(end, |other| other.min(end)));
        }
    }
    Ok(Some((due, repeat)))
}

/// The zone of a timer: its own, else the process's, else the installation's (TM-2).
fn zone_of(step: &Step, timer: &Timer) -> Result<TimeZone, String> {
    match timer.zone.as_deref().filter(|zone| !zone.is_empty()) {
        Some(zone) => time_zone(&Zone::Named(zone.into())),
        None => Ok(step.zone().clone()),
    }
}

fn calendar_of<'e>(env: &Env<'e>, timer: &Timer) -> Result<Option<&'e Calendar>, String> {
    let Some(name) = timer.calendar.as_deref().filter(|name| !name.is_empty()) else { return Ok(None) };
    env.calendars.get(name).map(Some).ok_or_else(|| format!("there is no business calendar `{name}`"))
}

/// Arms a timer whose time is known.
fn arm_at(step: &mut Step, armed: Armed, due: Timestamp, repeat: Option<Repeat>) {
    let timer = TimerId(step.next_id());
    let Armed { key, element, trigger } = armed;
    step.emit(Event::TimerArmed { timer, key, element, due, repeat, trigger });
}

/// Arms the next firing of a cycle; firings that were missed are one (TM-7).
pub(crate) fn arm_again(step: &mut Step, armed: Armed, fired: &TimerState) {
    let Some(repeat) = &fired.repeat else { return };
    let zone = crate::starts::timer_of(step.program, armed.element, armed.trigger).map(|t| zone_of(step, t));
    let zone = zone.and_then(Result::ok).unwrap_or_else(|| step.zone().clone());
    if let Some((due, repeat)) = following(fired.due, repeat, step.env.now, &zone) {
        arm_at(step, armed, due, Some(repeat));
    }
}

/// The first firing of a timer start at or after `env.now`, when a version goes live (TM-9): none when its date is past
/// or its cycle is empty. The error is what is wrong with the timer.
pub fn first_start(
    program: &Program,
    element: ElementIdx,
    trigger: u32,
    env: &mut Env,
) -> Result<Option<(Timestamp, Option<Repeat>)>, String> {
    let now = env.now;
    let timer = crate::starts::timer_of(program, element, trigger).ok_or("it is no timer")?;
    let firing = crate::starts::without_instance(program, env, Object::new(), |step| evaluate(step, 0, timer))?;
    Ok(firing.filter(|(due, _)| timer.kind != TimerKind::Date || *due > now).and_then(|firing| match firing {
        // A cycle whose beginning is past goes on from now.
        (due, Some(repeat)) if due < now => {
            let zone = start_zone(program, timer, env);
            following(due, &repeat, now, &zone).map(|(due, repeat)| (due, Some(repeat)))
        }
        firing => Some(firing),
    }))
}

/// The firing of a timer start after the one at `due`, later than `now` (TM-4, TM-7): to get the ones that were missed,
/// ask with `now` = `due`.
pub fn next_start(
    program: &Program,
    (element, trigger): (ElementIdx, u32),
    (due, repeat): (Timestamp, &Repeat),
    now: Timestamp,
    env: &Env,
) -> Option<(Timestamp, Repeat)> {
    let timer = crate::starts::timer_of(program, element, trigger)?;
    following(due, repeat, now, &start_zone(program, timer, env))
}

fn start_zone(program: &Program, timer: &Timer, env: &Env) -> TimeZone {
    let own = timer.zone.as_deref().filter(|zone| !zone.is_empty());
    let own = own.and_then(|zone| time_zone(&Zone::Named(zone.into())).ok());
    own.unwrap_or_else(|| program.zone().unwrap_or(env.zone).clone())
}

/// Where and when a timer is read.
struct Place<'p> {
    now: Timestamp,
    zone: &'p TimeZone,
    calendar: Option<&'p Calendar>,
}

fn first_firing(kind: TimerKind, value: &Value, place: &Place) -> Result<Option<Firing>, String> {
    let Place { now, zone, calendar } = *place;
    match kind {
        TimerKind::Date => {
            let due = instant(value, zone)?;
            Ok(Some((calendar.map_or(Ok(due), |c| c.opening(due, zone))?, None)))
        }
        TimerKind::Duration => {
            let span = span(value)?;
            let due = match calendar {
                Some(calendar) => calendar.after(now, &span, zone)?,
                None => later(now, &span, 1, zone)?,
            };
            Ok(Some((due.max(now), None)))
        }
        TimerKind::Cycle => Ok(cycle(value, now, zone)?.map(|(due, repeat)| (due, Some(repeat)))),
    }
}

/// A duration in milliseconds from `now`; a number is seconds.
pub(crate) fn milliseconds(value: &Value, now: Timestamp, zone: &TimeZone) -> Result<i64, String> {
    if let Some(seconds) = value.as_number() {
        return Ok((seconds.to_f64() * 1000.0) as i64);
    }
    Ok(later(now, &span(value)?, 1, zone)?.0.saturating_sub(now.0).max(0))
}

/// The instant of a date value: of a timer, or of a task's due date.
pub(crate) fn instant(value: &Value, zone: &TimeZone) -> Result<Timestamp, String> {
    match value {
        Value::DateTime(at, None) => resolve(*at, zone),
        Value::DateTime(at, Some(own)) => resolve(*at, &time_zone(own)?),
        Value::Date(date) => resolve(date.to_datetime(Time::midnight()), zone),
        Value::String(text) => instant_of_text(text.trim(), zone),
        other => Err(format!("a date and time is needed, not a {}", other.type_name())),
    }
}

/// The instant of a date, or of a duration from `now`.
pub(crate) fn instant_or_duration(value: &Value, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    match span(value) {
        Ok(span) => later(now, &span, 1, zone),
        Err(_) => instant(value, zone),
    }
}

fn instant_of_text(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(at.into());
    }
    if let Ok(at) = text.parse::<Zoned>() {
        return Ok(at.timestamp().into());
    }
    let (local, zone) = match text.split_once('@') {
        Some((local, name)) => (local, time_zone(&Zone::Named(name.into()))?),
        None => (text, zone.clone()),
    };
    let at: DateTime = local.parse().map_err(|_| format!("`{text}` is no ISO 8601 date"))?;
    resolve(at, &zone)
}

fn time_zone(zone: &Zone) -> Result<TimeZone, String> {
    match zone {
        Zone::Offset(seconds) => {
            Offset::from_seconds(*seconds).map(TimeZone::fixed).map_err(|_| format!("{seconds} s is no offset"))
        }
        Zone::Named(name) => TimeZone::get(name).map_err(|_| format!("`{name}` is no time zone")),
    }
}

/// A wall time's instant: in a fold the earlier one, in a gap the first instant after it (TM-6).
pub(crate) fn resolve(at: DateTime, zone: &TimeZone) -> Result<Timestamp, String> {
    let ambiguous = zone.to_ambiguous_timestamp(at);
    let in_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let compatible = ambiguous.compatible().map_err(|e| e.to_string())?;
    let resolved = match zone.preceding(compatible).next().filter(|_| in_gap) {
        Some(transition) => transition.timestamp(),
        None => compatible,
    };
    Ok(resolved.into())
}

/// A duration: ISO 8601 text, or a computed one.
fn span(value: &Value) -> Result<Span, String> {
    match value {
        Value::DaysDuration(ms) => Span::new().try_milliseconds(*ms).map_err(|e| e.to_string()),
        Value::YearsDuration(months) => Span::new().try_months(*months).map_err(|e| e.to_string()),
        Value::String(text) => span_of_text(text.trim()),
        other => Err(format!("a duration is needed, not a {}", other.type_name())),
    }
}

fn span_of_text(text: &str) -> Result<Span, String> {
    let refused = || format!("`{text}` is no ISO 8601 duration");
    let unsigned = text.trim_start_matches(['+', '-']);
    if !is_iso(unsigned) {
        return Err(refused());
    }
    text.parse().map_err(|_| refused())
}

/// `P…` with fractions on seconds only, and weeks alone (TM-3).
fn is_iso(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['P', 'p']) else { return false };
    let lower = rest.to_ascii_lowercase();
    let mixed_weeks = lower.contains('w') && lower.chars().filter(char::is_ascii_alphabetic).count() > 1;
    let fraction = lower.find(['.', ',']);
    let fraction_of_seconds =
        fraction.is_none_or(|at| lower[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit()) == "s");
    !mixed_weeks && fraction_of_seconds
}

/// `from` plus `times` spans: the calendar part first, in the zone, then the exact part (TM-3).
pub(crate) fn later(from: Timestamp, span: &Span, times: u32, zone: &TimeZone) -> Result<Timestamp, String> {
    let out_of_range = || "the time is out of range".to_owned();
    let (calendar, exact) = parts(span, i64::from(times)).map_err(|_| out_of_range())?;
    let mut at = from;
    if !calendar.is_zero() {
        let start = from.to_jiff().to_zoned(zone.clone()).datetime();
        at = resolve(start.checked_add(calendar).map_err(|_| out_of_range())?, zone)?;
    }
    at.to_jiff().checked_add(exact).map(Timestamp::from).map_err(|_| out_of_range())
}

/// The calendar part and the exact part of `times` spans.
pub(crate) fn parts(span: &Span, times: i64) -> Result<(Span, Span), jiff::Error> {
    let span = span.checked_mul(times)?;
    let calendar = Span::new()
        .try_years(span.get_years())?
        .try_months(span.get_months())?
        .try_weeks(span.get_weeks())?
        .try_days(span.get_days())?;
    let exact = span.try_years(0)?.try_months(0)?.try_weeks(0)?.try_days(0)?;
    Ok((calendar, exact))
}

/// `R[n]/interval`, `R[n]/start/interval`, `R[n]/interval/end` (TM-4), or cron (TM-5).
fn cycle(value: &Value, now: Timestamp, zone: &TimeZone) -> Result<Option<(Timestamp, Repeat)>, String> {
    let text = value.as_str().ok_or_else(|| format!("a cycle is needed, not a {}", value.type_name()))?.trim();
    if let Some(cron) = Cron::parse(text) {
        let due = cron.next(now, zone).ok_or_else(|| format!("`{text}` never fires"))?;
        let interval = text.to_owned();
        return Ok(Some((due, Repeat { interval, anchor: now, turn: 1, last_turn: None, end: None })));
    }
    let refused = || format!("`{text}` is no cycle of the form R3/PT1H, and no cron");
    let mut parts = text.split('/');
    let count = parts.next().and_then(|r| r.strip_prefix('R')).ok_or_else(refused)?;
    let times: Option<u32> = match count {
        "" | "-1" => None,
        n => Some(n.parse().map_err(|_| refused())?),
    };
    if times == Some(0) {
        return Ok(None);
    }
    let parts: Vec<&str> = parts.collect();
    let (start, interval, end) = match parts.as_slice() {
        [interval] => (None, *interval, None),
        [interval, end] if interval.starts_with('P') => (None, *interval, Some(instant_of_text(end, zone)?)),
        [start, interval] => (Some(instant_of_text(start, zone)?), *interval, None),
        _ => return Err(refused()),
    };
    let span = span_of_text(interval)?;
    if later(now, &span, 1, zone)?.0.saturating_sub(now.0) < SHORTEST_CYCLE_MS {
        return Err(format!("the interval `{interval}` is shorter than a second"));
    }
    let (anchor, turn) = start.map_or((now, 1), |start| (start, 0));
    let last_turn = times.map(|n| n - 1 + turn);
    let due = later(anchor, &span, turn, zone)?;
    if end.is_some_and(|end| due > end) {
        return Ok(None);
    }
    Ok(Some((due, Repeat { interval: interval.to_owned(), anchor, turn, last_turn, end })))
}

/// The next firing of a cycle after `now`; missed ones are skipped (TM-7). `None` when it is over.
fn following(fired: Timestamp, repeat: &Repeat, now: Timestamp, zone: &TimeZone) -> Option<(Timestamp, Repeat)> {
    if let Some(cron) = Cron::parse(&repeat.interval) {
        let due = cron.next(now.max(fired), zone)?;
        if repeat.end.is_some_and(|end| due > end) {
            return None;
        }
        return Some((due, Repeat { turn: repeat.turn.saturating_add(1), ..repeat.clone() }));
    }
    let span = span_of_text(&repeat.interval).ok()?;
    let due_at = |turn| later(repeat.anchor, &span, turn, zone).ok();
    let turn = first_turn_after(repeat.turn, now, due_at)?;
    if repeat.last_turn.is_some_and(|last| turn > last) {
        return None;
    }
    let due = due_at(turn)?;
    if repeat.end.is_some_and(|end| due > end) {
        return None;
    }
    Some((due, Repeat { turn, ..repeat.clone() }))
}

/// The least turn after `turn` that is due after `now`, by doubling and halving: a year of missed seconds is no loop.
fn first_turn_after(turn: u32, now: Timestamp, due_at: impl Fn(u32) -> Option<Timestamp>) -> Option<u32> {
    let (mut low, mut width) = (turn, 1_u32);
    while due_at(low.checked_add(width)?)? <= now {
        low += width;
        width = width.checked_mul(2)?;
    }
    let mut high = low + width;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if due_at(middle)? <= now { low = middle } else { high = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_iso(text).unwrap()
    }

    fn check(kind: TimerKind, value: impl Into<Value>, expected: Result<&str, &str>) {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let place = Place { now: at("2026-03-28T01:30:00Z"), zone: &zone, calendar: None };
        let shown = first_firing(kind, &value.into(), &place);
        let shown = shown.map(|fires| fires.map_or("never".to_owned(), |(due, _)| due.to_iso()));
        assert_eq!(shown.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn tm_3_durations_add_calendar_then_exact() {
        check(TimerKind::Duration, "PT20S", Ok("2026-03-28T01:30:20.000Z"));
        // The clocks go forward on the 29th at 02:00: a day is 23 hours, 24 hours are 24 hours.
        check(TimerKind::Duration, "P1DT1H", Ok("2026-03-29T02:00:00.000Z"));
        check(TimerKind::Duration, "PT24H", Ok("2026-03-29T01:30:00.000Z"));
        check(TimerKind::Duration, "P2W", Ok("2026-04-11T00:30:00.000Z"));
        check(TimerKind::Duration, "-PT1H", Ok("2026-03-28T01:30:00.000Z"));
        check(TimerKind::Duration, Value::DaysDuration(1500), Ok("2026-03-28T01:30:01.500Z"));
        check(TimerKind::Duration, Value::YearsDuration(1), Ok("2026-04-28T00:30:00.000Z"));
        check(TimerKind::Duration, "1 hour", Err("`1 hour` is no ISO 8601 duration"));
        check(TimerKind::Duration, Value::Null, Err("a duration is needed, not a null"));
    }

    #[test]
    fn tm_2_and_tm_6_dates_take_the_zone_and_mend_gaps() {
        check(TimerKind::Date, "2026-06-01T10:00:00Z", Ok("2026-06-01T10:00:00.000Z"));
        check(TimerKind::Date, "2026-06-01T10:00", Ok("2026-06-01T08:00:00.000Z"));
        check(TimerKind::Date, "2026-06-01", Ok("2026-05-31T22:00:00.000Z"));
        check(TimerKind::Date, "2026-06-01T10:00@Europe/Moscow", Ok("2026-06-01T07:00:00.000Z"));
        check(TimerKind::Date, "2026-03-29T02:30", Ok("2026-03-29T01:00:00.000Z"));
        check(TimerKind::Date, "2026-10-25T02:30", Ok("2026-10-25T00:30:00.000Z"));
        check(TimerKind::Date, "soon", Err("`soon` is no ISO 8601 date"));
    }

    #[test]
    fn tm_4_and_tm_5_cycles_count_from_their_anchor() {
        check(TimerKind::Cycle, "R3/PT1H", Ok("2026-03-28T02:30:00.000Z"));
        check(TimerKind::Cycle, "R/2026-04-01T00:00:00Z/P1M", Ok("2026-04-01T00:00:00.000Z"));
        check(TimerKind::Cycle, "R0/PT1H", Ok("never"));
        check(TimerKind::Cycle, "0 0 9 * * *", Ok("2026-03-28T08:00:00.000Z"));
        check(TimerKind::Cycle, "often", Err("`often` is no cycle of the form R3/PT1H, and no cron"));
        check(TimerKind::Cycle, "R/PT0S", Err("the interval `PT0S` is shorter than a second"));
    }

    #[test]
    fn tm_4_months_do_not_drift_and_tm_7_missed_firings_are_one() {
        let zone = TimeZone::UTC;
        let (mut due, mut repeat) =
            cycle(&"R4/2026-01-31T00:00:00Z/P1M".into(), at("2026-01-01T00:00:00Z"), &zone).unwrap().unwrap();
        let mut shown = vec![due.to_iso()];
        while let Some(next) = following(due, &repeat, due, &zone) {
            (due, repeat) = next;
            shown.push(due.to_iso());
        }
        let days: Vec<&str> = shown.iter().map(|s| &s[..10]).collect();
        assert_eq!(days, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]);

        let (due, repeat) = cycle(&"R/PT1S".into(), at("2026-01-01T00:00:00Z"), &zone).unwrap().unwrap();
        let (due, _) = following(due, &repeat, at("2027-01-01T00:00:00.500Z"), &zone).unwrap();
        assert_eq!(due.to_iso(), "2027-01-01T00:00:01.000Z");
    }

    #[test]
    fn tm_4_a_cycle_ends_at_its_end() {
        check(TimerKind::Cycle, "R/PT1H/2026-03-28T02:00:00Z", Ok("never"));
        check(TimerKind::Cycle, "R/PT1H/2026-03-28T03:00:00Z", Ok("2026-03-28T02:30:00.000Z"));
        check(TimerKind::Cycle, "R-1/PT1H", Ok("2026-03-28T02:30:00.000Z"));
    }

    #[test]
    fn tm_3_fractions_on_seconds_only_and_weeks_alone() {
        check(TimerKind::Duration, "PT1.5S", Ok("2026-03-28T01:30:01.500Z"));
        check(TimerKind::Duration, "PT1.5H", Err("`PT1.5H` is no ISO 8601 duration"));
        check(TimerKind::Duration, "P1W2D", Err("`P1W2D` is no ISO 8601 duration"));
    }
}
