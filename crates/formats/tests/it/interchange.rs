//! Diagram interchange and round trip (BPMN contract 6.2, 6.3): each rule has a test of its name.
//!
//! Editing and deleting elements (the rest of RT-3) is done in the designer by bpmn-js, which keeps references and
//! shapes together; what is written here are shapes only.

use crate::common;
use formats::bpmn::export;
use formats::{Imported, import};
use model::Severity;
use model::limits::Limits;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const DI: &str = "http://www.omg.org/spec/BPMN/20100524/DI";

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:bioc="http://bpmn.io/schema/bpmn/biocolor/1.0" xmlns:color="http://www.omg.org/spec/BPMN/non-normative/color/1.0" id="defs" targetNamespace="t" exporter="Some Modeler" exporterVersion="5.0">
"#;

const PROCESS: &str = r#"  <bpmn:process id="p" isExecutable="true">
    <bpmn:startEvent id="s" name="Start" />
    <bpmn:sequenceFlow id="f" sourceRef="s" targetRef="sub" />
    <bpmn:subProcess id="sub" name="Sub">
      <bpmn:startEvent id="i" />
    </bpmn:subProcess>
  </bpmn:process>
"#;

const DIAGRAMS: &str = r##"  <bpmndi:BPMNDiagram id="d1">
    <bpmndi:BPMNPlane id="pl1" bpmnElement="p">
      <bpmndi:BPMNShape id="s_di" bpmnElement="s" bioc:stroke="#831311" color:border-color="#831311">
        <dc:Bounds x="152.25" y="102" width="36" height="36" />
        <bpmndi:BPMNLabel>
          <dc:Bounds x="160" y="145" width="24" height="14" />
        </bpmndi:BPMNLabel>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="sub_di" bpmnElement="sub" isExpanded="false">
        <dc:Bounds x="250" y="80" width="100" height="80" />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="f_di" bpmnElement="f">
        <di:waypoint x="188" y="120" />
        <di:waypoint x="250" y="120" />
      </bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
  <bpmndi:BPMNDiagram id="d2">
    <bpmndi:BPMNPlane id="pl2" bpmnElement="sub">
      <bpmndi:BPMNShape id="i_di" bpmnElement="i">
        <dc:Bounds x="180" y="160" width="36" height="36" />
      </bpmndi:BPMNShape>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
"##;

fn file(process: &str, diagrams: &str) -> String {
    format!("{HEAD}{process}{diagrams}</bpmn:definitions>\n")
}

fn read(text: &str) -> Imported {
    import("x.bpmn", text.as_bytes(), &Limits::default()).unwrap_or_else(|d| panic!("{d:?}"))
}

/// The models of the tests and examples.
fn models() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["tests/cases/bpmn", "../../examples/patterns"] {
        let entries = std::fs::read_dir(root.join(folder)).unwrap().map(|e| e.unwrap().path());
        files.extend(entries.filter(|p| p.extension().is_some_and(|e| e == "bpmn")));
    }
    files.sort();
    assert!(files.len() > 50);
    files.into_iter().map(|p| (p.clone(), std::fs::read_to_string(p).unwrap())).collect()
}

/// Elements with namespace and attributes, text, comments and processing instructions in order; white space and the
/// order of attributes aside. Diagrams are left out when they may be completed.
fn infoset(text: &str, diagrams: bool) -> Vec<String> {
    let doc = roxmltree::Document::parse(text).unwrap();
    let kept = |n: &roxmltree::Node| diagrams || !n.ancestors().any(|a| a.has_tag_name((DI, "BPMNDiagram")));
    let mut out = Vec::new();
    for node in doc.descendants().filter(kept) {
        let depth = node.ancestors().count();
        if node.is_element() {
            let mut attributes: Vec<_> = node.attributes().map(|a| (a.namespace(), a.name(), a.value())).collect();
            attributes.sort_unstable();
            // The name as written, with its prefix.
            let written = text[node.range()].split([' ', '>', '/', '\n', '\t', '\r']).next().unwrap().to_owned();
            out.push(format!("{depth} {written} {:?} {attributes:?}", node.tag_name().namespace()));
        } else if let Some(content) = node.text().map(str::trim).filter(|t| !t.is_empty()) {
            out.push(format!("{depth} {:?} {content}", node.node_type()));
        } else if let Some(instruction) = node.pi() {
            out.push(format!("{depth} {instruction:?}"));
        }
    }
    out
}

