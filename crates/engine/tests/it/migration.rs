//! Migration to another version (BPMN MG-3..7).

use crate::support::definition::parse;
use engine::testbed::Testbed;
use engine::{InstanceState, MigrationPlan, MigrationProblemKind, Program};
use model::limits::Limits;
use model::{DefinitionId, Object};

fn program(definition: &str) -> Program {
    Program::compile(parse(definition), &Limits::default()).unwrap()
}

fn started(definition: &str) -> Testbed {
    let mut bed = Testbed::new(program(definition));
    bed.start(Object::new()).unwrap();
    bed
}

fn plan(elements: &[(&str, &str)]) -> MigrationPlan {
    MigrationPlan {
        definition: DefinitionId(2),
        elements: elements.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
        reason: "a new version".to_owned(),
        by: None,
    }
}

fn refused(bed: &mut Testbed, to: &str, elements: &[(&str, &str)]) -> Vec<(String, MigrationProblemKind)> {
    let before = bed.instance().unwrap().clone();
    let problems = bed.migrate(program(to), &plan(elements)).unwrap_err();
    assert_eq!(*bed.instance().unwrap(), before, "all or nothing");
    problems.into_iter().map(|p| (p.element, p.kind)).collect()
}

#[test]
fn mg_3_equal_ids_map_to_themselves_others_by_the_mapping() {
    let mut bed = started("start s\nservice a\nend e\nflow s -> a -> e");
    let to = "start s\ntask before\nservice b\nservice c\nend e\nflow s -> before -> b -> c -> e";
    assert_eq!(refused(&mut bed, to, &[]), [("a".to_owned(), MigrationProblemKind::NotMapped)]);
    bed.migrate(program(to), &plan(&[("a", "b")])).unwrap();
    bed.verify().unwrap();
    assert_eq!(bed.instance().unwrap().definition(), DefinitionId(2));
    bed.complete("b", Object::new()).unwrap();
    bed.complete("c", Object::new()).unwrap();
    assert_eq!(bed.instance().unwrap().state(), InstanceState::Completed);
    bed.verify().unwrap();
}

#[test]
fn mg_4_another_kind_scope_or_repetition_is_refused() {
    let mut bed = started("start s\nservice a\nend e\nflow s -> a -> e");
    let kind = "start s\nuser a\nend e\nflow s -> a -> e";
    assert_eq!(refused(&mut bed, kind, &[]), [("a".to_owned(), MigrationProblemKind::OtherKind)]);
    let repeated =
        "start s\nsub q {\n    parallel times 2\nstart qs\nservice a\nflow qs -> a\n}\nend e\nflow s -> q -> e";
    assert_eq!(refused(&mut bed, repeated, &[]), [("a".to_owned(), MigrationProblemKind::OtherScope)]);
    let mut inner = started("start s\nsub q {\nstart qs\nservice a\nflow qs -> a\n}\nend e\nflow s -> q -> e");
    let outside = "start s\nservice a\nsub q {\nstart qs\nservice x\nflow qs -> x\n}\nend e\nflow s -> q -> a -> e";
    assert_eq!(refused(&mut inner, outside, &[]), [("a".to_owned(), MigrationProblemKind::OtherScope)]);
    let turns = "start s\nservice a\n    parallel times 2\nend e\nflow s -> a -> e";
    assert_eq!(refused(&mut bed, turns, &[]), [("a".to_owned(), MigrationProblemKind::OtherRepetition)]);
    let mut bed = started("start s\ncall c one\nend e\nflow s -> c -> e");
    let other = "start s\ncall c two\nend e\nflow s -> c -> e";
    assert_eq!(refused(&mut bed, other, &[]), [("c".to_owned(), MigrationProblemKind::OtherCall)]);
}

#[test]
fn mg_5_mapped_timers_keep_their_due_date_new_ones_are_armed_others_removed() {
    let from = "start s\nservice a\nboundary t on a timer PT1H\nboundary gone on a timer PT2H\nend e\n\
                flow s -> a -> e\nflow t -> e\nflow gone -> e";
    let to = "start s\nservice a\nboundary t on a timer PT5H\nboundary fresh on a timer PT3H\nend e\n\
              flow s -> a -> e\nflow t -> e\nflow fresh -> e";
    let mut bed = started(from);
    let due = bed.instance().unwrap().timers()[0].due;
    bed.migrate(program(to), &plan(&[])).unwrap();
    bed.verify().unwrap();
    let timers = bed.instance().unwrap().timers();
    assert_eq!(timers.len(), 2);
    assert_eq!(timers[0].due, due);
    assert_eq!(timers[1].due, due.plus_ms(2 * 3_600_000));
    bed.complete("a", Object::new()).unwrap();
    assert_eq!(bed.instance().unwrap().state(), InstanceState::Completed);
}

#[test]
fn mg_6_tokens_at_a_join_are_mapped_by_gateway_and_flow() {
    let from = "start s\nparallel f\nservice a\nservice b\nparallel j\nend e\n\
                flow s -> f\nflow f -> a -> j\nflow f -> b -> j\nflow j -> e";
    let mut bed = started(from);
    bed.complete("a", Object::new()).unwrap();
    let to = format!("{from}\nservice c\nflow f -> c\nflow c -> e");
    bed.migrate(program(&to), &plan(&[])).unwrap();
    bed.verify().unwrap();
    bed.complete("b", Object::new()).unwrap();
    assert_eq!(bed.instance().unwrap().state(), InstanceState::Completed);

    let mut bed = started(from);
    bed.complete("a", Object::new()).unwrap();
    let fewer = "start s\nservice b\nservice a\nparallel j\nend e\nflow s -> b\nflow b -> j\nflow j -> e\nflow s -> a";
    assert_eq!(refused(&mut bed, fewer, &[]), [("a>j".to_owned(), MigrationProblemKind::NotMapped)]);
}

#[test]
fn mg_4_new_sub_processes_around_active_elements_are_made() {
    let from = "start s\nparallel f\nservice a\nservice b\nservice c\nend e\n\
                flow s -> f\nflow f -> a -> e\nflow f -> b -> e\nflow f -> c -> e";
    let to = "start s\nparallel f\nsub q {\nstart qs\nsub r {\nstart rs\nservice a\nservice b\nflow rs -> a\n\
              flow rs -> b\n}\nflow qs -> r\n}\nboundary late on q timer PT1H\nservice c\nend e\n\
              flow s -> f\nflow f -> q -> e\nflow f -> c -> e\nflow late -> e";
    let mut bed = started(from);
    bed.migrate(program(to), &plan(&[])).unwrap();
    bed.verify().unwrap();
    assert_eq!(bed.instance().unwrap().timers().len(), 1, "what listens on the new sub-process is armed");
    let ids = |bed: &Testbed| -> Vec<String> {
        let definition = bed.program().definition();
        bed.instance()
            .unwrap()
            .elements()
            .iter()
            .skip(1)
            .map(|e| definition.element(e.element).id.to_string())
            .collect()
    };
    assert_eq!(ids(&bed), ["a", "b", "c", "q", "r"], "one for both");
    bed.complete("a", Object::new()).unwrap();
    bed.verify().unwrap();
    let mut late = started(from);
    late.migrate(program(to), &plan(&[])).unwrap();
    late.advance("PT1H").unwrap();
    late.verify().unwrap();
    assert_eq!(ids(&late), ["c"], "what is inside goes with it");
    bed.complete("b", Object::new()).unwrap();
    bed.complete("c", Object::new()).unwrap();
    bed.verify().unwrap();
    assert_eq!(bed.instance().unwrap().state(), InstanceState::Completed);
}
