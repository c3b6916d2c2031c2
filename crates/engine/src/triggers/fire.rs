//! A trigger came: the event that waits for it goes on.
//!
//! Owns: who goes on and who is disarmed (BPMN BD-2, BD-3, EB-1, ES-2, ES-3, ML-1). Never: judges whether it came.

use super::{Armed, Came, arm, disarm_one, positions, triggers_of, waits_for_all};
use crate::elements::{boundary_event, event_based_gateway, event_sub_process};
use crate::event::Event;
use crate::lifecycle::{self, run_from};
use crate::state::Phase;
use crate::step::Step;
use model::definition::{ElementKind, Trigger};

/// The event behind `armed` goes on with what came.
pub(crate) fn fire(step: &mut Step, armed: Armed, came: Came) {
    let kind = &step.program.element(armed.element).kind;
    let Some(came) = (if waits_for_all(kind) { collect(step, armed, came) } else { Some(came) }) else { return };
    let Armed { key, element, .. } = armed;
    if step.run(key).element == element {
        lifecycle::clear_incidents(step, key);
        // A timer's own event says it all.
        if !is_timer(kind, came.trigger) || !came.variables.is_empty() {
            step.emit(Event::Triggered { key, element, trigger: came.trigger, variables: came.variables });
        }
        return run_from(step, key, Phase::Completing);
    }
    match kind {
        ElementKind::BoundaryEvent(event) => boundary_event::fire(step, armed, event, came),
        ElementKind::StartEvent(event) => event_sub_process::fire(step, armed, event, came),
        ElementKind::CatchEvent(_) | ElementKind::ReceiveTask(_) => event_based_gateway::fire(step, armed, came),
        _ => {}
    }
    rearm_all(step, armed);
}

/// Keeps what came until everything has; then gives all data, in order of arrival.
fn collect(step: &mut Step, armed: Armed, came: Came) -> Option<Came> {
    let Armed { key, element, trigger } = armed;
    disarm_one(step, armed);
    step.emit(Event::TriggerCollected { key, element, trigger, variables: came.variables });
    let kind = &step.program.element(element).kind;
    let listening = step.instance.listening.as_ref()?;
    let collected = listening.collected.iter().find(|c| c.key == key && c.element == element)?;
    let wanted = (0..positions(kind)).filter(|n| super::listened(kind, *n).is_some());
    if !wanted.into_iter().all(|n| collected.triggers.contains(&n)) {
        return None;
    }
    let variables = model::Object::clone(&collected.variables);
    step.emit(Event::TriggersMet { key, element });
    Some(Came { trigger, variables })
}

/// After all triggers came to an event that stays armed, it waits for all of them anew.
fn rearm_all(step: &mut Step, armed: Armed) {
    let kind = &step.program.element(armed.element).kind;
    if !waits_for_all(kind) || !super::stays_armed(kind) || step.instance.element(armed.key).is_none() {
        return;
    }
    if let Err(trouble) = arm(step, armed.key, armed.element) {
        step.raise_incident(armed.key, Phase::Listening, trouble, None);
    }
}

/// Whether the trigger at `position` is a timer.
pub(crate) fn is_timer(kind: &ElementKind, position: u32) -> bool {
    matches!(triggers_of(kind).get(position as usize), Some(Trigger::Timer(_)))
}
