//! Places for shapes and edges (BPMN DI-3, DI-4): layered, left to right.
//!
//! How: ranks are longest paths; each element takes a row in a tidy tree over dominators, so that a branch keeps to its
//! row, a merge returns to the row of its split, and skipping edges get rows of their own. Vertical lines run in the
//! channels between columns. Hence no shape lies on another and no edge crosses a shape.
//!
//! Invariant: the same graph gives the same places; time is nearly linear; nothing recurses along the graph.
//! Never: knows BPMN or reads XML.

mod contour;
mod layers;
mod route;
mod rows;

/// Pixels between rows.
const ROW_GAP: i32 = 40;
/// Pixels of padding inside a container.
const PADDING: i32 = 30;
/// Pixels kept free for a container's label.
const HEADING: i32 = 30;
/// Width and height of a boundary event.
const BOUNDARY: i32 = 36;
/// Pixels between a text and what it belongs to.
pub(crate) const LABEL_GAP: i32 = 5;

/// What is laid out.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// Nodes; a node's parent and host stand before it.
    pub nodes: Vec<GraphNode>,
    /// Edges between nodes of one scope; others get a plain route.
    pub edges: Vec<GraphEdge>,
    /// How many lanes divide the outermost scope; 0 or 1 for none.
    pub lanes: usize,
}

/// A node.
#[derive(Debug, Clone, Default)]
pub struct GraphNode {
    /// The container it lies in.
    pub parent: Option<usize>,
    /// The activity on whose lower edge it stands.
    pub host: Option<usize>,
    /// Width; grows to hold children.
    pub width: i32,
    /// Height; grows to hold children.
    pub height: i32,
    /// Its text outside: below, above a diamond that edges leave downwards, beside the way out of a boundary event.
    pub label: Label,
    /// Lines that are not in the graph may lead to it from above or below: its text finds room on both sides.
    pub approached: bool,
    /// Whether edges may leave at the lower corner.
    pub diamond: bool,
    /// Whether it is drawn open, around its children.
    pub container: bool,
    /// Its lane, from 0.
    pub lane: usize,
}

/// An edge.
#[derive(Debug, Clone, Copy, Default)]
pub struct GraphEdge {
    /// Node it leaves.
    pub source: usize,
    /// Node it enters.
    pub target: usize,
    /// Its text, beside where it begins.
    pub label: Label,
}

/// The room that a text takes; nothing when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Label {
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rect {
    /// Left.
    pub x: i32,
    /// Top.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

impl Rect {
    /// The middle across.
    pub fn center_x(&self) -> i32 {
        self.x + self.width / 2
    }
    /// The middle down.
    pub fn center_y(&self) -> i32 {
        self.y + self.height / 2
    }
    /// Right edge.
    pub fn right(&self) -> i32 {
        self.x + self.width
    }
    /// Lower edge.
    pub fn bottom(&self) -> i32 {
        self.y + self.height
    }
    /// Whether the two share more than an edge.
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }
}

/// A point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Across.
    pub x: i32,
    /// Down.
    pub y: i32,
}

/// The result, with its upper left corner at 0, 0.
#[derive(Debug, Clone, Default)]
pub struct Placed {
    /// A place for each node.
    pub shapes: Vec<Rect>,
    /// Way-points for each edge, at least two.
    pub edges: Vec<Vec<Point>>,
    /// Width of all.
    pub width: i32,
    /// Height of all.
    pub height: i32,
    /// Top and height of each lane.
    pub lanes: Vec<(i32, i32)>,
}

/// One scope, placed.
pub(crate) struct ScopePlaced {
    pub width: i32,
    pub height: i32,
    pub lanes: Vec<(i32, i32)>,
}

/// Lays out `graph`.
pub fn layout(graph: &Graph) -> Placed {
    let count = graph.nodes.len();
    let mut work = Work {
        shapes: graph.nodes.iter().map(|n| Rect { x: 0, y: 0, width: n.width, height: n.height }).collect(),
        edges: vec![Vec::new(); graph.edges.len()],
        members: vec![Vec::new(); count + 1],
        boundaries: vec![Vec::new(); count],
        flows: vec![Vec::new(); count + 1],
    };
    for (at, node) in graph.nodes.iter().enumerate() {
        match node.host {
            Some(host) => work.boundaries[host].push(at),
            None => work.members[scope_slot(node.parent, count)].push(at),
        }
    }
    for (at, edge) in graph.edges.iter().enumerate() {
        let (from, to) = (graph.nodes[edge.source].parent, graph.nodes[edge.target].parent);
        if from == to && graph.nodes[edge.target].host.is_none() {
            work.flows[scope_slot(from, count)].push(at);
        }
    }
    widen_hosts(graph, &mut work);
    // Children stand behind their container, so going backwards each container knows its contents' size.
    for at in (0..count).rev() {
        if graph.nodes[at].container && !work.members[at].is_empty() {
            let placed = place_scope(graph, &mut work, at);
            work.shapes[at].width = even(placed.width + 2 * PADDING).max(graph.nodes[at].width);
            work.shapes[at].height = even(placed.height + 2 * PADDING + HEADING).max(graph.nodes[at].height);
        }
    }
    let placed = place_scope(graph, &mut work, count);
    settle(graph, &mut work);
    Placed { shapes: work.shapes, edges: work.edges, width: placed.width, height: placed.height, lanes: placed.lanes }
}