#[test]
fn di_1_what_is_drawn_stays_as_it_was_read() {
    let text = file(PROCESS, DIAGRAMS);
    assert_eq!(export(&text), text);
    let missing = text.replace("      <bpmndi:BPMNShape id=\"i_di\"", "      <!-- --><bpmndi:BPMNShape id=\"i_di\"");
    assert_eq!(export(&missing), missing);
}

#[test]
fn di_2_meaning_never_depends_on_shapes() {
    let drawn = read(&file(PROCESS, DIAGRAMS));
    let moved = read(&file(PROCESS, &DIAGRAMS.replace("\"250\"", "\"900\"").replace("#831311", "#112233")));
    let bare = read(&file(PROCESS, ""));
    assert_eq!(drawn.definitions, moved.definitions);
    assert_eq!(drawn.definitions, bare.definitions);
}

#[test]
fn di_3_what_is_missing_is_laid_out_and_what_is_there_stays() {
    for (path, text) in models().into_iter().filter(|(p, _)| !p.ends_with("ids_and_references.bpmn")) {
        let bare = match text.find("<bpmndi:BPMNDiagram") {
            Some(at) => format!("{}</bpmn:definitions>", &text[..at]),
            None => text.clone(),
        };
        let imported = read(&bare);
        common::check_view(&imported);
        assert_eq!(export(&imported.bpmn), imported.bpmn, "{}", path.display());
    }
    // One shape of three is there.
    let start = DIAGRAMS.find("      <bpmndi:BPMNShape id=\"sub_di\"").unwrap();
    let end = DIAGRAMS.find("    </bpmndi:BPMNPlane>").unwrap();
    let partial = file(PROCESS, &format!("{}{}", &DIAGRAMS[..start], &DIAGRAMS[end..]));
    let out = export(&partial);
    let shapes = common::shapes(&out);
    assert!(out.contains("<dc:Bounds x=\"152.25\" y=\"102\" width=\"36\" height=\"36\" />"));
    assert!(shapes.rects.contains_key("sub") && shapes.edges.contains_key("f"), "{out}");
}

/// A prefix that a strange file uses for another part of the diagram is not taken from it.
#[test]
fn di_3_prefixes_of_other_namespaces_stay_theirs() {
    let dd = "http://www.omg.org/spec/DD/20100524";
    for (dc, di) in [("DI", "DI"), ("DC", "DC"), ("DI", "DC"), ("x", "y")] {
        let diagram = format!(
            "<bpmndi:BPMNDiagram xmlns:bpmndi=\"http://www.omg.org/spec/BPMN/20100524/DI\" xmlns:dc=\"{dd}/{dc}\" \
             xmlns:di=\"{dd}/{di}\"><bpmndi:BPMNPlane bpmnElement=\"p\"></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
        );
        let drawn = export(&file(PROCESS, &diagram));
        assert!(
            infoset(&drawn, true).iter().any(|e| e.contains("waypoint") && e.contains("DD/20100524/DI")),
            "{drawn}"
        );
        assert_eq!(export(&drawn), drawn, "{dc} {di}");
    }
}

