//! Whether two files say the same, their pictures aside (BPMN MG-9).
//!
//! Never: judges by what the importer understands: what is written in the model counts, known or not.

use super::dom::BPMNDI;
use crate::text::{Positions, decode_xml};
use crate::xml;
use model::limits::Limits;
use roxmltree::Document;

/// What only tells which tool wrote the file.
const TOOL: [&str; 2] = ["exporter", "exporterVersion"];

/// One piece of a document: an element with its depth, or a text.
#[derive(PartialEq, Eq)]
enum Piece<'t> {
    Element { depth: usize, name: (Option<&'t str>, &'t str), attributes: Vec<(Option<&'t str>, &'t str, &'t str)> },
    Text { depth: usize, text: &'t str },
}

/// Whether two files have the same content: diagrams, comments, white space between elements, the order of attributes
/// and the tool that wrote them aside. What can not be read as XML is compared as it is.
pub fn same_content(one: &[u8], other: &[u8], limits: &Limits) -> bool {
    if one == other {
        return true;
    }
    let (Ok(one), Ok(other)) = (decode_xml(one), decode_xml(other)) else { return false };
    let (here, there) = (Positions::new(&one), Positions::new(&other));
    match (xml::parse(&one, &here, limits), xml::parse(&other, &there, limits)) {
        (Ok(one), Ok(other)) => pieces(&one) == pieces(&other),
        _ => false,
    }
}

/// Whether an element holds a picture: of a process, or of decisions in any version of DMN.
fn is_diagram((namespace, name): (Option<&str>, &str)) -> bool {
    namespace == Some(BPMNDI) || (name == "DMNDI" && namespace.is_some_and(|n| n.ends_with("/DMNDI/")))
}

fn pieces<'t>(doc: &'t Document<'_>) -> Vec<Piece<'t>> {
    let mut found = Vec::new();
    // The depth of the diagram that is passed over.
    let mut aside: Option<usize> = None;
    for node in doc.root().descendants() {
        let depth = node.ancestors().count();
        if aside.is_some_and(|diagram| depth > diagram) {
            continue;
        }
        aside = None;
        let name = (node.tag_name().namespace(), node.tag_name().name());
        if node.is_element() && is_diagram(name) {
            aside = Some(depth);
        } else if node.is_element() {
            let root = node == doc.root_element();
            let mut attributes: Vec<_> = node
                .attributes()
                .filter(|a| !(root && a.namespace().is_none() && TOOL.contains(&a.name())))
                .map(|a| (a.namespace(), a.name(), a.value()))
                .collect();
            attributes.sort_unstable();
            found.push(Piece::Element { depth, name, attributes });
        } else if let Some(text) = node.text().filter(|text| node.is_text() && !text.trim().is_empty()) {
            found.push(Piece::Text { depth, text });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(process: &str, diagram: &str) -> String {
        format!(
            r#"<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" exporter="x" id="d"
 xmlns:i="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:z="urn:z">{process}{diagram}</b:definitions>"#
        )
    }

    #[test]
    fn mg_9_only_what_the_model_says_counts() {
        let process = r#"<b:process id="p" z:more="1"><b:task id="a" name="A"/><b:script>x </b:script></b:process>"#;
        let plain = file(process, "");
        let same = |other: &str| same_content(plain.as_bytes(), other.as_bytes(), &Limits::default());
        assert!(same(&file(process, r#"<i:BPMNDiagram id="g"><i:BPMNPlane id="n" bpmnElement="p"/></i:BPMNDiagram>"#)));
        assert!(same(&plain.replace(r#"exporter="x""#, r#"exporter="y" exporterVersion="2""#)));
        assert!(same(&plain.replace(r#"id="a" name="A""#, r#"name="A"   id="a""#)));
        assert!(same(&plain.replace("<b:task", "\n  <!-- well -->\n  <b:task")));
        assert!(same(&plain.replace("b:", "bpmn:").replace("xmlns:b=", "xmlns:bpmn=")));
        for (from, to) in [
            (r#"name="A""#, r#"name="B""#),
            ("x </b:script>", "x</b:script>"),
            (r#"z:more="1""#, r#"z:more="2""#),
            (r#"<b:task id="a" name="A"/>"#, ""),
            (
                r#"<b:task id="a" name="A"/><b:script>x </b:script>"#,
                r#"<b:task id="a" name="A"><b:script>x </b:script></b:task>"#,
            ),
        ] {
            assert!(!same(&plain.replace(from, to)), "{from} → {to}");
        }
        assert!(!same("no XML") && same_content(b"no XML", b"no XML", &Limits::default()));
    }
}
