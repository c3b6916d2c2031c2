//! Coordinates: columns, rows and channels become pixels, edges become way-points.

use super::layers::{Layers, LocalEdge};
use super::rows::Rows;
use super::{BOUNDARY, Graph, LABEL_GAP, Label, Point, ROW_GAP, Rect, ScopePlaced, Work, boundary_slot};
use std::collections::HashMap;

/// Least and greatest width of the channel between two columns.
const CHANNEL: (i32, i32) = (50, 300);
/// Pixels between vertical lines of a channel.
const TRACK: i32 = 10;

/// Places one scope, its upper left corner at 0, 0.
pub(crate) fn place(graph: &Graph, work: &mut Work, layers: &Layers, rows: &Rows) -> ScopePlaced {
    let mut channels = Channels::new(layers);
    let plans: Vec<Plan> = layers.edges.iter().enumerate().map(|(at, e)| plan(graph, layers, rows, at, e)).collect();
    for plan in &plans {
        channels.reserve(plan.first);
        channels.reserve(plan.last);
    }
    let widths = column_widths(graph, work, layers);
    for (edge, plan) in layers.edges.iter().zip(&plans) {
        channels.lead(layers.ranks[edge.source] as usize + 1, lead(graph, work, layers, &widths, (edge, plan)));
    }
    let columns = columns(widths, &channels);
    let centers = row_centers(graph, work, layers, rows, &plans);
    for (at, member) in layers.members.iter().enumerate() {
        let shape = &mut work.shapes[*member];
        let column = columns[layers.ranks[at] as usize];
        shape.x = column.0 + (column.1 - shape.width) / 2;
        shape.y = centers.of(rows.members[at]) - shape.height / 2;
        place_boundaries(graph, work, *member);
    }
    for (edge, plan) in layers.edges.iter().zip(&plans) {
        let lines = Lines { graph, work, rows: &centers, channels: &channels, columns: &columns };
        work.edges[edge.edge] = lines.draw(layers, edge, plan);
    }
    let width = columns.last().map_or(0, |c| c.0 + c.1) + channels.trailing();
    let lanes = rows.lanes.iter().map(|(from, to)| centers.band(*from, *to)).collect();
    ScopePlaced { width, height: centers.height, lanes }
}

struct Centers {
    centers: Vec<i32>,
    /// Top and bottom of each row, gaps excluded.
    bands: Vec<(i32, i32)>,
    height: i32,
}

impl Centers {
    fn of(&self, row: i32) -> i32 {
        self.centers.get(row as usize).copied().unwrap_or(0)
    }

    /// Top and height of the rows `from..to`, half of the gaps around included.
    fn band(&self, from: i32, to: i32) -> (i32, i32) {
        let top = self.bands.get(from as usize).map_or(0, |b| b.0) - ROW_GAP / 2;
        let bottom = self.bands.get(to as usize - 1).map_or(top, |b| b.1) + ROW_GAP / 2;
        (top, bottom - top)
    }
}

