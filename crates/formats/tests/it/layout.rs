//! Layout of random graphs: nothing overlaps, no edge crosses a shape, everything is connected where it should be.

use formats::layout::{Graph, GraphEdge, GraphNode, Placed, Point, Rect, layout};
use proptest::prelude::*;

fn inside(node: &GraphNode, placed: &Placed, at: usize) -> bool {
    node.parent.is_none_or(|p| {
        let (outer, inner) = (placed.shapes[p], placed.shapes[at]);
        outer.x <= inner.x && outer.y <= inner.y && outer.right() >= inner.right() && outer.bottom() >= inner.bottom()
    })
}

/// Whether a straight line runs through the inside of a rectangle.
fn crosses(a: Point, b: Point, rect: &Rect) -> bool {
    let line = Rect { x: a.x.min(b.x), y: a.y.min(b.y), width: (a.x - b.x).abs(), height: (a.y - b.y).abs() };
    line.x < rect.right() && line.right() > rect.x && line.y < rect.bottom() && line.bottom() > rect.y
}

fn check(graph: &Graph, edges_clear: bool) {
    let placed = layout(graph);
    assert_eq!((placed.shapes.len(), placed.edges.len()), (graph.nodes.len(), graph.edges.len()));
    for (a, node) in graph.nodes.iter().enumerate() {
        if let Some(host) = node.host {
            let (guest, host) = (placed.shapes[a], placed.shapes[host]);
            assert_eq!(guest.center_y(), host.bottom(), "a boundary event stands on the lower edge");
            assert!(guest.x >= host.x && guest.right() <= host.right());
            continue;
        }
        assert!(inside(node, &placed, a), "node {a} lies in its container");
        for (b, other) in graph.nodes.iter().enumerate().skip(a + 1) {
            let apart = other.host.is_some() || node.parent != other.parent;
            assert!(apart || !placed.shapes[a].overlaps(&placed.shapes[b]), "{a} and {b} overlap: {graph:?}");
        }
    }
    for (edge, way) in graph.edges.iter().zip(&placed.edges) {
        assert!(way.len() >= 2);
        let (from, to) = (placed.shapes[edge.source], placed.shapes[edge.target]);
        let touches = |r: &Rect, p: &Point| p.x >= r.x && p.x <= r.right() && p.y >= r.y && p.y <= r.bottom();
        assert!(touches(&from, &way[0]) && touches(&to, way.last().unwrap()), "{edge:?} {way:?}");
        for pair in way.windows(2) {
            assert!(pair[0].x == pair[1].x || pair[0].y == pair[1].y, "orthogonal: {way:?}");
            for (at, node) in graph.nodes.iter().enumerate() {
                let same_scope = node.parent == graph.nodes[edge.source].parent && node.host.is_none();
                let own = graph.nodes[edge.source].host == Some(at);
                if edges_clear && same_scope && !own {
                    let rect = placed.shapes[at];
                    assert!(!crosses(pair[0], pair[1], &rect), "{edge:?} crosses {at}: {way:?} {rect:?} {graph:?}");
                }
            }
        }
    }
}

fn node(width: i32, height: i32) -> GraphNode {
    GraphNode { width, height, ..GraphNode::default() }
}

fn graph(nodes: usize, edges: &[(usize, usize)], diamonds: &[bool], hosts: &[usize]) -> Graph {
    let mut graph = Graph::default();
    for at in 0..nodes {
        let diamond = diamonds.get(at).copied().unwrap_or(false);
        let mut node = if diamond { node(50, 50) } else { node(100, 80) };
        node.diamond = diamond;
        graph.nodes.push(node);
    }
    for host in hosts {
        let at = graph.nodes.len();
        graph.nodes.push(GraphNode { host: Some(host % nodes), ..node(36, 36) });
        graph.edges.push(GraphEdge { source: at, target: (host * 7 + 3) % nodes, ..GraphEdge::default() });
    }
    graph.edges.extend(edges.iter().map(|(s, t)| GraphEdge {
        source: s % nodes,
        target: t % nodes,
        ..GraphEdge::default()
    }));
    graph
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs(
        nodes in 1..14_usize,
        edges in prop::collection::vec((0..14_usize, 0..14_usize), 0..24),
        diamonds in prop::collection::vec(any::<bool>(), 14),
        hosts in prop::collection::vec(0..14_usize, 0..4),
    ) {
        check(&graph(nodes, &edges, &diamonds, &hosts), true);
    }

    #[test]
    fn random_nesting_and_lanes(
        parents in prop::collection::vec(any::<prop::sample::Index>(), 1..14),
        edges in prop::collection::vec((0..14_usize, 0..14_usize), 0..20),
        lanes in 0..4_usize,
    ) {
        let mut graph = Graph { lanes, ..Graph::default() };
        for (at, parent) in parents.iter().enumerate() {
            let parent = Some(parent.index(at + 1)).filter(|p| *p < at);
            graph.nodes.push(GraphNode { parent, container: true, lane: at % 3, ..node(100, 80) });
        }
        let count = graph.nodes.len();
        graph.edges = edges.iter().map(|(s, t)| GraphEdge { source: s % count, target: t % count, ..GraphEdge::default() }).collect();
        check(&graph, false);
    }
}

#[test]
fn a_branch_keeps_its_row_and_a_merge_comes_back() {
    let graph = graph(6, &[(0, 1), (1, 2), (1, 3), (2, 4), (3, 4), (4, 5)], &[], &[]);
    let placed = layout(&graph);
    let y = |at: usize| placed.shapes[at].center_y();
    assert!([1, 2, 4, 5].iter().all(|n| y(*n) == y(0)), "{placed:?}");
    assert!(y(3) > y(2));
}

#[test]
fn long_chains_and_wide_splits_are_quick() {
    let count = 10_000;
    let chain: Vec<_> = (1..count).map(|n| (n - 1, n)).collect();
    let placed = layout(&graph(count, &chain, &[], &[]));
    assert_eq!(placed.height, 80);
    let diamonds: Vec<_> = (0..count / 4)
        .flat_map(|n| {
            let b = n * 4;
            [(b, b + 1), (b, b + 2), (b + 1, b + 3), (b + 2, b + 3), (b + 3, b + 4)]
        })
        .filter(|(_, t)| *t < count)
        .collect();
    layout(&graph(count, &diamonds, &[], &[]));
    let star: Vec<_> = (1..count).map(|n| (0, n)).collect();
    layout(&graph(count, &star, &[], &[]));
}
