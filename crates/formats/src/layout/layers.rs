//! Ranks: which column an element stands in, and which edges go back.
//!
//! Invariant: without the backward edges the graph has no cycle, and each edge leads to a greater rank.

use super::{Graph, Work};

/// An edge of one scope, its ends as positions in [`Layers::members`].
pub(crate) struct LocalEdge {
    /// Index in the graph.
    pub edge: usize,
    pub source: usize,
    pub target: usize,
    /// The boundary event it leaves, `source` being the host.
    pub boundary: Option<usize>,
    pub backward: bool,
}

/// A scope with ranks.
pub(crate) struct Layers {
    /// Nodes of the scope, without boundary events.
    pub members: Vec<usize>,
    pub edges: Vec<LocalEdge>,
    /// Rank of each member.
    pub ranks: Vec<i32>,
    /// Members so that each stands behind those it depends on.
    pub order: Vec<usize>,
}

/// Ranks the scope in `slot`.
pub(crate) fn build(graph: &Graph, work: &Work, slot: usize) -> Layers {
    let members = work.members[slot].clone();
    let mut local = std::collections::HashMap::with_capacity(members.len());
    for (at, node) in members.iter().enumerate() {
        local.insert(*node, at);
    }
    let mut edges = Vec::with_capacity(work.flows[slot].len());
    for index in &work.flows[slot] {
        let edge = graph.edges[*index];
        let host = graph.nodes[edge.source].host;
        let ends = (local.get(&host.unwrap_or(edge.source)), local.get(&edge.target));
        if let (Some(&source), Some(&target)) = ends {
            let boundary = host.map(|_| edge.source);
            edges.push(LocalEdge { edge: *index, source, target, boundary, backward: false });
        }
    }
    mark_backward(members.len(), &mut edges);
    let (ranks, order) = rank(members.len(), &edges);
    Layers { members, edges, ranks, order }
}

/// Outgoing edges of each member, those of boundary events last.
fn outgoing(count: usize, edges: &[LocalEdge]) -> Vec<Vec<usize>> {
    let mut out = vec![Vec::new(); count];
    for (at, edge) in edges.iter().enumerate() {
        out[edge.source].push(at);
    }
    for list in &mut out {
        list.sort_by_key(|e| edges[*e].boundary.is_some());
    }
    out
}

/// An edge that leads to an element on the path being walked closes a cycle.
fn mark_backward(count: usize, edges: &mut [LocalEdge]) {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        OnPath,
        Done,
    }
    let out = outgoing(count, edges);
    let mut entered = vec![false; count];
    for edge in edges.iter() {
        if edge.source != edge.target {
            entered[edge.target] = true;
        }
    }
    let mut seen = vec![Seen::No; count];
    let roots = (0..count).filter(|m| !entered[*m]).chain(0..count);
    for root in roots {
        if seen[root] != Seen::No {
            continue;
        }
        seen[root] = Seen::OnPath;
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let Some(edge) = out[*node].get(*next).copied() else {
                seen[*node] = Seen::Done;
                path.pop();
                continue;
            };
            *next += 1;
            let target = edges[edge].target;
            match seen[target] {
                Seen::OnPath => edges[edge].backward = true,
                Seen::Done => {}
                Seen::No => {
                    seen[target] = Seen::OnPath;
                    path.push((target, 0));
                }
            }
        }
    }
}

/// Longest paths over the forward edges, and an order in which every edge leads forward.
fn rank(count: usize, edges: &[LocalEdge]) -> (Vec<i32>, Vec<usize>) {
    let out = outgoing(count, edges);
    let mut waiting = vec![0_usize; count];
    for edge in edges.iter().filter(|e| !e.backward) {
        waiting[edge.target] += 1;
    }
    let mut ranks = vec![0; count];
    let mut order: Vec<usize> = (0..count).filter(|m| waiting[*m] == 0).collect();
    let mut at = 0;
    while let Some(node) = order.get(at).copied() {
        at += 1;
        for edge in out[node].iter().map(|e| &edges[*e]).filter(|e| !e.backward) {
            ranks[edge.target] = ranks[edge.target].max(ranks[node] + 1);
            waiting[edge.target] -= 1;
            if waiting[edge.target] == 0 {
                order.push(edge.target);
            }
        }
    }
    (ranks, order)
}
