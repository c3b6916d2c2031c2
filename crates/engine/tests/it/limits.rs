//! Sizes at the limits: deep nesting, wide forks and long loops neither overflow the stack nor take long.

use crate::support::definition::parse;
use engine::testbed::Testbed;
use engine::{Command, InstanceState, Program};
use model::Object;
use model::limits::Limits;
use std::fmt::Write as _;

fn started(definition: &str) -> Testbed {
    let mut bed = Testbed::new(Program::compile(parse(definition), &Limits::default()).unwrap());
    bed.start(Object::new()).unwrap();
    bed.verify().unwrap();
    bed
}

#[test]
fn as_deep_as_a_file_may_nest() {
    let depth = Limits::default().definition_depth;
    let mut text = "start s\n".to_owned();
    (0..depth).for_each(|n| writeln!(text, "sub b{n} {{\nstart s{n}").unwrap());
    text.push_str("service job\nflow s199 -> job\n");
    (0..depth).for_each(|_| text.push_str("}\n"));
    text.push_str("flow s -> b0\n");
    (1..depth).for_each(|n| writeln!(text, "flow s{} -> b{n}", n - 1).unwrap());
    let mut bed = started(&text);
    bed.complete("job", Object::new()).unwrap();
    assert_eq!(bed.instance().unwrap().state(), InstanceState::Completed);

    let mut bed = started(&text);
    bed.command(Command::Cancel { reason: String::new(), by: None }).unwrap();
    bed.verify().unwrap();
}

#[test]
fn a_wide_fork_joins() {
    let mut text = "start s\nparallel f\nparallel j\nend e\n".to_owned();
    (0..500).for_each(|n| writeln!(text, "service a{n}").unwrap());
    text.push_str("flow s -> f\nflow j -> e\n");
    (0..500).for_each(|n| writeln!(text, "flow f -> a{n} -> j").unwrap());
    let mut bed = started(&text);
    for n in 0..500 {
        bed.complete(&format!("a{n}"), Object::new()).unwrap();
    }
    bed.verify().unwrap();
    assert_eq!(bed.instance().unwrap().state(), InstanceState::Completed);
}

#[test]
fn the_default_budget_is_cut_and_resumed() {
    let mut bed = started("start s\ntask a\ntask b\nflow s -> a\nflow a -> b\nflow b -> a");
    let before = bed.journal().len();
    assert_eq!(&*bed.instance().unwrap().incidents()[0].code, "ENG-0006");
    bed.retry("a").or_else(|_| bed.retry("b")).unwrap();
    bed.verify().unwrap();
    assert!(bed.journal().len() > before + 20_000, "a retry has a budget of its own");
}

/// Events, commands and instances are moved many times in a step; beyond 128 bytes a move is a call.
#[test]
fn what_every_step_moves_stays_small() {
    assert!(
        size_of::<engine::Event>() <= 128,
        "an event has {} bytes: box its rare content",
        size_of::<engine::Event>()
    );
    let instance = size_of::<engine::Instance>();
    assert!(instance <= 384, "an instance has {instance} bytes: box what most instances do not have");
}
