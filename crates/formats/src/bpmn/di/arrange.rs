//! Where the missing shapes go.
//!
//! A process without any shape is laid out as a whole, pools and lanes around it; single missing elements go below what
//! is there, in the container they belong to.

use super::super::dom::{File, child, filled, is, local, model_children, text_of};
use super::group::{Group, size};
use super::labels;
use super::read::{Diagram, Drawable, is_container};
use crate::layout::{Placed, Point, Rect, layout, plain_route};
use roxmltree::Node;
use std::collections::{BTreeSet, HashMap};

/// A plane of the file, or a new one for an element.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PlaneRef {
    Existing(usize),
    New(String),
}

/// A shape to add.
pub(crate) struct NewShape {
    pub element: String,
    pub rect: Rect,
    pub plane: PlaneRef,
    pub attributes: &'static str,
    /// Where its name goes, when that is outside.
    pub label: Option<Rect>,
}

/// An edge to add.
pub(crate) struct NewEdge {
    pub element: String,
    pub way: Vec<Point>,
    pub plane: PlaneRef,
    /// Where its name goes.
    pub label: Option<Rect>,
}

/// What to add.
#[derive(Default)]
pub(crate) struct Added {
    pub shapes: Vec<NewShape>,
    pub edges: Vec<NewEdge>,
}

impl Added {
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty() && self.edges.is_empty()
    }

    /// Elements that need a plane of their own, in order.
    pub fn new_planes(&self) -> Vec<String> {
        let mut planes: Vec<String> = Vec::new();
        let all = self.shapes.iter().map(|s| &s.plane).chain(self.edges.iter().map(|e| &e.plane));
        for plane in all {
            if let PlaneRef::New(id) = plane
                && !planes.contains(id)
            {
                planes.push(id.clone());
            }
        }
        planes
    }
}

/// Left and top of a new diagram.
const ORIGIN: Point = Point { x: 160, y: 80 };
const POOL_HEADER: i32 = 30;
const POOL_PADDING: i32 = 40;
const GAP: i32 = 60;

/// Places everything that has no valid shape.
pub(crate) fn missing<'a>(file: &File<'a, '_>, diagram: &Diagram<'a, '_>) -> Added {
    let complete = diagram.drawables.iter().all(|d| diagram.has(d));
    if complete {
        return Added::default();
    }
    let mut arranger = Arranger::new(file, diagram);
    for process in file.processes().collect::<Vec<_>>() {
        arranger.process(process);
    }
    arranger.collaboration();
    arranger.edges();
    labels::place(file, diagram, &mut arranger.added);
    arranger.added
}

impl Diagram<'_, '_> {
    fn has(&self, drawable: &Drawable) -> bool {
        if drawable.edge { self.edges.contains(drawable.id) } else { self.shapes.contains_key(drawable.id) }
    }
}

/// Where lanes go: all around, whether a pool's heading comes first, and where the first row begins.
struct Room {
    frame: Rect,
    pooled: bool,
    top: i32,
}

struct Arranger<'d, 'a, 'i> {
    file: &'d File<'a, 'i>,
    diagram: &'d Diagram<'a, 'i>,
    added: Added,
    /// Every known place, read or new.
    places: HashMap<&'a str, (Rect, PlaneRef)>,
    /// Ways that the layout found.
    ways: HashMap<&'a str, Vec<Point>>,
    /// The lowest edge of what stands in each plane.
    bottoms: Vec<(PlaneRef, i32)>,
    collaboration: Option<Node<'a, 'i>>,
}

impl<'d, 'a, 'i> Arranger<'d, 'a, 'i> {
    fn new(file: &'d File<'a, 'i>, diagram: &'d Diagram<'a, 'i>) -> Self {
        let mut places = HashMap::new();
        let mut bottoms: Vec<(PlaneRef, i32)> = Vec::new();
        for (id, shape) in &diagram.shapes {
            let plane = PlaneRef::Existing(shape.plane);
            lower(&mut bottoms, &plane, shape.rect.bottom());
            places.insert(*id, (shape.rect, plane));
        }
        let root = file.doc.root_element();
        let collaboration = root.children().find(|n| is(*n, "collaboration") && filled(*n, "id").is_some());
        let collaboration = collaboration.filter(|c| c.children().any(|n| is(n, "participant")));
        Self { file, diagram, added: Added::default(), places, ways: HashMap::new(), bottoms, collaboration }
    }

