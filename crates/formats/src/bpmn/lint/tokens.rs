//! Parallel branches that meet without a join (BPMN LN-13).

use super::super::compile::Compiler;
use super::{elements, is_gateway};
use crate::finding::Text;
use model::definition::{ElementIdx, ElementKind, FlowIdx, ProcessDefinition};
use std::collections::BTreeSet;

/// Flow visits after which the search stops: a model that large is judged no further.
const BUDGET: usize = 4_000_000;

/// An activity or event that two branches of one parallel split enter by different flows runs twice.
pub(crate) fn fake_joins(compiler: &mut Compiler) {
    let mut found = BTreeSet::new();
    let mut budget = BUDGET;
    for idx in elements(&compiler.def) {
        let branches = branches(&compiler.def, idx);
        if branches.len() > 1 {
            spread(&compiler.def, &branches, &mut found, &mut budget);
        }
    }
    for idx in found {
        let node = compiler.nodes[idx.0 as usize];
        compiler.warn(
            "LN-13",
            node,
            Text::new(
                "Parallel branches meet here without a join: it runs once for each of them",
                "Параллельные ветви сходятся здесь без слияния: действие выполнится для каждой из них",
            ),
        );
    }
}

fn branches(def: &ProcessDefinition, idx: ElementIdx) -> Vec<FlowIdx> {
    let element = def.element(idx);
    let splits = match element.kind {
        ElementKind::ParallelGateway => true,
        ElementKind::Unsupported { .. } => false,
        _ => !is_gateway(&element.kind),
    };
    let open = |f: &&FlowIdx| def.flow(**f).condition.is_none() && element.default_flow != Some(**f);
    if splits { element.outgoing.iter().filter(open).copied().take(64).collect() } else { Vec::new() }
}

/// Marks each flow with the branches that reach it and collects the elements where different ones meet.
fn spread(def: &ProcessDefinition, branches: &[FlowIdx], found: &mut BTreeSet<ElementIdx>, budget: &mut usize) {
    let mut marks = std::collections::HashMap::new();
    let mut queue: Vec<(FlowIdx, u64)> = branches.iter().enumerate().map(|(i, f)| (*f, 1_u64 << i)).collect();
    while let Some((flow, bits)) = queue.pop() {
        if *budget == 0 {
            return;
        }
        *budget -= 1;
        let known = marks.entry(flow).or_insert(0_u64);
        if *known | bits == *known {
            continue;
        }
        *known |= bits;
        let bits = *known;
        let target = def.flow(flow).target;
        let element = def.element(target);
        let joins = element.incoming.len() > 1;
        if joins && is_gateway(&element.kind) && !matches!(element.kind, ElementKind::ExclusiveGateway) {
            continue;
        }
        if joins && !is_gateway(&element.kind) && meets(&element.incoming, &marks) {
            found.insert(target);
            continue;
        }
        queue.extend(element.outgoing.iter().map(|f| (*f, bits)));
    }
}

/// Whether two of the flows are reached by different branches.
fn meets(incoming: &[FlowIdx], marks: &std::collections::HashMap<FlowIdx, u64>) -> bool {
    let mut reached = incoming.iter().filter_map(|f| marks.get(f));
    let Some(first) = reached.next() else { return false };
    reached.any(|other| other != first || other.count_ones() > 1)
}
