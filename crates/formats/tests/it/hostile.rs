//! Files that mean harm, files that are damaged, files that are large.

use crate::common;
use formats::import;
use model::limits::Limits;
use proptest::prelude::*;
use std::fmt::Write;

const HEAD: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">"#;

#[test]
fn hostile_files_are_refused_with_line_and_reason() {
    let laughs = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY a \"lol\"><!ENTITY b \"{}\">]>\n{HEAD}&b;</definitions>",
        "&a;".repeat(10)
    );
    let nested = |n: usize| {
        format!(
            "{HEAD}<process id=\"p\">{}{}</process></definitions>",
            "<subProcess>".repeat(n),
            "</subProcess>".repeat(n)
        )
    };
    let attributes: String = (0..5_000).map(|n| format!(" a{n}=\"\"")).collect();
    let many = format!("{HEAD}{}</definitions>", "<a/>".repeat(600_000));
    let tasks: String = (0..50_001).map(|n| format!("<task id=\"t{n}\"/>")).collect();
    let cases: Vec<(&str, Vec<u8>, u32, &str)> = vec![
        ("billion laughs", laughs.into_bytes(), 2, "document type"),
        (
            "external entity",
            format!("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">{HEAD}</definitions>").into(),
            1,
            "document type",
        ),
        ("1000 deep", nested(1_000).into(), 1, "Nested deeper than 200"),
        ("100000 deep", nested(100_000).into(), 1, "Nested deeper than 200"),
        ("unclosed", "<a>".repeat(150).into(), 1, "Not well-formed"),
        ("many attributes", format!("{HEAD}<x{attributes}/></definitions>").into(), 1, "512 attributes"),
        ("many elements", many.into(), 1, "XML elements"),
        ("many tasks", format!("{HEAD}<process id=\"p\">{tasks}</process></definitions>").into(), 1, "50000 elements"),
        ("large", vec![b'x'; 20_000_001], 0, "20000000 bytes"),
        ("empty", Vec::new(), 1, "Not well-formed"),
        ("text", b"hello".to_vec(), 1, "Not well-formed"),
        ("html", b"<html></html>".to_vec(), 1, "root element is `html`"),
        ("other namespace", b"<definitions/>".to_vec(), 1, "not BPMN 2.0"),
        ("cut", format!("{HEAD}\n  <process id=\"p\">\n    <task").into(), 3, "not closed"),
        ("mismatch", format!("{HEAD}\n<a></b>\n</definitions>").into(), 2, "Not well-formed"),
        ("unknown prefix", format!("{HEAD}\n<x:a/></definitions>").into(), 2, "Not well-formed"),
        ("unknown entity", format!("{HEAD}\n\n&nbsp;</definitions>").into(), 3, "Not well-formed"),
        ("bad encoding", b"<?xml version=\"1.0\" encoding=\"klingon\"?><a/>".to_vec(), 1, "klingon"),
        ("bad utf-8", b"<a>\n\xff</a>".to_vec(), 2, "UTF-8"),
        ("nul", b"<a>\0</a>".to_vec(), 1, "Not well-formed"),
    ];
    for (name, bytes, line, reason) in cases {
        let findings = import(name, &bytes, &Limits::default()).expect_err(name);
        let first = &findings[0];
        assert!(first.message.contains(reason), "{name}: {}", first.message);
        assert_eq!((first.severity, first.line), (model::Severity::Refused, line), "{name}: {first:?}");
        assert!(!first.message_ru.is_empty(), "{name}");
    }
}

#[test]
fn nesting_up_to_the_limit_is_read() {
    let n = 150;
    let mut text = format!("{HEAD}<process id=\"p\" isExecutable=\"true\">");
    for at in 0..n {
        let _ = write!(
            text,
            "<startEvent id=\"s{at}\"/><sequenceFlow id=\"f{at}\" sourceRef=\"s{at}\" targetRef=\"c{at}\"/>"
        );
        let _ = write!(text, "<subProcess id=\"c{at}\">");
    }
    text += "<startEvent id=\"last\"/>";
    text += &"</subProcess>".repeat(n);
    text += "</process></definitions>";
    let imported = import("deep", text.as_bytes(), &Limits::default()).unwrap();
    assert!(imported.deployable(), "{:?}", imported.diagnostics);
    common::check_view(&imported);
}