    /// The plane that shows the contents of the scope `id`.
    fn plane_of(&self, id: &str) -> PlaneRef {
        let shown = |wanted: &str| {
            let mut planes = self.diagram.planes.iter();
            planes.position(|p| filled(*p, "bpmnElement").is_some_and(|r| local(r, |full| full == wanted) == wanted))
        };
        if let Some(plane) = shown(id) {
            return PlaneRef::Existing(plane);
        }
        let collaboration = self.collaboration.and_then(|c| filled(c, "id"));
        let pooled = self.pool_of(id).is_some();
        match collaboration.filter(|_| pooled || !self.diagram.planes.is_empty()) {
            Some(collaboration) => match shown(collaboration) {
                Some(plane) => PlaneRef::Existing(plane),
                None if self.diagram.planes.is_empty() => PlaneRef::New(collaboration.to_owned()),
                None => PlaneRef::Existing(0),
            },
            // A plane that names nothing known shows the first process.
            None if self.diagram.planes.len() == 1 && !self.names_another(id) => PlaneRef::Existing(0),
            None => PlaneRef::New(id.to_owned()),
        }
    }

    /// Whether the only plane shows another process of the file.
    fn names_another(&self, id: &str) -> bool {
        let shown = self.diagram.planes.first().and_then(|p| filled(*p, "bpmnElement"));
        let shown = shown.and_then(|r| self.file.resolve(r));
        shown.is_some_and(|n| is(n, "process") && filled(n, "id") != Some(id))
    }

    fn pool_of(&self, process: &str) -> Option<Node<'a, 'i>> {
        let mut pools = self.collaboration?.children().filter(|n| is(*n, "participant"));
        pools.find(|p| filled(*p, "processRef").is_some_and(|r| local(r, |full| full == process) == process))
    }

    fn add_shape(&mut self, node: Node<'a, 'i>, rect: Rect, plane: &PlaneRef) {
        let Some(id) = filled(node, "id") else { return };
        if self.places.contains_key(id) {
            return;
        }
        lower(&mut self.bottoms, plane, rect.bottom());
        self.places.insert(id, (rect, plane.clone()));
        let attributes = match node.tag_name().name() {
            "participant" | "lane" => " isHorizontal=\"true\"",
            "exclusiveGateway" => " isMarkerVisible=\"true\"",
            _ if is_container(node) => " isExpanded=\"true\"",
            _ => "",
        };
        self.added.shapes.push(NewShape {
            element: id.to_owned(),
            rect,
            plane: plane.clone(),
            attributes,
            label: None,
        });
    }

    fn process(&mut self, process: Node<'a, 'i>) {
        let Some(id) = filled(process, "id") else { return };
        let plane = self.plane_of(id);
        let leaves = leaf_lanes(process);
        let fresh = !has_shape_inside(self.diagram, process);
        let fresh =
            fresh && self.pool_of(id).and_then(|p| filled(p, "id")).is_none_or(|p| !self.places.contains_key(p));
        if fresh {
            self.fresh_process(process, &plane, &leaves);
        } else {
            self.fill_in(process, &plane);
            self.lanes_of_old_pool(process, &plane);
        }
    }

    /// A process of which nothing is drawn yet.
    fn fresh_process(&mut self, process: Node<'a, 'i>, plane: &PlaneRef, leaves: &[Node<'a, 'i>]) {
        let id = filled(process, "id").unwrap_or_default();
        let pool = self.pool_of(id);
        let below = bottom_of(&self.bottoms, plane);
        let framed = pool.is_some() || !leaves.is_empty();
        let frame = Point { x: ORIGIN.x, y: below.map_or(ORIGIN.y, |b| b + GAP) };
        let inset = if framed { POOL_PADDING } else { 0 };
        let header = if pool.is_some() { POOL_HEADER } else { 0 } + if leaves.is_empty() { 0 } else { POOL_HEADER };
        let group = Group::new(process, self.diagram, leaves);
        let band = group.band_height();
        let origin = Point { x: frame.x + header + inset, y: frame.y + inset + band };
        let placed = self.draw_group(&group, origin, plane);
        self.draw_band(&group, Point { x: origin.x, y: origin.y - band }, plane);
        if !framed {
            return;
        }
        let width = (placed.width + 2 * inset).max(300) + header;
        let height = (placed.height + 2 * inset + band).max(120);
        if let Some(pool) = pool {
            let rect = Rect { x: frame.x, y: frame.y, width, height };
            self.add_shape(pool, rect, plane);
        }
        let frame = Rect { x: frame.x, y: frame.y, width, height };
        let room = Room { frame, pooled: pool.is_some(), top: origin.y };
        self.draw_lanes(leaves, &placed, &room, plane);
        self.parent_lanes(process, plane);
    }

