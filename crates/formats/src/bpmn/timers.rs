//! Timers: reading their definition and checking literals (BPMN LN-21, TM-1..8).
//!
//! Never: computes when a timer fires.

use super::compile::{Compiler, own, shorten};
use super::dom::{child, text_of};
use super::expressions::{At, named_language};
use crate::finding::Text;
use model::definition::{ElementIdx, Timer, TimerKind};
use roxmltree::Node;

/// Reads a `timerEventDefinition`; `once` says that only the first firing of a cycle counts there (BPMN TM-8).
pub(crate) fn timer<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    definition: Node<'a, 'i>,
    element: ElementIdx,
    once: bool,
) -> Option<Timer> {
    let kinds = [("timeDate", TimerKind::Date), ("timeDuration", TimerKind::Duration), ("timeCycle", TimerKind::Cycle)];
    let found = kinds.iter().find_map(|(name, kind)| Some((child(definition, name)?, *kind)));
    let Some((node, kind)) = found.filter(|(node, _)| !text_of(*node).is_empty()) else {
        compiler.error(
            "LN-21",
            definition,
            Text::new(
                "The timer says neither a date, nor a duration, nor a cycle",
                "У таймера не указаны ни дата, ни длительность, ни цикл",
            ),
        );
        return None;
    };
    let text = text_of(node);
    if !text.starts_with('=') && named_language(node).is_none() && !is_valid(kind, &text) {
        let shown = shorten(&text);
        let (en, ru) = match kind {
            TimerKind::Date => ("an ISO 8601 date and time such as 2026-01-31T10:00:00+03:00", "дата и время ISO 8601"),
            TimerKind::Duration => ("an ISO 8601 duration such as PT15M", "длительность ISO 8601, например PT15M"),
            TimerKind::Cycle => ("a cycle such as R3/PT10M, or cron", "цикл, например R3/PT10M, или cron"),
        };
        compiler.error("LN-21", node, Text::new(format!("`{shown}` is not {en}"), format!("«{shown}» — не {ru}")));
    }
    if once && kind == TimerKind::Cycle {
        compiler.warn(
            "LN-21",
            node,
            Text::new("Only the first firing of the cycle counts here", "Здесь сработает только первый раз из цикла"),
        );
    }
    let value = compiler.value(At { node, element, role: "timer" }, &text);
    let setting = |name: &str| own(definition, name).or_else(|| own(node, name)).map(str::to_owned);
    let end = setting("endDate").map(|end| compiler.value(At { node, element, role: "end date" }, &end));
    Some(Timer { zone: setting("zone"), calendar: setting("calendar"), end, ..Timer::new(kind, value) })
}

/// The longest literal that is looked at.
const LITERAL_BYTES: usize = 1_000;

/// Whether a literal is of its kind.
pub(crate) fn is_valid(kind: TimerKind, text: &str) -> bool {
    if text.len() > LITERAL_BYTES {
        return false;
    }
    match kind {
        TimerKind::Date => is_date(text),
        TimerKind::Duration => is_duration(text),
        TimerKind::Cycle => is_cycle(text),
    }
}

fn is_date(text: &str) -> bool {
    let plain = text.split(['[', '@']).next().unwrap_or_default();
    plain.starts_with(|c: char| c.is_ascii_digit())
        && (plain.parse::<jiff::Timestamp>().is_ok()
            || plain.parse::<jiff::civil::DateTime>().is_ok()
            || plain.parse::<jiff::civil::Date>().is_ok())
}

fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['-', '+']).unwrap_or(text).strip_prefix('P') else { return false };
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return false,
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    if date.ends_with('W') {
        return time.is_none() && parts(date, "W", false);
    }
    !rest.is_empty() && parts(date, "YMD", false) && time.is_none_or(|t| parts(t, "HMS", true))
}

/// Numbers followed by `units` in their order; a fraction only before the last one and only with `fraction`.
fn parts(text: &str, units: &str, fraction: bool) -> bool {
    let mut units = units.chars();
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let mut tail = tail.chars();
        let Some(unit) = tail.next() else { return false };
        if number.is_empty() || number.starts_with('.') || number.ends_with('.') || !units.any(|u| u == unit) {
            return false;
        }
        if number.contains('.') && !(fraction && unit == 'S' && number.matches('.').count() == 1) {
            return false;
        }
        rest = tail.as_str();
    }
    true
}

fn is_cycle(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix('R') {
        let mut fields = rest.split('/');
        let count = fields.next().unwrap_or_default();
        let fields: Vec<&str> = fields.collect();
        let counted = count.is_empty() || count == "-1" || count.parse::<u32>().is_ok();
        return counted
            && match fields.as_slice() {
                [interval] => is_duration(interval),
                [a, b] => (is_date(a) && is_duration(b)) || (is_duration(a) && is_date(b)),
                _ => false,
            };
    }
    if let Some(name) = text.strip_prefix('@') {
        return ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"].contains(&name);
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "*/,-?#".contains(c);
    (5..=7).contains(&fields.len()) && fields.iter().all(|f| f.chars().all(allowed)) && is_within(&fields)
}

/// The greatest second, minute, hour, day, month and weekday.
const GREATEST: [u32; 6] = [59, 59, 23, 31, 12, 7];

/// Whether the numbers of a cron expression are within their fields; steps may be any.
fn is_within(fields: &[&str]) -> bool {
    let greatest = if fields.len() == 5 { &GREATEST[1..] } else { &GREATEST[..] };
    fields.iter().zip(greatest).all(|(field, greatest)| {
        let ranges = field.split(',').map(|part| part.split('/').next().unwrap_or_default());
        let mut numbers = ranges.flat_map(|r| r.split(['-', '#'])).filter_map(|n| n.parse::<u32>().ok());
        numbers.all(|n| n <= *greatest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        let table = [
            (TimerKind::Duration, "PT15M", true),
            (TimerKind::Duration, "P1DT2H", true),
            (TimerKind::Duration, "PT1.5S", true),
            (TimerKind::Duration, "P2W", true),
            (TimerKind::Duration, "-PT5M", true),
            (TimerKind::Duration, "P", false),
            (TimerKind::Duration, "PT", false),
            (TimerKind::Duration, "P1.5D", false),
            (TimerKind::Duration, "P1D2H", false),
            (TimerKind::Duration, "PT1M1H", false),
            (TimerKind::Duration, "15 minutes", false),
            (TimerKind::Date, "2026-01-31T10:00:00+03:00", true),
            (TimerKind::Date, "2026-01-31T10:00:00Z", true),
            (TimerKind::Date, "2026-01-31T10:00:00", true),
            (TimerKind::Date, "2026-01-31T10:00:00@Europe/Moscow", true),
            (TimerKind::Date, "31.01.2026", false),
            (TimerKind::Cycle, "R3/PT10M", true),
            (TimerKind::Cycle, "R/2026-01-31T10:00:00Z/P1D", true),
            (TimerKind::Cycle, "R5/P1D/2026-01-31T10:00:00Z", true),
            (TimerKind::Cycle, "0 0 9 * * MON-FRI", true),
            (TimerKind::Cycle, "@daily", true),
            (TimerKind::Cycle, "R3", false),
            (TimerKind::Cycle, "every day", false),
            (TimerKind::Cycle, "0 0 99 * * *", false),
            (TimerKind::Cycle, "61 * * * *", false),
            (TimerKind::Cycle, "*/90 * 1-5,7 * * * 2030", true),
        ];
        for (kind, text, valid) in table {
            assert_eq!(is_valid(kind, text), valid, "{kind:?} {text}");
        }
    }
}