fn large(nodes: usize) -> String {
    let mut text = format!("{HEAD}<process id=\"p\" isExecutable=\"true\"><startEvent id=\"n0\"/>");
    for at in 1..nodes {
        match at % 4 {
            0 => write!(text, "<exclusiveGateway id=\"n{at}\" default=\"f{at}\"/>"),
            1 => write!(text, "<task id=\"n{at}\" name=\"T\"/>"),
            _ => write!(text, "<manualTask id=\"n{at}\"/>"),
        }
        .unwrap();
        let _ = write!(text, "<sequenceFlow id=\"f{}\" sourceRef=\"n{}\" targetRef=\"n{at}\"/>", at - 1, at - 1);
        if at % 4 == 0 && at + 2 < nodes {
            let _ = write!(text, "<sequenceFlow id=\"g{at}\" sourceRef=\"n{at}\" targetRef=\"n{}\">", at + 2);
            text += "<conditionExpression>=true</conditionExpression></sequenceFlow>";
        }
    }
    text + "</process></definitions>"
}

#[test]
fn ten_thousand_elements_are_read_judged_and_laid_out() {
    let source = large(10_000);
    let imported = import("large", source.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(imported.definitions[0].elements.len(), 10_001);
    assert_eq!(common::shapes(&imported.bpmn).rects.len(), 10_000);
    let again = import("large", imported.bpmn.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(again.bpmn, imported.bpmn);
    assert_eq!(again.definitions, imported.definitions);
}

/// Small files that mean much work, if every reference were followed without counting.
#[test]
fn model_bombs_cost_no_more_than_their_size() {
    let long = format!("={}", "1 + ".repeat(50_000) + "1");
    let events = |definition: &str| -> String {
        (0..10_000)
            .map(|n| format!("<intermediateCatchEvent id=\"c{n}\">{definition}</intermediateCatchEvent>"))
            .collect()
    };
    let process =
        |body: &str| format!("<process id=\"p\" isExecutable=\"true\"><startEvent id=\"s\"/>{body}</process>");
    let shared = format!(
        "<timerEventDefinition id=\"t\"><timeDuration>{long}</timeDuration></timerEventDefinition>{}",
        process(&events("<eventDefinitionRef>t</eventDefinitionRef>"))
    );
    let message = format!(
        "<message id=\"m\" name=\"{}\"/>{}",
        long.replace('+', "-"),
        process(&events("<messageEventDefinition messageRef=\"m\"/>"))
    );
    let keys: String = (0..5_000)
        .map(|n| {
            format!("<correlationKey id=\"k{n}\"><correlationPropertyRef>cp</correlationPropertyRef></correlationKey>")
        })
        .collect();
    let retrievals = "<correlationPropertyRetrievalExpression messageRef=\"m\"><messagePath>a</messagePath>\
                      </correlationPropertyRetrievalExpression>"
        .repeat(5_000);
    let correlation = format!(
        "<collaboration>{keys}</collaboration><correlationProperty id=\"cp\">{retrievals}</correlationProperty>\
         <message id=\"m\" name=\"n\"/>{}",
        process(&events("<messageEventDefinition messageRef=\"m\"/>"))
    );
    let links = format!(
        "{}{}",
        "<intermediateThrowEvent><linkEventDefinition name=\"a\"/></intermediateThrowEvent>".repeat(10_000),
        "<intermediateCatchEvent><linkEventDefinition name=\"a\"/></intermediateCatchEvent>".repeat(10_000)
    );
    let lanes =
        format!("<laneSet>{}{}</laneSet>", "<lane><childLaneSet>".repeat(80), "</childLaneSet></lane>".repeat(80));
    for (name, body) in [
        ("shared definition", shared),
        ("message", message),
        ("correlation", correlation),
        ("links", process(&links)),
        ("lanes", process(&lanes)),
    ] {
        let text = format!("{HEAD}{body}</definitions>");
        let imported = import(name, text.as_bytes(), &Limits::default()).unwrap_or_else(|d| panic!("{name}: {d:?}"));
        let expressions: usize = imported.definitions.iter().map(|d| d.expressions.len()).sum();
        assert!(expressions < 1_000_000, "{name}: {expressions}");
    }
}

const MODELS: &[&str] = &[
    include_str!("../cases/bpmn/all_supported.bpmn"),
    include_str!("../cases/bpmn/incomplete.bpmn"),
    include_str!("../cases/bpmn/pools_and_lanes.bpmn"),
    include_str!("../cases/bpmn/partial_shapes.bpmn"),
    include_str!("../cases/bpmn/errors.bpmn"),
    include_str!("../cases/bpmn/activities.bpmn"),
    include_str!("../cases/bpmn/boundary_events.bpmn"),
    include_str!("../cases/bpmn/collaboration.bpmn"),
    include_str!("../cases/bpmn/data.bpmn"),
    include_str!("../cases/bpmn/event_sub_processes.bpmn"),
    include_str!("../cases/bpmn/gateways.bpmn"),
    include_str!("../cases/bpmn/intermediate_events.bpmn"),
    include_str!("../cases/bpmn/people.bpmn"),
    include_str!("../cases/bpmn/repetition.bpmn"),
    include_str!("../cases/bpmn/start_events.bpmn"),
    include_str!("../cases/bpmn/zeebe.bpmn"),
];

/// What a model consists of, to be put into the wrong places.
const PIECES: &[&str] = &[
    "id=\"job\"",
    "sourceRef=\"start\"",
    "targetRef=\"end\"",
    "<bpmn:task id=\"x\" />",
    "<bpmn:endEvent id=\"y\">",
    "</bpmn:subProcess>",
    "attachedToRef=\"nb\"",
    "default=\"f1\"",
    "NaN",
    "=1 +",
    "<!--",
    "]]>",
    "&amp;",
    "\"",
    "<",
    ">",
    "bpmnElement=\"sub\"",
    "processRef=\"p\"",
    "<bpmn:laneSet id=\"q\"><bpmn:lane id=\"r\" /></bpmn:laneSet>",
    "999999999",
    "triggeredByEvent=\"true\"",
    "<bpmn:incoming>zz</bpmn:incoming>",
    "isExpanded=\"true\"",
    "isForCompensation=\"true\"",
    "messageRef=\"m\"",
    "<bpmn:messageEventDefinition messageRef=\"m\" />",
    "<bpmn:multiInstanceLoopCharacteristics />",
    "<bpmn:eventDefinitionRef>shared_timer</bpmn:eventDefinitionRef>",
    "<bpmn:compensateEventDefinition activityRef=\"sub\" />",
    "<bpmn:adHocSubProcess id=\"z\" />",
    "instantiate=\"true\"",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_models_never_panic(
        model in prop::sample::select(MODELS),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..40_usize), 1..6),
    ) {
        let mut text = model.to_owned();
        for (at, piece, cut) in edits {
            let mut from = at.index(text.len() + 1);
            while !text.is_char_boundary(from) { from -= 1; }
            let mut to = (from + cut).min(text.len());
            while !text.is_char_boundary(to) { to += 1; }
            text.replace_range(from..to, PIECES[piece.index(PIECES.len())]);
        }
        if let Ok(imported) = import("x.bpmn", text.as_bytes(), &Limits::default()) {
            let once = formats::bpmn::export(&text);
            prop_assert_eq!(&imported.bpmn, &once);
            prop_assert!(roxmltree::Document::parse(&once).is_ok());
        }
    }

    /// Attributes swapped between elements give models that are well-formed and wrong.
    #[test]
    fn crossed_references_never_panic(
        model in prop::sample::select(MODELS),
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..8),
    ) {
        let mut parts: Vec<String> = model.split('"').map(str::to_owned).collect();
        let ends = parts.len() / 2;
        for (a, b) in swaps {
            // The first values are namespaces.
            let value = |i: prop::sample::Index| 16 * 2 + 1 + 2 * i.index(ends - 17);
            let (a, b) = (value(a), value(b));
            parts.swap(a, b);
        }
        let text = parts.join("\"");
        if let Ok(imported) = import("x.bpmn", text.as_bytes(), &Limits::default()) {
            let again = formats::bpmn::export(&imported.bpmn);
            prop_assert!(roxmltree::Document::parse(&again).is_ok());
        }
    }
}
