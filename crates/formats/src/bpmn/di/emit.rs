//! Writing added shapes as insertions into the source.

use super::super::dom::{BPMNDI, DC, DI, File};
use super::super::patch::Patches;
use super::arrange::{Added, PlaneRef};
use super::read::Diagram;
use crate::layout::Rect;
use crate::xml::escape;
use roxmltree::Node;
use std::collections::HashSet;
use std::fmt::Write;

/// Prefixes as they are declared where shapes go, or to be declared.
struct Prefixes {
    bpmndi: String,
    dc: String,
    di: String,
    declare: String,
}

impl Prefixes {
    fn at(node: Node) -> Self {
        let mut declare = String::new();
        let mut prefix = |uri: &str, fallback: &str| match node.lookup_prefix(uri) {
            Some(prefix) => format!("{prefix}:"),
            None if node.default_namespace() == Some(uri) => String::new(),
            None => {
                // A prefix in use for something else is not declared anew: another of the three may be found by it.
                let mut free = fallback.to_owned();
                while node.lookup_namespace_uri(Some(&free)).is_some() {
                    free.push('_');
                }
                let _ = write!(declare, " xmlns:{free}=\"{uri}\"");
                format!("{free}:")
            }
        };
        let (bpmndi, dc, di) = (prefix(BPMNDI, "bpmndi"), prefix(DC, "dc"), prefix(DI, "di"));
        Self { bpmndi, dc, di, declare }
    }
}

/// Adds `added` to the planes of the file, making new diagrams where needed.
pub(crate) fn insert(file: &File, text: &str, diagram: &Diagram, added: &Added, patches: &mut Patches) {
    let mut ids = Ids::new(file);
    for (index, plane) in diagram.planes.iter().enumerate() {
        let prefixes = Prefixes::at(*plane);
        let body = body(added, &PlaneRef::Existing(index), &prefixes, &prefixes.declare, &mut ids);
        if !body.is_empty() {
            into_element(text, *plane, body, patches);
        }
    }
    let root = file.doc.root_element();
    let prefixes = Prefixes::at(root);
    let mut diagrams = String::new();
    for plane in added.new_planes() {
        let body = body(added, &PlaneRef::New(plane.clone()), &prefixes, "", &mut ids);
        let Prefixes { bpmndi, declare, .. } = &prefixes;
        let (diagram, id) = (ids.fresh(&format!("BPMNDiagram_{plane}")), ids.fresh(&format!("BPMNPlane_{plane}")));
        let plane = escape(&plane);
        let _ = write!(
            diagrams,
            "  <{bpmndi}BPMNDiagram id=\"{diagram}\"{declare}>\n    <{bpmndi}BPMNPlane id=\"{id}\" bpmnElement=\"{plane}\">\
             \n{body}    </{bpmndi}BPMNPlane>\n  </{bpmndi}BPMNDiagram>\n"
        );
    }
    if !diagrams.is_empty() {
        into_element(text, root, diagrams, patches);
    }
}

/// Puts `body` before the closing tag of `node`, or opens an empty one.
fn into_element(text: &str, node: Node, body: String, patches: &mut Patches) {
    let range = node.range();
    let source = &text[range.clone()];
    if source.ends_with("/>") && source.matches('<').count() == 1 {
        let name: String = source[1..].chars().take_while(|c| !c.is_whitespace() && *c != '/' && *c != '>').collect();
        patches.replace(range.end - 2..range.end, format!(">\n{body}</{name}>"));
        return;
    }
    let Some(close) = source.rfind("</") else { return };
    // The insertion goes in front of the closing tag's indentation.
    let line = source[..close].trim_end_matches([' ', '\t']).len();
    let (at, lead) = if source[..line].ends_with('\n') { (line, "") } else { (close, "\n") };
    patches.insert(range.start + at, format!("{lead}{body}"));
}

fn body(added: &Added, plane: &PlaneRef, prefixes: &Prefixes, declare: &str, ids: &mut Ids) -> String {
    let mut out = String::new();
    let Prefixes { bpmndi, dc, di, .. } = prefixes;
    for shape in added.shapes.iter().filter(|s| s.plane == *plane) {
        let id = ids.fresh(&format!("{}_di", shape.element));
        let element = escape(&shape.element);
        let (bounds, label) = (bounds(dc, shape.rect), label(prefixes, shape.label));
        let attributes = shape.attributes;
        let _ = write!(
            out,
            "      <{bpmndi}BPMNShape id=\"{id}\" bpmnElement=\"{element}\"{attributes}{declare}>\n        \
             {bounds}\n{label}      </{bpmndi}BPMNShape>\n"
        );
    }
    for edge in added.edges.iter().filter(|e| e.plane == *plane) {
        let id = ids.fresh(&format!("{}_di", edge.element));
        let element = escape(&edge.element);
        let _ = writeln!(out, "      <{bpmndi}BPMNEdge id=\"{id}\" bpmnElement=\"{element}\"{declare}>");
        for point in &edge.way {
            let _ = writeln!(out, "        <{di}waypoint x=\"{}\" y=\"{}\" />", point.x, point.y);
        }
        out.push_str(&label(prefixes, edge.label));
        let _ = writeln!(out, "      </{bpmndi}BPMNEdge>");
    }
    out
}

fn bounds(dc: &str, Rect { x, y, width, height }: Rect) -> String {
    format!("<{dc}Bounds x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" />")
}

fn label(Prefixes { bpmndi, dc, .. }: &Prefixes, place: Option<Rect>) -> String {
    let Some(place) = place else { return String::new() };
    let bounds = bounds(dc, place);
    format!("        <{bpmndi}BPMNLabel>\n          {bounds}\n        </{bpmndi}BPMNLabel>\n")
}

/// Ids in use in the whole file.
struct Ids {
    used: HashSet<String>,
}

impl Ids {
    fn new(file: &File) -> Self {
        let used = file.doc.root_element().descendants().filter_map(|n| n.attribute("id")).map(str::to_owned);
        Self { used: used.collect() }
    }

    /// An unused id like `wish`, escaped.
    fn fresh(&mut self, wish: &str) -> String {
        let mut id = wish.to_owned();
        let mut nth = 1;
        while !self.used.insert(id.clone()) {
            nth += 1;
            id = format!("{wish}_{nth}");
        }
        escape(&id)
    }
}
