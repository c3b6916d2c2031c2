//! Rules of the machine that no single case can show (BPMN TK-4, OR-3).

use crate::support::definition::parse;
use engine::testbed::Testbed;
use engine::{InstanceState, Program};
use model::limits::Limits;
use model::{Object, Value};
use std::fmt::Write as _;
use std::sync::Arc;

fn bed(definition: &str) -> Testbed {
    Testbed::new(Program::compile(parse(definition), &Limits::default()).unwrap())
}

#[test]
fn tk_4_the_same_state_input_and_time_give_the_same_step() {
    let text = "start s\nscript a\n    script = [random number(), uuid(), now()]\n    result: drawn\nservice b\nend e\n\
                flow s -> a -> b -> e";
    let run = || {
        let mut bed = bed(text);
        bed.start(Object::from_iter([(Arc::from("x"), Value::from(1))])).unwrap();
        bed.complete("b", Object::new()).unwrap();
        bed.journal().iter().map(|event| format!("{event:?}")).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

/// Sixty diamonds in a row before the join have 2^60 paths; two searches see 240 flows.
#[test]
fn or_3_a_join_is_judged_without_walking_paths() {
    let mut text = "start s\nparallel fork\nservice wait\ninclusive join\nend e\nflow s -> fork\n".to_owned();
    let mut last = "fork".to_owned();
    for n in 0..60 {
        writeln!(text, "exclusive x{n}\ntask l{n}\ntask r{n}\nexclusive m{n}").unwrap();
        writeln!(text, "flow {last} -> x{n}\nflow x{n} -> l{n} -> m{n} if true\nflow x{n} -> r{n} -> m{n} default")
            .unwrap();
        last = format!("m{n}");
    }
    writeln!(text, "flow {last} -> wait -> join\nflow fork -> join\nflow join -> e").unwrap();
    let mut bed = bed(&text);
    bed.start(Object::new()).unwrap();
    assert_eq!(bed.instance().unwrap().state(), InstanceState::Active, "the join waits for the other branch");
    bed.complete("wait", Object::new()).unwrap();
    assert_eq!(bed.instance().unwrap().state(), InstanceState::Completed);
}