    fn draw_lanes(&mut self, leaves: &[Node<'a, 'i>], placed: &Placed, room: &Room, plane: &PlaneRef) {
        let Room { frame, pooled, top } = *room;
        let left = frame.x + if pooled { POOL_HEADER } else { 0 };
        let width = frame.right() - left;
        let mut y = frame.y;
        for (at, lane) in leaves.iter().enumerate() {
            let end = match placed.lanes.get(at) {
                _ if at + 1 == leaves.len() => frame.bottom(),
                Some((lane_top, lane_height)) => top + lane_top + lane_height,
                None => frame.bottom(),
            };
            self.add_shape(*lane, Rect { x: left, y, width, height: end - y }, plane);
            y = end;
        }
    }

    /// Lanes around lanes take the place of what they hold.
    fn parent_lanes(&mut self, process: Node<'a, 'i>, plane: &PlaneRef) {
        let mut all: Vec<_> = process.descendants().filter(|n| is(*n, "lane")).collect();
        all.reverse();
        for lane in all {
            let inner = lane.descendants().skip(1).filter(|n| is(*n, "lane"));
            let inner: Vec<Rect> = inner.filter_map(|n| Some(self.places.get(filled(n, "id")?)?.0)).collect();
            if let Some(rect) = bounding(&inner) {
                self.add_shape(lane, rect, plane);
            }
        }
    }

    /// Lanes without shapes in a pool that has one share it evenly.
    fn lanes_of_old_pool(&mut self, process: Node<'a, 'i>, plane: &PlaneRef) {
        let lanes: Vec<_> = leaf_lanes(process);
        let id = filled(process, "id").unwrap_or_default();
        let pool = self.pool_of(id).and_then(|p| self.places.get(filled(p, "id")?));
        let inside: Vec<Rect> = process
            .descendants()
            .filter(|n| super::super::compile::is_flow_node(*n))
            .filter_map(|n| Some(self.places.get(filled(n, "id")?)?.0))
            .collect();
        let frame = pool.map(|p| p.0).or_else(|| bounding(&inside));
        let (Some(frame), false) = (frame, lanes.is_empty()) else { return };
        let height = frame.height / lanes.len() as i32;
        for (at, lane) in lanes.into_iter().enumerate() {
            let y = frame.y + at as i32 * height;
            let x = frame.x + POOL_HEADER;
            self.add_shape(lane, Rect { x, y, width: frame.width - POOL_HEADER, height }, plane);
        }
        self.parent_lanes(process, plane);
    }

    /// A process that is drawn in part: each container gets its missing elements.
    fn fill_in(&mut self, container: Node<'a, 'i>, plane: &PlaneRef) {
        let group = Group::new(container, self.diagram, &[]);
        if !group.is_empty() {
            let origin = self.free_corner(container, plane);
            let band = group.band_height();
            self.draw_band(&group, origin, plane);
            self.draw_group(&group, Point { x: origin.x, y: origin.y + band }, plane);
        }
        for boundary in group.guests {
            self.guest(boundary, plane);
        }
        for inner in model_children(container).filter(|n| is_container(*n)) {
            let Some(id) = filled(inner, "id") else { continue };
            let Some(shape) = self.diagram.shapes.get(id) else { continue };
            let shown = self.diagram.planes.iter().position(|p| filled(*p, "bpmnElement") == Some(id));
            let plane = match shown {
                Some(plane) => PlaneRef::Existing(plane),
                None if shape.expanded => PlaneRef::Existing(shape.plane),
                None => PlaneRef::New(id.to_owned()),
            };
            self.fill_in(inner, &plane);
        }
    }

