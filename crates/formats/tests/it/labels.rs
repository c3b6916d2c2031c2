//! Names of generated shapes and edges: each has a place, clear of shapes, edges and other names.

use crate::common;
use proptest::prelude::*;
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" id=\"d\" targetNamespace=\"t\">\
    <process id=\"p\" isExecutable=\"true\">";

fn shapes(body: &str) -> common::Shapes {
    common::shapes(&formats::bpmn::export(&format!("{HEAD}{body}</process></definitions>")))
}

/// A split and a merge; names of every length.
fn diamond(names: &[&str; 6]) -> String {
    let [start, ask, yes, no, merge, end] = names;
    format!(
        "<startEvent id='s' name='{start}' /><exclusiveGateway id='x' name='{ask}' /><userTask id='a' name='A' />\
         <task id='b' name='B' /><exclusiveGateway id='y' name='{merge}' /><endEvent id='e' name='{end}' />\
         <sequenceFlow id='f1' sourceRef='s' targetRef='x' /><sequenceFlow id='f2' name='{yes}' sourceRef='x' \
         targetRef='a' /><sequenceFlow id='f3' name='{no}' sourceRef='x' targetRef='b' /><sequenceFlow id='f4' \
         sourceRef='a' targetRef='y' /><sequenceFlow id='f5' sourceRef='b' targetRef='y' /><sequenceFlow id='f6' \
         sourceRef='y' targetRef='e' />"
    )
}

const LONG: &str = "Is the amount of the purchase above the limit of the department?";

#[test]
fn names_of_a_simple_split_lie_free() {
    for names in [
        ["Begin", "Enough?", "Yes", "No", "Again", "Done"],
        ["Заявка подана", "Сумма больше лимита?", "Да, согласовать", "Нет", "Дальше", "Оплачено"],
        [LONG, LONG, LONG, LONG, LONG, LONG],
        ["Donaudampfschifffahrtsgesellschaft", "?", "a", "Donaudampfschifffahrtsgesellschaft", "b", "c"],
    ] {
        let shapes = shapes(&diamond(&names));
        assert_eq!(shapes.labels.len(), 6, "{names:?}");
        assert_eq!(shapes.collisions(), [], "{names:?}");
        let (x, y, s) = (shapes.rects["x"], shapes.rects["y"], shapes.rects["s"]);
        let (split, merge, start) = (shapes.labels["x"], shapes.labels["y"], shapes.labels["s"]);
        assert!(split.bottom() < x.y, "an edge leaves the split downwards, so its name stands above");
        assert!(merge.y > y.bottom() && start.y > s.bottom(), "nothing is below");
        for (label, shape) in [(split, x), (merge, y), (start, s)] {
            assert_eq!(label.center_x(), shape.center_x());
            assert!(label.width <= 90 && label.height % 14 == 0);
        }
    }
}

#[test]
fn names_in_every_model_lie_free() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = ["bpmn", "bpt"].iter().flat_map(|f| std::fs::read_dir(folder.join(f)).unwrap());
    let mut seen = 0;
    for file in files.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "bpmn")) {
        let shapes = common::shapes(&formats::bpmn::export(&std::fs::read_to_string(&file).unwrap()));
        assert_eq!(shapes.collisions(), [], "{}", file.display());
        seen += shapes.labels.len();
    }
    let sample = formats::import("x.bpt", include_bytes!("../data/bp-379.bpt"), &Default::default()).unwrap();
    let shapes = common::shapes(&sample.bpmn);
    assert_eq!(shapes.collisions(), [], "the sample");
    assert!(seen + shapes.labels.len() > 30, "{seen}");
}

/// A task that reads two objects and writes a store, one of them also read by the next.
fn data(names: &[&str; 3]) -> String {
    let [order, invoice, archive] = names;
    let read = |id: &str, of: &str| {
        format!(
            "<property id='{id}' name='v' /><dataInputAssociation id='{id}_in'><sourceRef>{of}</sourceRef>\
             <targetRef>{id}</targetRef></dataInputAssociation>"
        )
    };
    format!(
        "<dataObject id='o1' /><dataObject id='o2' /><dataObjectReference id='r1' name='{order}' dataObjectRef='o1' />\
         <dataObjectReference id='r2' name='{invoice}' dataObjectRef='o2' /><dataStoreReference id='st' \
         name='{archive}' /><startEvent id='s' /><task id='a' name='A'>{}{}<dataOutputAssociation id='out'>\
         <targetRef>st</targetRef></dataOutputAssociation></task><task id='b' name='B'>{}</task>\
         <sequenceFlow id='f1' sourceRef='s' targetRef='a' /><sequenceFlow id='f2' sourceRef='a' targetRef='b' />",
        read("p1", "r1"),
        read("p2", "r2"),
        read("p3", "r2"),
    )
}

#[test]
fn names_of_data_stand_clear_of_their_lines() {
    for names in [["Order", "Invoice", "Archive"], [LONG, LONG, LONG], ["Заявка", "Donaudampfschifffahrt", "x"]] {
        let flat = data(&names);
        let inside = format!("<startEvent id='s0' /><subProcess id='sub'>{flat}</subProcess>");
        for body in [&flat, &inside] {
            let shapes = shapes(body);
            assert_eq!(["r1", "r2", "st"].map(|id| shapes.labels.contains_key(id)), [true; 3], "{names:?}");
            assert_eq!(shapes.collisions(), [], "{names:?} {body}");
        }
        let shapes = shapes(&flat);
        assert!(shapes.labels.values().all(|label| label.y >= 0), "{:?}", shapes.labels);
    }
}

