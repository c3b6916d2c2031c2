//! What the runtime asks of a definition before there is an instance: its triggered starts, their names, timers and
//! conditions (BPMN TM-4, TM-7, TM-9, CN-5, EB-4).

use crate::support;
use engine::calendar::{Calendar, Calendars, Hours};
use engine::testbed::{BEGINNING, Testbed};
use engine::timers::{first_start, next_start};
use engine::{Env, Program, ServerFacts, StartedBy, name_of_start, triggered_starts, true_conditions};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use model::limits::Limits;
use model::{IdSource, Object, PartitionId, Timestamp, Value};
use std::sync::Arc;

fn program(text: &str) -> Program {
    Program::compile(support::definition::parse(text), &Limits::default()).unwrap()
}

fn with_env<T>(now: Timestamp, ask: impl FnOnce(&mut Env) -> T) -> T {
    let (limits, server, calendars) = (Limits::default(), ServerFacts::default(), Calendars::new());
    let mut ids = IdSource::new(PartitionId(0), 0);
    let zone = TimeZone::UTC;
    ask(&mut Env {
        now,
        ids: &mut ids,
        document: None,
        zone: &zone,
        limits: &limits,
        server: &server,
        calendars: &calendars,
    })
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_iso(text).unwrap()
}

fn first(timer: &str, now: &str) -> String {
    let program = program(&format!("start s timer {timer}\nend e\nflow s -> e"));
    let start = triggered_starts(&program)[0].element;
    match with_env(at(now), |env| first_start(&program, start, 0, env)) {
        Ok(Some((due, _))) => due.to_iso(),
        Ok(None) => "never".to_owned(),
        Err(why) => why,
    }
}

#[test]
fn eb_4_the_events_behind_an_instantiating_gateway_start_the_process() {
    let program = program(
        "events begin instantiate\ncatch order message order\nreceive offer =\"of\" + \"fer\"\n\
         start tick timer PT1H\nend e\n\
         flow begin -> order -> e\nflow begin -> offer -> e\nflow tick -> e",
    );
    let starts = triggered_starts(&program);
    let ids: Vec<&str> = starts.iter().map(|s| &*program.definition().element(s.element).id).collect();
    assert_eq!(ids, ["order", "offer", "tick"]);
    let names: Vec<Arc<str>> =
        with_env(BEGINNING, |env| starts[..2].iter().map(|s| name_of_start(&program, s, env).unwrap()).collect());
    assert_eq!(names, [Arc::from("order"), Arc::from("offer")]);
    assert!(matches!(starts[2].waits_for, StartedBy::Timer(_)));
}

#[test]
fn tm_9_a_date_in_the_past_does_not_start() {
    assert_eq!(first("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"), "never");
    assert_eq!(first("2026-04-01T00:00:00Z", "2026-03-01T00:00:00Z"), "2026-04-01T00:00:00.000Z");
    // A duration is once, after the deployment.
    assert_eq!(first("PT1H", "2026-03-01T00:00:00Z"), "2026-03-01T01:00:00.000Z");
}

#[test]
fn tm_4_a_cycle_that_began_in_the_past_goes_on() {
    assert_eq!(first("R/2026-01-31T00:00:00Z/P1M", "2026-03-01T00:00:00Z"), "2026-03-31T00:00:00.000Z");
    assert_eq!(first("R2/2026-01-01T00:00:00Z/P1D", "2026-03-01T00:00:00Z"), "never");
    assert_eq!(first("R0/P1D", "2026-03-01T00:00:00Z"), "never");
    assert_eq!(first("=1", "2026-03-01T00:00:00Z"), "a duration is needed, not a number");
    assert_eq!(first("R/PT0.1S", "2026-03-01T00:00:00Z"), "the interval `PT0.1S` is shorter than a second");
}

#[test]
fn tm_7_missed_starts_are_counted_one_by_one_or_skipped() {
    let program = program("start s timer R/P1D\nend e\nflow s -> e");
    let start = triggered_starts(&program)[0].element;
    let now = at("2026-03-10T06:00:00Z");
    let begun = at("2026-03-01T00:00:00Z");
    let (due, repeat) = with_env(begun, |env| first_start(&program, start, 0, env)).unwrap().unwrap();
    let repeat = repeat.unwrap();
    with_env(now, |env| {
        let skipped = next_start(&program, (start, 0), (due, &repeat), now, env).unwrap();
        assert_eq!(skipped.0.to_iso(), "2026-03-11T00:00:00.000Z");
        let (mut at, mut rest, mut missed) = (due, repeat, 0);
        while at <= now {
            missed += 1;
            (at, rest) = next_start(&program, (start, 0), (at, &rest), at, env).unwrap();
        }
        assert_eq!(missed, 9);
    });
}

#[test]
fn cn_5_conditional_starts_that_are_true() {
    let program =
        program("start low condition n > 1\nstart high condition n > 10\nend e\nflow low -> e\nflow high -> e");
    let holds = |n: i64| {
        let variables = Object::from_iter([(Arc::from("n"), Value::from(n))]);
        let found = with_env(BEGINNING, |env| true_conditions(&program, &variables, env));
        found.iter().map(|(e, _)| program.definition().element(*e).id.to_string()).collect::<Vec<String>>()
    };
    assert!(holds(0).is_empty());
    assert_eq!(holds(5), ["low"]);
    assert_eq!(holds(50), ["low", "high"]);
}

#[test]
fn tm_10_a_duration_in_working_time() {
    let program = program("start s\ncatch c timer PT9H\n    calendar: office\nend e\nflow s -> c -> e");
    let hours = vec![Hours { from: Time::constant(9, 0, 0, 0), to: Time::constant(17, 0, 0, 0) }];
    let mut office = Calendar { week: std::array::from_fn(|_| hours.clone()), ..Calendar::default() };
    (office.week[5], office.week[6]) = (Vec::new(), Vec::new());
    let mut bed = Testbed::new(program).with_calendars(Calendars::from([("office".to_owned(), office)]));
    bed.start(Object::new()).unwrap();
    // From Thursday, the first of January 2026: eight hours that day, the ninth on Friday.
    assert_eq!(bed.instance().unwrap().timers()[0].due.to_iso(), "2026-01-02T10:00:00.000Z");
    bed.verify().unwrap();
}
