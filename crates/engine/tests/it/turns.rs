//! Repeated activities at their limits, and what their outputs cost.

use crate::support::definition::parse;
use engine::testbed::Testbed;
use engine::{InstanceState, Program};
use model::limits::Limits;
use model::{Object, Value};
use std::sync::Arc;

fn bed(definition: &str) -> Testbed {
    Testbed::new(Program::compile(parse(definition), &Limits::default()).unwrap())
}

fn variables(name: &str, value: Value) -> Object {
    Object::from_iter([(Arc::from(name), value)])
}

const ALL: &str = "start s\nscript t\n    script = loopCounter\n    HOW times n\n    collect out = loopCounter\nend e\n\
                   flow s -> t -> e";

#[test]
fn mi_4_ten_thousand_turns_are_not_cut_by_the_budget() {
    for how in ["parallel", "sequential"] {
        let mut bed = bed(&ALL.replace("HOW", how));
        bed.start(variables("n", Value::from(10_000))).unwrap();
        bed.verify().unwrap();
        let instance = bed.instance().unwrap();
        assert_eq!(instance.state(), InstanceState::Completed);
        let out = instance.variables().get("out").and_then(Value::as_list).unwrap();
        assert_eq!(out.len(), 10_000);
        assert_eq!(out[9_999], Value::from(10_000));
    }
}

#[test]
fn mi_1_too_many_turns_are_an_incident_that_says_so() {
    let mut bed = bed(&ALL.replace("HOW", "parallel"));
    bed.start(variables("n", Value::from(1_000_001))).unwrap();
    let incident = &bed.instance().unwrap().incidents()[0];
    assert_eq!(&*incident.code, "ENG-0022");
    let told = bed.journal().iter().any(
        |e| matches!(e, engine::Event::IncidentRaised(i) if i.message == "1000001 turns; at most 100000 are allowed"),
    );
    assert!(told);
    bed.verify().unwrap();
}

#[test]
fn lp_1_a_loop_without_maximum_is_guarded() {
    let mut bed = bed("start s\nscript t\n    script = 1\n    while = true\nend e\nflow s -> t -> e");
    bed.start(Object::new()).unwrap();
    let instance = bed.instance().unwrap();
    assert_eq!(&*instance.incidents()[0].code, "ENG-0023");
    bed.verify().unwrap();
}

#[test]
fn ca_4_calls_are_not_deeper_than_fifty() {
    let program = Program::compile(parse("start s\ncall c child\nflow s -> c"), &Limits::default()).unwrap();
    for (depth, code) in [(49, None), (50, Some("ENG-0020"))] {
        let mut bed = Testbed::new(program.clone()).called_at(depth);
        bed.start(Object::new()).unwrap();
        assert_eq!(bed.instance().unwrap().incidents().first().map(|i| &*i.code), code);
    }
}

#[test]
fn co_7_a_finished_instance_compensates_itself() {
    let text = "start s\nservice undoA\nservice a\n    handler undoA\nend e\nflow s -> a -> e";
    let program = Program::compile(parse(text), &Limits::default()).unwrap();
    let mut bed = Testbed::new(program).called_at(1);
    bed.start(Object::new()).unwrap();
    bed.complete("a", Object::new()).unwrap();
    bed.verify().unwrap();
    assert_eq!(bed.instance().unwrap().state(), InstanceState::Completed);
    assert!(bed.instance().unwrap().keeps_records());
    bed.command(engine::Command::Compensate {}).unwrap();
    bed.verify().unwrap();
    assert_eq!(bed.instance().unwrap().state(), InstanceState::Active);
    let events = bed.complete("undoA", Object::new()).unwrap();
    bed.verify().unwrap();
    assert!(events.iter().any(|e| matches!(e, engine::Event::CompensationEnded { key: 0 })));
    assert_eq!(bed.instance().unwrap().state(), InstanceState::Completed);
    assert!(!bed.instance().unwrap().keeps_records());
    let events = bed.command(engine::Command::Compensate {}).unwrap();
    assert!(
        events.iter().any(|e| matches!(e, engine::Event::CompensationEnded { key: 0 })),
        "nothing left is no error"
    );
}

#[test]
fn tk_4_the_same_inputs_give_the_same_events() {
    let run = || {
        let mut bed = bed(&ALL.replace("HOW", "parallel"));
        bed.start(variables("n", Value::from(250))).unwrap();
        bed.journal().to_vec()
    };
    assert_eq!(run(), run());
}

#[test]
fn in_4_results_that_come_twice_or_too_late_change_nothing() {
    let text = "start s\nservice a\nboundary late on a timer PT1M\nend e\nflow s -> a -> e\nflow late -> e";
    for ends in ["complete", "advance"] {
        let mut bed = bed(text);
        bed.start(Object::new()).unwrap();
        let job = bed.instance().unwrap().jobs()[0].id;
        match ends {
            "complete" => drop(bed.complete("a", Object::new()).unwrap()),
            _ => drop(bed.advance("PT1M").unwrap()),
        }
        let before = bed.instance().unwrap().clone();
        let again = engine::Command::CompleteJob { job, result: Object::new(), by: None };
        assert!(bed.command(again).is_err());
        assert_eq!(*bed.instance().unwrap(), before);
    }
}