fn row_centers(graph: &Graph, work: &Work, layers: &Layers, rows: &Rows, plans: &[Plan]) -> Centers {
    let count = rows.count.max(0) as usize;
    let mut above = vec![10; count];
    let mut below = vec![10; count];
    let beside = |label: Label| if label.height > 0 { label.height + LABEL_GAP } else { 0 };
    let mut dropped = vec![false; layers.members.len()];
    // Texts of edges that leave sideways are stacked above and below the line.
    let mut stacks = vec![(0, 0); layers.members.len()];
    for (edge, plan) in layers.edges.iter().zip(plans) {
        let row = rows.members[edge.source] as usize;
        let text = beside(graph.edges[edge.edge].label);
        if plan.drops {
            dropped[edge.source] |= edge.boundary.is_none();
            let start = edge.boundary.map_or(0, |_| BOUNDARY / 2);
            let half = (work.shapes[layers.members[edge.source]].height + 1) / 2;
            below[row] = below[row].max(half + start + text);
        } else {
            let (sum, tallest) = &mut stacks[edge.source];
            (*sum, *tallest) = (*sum + text, text.max(*tallest));
            let half = (*sum + *tallest + 1) / 2;
            above[row] = above[row].max(half);
            below[row] = below[row].max(half);
        }
    }
    for (at, member) in layers.members.iter().enumerate() {
        let row = rows.members[at] as usize;
        let half = (work.shapes[*member].height + 1) / 2;
        let text = beside(graph.nodes[*member].label);
        let guests = work.boundaries[*member].iter().map(|b| beside(graph.nodes[*b].label).max(14) + BOUNDARY / 2);
        let (up, down) = match (graph.nodes[*member].approached, dropped[at]) {
            (true, _) => (text, text),
            (false, true) => (text, 0),
            (false, false) => (0, text),
        };
        above[row] = above[row].max(half + up);
        below[row] = below[row].max(half + guests.max().unwrap_or(0).max(down));
    }
    let (mut centers, mut bands, mut y) = (Vec::with_capacity(count), Vec::with_capacity(count), 0);
    for (above, below) in above.into_iter().zip(below) {
        centers.push(y + above);
        bands.push((y, y + above + below));
        y += above + below + ROW_GAP;
    }
    Centers { centers, bands, height: (y - ROW_GAP).max(0) }
}

/// A vertical line in a channel: the channel and what it shares its place with.
type Vertical = Option<(usize, (bool, usize))>;

/// How an edge runs.
struct Plan {
    /// Leaves at the lower corner or edge, dropping into the first row.
    drops: bool,
    first: Vertical,
    last: Vertical,
    /// The row of its stretch.
    stretch: Option<i32>,
}

fn plan(graph: &Graph, layers: &Layers, rows: &Rows, at: usize, edge: &LocalEdge) -> Plan {
    let (from, to) = (rows.members[edge.source], rows.members[edge.target]);
    let stretch = rows.stretches[at];
    let leave = layers.ranks[edge.source] as usize + 1;
    let enter = layers.ranks[edge.target] as usize;
    let diamond = graph.nodes[layers.members[edge.source]].diamond && rows.lanes.is_empty();
    let out = Some((leave, (false, edge.source)));
    let into = Some((enter, (true, edge.target)));
    let Some(row) = stretch else {
        let drops = diamond && to > from && rows.hangs[edge.target];
        let last = if drops || from == to { None } else { into };
        return Plan { drops, first: None, last, stretch };
    };
    if edge.backward {
        return Plan { drops: false, first: out, last: into, stretch };
    }
    let drops = edge.boundary.is_some() || (diamond && row > from);
    let first = if drops || row == from { None } else { out };
    let last = if row == to { None } else { into };
    Plan { drops, first, last, stretch }
}

/// The vertical lines of each channel; channel `n` lies left of column `n`.
struct Channels {
    tracks: Vec<HashMap<(bool, usize), i32>>,
    /// Pixels on the left without vertical lines, for texts of edges.
    leads: Vec<i32>,
}

impl Channels {
    fn new(layers: &Layers) -> Self {
        let columns = layers.ranks.iter().copied().max().map_or(0, |r| r + 1) as usize;
        Self { tracks: vec![HashMap::new(); columns + 1], leads: vec![0; columns + 1] }
    }

    fn reserve(&mut self, vertical: Vertical) {
        if let Some((channel, key)) = vertical {
            let next = self.tracks[channel].len() as i32;
            self.tracks[channel].entry(key).or_insert(next);
        }
    }

    fn lead(&mut self, channel: usize, wanted: i32) {
        self.leads[channel] = self.leads[channel].max(wanted);
    }

    fn width(&self, channel: usize) -> i32 {
        self.leads[channel] + self.lines(channel)
    }

    /// Width of the part in which vertical lines run.
    fn lines(&self, channel: usize) -> i32 {
        let tracks = self.tracks[channel].len() as i32;
        let outer = channel == 0 || channel + 1 == self.tracks.len();
        match (outer, tracks) {
            (true, 0) => 0,
            _ => (30 + TRACK * (tracks + 1)).clamp(CHANNEL.0, CHANNEL.1),
        }
    }

    fn trailing(&self) -> i32 {
        self.width(self.tracks.len() - 1)
    }