#[test]
fn a_data_object_stands_over_the_middle_of_its_activity() {
    let shapes = shapes(
        "<dataObject id='o' /><dataObjectReference id='r' name='Order' dataObjectRef='o' /><startEvent id='s' />\
         <task id='a' name='A'><property id='p' name='v' /><dataInputAssociation id='in'><sourceRef>r</sourceRef>\
         <targetRef>p</targetRef></dataInputAssociation></task><sequenceFlow id='f' sourceRef='s' targetRef='a' />",
    );
    let (object, task, name) = (shapes.rects["r"], shapes.rects["a"], shapes.labels["r"]);
    assert_eq!((object.center_x(), name.center_x()), (task.center_x(), task.center_x()));
    assert!(name.bottom() < object.y && object.bottom() < task.y);
    assert_eq!(shapes.edges["in"].len(), 2, "straight down: {:?}", shapes.edges["in"]);
}

#[test]
fn names_of_shapes_that_the_file_draws_get_no_place() {
    let once = formats::bpmn::export(&format!("{HEAD}{}</process></definitions>", diamond(&["a"; 6])));
    let mut bare = once.clone();
    while let Some(at) = bare.find("<bpmndi:BPMNLabel>") {
        let end = bare.find("</bpmndi:BPMNLabel>").unwrap() + "</bpmndi:BPMNLabel>".len();
        bare.replace_range(at..end, "");
    }
    assert_ne!(bare, once);
    assert_eq!(formats::bpmn::export(&bare), bare);
}

#[test]
fn many_names_are_placed_quickly() {
    let mut star = "<task id='n0' />".to_owned();
    let mut chain = "<exclusiveGateway id='n0' name='Enough?' />".to_owned();
    for at in 1..4_000 {
        let _ =
            write!(star, "<task id='n{at}' /><sequenceFlow id='f{at}' name='a' sourceRef='n0' targetRef='n{at}' />");
        let before = at - 1;
        let _ = write!(chain, "<exclusiveGateway id='n{at}' name='Enough?' />");
        let _ = write!(chain, "<sequenceFlow id='f{at}' name='a' sourceRef='n{before}' targetRef='n{at}' />");
    }
    assert_eq!(shapes(&star).labels.len(), 3_999);
    assert_eq!(shapes(&chain).labels.len(), 7_999);
}

#[derive(Debug, Clone)]
struct Step {
    kind: usize,
    name: usize,
    guest: Option<usize>,
}

const NAMES: [&str; 5] = ["", "ok", "Approved by all", LONG, "Donaudampfschifffahrtsgesellschaft"];

fn named(name: usize) -> String {
    if NAMES[name].is_empty() { String::new() } else { format!(" name='{}'", NAMES[name]) }
}

fn body(steps: &[Step], flows: &[(usize, usize, usize)], lanes: usize) -> String {
    let mut out = String::new();
    if lanes > 0 {
        out += "<laneSet id='set'>";
        for lane in 0..lanes {
            let _ = write!(out, "<lane id='l{lane}' name='Lane'>");
            for at in (lane..steps.len()).step_by(lanes) {
                let _ = write!(out, "<flowNodeRef>n{at}</flowNodeRef>");
            }
            out += "</lane>";
        }
        out += "</laneSet>";
    }
    for (at, Step { kind, name, guest }) in steps.iter().enumerate() {
        let tag = ["task", "exclusiveGateway", "intermediateThrowEvent"][*kind];
        let _ = write!(out, "<{tag} id='n{at}'{} />", named(*name));
        if let Some(guest) = guest.filter(|_| *kind == 0) {
            let _ = write!(out, "<boundaryEvent id='b{at}' attachedToRef='n{at}'{} />", named(guest));
            let target = (at * 3 + 1) % steps.len();
            let _ = write!(out, "<sequenceFlow id='g{at}' sourceRef='b{at}' targetRef='n{target}' />");
        }
    }
    for (at, (from, to, name)) in flows.iter().enumerate() {
        let (from, to) = (from % steps.len(), to % steps.len());
        let _ = write!(out, "<sequenceFlow id='f{at}' sourceRef='n{from}' targetRef='n{to}'{} />", named(*name));
    }
    out
}

fn step() -> impl Strategy<Value = Step> {
    (0..3_usize, 0..5_usize, prop::option::weighted(0.2, 0..5_usize)).prop_map(|(kind, name, guest)| Step {
        kind,
        name,
        guest,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn names_of_random_graphs_lie_free(
        steps in prop::collection::vec(step(), 1..12),
        flows in prop::collection::vec((0..12_usize, 0..12_usize, 0..5_usize), 0..16),
        lanes in 0..3_usize,
    ) {
        let body = body(&steps, &flows, lanes);
        let shapes = shapes(&body);
        // Where many named edges begin at one element, the names of edges may lie on each other or on edges.
        let crowded = |owner: &str, what: &str| owner.starts_with(['f', 'g']) && !what.starts_with("shape");
        let mut hits = shapes.collisions();
        hits.retain(|(owner, what)| !crowded(owner, what) && !what.starts_with("name f"));
        prop_assert!(hits.is_empty(), "{hits:?} {body}");
    }
}
