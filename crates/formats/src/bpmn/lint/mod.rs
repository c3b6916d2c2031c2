//! Findings about the graph as a whole (BPMN LN-07..LN-17, LN-20, LN-22, LN-25..LN-32).
//!
//! Invariant: every rule is linear or nearly so in the size of the model; none recurses along it.
//! Never: changes the definition.

mod chosen;
mod errors;
mod event_gateways;
mod loops;
mod regions;
mod structure;
mod templates;
mod tokens;
mod undoing;
pub(crate) mod variables;
mod words;

use super::compile::Compiler;
use model::definition::{ElementIdx, ElementKind, ProcessDefinition, Trigger};

/// Runs every rule over a compiled process.
pub(crate) fn run(compiler: &mut Compiler) {
    structure::starts(compiler);
    structure::ends(compiler);
    structure::reachability(compiler);
    structure::splits(compiler);
    structure::gateways(compiler);
    structure::duplicates(compiler);
    structure::labels(compiler);
    errors::handlers(compiler);
    errors::uncaught(compiler);
    tokens::fake_joins(compiler);
    regions::joins(compiler);
    loops::run(compiler);
    loops::bounds(compiler);
    event_gateways::run(compiler);
    undoing::transactions(compiler);
    undoing::compensation(compiler);
    variables::unwritten(compiler);
    words::informal(compiler);
    templates::run(compiler);
    chosen::run(compiler);
}

/// Where a token can go next: along flows and from a host to its boundary events.
fn successors(def: &ProcessDefinition, idx: ElementIdx) -> impl Iterator<Item = ElementIdx> + '_ {
    let element = def.element(idx);
    let flows = element.outgoing.iter().map(|f| def.flow(*f).target);
    flows.chain(element.boundaries.iter().copied())
}

/// Elements other than the process.
fn elements(def: &ProcessDefinition) -> impl Iterator<Item = ElementIdx> + use<> {
    (1..def.elements.len() as u32).map(ElementIdx)
}

fn is_gateway(kind: &ElementKind) -> bool {
    matches!(
        kind,
        ElementKind::ExclusiveGateway
            | ElementKind::ParallelGateway
            | ElementKind::InclusiveGateway
            | ElementKind::ComplexGateway(_)
            | ElementKind::EventBasedGateway(_)
    )
}

/// Whether the event only stands for what undoes its host: nothing flows from it.
fn is_compensation(kind: &ElementKind) -> bool {
    matches!(kind, ElementKind::BoundaryEvent(event) if event.triggers.contains(&Trigger::Compensation))
}
