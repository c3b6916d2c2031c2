//! Joins: tokens that wait on flows until their gateway may pass.
//!
//! A parallel join passes when each flow has a token; an inclusive or complex one is judged again at the end of every
//! step (BPMN OR-6, CX-4), because a token that died or turned away elsewhere can release it.

mod quantity;
mod reach;

use crate::elements::{complex_gateway, inclusive_gateway, parallel_gateway};
use crate::event::{Event, IncidentRaised};
use crate::lifecycle;
use crate::state::{Incident, Phase};
use crate::step::{Step, Trouble};
use model::IncidentId;
use model::definition::{ElementIdx, ElementKind, FlowIdx};
use model::error::codes;

pub(crate) use reach::may_still_arrive;

/// A token arrived on a flow where it waits.
pub(crate) fn arrive(step: &mut Step, element: ElementIdx, scope: u32) {
    match &step.program.element(element).kind {
        ElementKind::InclusiveGateway => inclusive_gateway::arrive(step, element, scope),
        ElementKind::ComplexGateway(gateway) => complex_gateway::arrive(step, element, scope, gateway),
        ElementKind::ParallelGateway => parallel_gateway::arrive(step, element, scope),
        _ => quantity::arrive(step, element, scope),
    }
}

/// Complex gateways of the scope whose condition could not be evaluated are judged again.
pub(crate) fn judge_again(step: &mut Step, scope: u32) {
    for (_, element) in waiting_joins(step).into_iter().filter(|join| join.0 == scope) {
        if let ElementKind::ComplexGateway(gateway) = &step.program.element(element).kind {
            complex_gateway::arrive(step, element, scope, gateway);
        }
    }
}

/// Whether a token waits on the flow.
pub(crate) fn has_token(step: &Step, scope: u32, flow: FlowIdx) -> bool {
    step.instance.waiting.iter().any(|w| w.scope == scope && w.flow == flow)
}

/// The incoming flows of a join with a token, and those without.
pub(crate) fn by_token(step: &Step, element: ElementIdx, scope: u32) -> (Vec<FlowIdx>, Vec<FlowIdx>) {
    step.program.element(element).incoming.iter().copied().partition(|flow| has_token(step, scope, *flow))
}

/// Scopes and joins where tokens wait, in the order they began to.
fn waiting_joins(step: &Step) -> Vec<(u32, ElementIdx)> {
    let mut joins = Vec::new();
    for waiting in &step.instance.waiting {
        let join = (waiting.scope, step.program.flow(waiting.flow).target);
        if !joins.contains(&join) {
            joins.push(join);
        }
    }
    joins
}

/// Lets one join pass that nothing blocks any more. True when one did.
pub(crate) fn release_one(step: &mut Step) -> bool {
    let resets = step.instance.listening.as_ref().is_some_and(|l| !l.resets.is_empty());
    if step.instance.waiting.is_empty() && !resets {
        return false;
    }
    for (scope, element) in waiting_joins(step) {
        if matches!(step.program.element(element).kind, ElementKind::InclusiveGateway)
            && inclusive_gateway::release(step, element, scope)
        {
            return true;
        }
    }
    resets && complex_gateway::release_one(step)
}

/// Whether tokens that wait in the scope can pass no more: nothing else is left there. A dead end is never silent.
pub(crate) fn report_stuck(step: &mut Step) {
    for scope in stuck_scopes(step) {
        let joins: Vec<ElementIdx> = waiting_joins(step).into_iter().filter(|j| j.0 == scope).map(|j| j.1).collect();
        let waits_for_others = |e: &ElementIdx| matches!(step.program.element(*e).kind, ElementKind::InclusiveGateway);
        if joins.len() > 1 && joins.iter().any(waits_for_others) {
            deadlock(step, scope, &joins);
        } else {
            let message = format!(
                "tokens wait at {} for flows that nothing can take any more; retry to end without them, or cancel",
                names(step, &joins, None)
            );
            step.raise_incident(scope, Phase::Completing, Trouble::new(&codes::JOIN_STUCK, message), None);
        }
    }
}

fn stuck_scopes(step: &Step) -> Vec<u32> {
    let stuck = |scope: &u32| step.run(*scope).children == 0 && !step.instance.has_incident(*scope);
    let mut scopes: Vec<u32> = step.instance.waiting.iter().map(|w| w.scope).filter(stuck).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

fn names(step: &Step, joins: &[ElementIdx], without: Option<ElementIdx>) -> String {
    let others = joins.iter().filter(|j| Some(**j) != without);
    others.map(|j| format!("`{}`", step.program.element(*j).id)).collect::<Vec<String>>().join(", ")
}

/// Whether the incident says that tokens of a scope can pass no more.
pub(crate) fn is_dead_end(incident: &Incident) -> bool {
    [codes::JOIN_STUCK.code, codes::JOIN_DEADLOCK.code].contains(&&*incident.code)
}

/// The scope goes on without the tokens that wait.
pub(crate) fn give_up(step: &mut Step, scope: u32) {
    step.emit(Event::TokensDropped { scope });
    while let Some(other) = step.instance.incidents.iter().find(|i| i.key == scope && is_dead_end(i)).map(|i| i.id) {
        step.emit(Event::IncidentResolved { incident: other, key: scope, retried: true, by: step.actor });
    }
    lifecycle::complete_if_empty(step, scope);
}

/// Joins that wait for each other: each is told, none passes by chance (BPMN OR-8).
fn deadlock(step: &mut Step, scope: u32, joins: &[ElementIdx]) {
    for element in joins {
        let incident = IncidentId(step.next_id());
        let message = format!(
            "`{}` waits for {}, and nothing else can move; retry to end without their tokens, or cancel",
            step.program.element(*element).id,
            names(step, joins, Some(*element))
        );
        step.emit(Event::IncidentRaised(Box::new(IncidentRaised {
            incident,
            key: scope,
            element: *element,
            phase: Phase::Completing,
            job: None,
            code: codes::JOIN_DEADLOCK.code.to_owned(),
            message,
            details: None,
        })));
    }
}
