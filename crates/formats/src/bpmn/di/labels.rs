//! Where the names of added events, gateways and edges go.
//!
//! Each name has a few places it may take; the first that is free of shapes, lines and other names is taken, else the
//! first. The layout keeps the likeliest ones free.
//! Never: gives a place to the name of what the file draws itself.

use super::super::dom::{File, filled};
use super::arrange::{Added, PlaneRef};
use super::read::{Diagram, is_container};
use crate::layout::{LABEL_GAP as GAP, Label, Point, Rect};
use roxmltree::Node;
use std::collections::{BTreeMap, HashMap};

/// Viewers break names into lines of this width.
const WIDTH_MAX: i32 = 90;
const LINE: i32 = 14;

/// The room that a name takes.
pub(crate) fn room(name: &str) -> Label {
    let pixels = |chars: usize| (chars as i32 * 13 + 1) / 2;
    let fits = (WIDTH_MAX * 2 / 13) as usize;
    let (mut lines, mut widest) = (0, 0);
    for paragraph in name.split('\n') {
        let mut used = 0;
        lines += 1;
        for word in paragraph.split_whitespace() {
            let mut length = word.chars().count();
            if used > 0 && used + 1 + length > fits {
                lines += 1;
                used = 0;
            }
            while length > fits {
                lines += 1;
                length -= fits;
                widest = fits;
            }
            used += length + usize::from(used > 0);
            widest = widest.max(used);
        }
    }
    let width = pixels(widest).max(20);
    Label { width: width + (width & 1), height: lines * LINE }
}

/// The room for the name of a node, where it is shown outside of its shape.
pub(crate) fn room_outside(node: Node) -> Label {
    let tag = node.tag_name().name();
    let outside = tag.ends_with("Event") || tag.ends_with("Gateway") || is_data(tag);
    filled(node, "name").filter(|_| outside).map(room).unwrap_or_default()
}

/// Data that stands beside the flow: lines lead to it from below, so its name may have to stand above.
pub(crate) fn is_data(tag: &str) -> bool {
    matches!(tag, "dataObjectReference" | "dataStoreReference")
}

/// Gives the added shapes and edges places for their names.
pub(crate) fn place(file: &File, diagram: &Diagram, added: &mut Added) {
    let mut planes = obstacles(file, diagram, added);
    let ways: Vec<_> = added.edges.iter().flat_map(|e| [e.way.first(), e.way.last()]).flatten().copied().collect();
    let mut ends: HashMap<i32, Vec<i32>> = HashMap::new();
    for point in ways {
        ends.entry(point.y).or_default().push(point.x);
    }
    for shape in &mut added.shapes {
        let Some(node) = file.ids.get(shape.element.as_str()) else { continue };
        let label = room_outside(*node);
        if label == Label::default() {
            continue;
        }
        let bottom = ends.get(&shape.rect.bottom()).is_some_and(|xs| xs.contains(&shape.rect.center_x()));
        let places = around(&shape.rect, label, node.tag_name().name(), bottom);
        shape.label = planes.entry(shape.plane.clone()).or_default().take(&places);
    }
    let mut begun: HashMap<(i32, i32), usize> = HashMap::new();
    for start in added.edges.iter().filter_map(|e| e.way.first()) {
        *begun.entry((start.x, start.y)).or_default() += 1;
    }
    for edge in &mut added.edges {
        let name = file.ids.get(edge.element.as_str()).and_then(|n| filled(*n, "name"));
        if let Some(name) = name {
            let shared = edge.way.first().is_some_and(|p| begun.get(&(p.x, p.y)).is_some_and(|n| *n > 1));
            edge.label = planes.entry(edge.plane.clone()).or_default().take(&beside(&edge.way, room(name), shared));
        }
    }
}

/// Places around a shape, the best first.
fn around(shape: &Rect, label: Label, tag: &str, bottom_taken: bool) -> Vec<Rect> {
    let Label { width, height } = label;
    let at = |x: i32, y: i32| Rect { x, y, width, height };
    let center = shape.center_x() - width / 2;
    let (left, right) = (shape.center_x() - GAP - width, shape.center_x() + GAP);
    let (above, below) = (shape.y - GAP - height, shape.bottom() + GAP);
    let mut places = if tag == "boundaryEvent" {
        vec![at(left, below), at(right, below)]
    } else if bottom_taken {
        vec![at(center, above), at(left, below), at(right, below)]
    } else {
        vec![at(center, below), at(center, above), at(left, below), at(right, below)]
    };
    places.extend([at(left, above), at(right, above)]);
    places
}

/// Places for an edge's name, the best first. Where several edges begin with one stretch, a name on it could be
/// anybody's: an edge that turns off is named after its turn.
fn beside(way: &[Point], label: Label, shared: bool) -> Vec<Rect> {
    let mut places = if shared && way.len() > 2 { along(&way[1..], label) } else { Vec::new() };
    places.extend(along(way, label));
    places
}

/// Places along an edge, the best first.
fn along(way: &[Point], label: Label) -> Vec<Rect> {
    /// Further stretches are too far from where the edge begins.
    const STRETCHES: usize = 6;
    /// Lines that a name may be moved away.
    const STACK: i32 = 12;
    let Label { width, height } = label;
    let at = |x: i32, y: i32| Rect { x, y, width, height };
    let mut places = Vec::new();
    for pair in way.windows(2).take(STRETCHES) {
        let (from, to) = (pair[0], pair[1]);
        if from.x == to.x {
            let (start, end) =
                if to.y > from.y { (from.y + GAP, to.y - GAP - height) } else { (from.y - GAP - height, to.y + GAP) };
            let (left, right) = (from.x - GAP - width, from.x + GAP);
            places.extend([at(right, start), at(left, start), at(right, end), at(left, end)]);
        } else {
            let (start, end) =
                if to.x > from.x { (from.x + GAP, to.x - GAP - width) } else { (from.x - GAP - width, to.x + GAP) };
            let (above, below) = (from.y - GAP - height, from.y + GAP);
            places.extend([at(start, above), at(start, below), at(end, above), at(end, below)]);
            if places.len() == 4 {
                // Several edges may begin with the same stretch: their names are stacked.
                let higher = (1..STACK).flat_map(|n| [at(start, above - n * LINE), at(start, below + n * LINE)]);
                places.extend(higher);
            }
        }
    }
    places
}

