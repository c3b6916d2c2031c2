//! Joins that do not fit the split before them (BPMN LN-12): by the dominators of the graph of elements and flows.
//!
//! Two branches that meet were parted at their nearest common dominator. Where that is a choice, a parallel join waits
//! for a token that never comes; where it is a parallel split, an exclusive merge lets both pass.
//! Never: judges a model further than its budget goes.

use super::super::compile::Compiler;
use super::{elements, is_gateway};
use crate::finding::Text;
use model::definition::{ElementIdx, ElementKind, FlowIdx, ProcessDefinition, ROOT, ScopeKind};

/// Steps after which no more is judged: of a sound graph each rule needs a few for each element.
const BUDGET: usize = 8_000_000;

/// Incoming flows of one gateway that are compared.
const INCOMING: usize = 256;

/// Reports parallel joins behind a choice, and exclusive merges behind a parallel split.
pub(crate) fn joins(compiler: &mut Compiler) {
    let Some(tree) = Tree::of(&compiler.def) else { return };
    for idx in elements(&compiler.def) {
        let element = compiler.def.element(idx);
        let wanted = match element.kind {
            ElementKind::ParallelGateway => Parted::Choice,
            ElementKind::ExclusiveGateway => Parted::Parallel,
            _ => continue,
        };
        if element.incoming.len() < 2 || !tree.meet(&compiler.def, idx, wanted) {
            continue;
        }
        let node = compiler.nodes[idx.0 as usize];
        let text = match wanted {
            Parted::Choice => Text::new(
                "Only one of the branches that meet here gets a token: the parallel join waits for ever",
                "Из сходящихся здесь ветвей токен получит только одна: параллельное слияние будет ждать вечно",
            ),
            _ => Text::new(
                "Parallel branches meet at an exclusive gateway: what follows runs once for each of them",
                "Параллельные ветви сходятся на исключающем шлюзе: всё дальнейшее выполнится для каждой из них",
            ),
        };
        compiler.warn("LN-12", node, text);
    }
}

/// How two ways were parted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parted {
    /// A token takes one of them.
    Choice,
    /// A token takes both.
    Parallel,
    /// It depends.
    Unknown,
}

/// The dominator tree of elements and flows. Place 0 stands before all starts; an element stands at its index, a flow
/// behind all elements.
struct Tree {
    parents: Vec<u32>,
    depth: Vec<u32>,
    /// Order of a walk through the tree.
    order: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

fn place(def: &ProcessDefinition, flow: FlowIdx) -> u32 {
    def.elements.len() as u32 + flow.0
}

/// Where a token can go from a place.
fn next(def: &ProcessDefinition, at: u32, out: &mut Vec<u32>) {
    out.clear();
    let count = def.elements.len() as u32;
    if at >= count {
        out.push(def.flows[(at - count) as usize].target.0);
        return;
    }
    if at == 0 {
        for idx in std::iter::once(ROOT).chain(elements(def)) {
            if let Some(scope) = def.element(idx).kind.as_scope() {
                let begins = [&scope.starts, &scope.triggered, &scope.implicit, &scope.event_sub_processes];
                out.extend(begins.into_iter().flatten().map(|i| i.0));
            }
        }
        return;
    }
    let element = def.element(ElementIdx(at));
    out.extend(element.outgoing.iter().map(|f| place(def, *f)));
    out.extend(element.boundaries.iter().map(|b| b.0));
}

/// Places in the order of a depth-first walk, last left first; and their predecessors.
fn walk(def: &ProcessDefinition) -> (Vec<u32>, Vec<Vec<u32>>) {
    let count = def.elements.len() + def.flows.len();
    let (mut seen, mut before) = (vec![false; count], vec![Vec::new(); count]);
    let (mut left, mut out) = (Vec::with_capacity(count), Vec::new());
    next(def, 0, &mut out);
    seen[0] = true;
    let mut work = vec![(0_u32, out.clone())];
    while let Some((at, rest)) = work.last_mut() {
        let at = *at;
        let Some(to) = rest.pop() else {
            left.push(at);
            work.pop();
            continue;
        };
        before[to as usize].push(at);
        if !std::mem::replace(&mut seen[to as usize], true) {
            next(def, to, &mut out);
            work.push((to, out.clone()));
        }
    }
    left.reverse();
    (left, before)
}

impl Tree {
    /// By Cooper, Harvey and Kennedy; none when the graph is so tangled that the budget does not do.
    fn of(def: &ProcessDefinition) -> Option<Self> {
        let (order, before) = walk(def);
        let mut rank = vec![NOWHERE; before.len()];
        for (n, at) in order.iter().enumerate() {
            rank[*at as usize] = n as u32;
        }
        let mut parents = vec![NOWHERE; before.len()];
        parents[0] = 0;
        let mut budget = BUDGET;
        let mut changed = true;
        while std::mem::take(&mut changed) {
            for at in &order[1..] {
                let mut parent = NOWHERE;
                for from in before[*at as usize].iter().filter(|f| parents[**f as usize] != NOWHERE) {
                    parent = match parent {
                        NOWHERE => *from,
                        known => common(&parents, &rank, (known, *from), &mut budget)?,
                    };
                }
                changed |= std::mem::replace(&mut parents[*at as usize], parent) != parent;
            }
        }
        let mut depth = vec![0; before.len()];
        for at in &order[1..] {
            depth[*at as usize] = depth[parents[*at as usize] as usize] + 1;
        }
        let order = preorder(&order, &parents);
        Some(Self { parents, depth, order })
    }

