//! Random cron expressions, durations, dates and cycles never crash or keep a timer start busy (BPMN TM-4..TM-7).
//!
//! `make fuzz` runs it for `FUZZ_SECONDS` from `FUZZ_SEED` on; here it gets a moment.

#![allow(clippy::disallowed_methods, reason = "the time that a run may take")]

use engine::calendar::Calendars;
use engine::timers::{first_start, next_start};
use engine::{Env, Program, ServerFacts, triggered_starts};
use jiff::tz::TimeZone;
use model::definition::{
    Element, ElementKind, ExprId, Expression, Origin, ProcessDefinition, ROOT, Scope, ScopeKind, StartEvent, Timer,
    TimerKind, Trigger,
};
use model::limits::Limits;
use model::{IdSource, PartitionId, Timestamp, Value};
use std::time::{Duration, Instant};

const PIECES: &[&str] = &[
    "PT15M",
    "P1Y2M3DT4H5M6.7S",
    "-P2W",
    "R3/PT10M",
    "R/2026-01-31T10:00:00Z/P1D",
    "R5/P1D/2026-01-31T10:00:00Z",
    "2026-01-31T10:00:00+03:00",
    "2026-03-29T02:30:00@Europe/Berlin",
    "0 0 9 * * MON-FRI",
    "*/5 * * * *",
    "0 0 12 L-3 * ?",
    "0 0 12 15W * ?",
    "0 0 12 ? * 6#3",
    "0 0 0 29 2 ? 2026-2100",
    "@daily",
    "@",
    "R",
    "R0/",
    "/",
    "-",
    "#",
    "L",
    "W",
    "LW",
    ",",
    "*",
    "?",
    " ",
    "0",
    "-1",
    "99",
    "999999999999",
    "9e9",
    "2100",
    "SUN",
    "FEB",
    "P",
    "T",
    "S",
    "M",
    "Y",
    ".",
    "é",
    "Z",
    "[",
];

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n.max(1)
    }

    fn text(&mut self) -> String {
        let mut text = PIECES[self.below(PIECES.len())].to_owned();
        for _ in 0..self.below(4) {
            let mut at = self.below(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let mut end = (at + self.below(4)).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            text.replace_range(at..end, PIECES[self.below(PIECES.len())]);
        }
        text
    }
}

fn program(kind: TimerKind, text: &str) -> Option<Program> {
    let mut def = ProcessDefinition::new("p", "p", Origin::Bpmn);
    def.expressions.push(Expression::Literal(Value::text(text)));
    let trigger = Trigger::Timer(Timer::new(kind, ExprId(0)));
    let start = StartEvent { triggers: vec![trigger], ..StartEvent::default() };
    let start_at = model::definition::ElementIdx(def.elements.len() as u32);
    def.elements.push(Element::new("s", ROOT, ElementKind::StartEvent(start)));
    let scope = Scope { triggered: vec![start_at], ..Scope::of(ScopeKind::Process) };
    def.elements[0].kind = ElementKind::Scope(Box::new(scope));
    Program::compile(def, &Limits::default()).ok()
}

/// The first firing and some after it.
fn fire(program: &Program, now: Timestamp) {
    let (limits, server, calendars) = (Limits::default(), ServerFacts::default(), Calendars::new());
    let mut ids = IdSource::new(PartitionId(0), 0);
    let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let mut env = Env {
        now,
        ids: &mut ids,
        document: None,
        zone: &zone,
        limits: &limits,
        server: &server,
        calendars: &calendars,
    };
    let start = triggered_starts(program)[0].element;
    let Ok(Some((mut due, Some(mut repeat)))) = first_start(program, start, 0, &mut env) else { return };
    for _ in 0..5 {
        let Some((next, more)) = next_start(program, (start, 0), (due, &repeat), due, &env) else { return };
        assert!(next > due, "{next:?} is not after {due:?}");
        (due, repeat) = (next, more);
    }
}

#[test]
fn mutants_of_timers_fire_or_are_told() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let time = number("FUZZ_SECONDS").map_or(Duration::from_millis(1_000), Duration::from_secs);
    let first = number("FUZZ_SEED").unwrap_or(1);
    let (begun, mut seed) = (Instant::now(), first);
    while begun.elapsed() < time {
        let text = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1).text();
        for kind in [TimerKind::Date, TimerKind::Duration, TimerKind::Cycle] {
            let started = Instant::now();
            let outcome = std::panic::catch_unwind(|| {
                program(kind, &text).iter().for_each(|p| fire(p, Timestamp(1_774_000_000_000)));
            });
            assert!(outcome.is_ok(), "{kind:?} `{text}` panics, seed {seed}");
            assert!(started.elapsed() < Duration::from_secs(2), "{kind:?} `{text}` takes too long, seed {seed}");
        }
        seed += 1;
    }
    if std::env::var("FUZZ_SECONDS").is_ok() {
        println!("timers: {} texts in {} s, seeds {first}..{seed}", seed - first, begun.elapsed().as_secs());
    }
}