fn obstacles(file: &File, diagram: &Diagram, added: &Added) -> HashMap<PlaneRef, Obstacles> {
    let mut planes: HashMap<PlaneRef, Obstacles> = HashMap::new();
    let open = |id: &str, expanded: bool| {
        let node = file.ids.get(id);
        node.is_some_and(|n| matches!(n.tag_name().name(), "participant" | "lane") || (expanded && is_container(*n)))
    };
    for (id, shape) in &diagram.shapes {
        let plane = planes.entry(PlaneRef::Existing(shape.plane)).or_default();
        plane.shape(shape.rect, open(id, shape.expanded));
    }
    for (plane, way) in &diagram.ways {
        planes.entry(PlaneRef::Existing(*plane)).or_default().way(way);
    }
    for shape in &added.shapes {
        planes.entry(shape.plane.clone()).or_default().shape(shape.rect, open(&shape.element, true));
    }
    for edge in &added.edges {
        planes.entry(edge.plane.clone()).or_default().way(&edge.way);
    }
    planes
}

/// What names keep clear of.
#[derive(Default)]
struct Obstacles {
    /// Shapes and names by the cells they touch.
    cells: HashMap<(i32, i32), Vec<Rect>>,
    /// Horizontal lines: ends by height.
    across: BTreeMap<i32, Vec<(i32, i32)>>,
    /// Vertical lines: ends by place.
    down: BTreeMap<i32, Vec<(i32, i32)>>,
}

const CELL: i32 = 128;
/// Larger shapes count by their outline.
const CELLS_MAX: i64 = 400;
/// Slanted lines count as so many boxes at most.
const PIECES_MAX: i32 = 200;

fn cells(rect: &Rect) -> impl Iterator<Item = (i32, i32)> + use<> {
    let (left, right) = (rect.x.div_euclid(CELL), rect.right().div_euclid(CELL));
    let (top, bottom) = (rect.y.div_euclid(CELL), rect.bottom().div_euclid(CELL));
    (left..=right).flat_map(move |x| (top..=bottom).map(move |y| (x, y)))
}

impl Obstacles {
    fn shape(&mut self, rect: Rect, open: bool) {
        let large = i64::from(rect.width / CELL + 2) * i64::from(rect.height / CELL + 2) > CELLS_MAX;
        if !(open || large) {
            self.rect(rect);
            return;
        }
        for y in [rect.y, rect.bottom()] {
            self.across.entry(y).or_default().push((rect.x, rect.right()));
        }
        for x in [rect.x, rect.right()] {
            self.down.entry(x).or_default().push((rect.y, rect.bottom()));
        }
    }

    fn rect(&mut self, rect: Rect) {
        for cell in cells(&rect) {
            self.cells.entry(cell).or_default().push(rect);
        }
    }

    fn way(&mut self, way: &[Point]) {
        for pair in way.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            if a.y == b.y {
                self.across.entry(a.y).or_default().push((a.x.min(b.x), a.x.max(b.x)));
            } else if a.x == b.x {
                self.down.entry(a.x).or_default().push((a.y.min(b.y), a.y.max(b.y)));
            } else {
                self.slanted(a, b);
            }
        }
    }

    fn slanted(&mut self, a: Point, b: Point) {
        let pieces = ((a.x - b.x).abs().max((a.y - b.y).abs()) / 20).clamp(1, PIECES_MAX);
        let part =
            |from: i32, to: i32, nth: i32| from + ((i64::from(to - from) * i64::from(nth)) / i64::from(pieces)) as i32;
        for nth in 0..pieces {
            let (x, y) = (part(a.x, b.x, nth), part(a.y, b.y, nth));
            let (to_x, to_y) = (part(a.x, b.x, nth + 1), part(a.y, b.y, nth + 1));
            let (width, height) = ((x - to_x).abs().max(1), (y - to_y).abs().max(1));
            self.shape(Rect { x: x.min(to_x), y: y.min(to_y), width, height }, false);
        }
    }

    fn is_free(&self, place: &Rect) -> bool {
        let mut shapes = cells(place).filter_map(|cell| self.cells.get(&cell)).flatten();
        let lines = |lines: &BTreeMap<i32, Vec<(i32, i32)>>, (from, to): (i32, i32), (start, end): (i32, i32)| {
            lines.range(from..=to).flat_map(|(_, ends)| ends).any(|(a, b)| *a <= end && start <= *b)
        };
        let (across, down) = ((place.x, place.right()), (place.y, place.bottom()));
        let on_line = lines(&self.across, down, across) || lines(&self.down, across, down);
        !on_line && !shapes.any(|s| s.overlaps(place))
    }

    /// The first of `places` that is free, which it is no more; else the first.
    fn take(&mut self, places: &[Rect]) -> Option<Rect> {
        let free = places.iter().find(|p| self.is_free(p)).copied();
        if let Some(place) = free {
            self.rect(place);
        }
        free.or(places.first().copied())
    }
}
