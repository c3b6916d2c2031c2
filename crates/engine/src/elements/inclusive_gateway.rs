//! BPMN 2.0.2, Execution Semantics › Gateways › Inclusive; rules OR-1..9.
//!
//! The join passes when no token elsewhere in its scope can still come to a flow that has none; judged at the end of
//! every step. The split takes every flow whose condition is absent or true, else the default.

use super::Flows;
use super::pass_through::{holds, no_flow};
use crate::event::Event;
use crate::step::{Step, Trouble};
use crate::{joins, lifecycle};
use model::Object;
use model::definition::ElementIdx;

/// With a token on every flow nothing has to be judged.
pub(crate) fn arrive(step: &mut Step, element: ElementIdx, scope: u32) {
    let incoming = &step.program.element(element).incoming;
    if incoming.iter().all(|flow| joins::has_token(step, scope, *flow)) {
        pass(step, element, scope, incoming.clone());
    }
}

/// Passes unless a token can still come. True when it passed.
pub(crate) fn release(step: &mut Step, element: ElementIdx, scope: u32) -> bool {
    let (present, missing) = joins::by_token(step, element, scope);
    if present.is_empty() || joins::may_still_arrive(step, (element, scope), &present, &missing) {
        return false;
    }
    pass(step, element, scope, present);
    true
}

/// Takes one token from each flow; surplus ones stay (OR-5).
fn pass(step: &mut Step, element: ElementIdx, scope: u32, flows: Vec<model::definition::FlowIdx>) {
    step.emit(Event::JoinPassed { element, scope, flows });
    lifecycle::enter(step, element, scope, Object::new());
}

/// Every flow whose condition is absent or true; the default when there is none (OR-9).
pub(crate) fn outgoing(step: &mut Step, key: u32) -> Result<Flows, Trouble> {
    let element = step.element(key);
    let mut taken = Flows::new();
    for flow in element.outgoing.iter().filter(|f| Some(**f) != element.default_flow) {
        if holds(step, key, *flow)? {
            taken.push(*flow);
        }
    }
    if taken.is_empty() {
        taken.extend(element.default_flow);
    }
    if taken.is_empty() && !element.outgoing.is_empty() {
        return Err(no_flow(&element.id));
    }
    Ok(taken)
}