    /// The corner below what a container shows already.
    fn free_corner(&self, container: Node<'a, 'i>, plane: &PlaneRef) -> Point {
        let inside: Vec<Rect> = model_children(container)
            .filter_map(|n| self.places.get(filled(n, "id")?))
            .filter(|(_, p)| p == plane)
            .map(|(rect, _)| *rect)
            .collect();
        if is(container, "process") && self.pool_of(filled(container, "id").unwrap_or_default()).is_none() {
            let x = bounding(&inside).map_or(ORIGIN.x, |r| r.x);
            return Point { x, y: bottom_of(&self.bottoms, plane).map_or(ORIGIN.y, |b| b + GAP) };
        }
        if let Some(all) = bounding(&inside) {
            return Point { x: all.x, y: all.bottom() + GAP / 2 };
        }
        let own = filled(container, "id").and_then(|id| self.places.get(id)).filter(|(_, p)| p == plane);
        own.map_or(ORIGIN, |(rect, _)| Point { x: rect.x + 40, y: rect.y + 40 })
    }

    /// A boundary event without shape on a host with one.
    fn guest(&mut self, node: Node<'a, 'i>, plane: &PlaneRef) {
        let host = filled(node, "attachedToRef").and_then(|r| self.file.resolve(r));
        let host = host.and_then(|h| self.places.get(filled(h, "id")?)).map(|(rect, _)| *rect);
        let Some(host) = host else { return };
        let taken: BTreeSet<i32> = self
            .places
            .values()
            .map(|(r, _)| (r.x, r.y))
            .filter(|(_, y)| *y == host.bottom() - 18)
            .map(|(x, _)| x)
            .collect();
        let mut x = host.right() - 44;
        while taken.iter().any(|t| (t - x).abs() < 40) && x > host.x - 2000 {
            x -= 44;
        }
        self.add_shape(node, Rect { x, y: host.bottom() - 18, width: 36, height: 36 }, plane);
    }

    fn draw_group(&mut self, group: &Group<'a, 'i>, origin: Point, plane: &PlaneRef) -> Placed {
        let placed = layout(&group.graph);
        if !placed.shapes.is_empty() {
            lower(&mut self.bottoms, plane, origin.y + placed.height);
        }
        for (node, rect) in group.nodes.iter().zip(&placed.shapes) {
            let rect = Rect { x: rect.x + origin.x, y: rect.y + origin.y, ..*rect };
            self.add_shape(*node, rect, plane);
        }
        for (id, way) in group.edge_ids.iter().zip(&placed.edges) {
            let way = way.iter().map(|p| Point { x: p.x + origin.x, y: p.y + origin.y }).collect();
            self.ways.insert(id, way);
        }
        placed
    }

    /// Annotations and data in a row above, near what they belong to.
    fn draw_band(&mut self, group: &Group<'a, 'i>, origin: Point, plane: &PlaneRef) {
        let bottom = origin.y + group.band_height() - 30;
        let mut items: Vec<(i32, Node<'a, 'i>)> = group
            .band
            .iter()
            .map(|node| {
                let friend = group.friends.get(filled(*node, "id").unwrap_or_default());
                // Data stands over the middle, so that its line runs straight down.
                let data = labels::is_data(node.tag_name().name());
                let near = |rect: &Rect| if data { rect.center_x() - size(*node).0 / 2 } else { rect.x };
                let x = friend.and_then(|f| self.places.get(f)).map_or(origin.x, |(rect, _)| near(rect));
                (x, *node)
            })
            .collect();
        items.sort_by_key(|(x, _)| *x);
        let mut free = i32::MIN / 2;
        for (wish, node) in items {
            let (width, height) = size(node);
            // A name is centred and may be wider than what it names.
            let beside = (labels::room_outside(node).width - width).max(0) / 2;
            let x = wish.max(free + beside);
            free = x + width + beside + 40;
            let y = bottom - height;
            self.add_shape(node, Rect { x, y, width, height }, plane);
        }
    }

