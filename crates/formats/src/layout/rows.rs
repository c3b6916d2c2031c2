//! Rows: a tidy tree over dominators.
//!
//! An item is an element, or the stretch of an edge that passes other columns. An item belongs below the item that all
//! paths to it pass; the first branch keeps the row, others go below, what merges them comes back up.

use super::Graph;
use super::contour::Contour;
use super::layers::Layers;
use std::collections::BTreeSet;

/// Rows of members and of the stretches of edges.
pub(crate) struct Rows {
    /// Row of each member.
    pub members: Vec<i32>,
    /// Row of the stretch of each edge, where it has one.
    pub stretches: Vec<Option<i32>>,
    /// The first row of each lane and the one after its last.
    pub lanes: Vec<(i32, i32)>,
    /// How many rows there are.
    pub count: i32,
    /// Members that hang directly below their only predecessor: an edge may drop straight into their row.
    pub hangs: Vec<bool>,
}

struct Items {
    /// First and last rank; members first, then stretches.
    spans: Vec<(i32, i32)>,
    /// The stretch item of each edge.
    of_edge: Vec<Option<usize>>,
    /// Forward predecessors.
    before: Vec<Vec<usize>>,
    /// In topological order, without those of backward edges.
    order: Vec<usize>,
}

const ROOT: usize = usize::MAX;

/// Assigns rows.
pub(crate) fn assign(graph: &Graph, layers: &Layers, lanes: usize) -> Rows {
    let items = items(layers);
    let parents = dominators(&items);
    let tree = Tree::new(layers, &items, &parents);
    let mut rows = tree.place(&items);
    let low = rows.iter().copied().min().unwrap_or(0);
    rows.iter_mut().for_each(|r| *r -= low);
    let lane_rows = if lanes > 1 { into_lanes(graph, layers, &items, &mut rows, lanes) } else { Vec::new() };
    let count = rows.iter().copied().max().unwrap_or(-1) + 1;
    let count = lane_rows.last().map_or(count, |(_, end)| count.max(*end));
    let members = layers.members.len();
    Rows {
        stretches: items.of_edge.iter().map(|i| i.map(|i| rows[i])).collect(),
        hangs: (0..members).map(|m| items.before[m].len() == 1 && lanes <= 1).collect(),
        members: rows[..members].to_vec(),
        lanes: lane_rows,
        count,
    }
}

fn items(layers: &Layers) -> Items {
    let count = layers.members.len();
    let mut items = Items {
        spans: layers.ranks.iter().map(|r| (*r, *r)).collect(),
        of_edge: vec![None; layers.edges.len()],
        before: vec![Vec::new(); count],
        order: Vec::new(),
    };
    let mut out = vec![Vec::new(); count];
    for (at, edge) in layers.edges.iter().enumerate() {
        out[edge.source].push(at);
    }
    for member in layers.order.iter().copied() {
        items.order.push(member);
        for at in out[member].iter().copied() {
            let edge = &layers.edges[at];
            let (from, to) = (layers.ranks[edge.source], layers.ranks[edge.target]);
            let span = match (edge.backward, edge.boundary) {
                (true, _) => Some((to.min(from), from.max(to))),
                (false, Some(_)) => Some((from, to - 1)),
                (false, None) if to - from > 1 => Some((from + 1, to - 1)),
                (false, None) => None,
            };
            let mut source = edge.source;
            if let Some(span) = span {
                let item = items.spans.len();
                items.spans.push(span);
                items.before.push(if edge.backward { Vec::new() } else { vec![source] });
                items.of_edge[at] = Some(item);
                if edge.backward {
                    continue;
                }
                items.order.push(item);
                source = item;
            }
            items.before[edge.target].push(source);
        }
    }
    items
}

/// The nearest item that all paths to an item pass.
fn dominators(items: &Items) -> Vec<usize> {
    let mut parents = vec![ROOT; items.spans.len()];
    let mut depth = vec![0_usize; items.spans.len()];
    for item in items.order.iter().copied() {
        let mut before = items.before[item].iter().copied();
        let Some(first) = before.next() else { continue };
        let parent = before.fold(first, |a, b| meet(&parents, &depth, a, b));
        parents[item] = parent;
        depth[item] = if parent == ROOT { 0 } else { depth[parent] + 1 };
    }
    parents
}

fn meet(parents: &[usize], depth: &[usize], mut a: usize, mut b: usize) -> usize {
    while a != b {
        if a == ROOT || b == ROOT {
            return ROOT;
        }
        if depth[a] >= depth[b] {
            a = parents[a];
        } else {
            b = parents[b];
        }
    }
    a
}

/// How a child stands to its parent; also the order in which children are placed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    /// Leads to a merge, or nothing merges here.
    Branch,
    /// What merges branches.
    Merge,
    /// Ends by itself beside branches that are merged.
    Dead,
    Boundary,
    Back,
}

struct Tree {
    /// Children of each item in the order of placing; the last list is the root's.
    children: Vec<Vec<(Bond, usize)>>,
    parents: Vec<usize>,
    /// The stretches of backward edges.
    back: Vec<usize>,
}

