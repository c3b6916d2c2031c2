//! Reading the shapes of a file, and what of it is drawn at all.

use super::super::compile::is_flow_node;
use super::super::dom::{BPMNDI, DC, DI, File, filled, flag, is, local, model_children};
use crate::layout::{Point, Rect};
use roxmltree::Node;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Something that has a shape or an edge in a diagram.
pub(crate) struct Drawable<'a, 'i> {
    pub node: Node<'a, 'i>,
    pub id: &'a str,
    /// Id of the process, sub-process or collaboration it stands in.
    pub scope: Option<&'a str>,
    pub edge: bool,
}

impl Drawable<'_, '_> {
    pub fn is_activity_or_gateway(&self) -> bool {
        is_flow_node(self.node) && !is(self.node, "boundaryEvent")
    }
}

/// A shape as it stands in the file.
pub(crate) struct Shape {
    pub rect: Rect,
    pub plane: usize,
    pub expanded: bool,
}

/// A shape or edge that can not be drawn.
pub(crate) struct Broken {
    pub element: Option<String>,
    pub range: Range<usize>,
    /// Whether it stands for something drawable and is replaced.
    pub replaced: bool,
}

/// The diagrams of a file.
pub(crate) struct Diagram<'a, 'i> {
    pub planes: Vec<Node<'a, 'i>>,
    pub shapes: HashMap<&'a str, Shape>,
    pub edges: HashSet<&'a str>,
    /// The edges' way-points, each with its plane.
    pub ways: Vec<(usize, Vec<Point>)>,
    pub drawables: Vec<Drawable<'a, 'i>>,
    pub broken: Vec<Broken>,
}

impl<'a, 'i> Diagram<'a, 'i> {
    pub fn read(file: &File<'a, 'i>) -> Self {
        let root = file.doc.root_element();
        let diagrams = root.children().filter(|n| n.has_tag_name((BPMNDI, "BPMNDiagram")));
        let planes = diagrams.flat_map(|d| d.children()).filter(|n| n.has_tag_name((BPMNDI, "BPMNPlane"))).collect();
        let mut diagram = Self {
            planes,
            shapes: HashMap::new(),
            edges: HashSet::new(),
            ways: Vec::new(),
            drawables: drawables(file),
            broken: Vec::new(),
        };
        let known: HashSet<&str> = diagram.drawables.iter().map(|d| d.id).collect();
        for (index, plane) in diagram.planes.clone().into_iter().enumerate() {
            for node in plane.children().filter(Node::is_element) {
                diagram.item(node, index, &known);
            }
        }
        diagram
    }

    fn item(&mut self, node: Node<'a, 'i>, plane: usize, known: &HashSet<&'a str>) {
        let element = filled(node, "bpmnElement").map(|r| local(r, |full| known.contains(full)));
        let valid = if node.has_tag_name((BPMNDI, "BPMNShape")) {
            let expanded = flag(node, "isExpanded").unwrap_or(false);
            bounds(node).map(|rect| {
                if let Some(id) = element {
                    self.shapes.entry(id).or_insert(Shape { rect, plane, expanded });
                }
            })
        } else if node.has_tag_name((BPMNDI, "BPMNEdge")) {
            way(node).map(|way| {
                self.edges.extend(element);
                self.ways.push((plane, way));
            })
        } else {
            Some(())
        };
        if valid.is_none() {
            let replaced = element.is_some_and(|id| known.contains(id));
            self.broken.push(Broken { element: element.map(str::to_owned), range: node.range(), replaced });
        }
    }

    /// Whether any shape was read.
    pub fn any(&self) -> bool {
        !self.shapes.is_empty()
    }
}

fn number(node: Node, name: &str) -> Option<f64> {
    node.attribute(name)?.trim().parse::<f64>().ok().filter(|n| n.is_finite() && n.abs() < 1e7)
}

fn bounds(shape: Node) -> Option<Rect> {
    let bounds = shape.children().find(|n| n.has_tag_name((DC, "Bounds")))?;
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| number(bounds, name));
    let (width, height) = (width?, height?);
    let rect = Rect { x: x?.round() as i32, y: y?.round() as i32, width: width as i32, height: height as i32 };
    (width >= 0.0 && height >= 0.0).then_some(rect)
}

fn way(edge: Node) -> Option<Vec<Point>> {
    let points = edge.children().filter(|n| n.has_tag_name((DI, "waypoint")));
    let point = |p: Node| Some(Point { x: number(p, "x")?.round() as i32, y: number(p, "y")?.round() as i32 });
    let points: Vec<Point> = points.map(point).collect::<Option<_>>()?;
    (points.len() >= 2).then_some(points)
}

/// Everything that is drawn, in file order.
fn drawables<'a, 'i>(file: &File<'a, 'i>) -> Vec<Drawable<'a, 'i>> {
    let mut found = Vec::new();
    for node in model_children(file.doc.root_element()) {
        match node.tag_name().name() {
            "collaboration" => {
                let scope = filled(node, "id");
                for child in model_children(node) {
                    let edge = match child.tag_name().name() {
                        "participant" | "textAnnotation" => false,
                        "messageFlow" | "association" => true,
                        _ => continue,
                    };
                    push(&mut found, child, scope, edge);
                }
            }
            "process" => collect(node, &mut found),
            _ => {}
        }
    }
    found
}

fn push<'a, 'i>(found: &mut Vec<Drawable<'a, 'i>>, node: Node<'a, 'i>, scope: Option<&'a str>, edge: bool) {
    if let Some(id) = filled(node, "id") {
        found.push(Drawable { node, id, scope, edge });
    }
}

/// The depth of a file is limited, so is this.
fn collect<'a, 'i>(container: Node<'a, 'i>, found: &mut Vec<Drawable<'a, 'i>>) {
    let scope = filled(container, "id");
    for node in model_children(container) {
        match node.tag_name().name() {
            "sequenceFlow" | "association" => push(found, node, scope, true),
            "textAnnotation" | "dataObjectReference" | "dataStoreReference" => push(found, node, scope, false),
            "laneSet" => lanes(node, scope, found),
            _ if is_flow_node(node) => {
                push(found, node, scope, false);
                for data in model_children(node) {
                    if is(data, "dataInputAssociation") || is(data, "dataOutputAssociation") {
                        push(found, data, scope, true);
                    }
                }
                if is_container(node) {
                    collect(node, found);
                }
            }
            _ => {}
        }
    }
}

/// Whether `node` holds flow nodes.
pub(crate) fn is_container(node: Node) -> bool {
    matches!(node.tag_name().name(), "subProcess" | "transaction" | "adHocSubProcess")
}

fn lanes<'a, 'i>(set: Node<'a, 'i>, scope: Option<&'a str>, found: &mut Vec<Drawable<'a, 'i>>) {
    for lane in set.children().filter(|n| is(*n, "lane")) {
        push(found, lane, scope, false);
        for nested in lane.children().filter(|n| is(*n, "childLaneSet")) {
            lanes(nested, scope, found);
        }
    }
}
