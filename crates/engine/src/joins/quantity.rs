//! Tokens that wait before an activity until there are enough for one run (BPMN TK-9).

use crate::event::Event;
use crate::lifecycle;
use crate::step::Step;
use model::Object;
use model::definition::{ElementIdx, FlowIdx};

/// A token arrived; a run takes as many as the activity wants, the first ones of the flows in file order.
pub(super) fn arrive(step: &mut Step, element: ElementIdx, scope: u32) {
    let wanted = step.program.element(element).traits.as_ref().map_or(1, |t| t.start_quantity.max(1)) as usize;
    let incoming = &step.program.element(element).incoming;
    let mut tokens: Vec<FlowIdx> = Vec::new();
    for flow in incoming {
        let here = step.instance.waiting.iter().find(|w| w.scope == scope && w.flow == *flow);
        let count = here.map_or(0, |w| w.count) as usize;
        tokens.extend(std::iter::repeat_n(*flow, count.min(wanted - tokens.len())));
    }
    if tokens.len() == wanted {
        step.emit(Event::TokensTaken { element, scope, flows: tokens });
        lifecycle::enter(step, element, scope, Object::new());
    }
}
