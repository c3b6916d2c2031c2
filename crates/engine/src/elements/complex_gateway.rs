//! BPMN 2.0.2, Execution Semantics › Gateways › Complex; rules CX-1..6.
//!
//! Waiting for start, its activation condition is judged at every arrival; waiting for reset, it waits for the flows
//! that had no token, as far as tokens can still come there.

use super::Flows;
use super::pass_through::{holds, no_flow};
use crate::event::Event;
use crate::state::Phase;
use crate::step::{Step, Trouble};
use crate::{joins, lifecycle};
use model::definition::{ComplexGateway, ElementIdx, FlowIdx};
use model::error::codes;
use model::{Object, Value};
use std::sync::Arc;

const WAITING_FOR_START: &str = "waitingForStart";

/// Start phase: the condition is judged as it stands now (CX-2).
pub(crate) fn arrive(step: &mut Step, element: ElementIdx, scope: u32, gateway: &ComplexGateway) {
    if taken(step, element, scope).is_some() {
        return;
    }
    let (present, missing) = joins::by_token(step, element, scope);
    let facts = facts(step, element, scope, true);
    let activates = match gateway.activation {
        None => missing.is_empty(),
        Some(condition) => match step.evaluate_in(scope, scope, condition, Some(&facts)) {
            Ok(value) => value == Value::Bool(true),
            Err(error) => {
                let what = format!("the activation condition of `{}`", step.program.element(element).id);
                let trouble = Trouble::evaluation(&codes::CONDITION_FAILED, &what, &error);
                return step.raise_incident(scope, Phase::Listening, trouble, None);
            }
        },
    };
    if activates {
        let all = gateway.activation.is_none();
        if all {
            step.emit(Event::JoinPassed { element, scope, flows: present });
        } else {
            step.emit(Event::ComplexPassed { element, scope, flows: present, reset: false });
        }
        lifecycle::enter(step, element, scope, facts);
    }
}

/// The flows it took when it fired, while it waits for its reset.
fn taken(step: &Step, element: ElementIdx, scope: u32) -> Option<Vec<FlowIdx>> {
    let resets = &step.instance.listening.as_ref()?.resets;
    resets.iter().find(|r| r.scope == scope && r.element == element).map(|r| r.taken.clone())
}

/// Resets one whose missing flows have a token, or can get none any more (CX-4). True when one was reset.
pub(crate) fn release_one(step: &mut Step) -> bool {
    let resets = step.instance.listening.as_ref().map(|l| l.resets.clone()).unwrap_or_default();
    for reset in resets {
        let (element, scope) = (reset.element, reset.scope);
        let incoming = &step.program.element(element).incoming;
        let rest: Vec<FlowIdx> = incoming.iter().copied().filter(|f| !reset.taken.contains(f)).collect();
        let (came, missing): (Vec<FlowIdx>, Vec<FlowIdx>) =
            rest.into_iter().partition(|flow| joins::has_token(step, scope, *flow));
        let present: Vec<FlowIdx> = reset.taken.iter().chain(&came).copied().collect();
        if !joins::may_still_arrive(step, (element, scope), &present, &missing) {
            let facts = facts(step, element, scope, false);
            step.emit(Event::ComplexPassed { element, scope, flows: came, reset: true });
            lifecycle::enter(step, element, scope, facts);
            return true;
        }
    }
    false
}

/// What conditions see besides data: `activationCount`, `activationCounts`, `waitingForStart` (CX-2).
fn facts(step: &Step, element: ElementIdx, scope: u32, starts: bool) -> Object {
    let tokens = |flow: &FlowIdx| {
        let waiting = step.instance.waiting.iter().find(|w| w.scope == scope && w.flow == *flow);
        i64::from(waiting.map_or(0, |w| w.count))
    };
    let incoming = &step.program.element(element).incoming;
    let by_flow: Object = incoming.iter().map(|f| (step.program.flow(*f).id.clone(), Value::from(tokens(f)))).collect();
    Object::from_iter([
        (Arc::from("activationCount"), Value::from(incoming.iter().map(tokens).sum::<i64>())),
        (Arc::from("activationCounts"), Value::Object(Arc::new(by_flow))),
        (Arc::from(WAITING_FOR_START), Value::Bool(starts)),
    ])
}

/// At the start as an inclusive split (CX-3); at the reset only explicit true conditions count (CX-5).
pub(crate) fn outgoing(step: &mut Step, key: u32) -> Result<Flows, Trouble> {
    let resets = step.run(key).variables.get(WAITING_FOR_START) == Some(&Value::Bool(false));
    let element = step.element(key);
    let mut flows = Flows::new();
    for flow in element.outgoing.iter().filter(|f| Some(**f) != element.default_flow) {
        let conditional = step.program.flow(*flow).condition.is_some();
        if (conditional || !resets) && holds(step, key, *flow)? {
            flows.push(*flow);
        }
    }
    if flows.is_empty() && !resets {
        flows.extend(element.default_flow);
        if flows.is_empty() && !element.outgoing.is_empty() {
            return Err(no_flow(&element.id));
        }
    }
    Ok(flows)
}