    /// Whether two of the flows into `idx` were parted in the way `wanted`.
    fn meet(&self, def: &ProcessDefinition, idx: ElementIdx, wanted: Parted) -> bool {
        let incoming = def.element(idx).incoming.iter().map(|f| place(def, *f));
        let reached = |at: &u32| self.parents[*at as usize] != NOWHERE;
        let mut places: Vec<u32> = incoming.filter(reached).take(INCOMING).collect();
        // The parting of any two is that of two neighbours in the order of the tree.
        places.sort_by_key(|at| self.order[*at as usize]);
        places.windows(2).any(|pair| self.parted(def, pair[0], pair[1]) == wanted)
    }

    fn parted(&self, def: &ProcessDefinition, mut a: u32, mut b: u32) -> Parted {
        let (mut from_a, mut from_b) = (NOWHERE, NOWHERE);
        while a != b {
            if self.depth[a as usize] >= self.depth[b as usize] {
                from_a = a;
                a = self.parents[a as usize];
            } else {
                from_b = b;
                b = self.parents[b as usize];
            }
        }
        // One of them leads to the other: a loop.
        if from_a == NOWHERE || from_b == NOWHERE {
            return Parted::Unknown;
        }
        parting(def, a, from_a, from_b)
    }
}

/// The nearest common dominator of two places that have one already.
fn common(parents: &[u32], rank: &[u32], (mut a, mut b): (u32, u32), budget: &mut usize) -> Option<u32> {
    while a != b {
        *budget = budget.checked_sub(1)?;
        if rank[a as usize] > rank[b as usize] {
            a = parents[a as usize];
        } else {
            b = parents[b as usize];
        }
    }
    Some(a)
}

/// When a walk through the tree comes to each place: parents stand before their children in `order`.
fn preorder(order: &[u32], parents: &[u32]) -> Vec<u32> {
    let mut children = vec![Vec::new(); parents.len()];
    for at in &order[1..] {
        children[parents[*at as usize] as usize].push(*at);
    }
    let (mut when, mut clock, mut work) = (vec![0; parents.len()], 0, vec![0_u32]);
    while let Some(at) = work.pop() {
        when[at as usize] = clock;
        clock += 1;
        work.extend(&children[at as usize]);
    }
    when
}

/// How `at` parts the ways to two places right behind it.
fn parting(def: &ProcessDefinition, at: u32, a: u32, b: u32) -> Parted {
    if at == 0 {
        return beginnings(def, ElementIdx(a), ElementIdx(b));
    }
    let count = def.elements.len() as u32;
    if at >= count {
        return Parted::Unknown;
    }
    let element = def.element(ElementIdx(at));
    if a < count || b < count {
        let interrupts = |at: u32| match def.elements.get(at as usize).map(|e| &e.kind) {
            Some(ElementKind::BoundaryEvent(event)) => event.interrupting,
            _ => at >= count,
        };
        let sure = interrupts(a) && interrupts(b) && element.repetition().is_none();
        return if sure { Parted::Choice } else { Parted::Unknown };
    }
    let sure = |place: u32| {
        let flow = FlowIdx(place - count);
        def.flow(flow).condition.is_none() && element.default_flow != Some(flow)
    };
    match &element.kind {
        ElementKind::ExclusiveGateway => Parted::Choice,
        ElementKind::EventBasedGateway(gateway) if !gateway.parallel => Parted::Choice,
        ElementKind::ParallelGateway => Parted::Parallel,
        kind if !is_gateway(kind) && sure(a) && sure(b) => Parted::Parallel,
        _ => Parted::Unknown,
    }
}

/// Of several start events one begins an instance; without any all begin.
fn beginnings(def: &ProcessDefinition, a: ElementIdx, b: ElementIdx) -> Parted {
    let (first, second) = (def.elements.get(a.0 as usize), def.elements.get(b.0 as usize));
    let (Some(first), Some(second)) = (first, second) else { return Parted::Unknown };
    let Some(scope) = def.element(first.parent).kind.as_scope().filter(|_| first.parent == second.parent) else {
        return Parted::Unknown;
    };
    let starts = |idx: &ElementIdx| matches!(def.element(*idx).kind, ElementKind::StartEvent(_));
    match &scope.kind {
        ScopeKind::Process if starts(&a) && starts(&b) => Parted::Choice,
        ScopeKind::AdHoc(_) => Parted::Unknown,
        _ if scope.implicit.contains(&a) && scope.implicit.contains(&b) => Parted::Parallel,
        _ => Parted::Unknown,
    }
}