#[test]
fn di_4_a_diagram_needs_no_browser() {
    let body = r#"  <bpmn:collaboration id="c"><bpmn:participant id="pool" name="Pool" processRef="p" /></bpmn:collaboration>
  <bpmn:process id="p" isExecutable="true">
    <bpmn:laneSet id="ls"><bpmn:lane id="l1"><bpmn:flowNodeRef>s</bpmn:flowNodeRef></bpmn:lane>
    <bpmn:lane id="l2"><bpmn:flowNodeRef>t</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>
    <bpmn:startEvent id="s" /><bpmn:task id="t" /><bpmn:task id="u" />
    <bpmn:boundaryEvent id="b" attachedToRef="t"><bpmn:errorEventDefinition /></bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="t" /><bpmn:sequenceFlow id="f2" sourceRef="b" targetRef="u" />
  </bpmn:process>
"#;
    let out = export(&file(body, ""));
    let shapes = common::shapes(&out);
    let rect = |id: &str| *shapes.rects.get(id).unwrap_or_else(|| panic!("{id}: {out}"));
    let (task, boundary) = (rect("t"), rect("b"));
    // Left to right, a boundary event on its host's lower edge.
    assert!(rect("s").x < task.x);
    assert_eq!(boundary.y + boundary.height / 2, task.y + task.height);
    // Lanes lie within the pool, one below the other, and hold what belongs to them.
    let (pool, first, second) = (rect("pool"), rect("l1"), rect("l2"));
    assert!(
        first.y + first.height <= second.y && pool.y <= first.y && second.y + second.height <= pool.y + pool.height
    );
    assert!(first.y <= rect("s").y && second.y <= task.y);
    // An event sub-process stands below.
    let with = PROCESS.replace(
        "  </bpmn:process>",
        "    <bpmn:subProcess id=\"es\" triggeredByEvent=\"true\"><bpmn:startEvent id=\"es_s\"><bpmn:errorEventDefinition />\
         </bpmn:startEvent></bpmn:subProcess>\n  </bpmn:process>",
    );
    let below = common::shapes(&export(&file(&with, "")));
    let (sub, event) = (below.rects["sub"], below.rects["es"]);
    assert!(event.y >= sub.y + sub.height, "{sub:?} {event:?}");
    // Edges run at right angles.
    for way in shapes.edges.values() {
        assert!(way.windows(2).all(|pair| pair[0].x == pair[1].x || pair[0].y == pair[1].y), "{way:?}");
    }
}

#[test]
fn di_5_broken_shapes_are_dropped_told_and_laid_out_anew() {
    for (right, wrong, element) in [
        ("x=\"250\" y=\"80\"", "x=\"NaN\" y=\"80\"", "sub"),
        ("width=\"100\"", "width=\"-5\"", "sub"),
        ("        <di:waypoint x=\"250\" y=\"120\" />\n", "", "f"),
    ] {
        let text = file(PROCESS, &DIAGRAMS.replacen(right, wrong, 1));
        let imported = read(&text);
        let told = imported
            .diagnostics
            .iter()
            .any(|d| d.code == "LN-30" && d.severity == Severity::Warning && d.element.as_deref() == Some(element));
        assert!(told, "{wrong}: {:#?}", imported.diagnostics);
        assert!(imported.deployable());
        common::check_view(&imported);
    }
    // A shape of nothing draws nothing, and is kept.
    let stray = file(PROCESS, &DIAGRAMS.replacen("bpmnElement=\"s\"", "bpmnElement=\"nothing\"", 1));
    let imported = read(&stray);
    assert!(common::shapes(&imported.bpmn).rects.contains_key("s"));
}

#[test]
fn rt_1_an_export_is_equal_as_an_infoset() {
    for (path, text) in models() {
        let out = export(&text);
        assert_eq!(infoset(&out, false), infoset(&text, false), "{}", path.display());
        // With all shapes there it is the same to the byte.
        assert_eq!(export(&out), out, "{}", path.display());
    }
}

#[test]
fn rt_2_what_is_unknown_stays_where_it_stands() {
    let strange = r#"  <?tool keep="me"?>
  <!-- between -->
  <bpmn:process id="p" isExecutable="true" xmlns:v="urn:vendor" v:mark="1">
    <v:child v:at="2"><v:deep>text <![CDATA[<raw>]]></v:deep></v:child>
    <bpmn:startEvent id="s" v:colour="red"><bpmn:extensionElements><v:any a="b"/><other xmlns="urn:o"/></bpmn:extensionElements></bpmn:startEvent>
  </bpmn:process>
"#;
    let text = file(strange, "");
    let out = export(&text);
    assert_eq!(infoset(&out, false), infoset(&text, false));
    assert!(out.contains(strange));
    let drawn = file(strange, DIAGRAMS);
    assert!(export(&drawn).contains(strange));
}