    fn collaboration(&mut self) {
        let Some(collaboration) = self.collaboration else { return };
        let plane = self.plane_of(filled(collaboration, "id").unwrap_or_default());
        let plane = match plane {
            PlaneRef::New(_) if !self.diagram.planes.is_empty() => PlaneRef::Existing(0),
            plane => plane,
        };
        let right = self.places.values().filter(|(_, p)| *p == plane).map(|(r, _)| r.right()).max();
        let width = (right.unwrap_or(ORIGIN.x + 600) - ORIGIN.x).max(300);
        for node in model_children(collaboration) {
            let name = node.tag_name().name();
            let drawn = filled(node, "id").is_some_and(|id| self.places.contains_key(id));
            if drawn || !(name == "participant" || name == "textAnnotation") {
                continue;
            }
            let y = bottom_of(&self.bottoms, &plane).map_or(ORIGIN.y, |b| b + GAP);
            let process = filled(node, "processRef").and_then(|r| self.file.resolve(r));
            let inside: Vec<Rect> = process
                .into_iter()
                .flat_map(|p| p.descendants())
                .filter_map(|n| Some(self.places.get(filled(n, "id")?)?.0))
                .collect();
            let rect = match bounding(&inside) {
                Some(all) => Rect {
                    x: all.x - POOL_HEADER - POOL_PADDING,
                    y: all.y - POOL_PADDING,
                    width: all.width + POOL_HEADER + 2 * POOL_PADDING,
                    height: all.height + 2 * POOL_PADDING,
                },
                None if name == "participant" => Rect { x: ORIGIN.x, y, width, height: 60 },
                None => {
                    let (width, height) = size(node);
                    Rect { x: ORIGIN.x, y, width, height }
                }
            };
            self.add_shape(node, rect, &plane);
        }
    }

    fn edges(&mut self) {
        for drawable in self.diagram.drawables.iter().filter(|d| d.edge && !self.diagram.edges.contains(d.id)) {
            let Some((source, target)) = ends(self.file, drawable.node) else { continue };
            let place = |id: &str| self.places.get(id).cloned();
            let (Some((from, plane)), Some((to, other))) = (place(source), place(target)) else { continue };
            if plane != other {
                continue;
            }
            let way = match self.ways.remove(drawable.id) {
                Some(way) => way,
                None => plain_route(&from, &to),
            };
            self.added.edges.push(NewEdge { element: drawable.id.to_owned(), way, plane, label: None });
        }
    }
}

/// Lanes without lanes inside.
fn leaf_lanes<'a, 'i>(process: Node<'a, 'i>) -> Vec<Node<'a, 'i>> {
    let sets = process.children().filter(|n| is(*n, "laneSet"));
    let lanes = sets.flat_map(|s| s.descendants()).filter(|n| is(*n, "lane") && filled(*n, "id").is_some());
    lanes.filter(|l| !l.descendants().skip(1).any(|n| is(n, "lane"))).collect()
}

fn has_shape_inside(diagram: &Diagram, process: Node) -> bool {
    process.descendants().filter_map(|n| filled(n, "id")).any(|id| diagram.shapes.contains_key(id))
}

fn bounding(rects: &[Rect]) -> Option<Rect> {
    let x = rects.iter().map(|r| r.x).min()?;
    let y = rects.iter().map(|r| r.y).min()?;
    let right = rects.iter().map(Rect::right).max()?;
    let bottom = rects.iter().map(Rect::bottom).max()?;
    Some(Rect { x, y, width: right - x, height: bottom - y })
}

fn lower(bottoms: &mut Vec<(PlaneRef, i32)>, plane: &PlaneRef, bottom: i32) {
    match bottoms.iter_mut().find(|(p, _)| p == plane) {
        Some((_, known)) => *known = bottom.max(*known),
        None => bottoms.push((plane.clone(), bottom)),
    }
}

fn bottom_of(bottoms: &[(PlaneRef, i32)], plane: &PlaneRef) -> Option<i32> {
    bottoms.iter().find(|(p, _)| p == plane).map(|(_, bottom)| *bottom)
}

/// The ids of the two ends of an edge.
fn ends<'a>(file: &File<'a, '_>, node: Node<'a, '_>) -> Option<(&'a str, &'a str)> {
    let end = |reference: &str| file.resolve(reference).and_then(|n| filled(n, "id"));
    if let Some((source, target)) = node.attribute("sourceRef").zip(node.attribute("targetRef")) {
        return Some((end(source)?, end(target)?));
    }
    let owner = filled(node.parent()?, "id")?;
    let input = is(node, "dataInputAssociation");
    let other = child(node, if input { "sourceRef" } else { "targetRef" })?;
    let other = end(&text_of(other))?;
    Some(if input { (other, owner) } else { (owner, other) })
}
