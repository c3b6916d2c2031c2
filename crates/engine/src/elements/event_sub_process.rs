//! BPMN 2.0.2, Execution Semantics › Event Sub-Processes; rules ES-1..6.
//!
//! Armed with the scope around it; when its start triggers it runs in that scope. Invariant: at most one interrupting
//! one of a scope runs, because its start disarms all others.

use crate::lifecycle;
use crate::step::Step;
use crate::triggers::{Armed, Came, disarm_element, start_of};
use model::definition::{ElementKind, StartEvent};

/// Its start triggered: everything else of the scope is terminated first (ES-2), or goes on (ES-3).
pub(crate) fn fire(step: &mut Step, armed: Armed, event: &StartEvent, came: Came) {
    let scope = armed.key;
    if event.interrupting {
        lifecycle::terminate_children(step, scope);
        disarm_all(step, scope);
        // What held the scope itself is over: it goes on with the event sub-process.
        lifecycle::clear_incidents(step, scope);
    }
    let sub_process = step.program.element(armed.element).parent;
    lifecycle::enter_triggered(step, sub_process, scope, came);
}

fn disarm_all(step: &mut Step, scope: u32) {
    let ElementKind::Scope(definition) = &step.element(scope).kind else { return };
    for sub_process in &definition.event_sub_processes {
        if let Some(start) = start_of(step, *sub_process) {
            disarm_element(step, scope, start);
        }
    }
}
