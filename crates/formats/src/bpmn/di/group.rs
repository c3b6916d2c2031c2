//! What is laid out together, and how large things are.

use super::super::compile::is_flow_node;
use super::super::dom::{child, filled, is, local, model_children, text_of};
use super::labels::{is_data, room, room_outside};
use super::read::{Diagram, is_container};
use crate::layout::{Graph, GraphEdge, GraphNode, LABEL_GAP};
use roxmltree::Node;
use std::collections::HashMap;

/// What is laid out together: missing elements of one container and of containers that are missing too.
pub(crate) struct Group<'a, 'i> {
    pub nodes: Vec<Node<'a, 'i>>,
    pub graph: Graph,
    pub edge_ids: Vec<&'a str>,
    /// Annotations and data of the container itself.
    pub band: Vec<Node<'a, 'i>>,
    /// What annotations and data belong to.
    pub friends: HashMap<&'a str, &'a str>,
    /// Boundary events whose host has a shape.
    pub guests: Vec<Node<'a, 'i>>,
    /// Positions in `nodes` by id.
    index: HashMap<&'a str, usize>,
    /// Boundary events, until their hosts are known.
    boundaries: Vec<Node<'a, 'i>>,
}

impl<'a, 'i> Group<'a, 'i> {
    pub fn new(container: Node<'a, 'i>, diagram: &Diagram<'a, 'i>, leaves: &[Node<'a, 'i>]) -> Self {
        let mut group = Self {
            nodes: Vec::new(),
            graph: Graph { lanes: leaves.len(), ..Graph::default() },
            edge_ids: Vec::new(),
            band: Vec::new(),
            friends: HashMap::new(),
            guests: Vec::new(),
            index: HashMap::new(),
            boundaries: Vec::new(),
        };
        group.collect(container, None, diagram);
        for node in std::mem::take(&mut group.boundaries) {
            let host = filled(node, "attachedToRef").map(|r| local(r, |full| group.index.contains_key(full)));
            match host.and_then(|h| group.index.get(h).copied()) {
                Some(host) => {
                    let parent = group.graph.nodes[host].parent;
                    group.push(node, GraphNode { parent, host: Some(host), ..sized(node) });
                }
                None if host.is_some_and(|h| diagram.shapes.contains_key(h)) => group.guests.push(node),
                // A boundary event of nothing stands alone.
                None => group.push(node, sized(node)),
            }
        }
        group.connect(container);
        for (lane, leaf) in leaves.iter().enumerate() {
            for reference in leaf.children().filter(|n| is(*n, "flowNodeRef")) {
                if let Some(node) = group.index.get(text_of(reference).as_str()) {
                    group.graph.nodes[*node].lane = lane;
                }
            }
        }
        group
    }

    fn push(&mut self, node: Node<'a, 'i>, graph: GraphNode) {
        if let Some(id) = filled(node, "id") {
            self.index.entry(id).or_insert(self.nodes.len());
            self.nodes.push(node);
            self.graph.nodes.push(graph);
        }
    }

    /// The depth of a file is limited, so is this.
    fn collect(&mut self, container: Node<'a, 'i>, parent: Option<usize>, diagram: &Diagram<'a, 'i>) {
        for node in model_children(container) {
            let Some(id) = filled(node, "id").filter(|id| !diagram.shapes.contains_key(id)) else { continue };
            if self.index.contains_key(id) {
                continue;
            }
            let artifact =
                matches!(node.tag_name().name(), "textAnnotation" | "dataObjectReference" | "dataStoreReference");
            if artifact && parent.is_none() {
                self.band.push(node);
            } else if is(node, "boundaryEvent") {
                self.boundaries.push(node);
            } else if artifact || is_flow_node(node) {
                let at = self.nodes.len();
                self.push(node, GraphNode { parent, ..sized(node) });
                if is_container(node) {
                    self.collect(node, Some(at), diagram);
                }
            }
        }
    }

    fn connect(&mut self, container: Node<'a, 'i>) {
        for node in container.descendants() {
            let end = |name: &str| filled(node, name).map(|r| local(r, |full| self.index.contains_key(full)));
            if is(node, "sequenceFlow") {
                let ends = end("sourceRef").zip(end("targetRef"));
                let ends = ends.and_then(|(s, t)| Some((*self.index.get(s)?, *self.index.get(t)?)));
                if let (Some((source, target)), Some(id)) = (ends, filled(node, "id")) {
                    let label = filled(node, "name").map(room).unwrap_or_default();
                    self.graph.edges.push(GraphEdge { source, target, label });
                    self.edge_ids.push(id);
                }
            } else if is(node, "association") {
                if let Some((a, b)) = end("sourceRef").zip(end("targetRef")) {
                    self.friends.insert(a, b);
                    self.friends.insert(b, a);
                }
            } else if is(node, "dataInputAssociation") || is(node, "dataOutputAssociation") {
                let owner = node.parent().and_then(|p| filled(p, "id"));
                for reference in node.children().filter(|n| is(*n, "sourceRef") || is(*n, "targetRef")) {
                    if let (Some(owner), Some(text)) = (owner, reference.text()) {
                        self.friends.entry(text.trim()).or_insert(owner);
                    }
                }
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.band.is_empty()
    }

    pub fn band_height(&self) -> i32 {
        let name = |node: &Node| match room_outside(*node).height {
            0 => 0,
            height => height + LABEL_GAP,
        };
        self.band.iter().map(|n| size(*n).1 + name(n) + 40).max().unwrap_or(0)
    }
}

fn sized(node: Node) -> GraphNode {
    let (width, height) = size(node);
    let name = node.tag_name().name();
    let container = is_container(node);
    GraphNode {
        width,
        height,
        label: room_outside(node),
        approached: is_data(name),
        diamond: name.ends_with("Gateway"),
        container,
        ..GraphNode::default()
    }
}

pub(crate) fn size(node: Node) -> (i32, i32) {
    match node.tag_name().name() {
        name if name.ends_with("Event") => (36, 36),
        name if name.ends_with("Gateway") => (50, 50),
        "dataObjectReference" => (36, 50),
        "dataStoreReference" => (50, 50),
        "textAnnotation" => {
            let text = child(node, "text").map(text_of).unwrap_or_default();
            let lines = (text.chars().count() as i32 / 24 + 1).min(6);
            (160, 14 * lines + 16)
        }
        _ => (100, 80),
    }
}
