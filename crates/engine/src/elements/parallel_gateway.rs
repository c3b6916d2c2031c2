//! BPMN 2.0.2, Execution Semantics › Gateways › Parallel.
//!
//! The join counts one taken flow per incoming flow; surplus tokens stay for the next passing. The split takes every
//! outgoing flow; conditions there are ignored (TK-11).

use super::Flows;
use crate::event::Event;
use crate::lifecycle;
use crate::step::Step;
use model::Object;
use model::definition::ElementIdx;

/// A token arrived at a join, where it waits on its flow.
pub(crate) fn arrive(step: &mut Step, element: ElementIdx, scope: u32) {
    let incoming = &step.program.element(element).incoming;
    let here = |flow| step.instance.waiting.iter().any(|w| w.scope == scope && w.flow == flow);
    if incoming.iter().all(|flow| here(*flow)) {
        step.emit(Event::JoinPassed { element, scope, flows: incoming.clone() });
        lifecycle::enter(step, element, scope, Object::new());
    }
}

pub(crate) fn outgoing(step: &Step, key: u32) -> Flows {
    Flows::from_slice(&step.element(key).outgoing)
}