#[test]
fn rt_3_what_is_added_leaves_all_else_byte_identical() {
    for (path, text) in models().into_iter().filter(|(p, _)| !p.ends_with("partial_shapes.bpmn")) {
        let out = export(&text);
        let (mut rest, mut kept) = (out.as_str(), 0);
        for line in text.lines() {
            let at = rest.find(line).unwrap_or_else(|| panic!("{}: {line}", path.display()));
            rest = &rest[at + line.len()..];
            kept += 1;
        }
        assert_eq!(kept, text.lines().count());
    }
}

#[test]
fn rt_4_only_shapes_and_own_namespaces_are_written() {
    let known = [MODEL, DI, "http://www.omg.org/spec/DD/20100524/DC", "http://www.omg.org/spec/DD/20100524/DI"];
    for (path, text) in models() {
        let elements = |text: &str| -> Vec<(String, String)> {
            let doc = roxmltree::Document::parse(text).unwrap();
            let named = doc.descendants().filter(|n| n.is_element()).map(|n| n.tag_name());
            named.map(|t| (t.namespace().unwrap_or_default().to_owned(), t.name().to_owned())).collect()
        };
        let before: BTreeSet<_> = elements(&text).into_iter().collect();
        for added in elements(&export(&text)).into_iter().filter(|e| !before.contains(e)) {
            assert!(known[1..].contains(&added.0.as_str()), "{}: {added:?}", path.display());
        }
    }
    // A template becomes BPMN with the zeebe and own extensions.
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bp-379.bpt")).unwrap();
    let imported = import("bp.bpt", &bytes, &Limits::default()).unwrap();
    let doc = roxmltree::Document::parse(&imported.bpmn).unwrap();
    let own = ["http://camunda.org/schema/zeebe/1.0", "http://ruslo.dev/schema/1.0"];
    for node in doc.descendants().filter(|n| n.is_element()) {
        let namespace = node.tag_name().namespace().unwrap_or_default();
        assert!(known.contains(&namespace) || own.contains(&namespace), "{namespace}");
    }
}

#[test]
fn rt_5_files_in_any_encoding_and_of_any_content_are_read() {
    let text = file(&PROCESS.replace("Start", "Начало"), DIAGRAMS);
    let wide = |big: bool, mark: bool| -> Vec<u8> {
        let text = text.replace("UTF-8", "UTF-16");
        let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    let cyrillic = text.replace("UTF-8", "windows-1251");
    let cyrillic = encoding_rs::WINDOWS_1251.encode(&cyrillic).0.into_owned();
    let marked = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
    let cases = [
        text.clone().into_bytes(),
        marked,
        wide(false, true),
        wide(true, true),
        wide(false, false),
        wide(true, false),
        cyrillic,
    ];
    for bytes in cases {
        let imported = import("x.bpmn", &bytes, &Limits::default()).unwrap_or_else(|d| panic!("{d:?}"));
        let definition = &imported.definitions[0];
        assert_eq!(definition.element(definition.find("s").unwrap()).name.as_deref(), Some("Начало"));
        // Written as UTF-8, and the exporter of the origin stays.
        assert!(imported.bpmn.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\""), "{}", &imported.bpmn[..60]);
        assert!(imported.bpmn.contains("exporter=\"Some Modeler\""));
    }
    let two = file(&format!("{}{}", PROCESS, PROCESS.replace("id=\"", "id=\"z_").replace("Ref=\"", "Ref=\"z_")), "");
    assert_eq!(read(&two).definitions.len(), 2);
    let pools =
        file("  <bpmn:collaboration id=\"c\"><bpmn:participant id=\"a\" name=\"A\" /></bpmn:collaboration>\n", "");
    let imported = read(&pools);
    assert!(imported.definitions.is_empty() && !imported.deployable());
    assert!(common::shapes(&imported.bpmn).rects.contains_key("a"));
    assert!(read(&file("", "")).definitions.is_empty());
}