    /// Where a vertical line stands in its channel that begins at `left`.
    fn x(&self, channel: usize, key: (bool, usize), left: i32) -> i32 {
        let tracks = self.tracks[channel].len() as i32;
        let track = self.tracks[channel].get(&key).copied().unwrap_or(0);
        left + self.leads[channel] + self.lines(channel) * (track + 1) / (tracks + 1)
    }
}

/// How much room the text of an edge needs right of the column it leaves.
fn lead(graph: &Graph, work: &Work, layers: &Layers, widths: &[i32], (edge, plan): (&LocalEdge, &Plan)) -> i32 {
    let text = graph.edges[edge.edge].label.width;
    if text == 0 {
        return 0;
    }
    let column = widths[layers.ranks[edge.source] as usize];
    let beside = (column - work.shapes[layers.members[edge.source]].width) / 2;
    let inside = match edge.boundary {
        // The rightmost boundary event is the one with the least room.
        Some(_) => beside + 8 + BOUNDARY / 2,
        None if plan.drops => column / 2,
        None => beside,
    };
    text + 2 * LABEL_GAP - inside
}

fn column_widths(graph: &Graph, work: &Work, layers: &Layers) -> Vec<i32> {
    let count = layers.ranks.iter().copied().max().map_or(0, |r| r + 1) as usize;
    let mut widths = vec![0; count];
    for (at, member) in layers.members.iter().enumerate() {
        let column = &mut widths[layers.ranks[at] as usize];
        *column = work.shapes[*member].width.max(graph.nodes[*member].label.width).max(*column);
    }
    widths
}

/// Left and width of each column.
fn columns(widths: Vec<i32>, channels: &Channels) -> Vec<(i32, i32)> {
    let mut x = 0;
    let mut columns = Vec::with_capacity(widths.len());
    for (at, width) in widths.into_iter().enumerate() {
        x += channels.width(at);
        columns.push((x, width));
        x += width;
    }
    columns
}

/// Boundary events stand on the lower edge from right to left: the first one's way out is the highest.
fn place_boundaries(graph: &Graph, work: &mut Work, host: usize) {
    let Rect { x, y, width, height } = work.shapes[host];
    let mut right = x + width - 8;
    for boundary in work.boundaries[host].clone() {
        let shape = &mut work.shapes[boundary];
        shape.x = right - BOUNDARY;
        shape.y = y + height - BOUNDARY / 2;
        right -= boundary_slot(graph.nodes[boundary].label);
    }
}

struct Lines<'w> {
    graph: &'w Graph,
    work: &'w Work,
    rows: &'w Centers,
    channels: &'w Channels,
    columns: &'w [(i32, i32)],
}

impl Lines<'_> {
    fn x(&self, vertical: Vertical) -> Option<i32> {
        let (channel, key) = vertical?;
        let width = self.channels.width(channel);
        let left = match self.columns.get(channel) {
            Some(column) => column.0 - width,
            None => self.columns.last().map_or(0, |c| c.0 + c.1),
        };
        Some(self.channels.x(channel, key, left))
    }

    fn draw(&self, layers: &Layers, edge: &LocalEdge, plan: &Plan) -> Vec<Point> {
        let source = self.work.shapes[self.graph.edges[edge.edge].source];
        let target = self.work.shapes[layers.members[edge.target]];
        let middle = plan.stretch.map_or(target.center_y(), |row| self.rows.of(row));
        let mut line = Vec::with_capacity(6);
        if plan.drops {
            line.push(Point { x: source.center_x(), y: source.bottom() });
            line.push(Point { x: source.center_x(), y: middle });
        } else {
            line.push(Point { x: source.right(), y: source.center_y() });
        }
        let mut y = if plan.drops { middle } else { source.center_y() };
        if let Some(x) = self.x(plan.first) {
            line.extend([Point { x, y }, Point { x, y: middle }]);
            y = middle;
        }
        if let Some(x) = self.x(plan.last) {
            line.extend([Point { x, y }, Point { x, y: target.center_y() }]);
        }
        line.push(Point { x: target.x, y: target.center_y() });
        line.dedup();
        line
    }
}
