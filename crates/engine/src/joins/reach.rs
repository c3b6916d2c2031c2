//! Which tokens can still come to a join (BPMN OR-1..4, OR-7): two backward searches over the flows of the scope.
//!
//! Cost: the nodes and flows before the gateway, no enumeration of paths. Never: changes anything.

use crate::state::{ElementInstance, Phase};
use crate::step::Step;
use crate::triggers;
use model::definition::{ElementIdx, ElementKind, FlowIdx, Trigger};
use std::collections::HashSet;

/// Flows from which the searched ones are reached without visiting the gateway.
struct Before(HashSet<FlowIdx>);

impl Before {
    fn search(step: &Step, gateway: ElementIdx, flows: &[FlowIdx]) -> Self {
        let mut found: HashSet<FlowIdx> = flows.iter().copied().collect();
        let mut open: Vec<FlowIdx> = flows.to_vec();
        while let Some(flow) = open.pop() {
            let source = step.program.flow(flow).source;
            if source == gateway {
                continue;
            }
            let element = step.program.element(source);
            let host = match &element.kind {
                ElementKind::BoundaryEvent(event) => Some(event.attached_to),
                _ => None,
            };
            let from_host = host.map(|host| &step.program.element(host).incoming).into_iter().flatten();
            open.extend(element.incoming.iter().chain(from_host).copied().filter(|flow| found.insert(*flow)));
        }
        Self(found)
    }

    fn leaves(&self, step: &Step, element: ElementIdx) -> bool {
        step.program.element(element).outgoing.iter().any(|flow| self.0.contains(flow))
    }

    /// Whether a token before `element` gets there.
    fn reached_from(&self, step: &Step, element: ElementIdx) -> bool {
        self.leaves(step, element) || step.program.element(element).boundaries.iter().any(|b| self.leaves(step, *b))
    }

    /// Whether a token that stands in the run gets there: over its flows, and those of boundary events while they are
    /// armed.
    fn reached_from_run(&self, step: &Step, run: &ElementInstance) -> bool {
        let boundaries = &step.program.element(run.element).boundaries;
        self.leaves(step, run.element)
            || boundaries.iter().any(|b| self.leaves(step, *b) && is_listening(step, run, *b))
    }
}

/// Whether a boundary event can still trigger.
fn is_listening(step: &Step, run: &ElementInstance, boundary: ElementIdx) -> bool {
    let is_raised =
        |t: &Trigger| matches!(t, Trigger::Error(_) | Trigger::Escalation(_) | Trigger::Cancel | Trigger::Compensation);
    let waits = !matches!(run.phase, Phase::Completing | Phase::Mapping | Phase::Leaving);
    let raised = triggers::triggers_of(&step.program.element(boundary).kind).iter().any(is_raised);
    waits && (raised || triggers::is_any_armed(step, run.key, boundary))
}

/// Whether a token elsewhere in the scope can get to one of `missing` and to none of `present` without visiting the
/// gateway (OR-2).
pub(crate) fn may_still_arrive(
    step: &Step,
    (gateway, scope): (ElementIdx, u32),
    present: &[FlowIdx],
    missing: &[FlowIdx],
) -> bool {
    if missing.is_empty() {
        return false;
    }
    let (to_missing, to_present) = (Before::search(step, gateway, missing), Before::search(step, gateway, present));
    let on_flows = step.instance.waiting.iter().filter(|w| w.scope == scope).any(|waiting| {
        let place = step.program.flow(waiting.flow).target;
        place != gateway && to_missing.reached_from(step, place) && !to_present.reached_from(step, place)
    });
    let runs = step.instance.elements.iter().filter(|r| r.key != 0 && r.scope == scope && r.element != gateway);
    on_flows || runs.into_iter().any(|r| to_missing.reached_from_run(step, r) && !to_present.reached_from_run(step, r))
}