/// What is known so far.
pub(crate) struct Work {
    /// Places relative to the scope.
    pub shapes: Vec<Rect>,
    /// Way-points relative to the scope.
    pub edges: Vec<Vec<Point>>,
    /// Nodes of each scope, hosts only; the last slot is the outermost.
    pub members: Vec<Vec<usize>>,
    /// Boundary events of each node.
    pub boundaries: Vec<Vec<usize>>,
    /// Edges of each scope.
    pub flows: Vec<Vec<usize>>,
}

fn scope_slot(parent: Option<usize>, count: usize) -> usize {
    parent.unwrap_or(count)
}

fn even(n: i32) -> i32 {
    n + (n & 1)
}

/// The stretch of a host's lower edge that a boundary event and its text take.
fn boundary_slot(label: Label) -> i32 {
    (label.width + BOUNDARY / 2 + 2 * LABEL_GAP).max(BOUNDARY + 8)
}

fn widen_hosts(graph: &Graph, work: &mut Work) {
    for (host, boundaries) in work.boundaries.iter().enumerate() {
        let slots: i32 = boundaries.iter().map(|b| boundary_slot(graph.nodes[*b].label)).sum();
        work.shapes[host].width = work.shapes[host].width.max(even(slots + 8));
    }
}

fn place_scope(graph: &Graph, work: &mut Work, slot: usize) -> ScopePlaced {
    let layers = layers::build(graph, work, slot);
    let lanes = if slot == graph.nodes.len() { graph.lanes } else { 0 };
    let rows = rows::assign(graph, &layers, lanes);
    route::place(graph, work, &layers, &rows)
}

/// From places relative to scopes to absolute ones; routes for the edges that no scope owns.
fn settle(graph: &Graph, work: &mut Work) {
    let count = graph.nodes.len();
    let mut origin = vec![Point { x: 0, y: 0 }; count + 1];
    for (at, node) in graph.nodes.iter().enumerate() {
        let base = origin[scope_slot(node.parent, count)];
        let shape = &mut work.shapes[at];
        shape.x += base.x;
        shape.y += base.y;
        origin[at] = Point { x: shape.x + PADDING, y: shape.y + PADDING + HEADING };
    }
    for (slot, flows) in work.flows.iter().enumerate() {
        let base = origin[slot];
        for flow in flows {
            for point in &mut work.edges[*flow] {
                point.x += base.x;
                point.y += base.y;
            }
        }
    }
    for (at, edge) in graph.edges.iter().enumerate() {
        if work.edges[at].len() < 2 {
            work.edges[at] = plain_route(&work.shapes[edge.source], &work.shapes[edge.target]);
        }
    }
}

/// An orthogonal route between two shapes, from the right of one to the left of the other where there is room.
pub fn plain_route(from: &Rect, to: &Rect) -> Vec<Point> {
    let start = Point { x: from.right(), y: from.center_y() };
    let end = Point { x: to.x, y: to.center_y() };
    if end.x > start.x {
        if start.y == end.y {
            return vec![start, end];
        }
        let x = start.x + (end.x - start.x) / 2;
        return vec![start, Point { x, y: start.y }, Point { x, y: end.y }, end];
    }
    if to.y >= from.bottom() || from.y >= to.bottom() {
        let down = to.y >= from.bottom();
        let start = Point { x: from.center_x(), y: if down { from.bottom() } else { from.y } };
        let end = Point { x: to.center_x(), y: if down { to.y } else { to.bottom() } };
        if start.x == end.x {
            return vec![start, end];
        }
        let y = start.y + (end.y - start.y) / 2;
        return vec![start, Point { x: start.x, y }, Point { x: end.x, y }, end];
    }
    let y = from.bottom().max(to.bottom()) + 20;
    let (a, b) = (from.center_x(), to.center_x());
    vec![Point { x: a, y: from.bottom() }, Point { x: a, y }, Point { x: b, y }, Point { x: b, y: to.bottom() }]
}