impl Tree {
    fn new(layers: &Layers, items: &Items, parents: &[usize]) -> Self {
        let count = items.spans.len();
        let mut tree = Self { children: vec![Vec::new(); count + 1], parents: parents.to_vec(), back: Vec::new() };
        let mut bonds = vec![Bond::Branch; count];
        let mut place = vec![usize::MAX; count];
        let mut depth = vec![0_usize; count];
        for item in items.order.iter().copied() {
            if parents[item] != ROOT {
                depth[item] = depth[parents[item]] + 1;
            }
            if items.before[item].len() > 1 {
                bonds[item] = Bond::Merge;
            }
        }
        for (at, edge) in layers.edges.iter().enumerate() {
            let item = items.of_edge[at].unwrap_or(edge.target);
            place[item] = place[item].min(at);
            if edge.backward {
                bonds[item] = Bond::Back;
                tree.back.push(item);
                tree.parents[item] = meet(parents, &depth, edge.target, edge.source);
            } else if edge.boundary.is_some() {
                bonds[item] = Bond::Boundary;
            }
        }
        mark_dead_ends(items, parents, &mut bonds);
        for (item, bond) in bonds.iter().enumerate() {
            let slot = if tree.parents[item] == ROOT { count } else { tree.parents[item] };
            tree.children[slot].push((*bond, item));
        }
        for list in &mut tree.children {
            list.sort_by_key(|(bond, item)| match bond {
                Bond::Merge => (*bond, items.spans[*item].0 as usize, *item),
                _ => (*bond, place[*item], *item),
            });
        }
        // Components of the outermost level come in the order of the file.
        tree.children[count].sort_by_key(|(bond, item)| (*bond, *item));
        tree
    }

    /// Rows relative to the parent, from the leaves up, then absolute ones, from the root down.
    fn place(&self, items: &Items) -> Vec<i32> {
        let count = items.spans.len();
        let mut placing = Placing { contours: (0..count).map(|_| None).collect(), rows: vec![0; count] };
        for item in self.back.iter().copied() {
            let (from, to) = items.spans[item];
            placing.contours[item] = Some(Contour::span(from, to));
        }
        for item in items.order.iter().rev().copied() {
            let (from, to) = items.spans[item];
            let contour = placing.stack(&self.children[item], Contour::span(from, to), Some(from));
            placing.contours[item] = Some(contour);
        }
        placing.stack(&self.children[count], Contour::default(), None);
        let mut rows = placing.rows;
        for item in items.order.iter().chain(&self.back).copied() {
            if self.parents[item] != ROOT {
                rows[item] += rows[self.parents[item]];
            }
        }
        rows
    }
}

/// Tells branches that lead to a merge from those that do not: the merge takes the row before the latter.
fn mark_dead_ends(items: &Items, parents: &[usize], bonds: &mut [Bond]) {
    let mut leads = vec![false; bonds.len()];
    let mut merging = vec![false; bonds.len() + 1];
    let slot = |parent: usize| if parent == ROOT { bonds.len() } else { parent };
    for item in items.order.iter().copied().filter(|i| bonds[*i] == Bond::Merge) {
        merging[slot(parents[item])] = true;
        for before in items.before[item].iter().copied() {
            let mut at = before;
            while at != parents[item] && at != ROOT {
                leads[at] = true;
                at = parents[at];
            }
        }
    }
    let dead = |i: usize| bonds[i] == Bond::Branch && merging[slot(parents[i])] && !leads[i];
    let dead: Vec<usize> = (0..bonds.len()).filter(|i| dead(*i)).collect();
    for item in dead {
        bonds[item] = Bond::Dead;
    }
}

/// Subtrees on their way up.
struct Placing {
    contours: Vec<Option<Contour>>,
    rows: Vec<i32>,
}

impl Placing {
    /// Puts `children` into and below what `own` takes; `rank` is that of the parent.
    fn stack(&mut self, children: &[(Bond, usize)], own: Contour, rank: Option<i32>) -> Contour {
        let mut all = own;
        let mut dropped = 0;
        for (bond, child) in children.iter().copied() {
            let Some(contour) = self.contours[child].take() else { continue };
            let least = match bond {
                Bond::Branch | Bond::Merge | Bond::Dead => 0,
                Bond::Boundary | Bond::Back => i32::from(rank.is_some()),
            };
            if bond > Bond::Dead && dropped > 0 {
                // Lines of a split drop through the rows of its own column.
                if let Some(rank) = rank {
                    all.take(rank, 0, dropped);
                }
                dropped = 0;
            }
            let row = all.room_for(&contour, least);
            self.rows[child] = row;
            if matches!(bond, Bond::Branch | Bond::Dead) {
                dropped = dropped.max(row);
            }
            all.merge(contour, row);
        }
        if let Some(rank) = rank.filter(|_| dropped > 0) {
            all.take(rank, 0, dropped);
        }
        all
    }
}

/// Sorts rows by lane: within a lane the order stays, and each lane has rows of its own.
fn into_lanes(graph: &Graph, layers: &Layers, items: &Items, rows: &mut [i32], lanes: usize) -> Vec<(i32, i32)> {
    let mut lane = vec![0; rows.len()];
    for (at, member) in layers.members.iter().enumerate() {
        lane[at] = graph.nodes[*member].lane.min(lanes - 1);
    }
    for (at, edge) in layers.edges.iter().enumerate() {
        if let Some(item) = items.of_edge[at] {
            lane[item] = lane[edge.source];
        }
    }
    let mut used = vec![BTreeSet::new(); lanes];
    for (item, row) in rows.iter().enumerate() {
        used[lane[item]].insert(*row);
    }
    let mut ranges = Vec::with_capacity(lanes);
    let mut map = Vec::with_capacity(lanes);
    let mut next = 0;
    for rows in &used {
        let start = next;
        let places: std::collections::HashMap<i32, i32> = rows.iter().copied().zip(start..).collect();
        next = start + (rows.len() as i32).max(1);
        ranges.push((start, next));
        map.push(places);
    }
    for (item, row) in rows.iter_mut().enumerate() {
        *row = map[lane[item]].get(row).copied().unwrap_or(*row);
    }
    ranges
}
