//! The life of an element instance (BPMN TK-8): activating → active → completing → mapping → leaving.
//!
//! Invariant: every phase either goes on, waits, or stops with an incident that resumes at the same phase; nothing is
//! done twice by a retry. Never: knows what a particular element does (that is `elements`).

use crate::elements;
use crate::event::Event;
use crate::state::Phase;
use crate::step::{Next, Step, Trouble};
use crate::{timers, variables};
use model::Object;
use model::definition::{ElementIdx, ElementKind, Trigger};
use model::error::codes;

/// A token enters an element. `data` (of a trigger) becomes local variables (BPMN BD-4).
pub(crate) fn enter(step: &mut Step, element: ElementIdx, scope: u32, data: Object) {
    let key = step.instance.next_key;
    step.emit(Event::ElementActivated { key, element, scope });
    if !data.is_empty() {
        step.emit(Event::VariablesSet { scope: key, values: data, by: None });
    }
    if step.within_budget() {
        run_from(step, key, Phase::Activating);
    } else {
        let limit = step.env.limits.step_node_entries;
        let message = format!("the step passed {limit} elements without waiting: a loop without a wait?");
        step.raise_incident(key, Phase::Activating, Trouble::new(&codes::STEP_BUDGET, message), None);
    }
}

/// Runs `key` from `phase` until it waits, ends or fails.
pub(crate) fn run_from(step: &mut Step, key: u32, phase: Phase) {
    let mut at = Some(phase);
    while let Some(phase) = at {
        let done = match phase {
            Phase::Activating => prepare(step, key),
            Phase::Active => elements::activate(step, key),
            Phase::Completing => elements::complete(step, key),
            Phase::Mapping => variables::map_outputs(step, key),
            Phase::Leaving => leave(step, key),
        };
        at = match done {
            Ok(Next::Go) => following(phase),
            Ok(Next::Wait | Next::Gone) => None,
            Err(trouble) => {
                step.raise_incident(key, phase, trouble, None);
                None
            }
        };
    }
}

fn following(phase: Phase) -> Option<Phase> {
    match phase {
        Phase::Activating => Some(Phase::Active),
        Phase::Active => Some(Phase::Completing),
        Phase::Completing => Some(Phase::Mapping),
        Phase::Mapping => Some(Phase::Leaving),
        Phase::Leaving => None,
    }
}

/// Input mapping, then the boundary events' timers (BPMN BD-1).
fn prepare(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    variables::map_inputs(step, key)?;
    for boundary in &step.element(key).boundaries {
        let ElementKind::BoundaryEvent(event) = &step.program.element(*boundary).kind else { continue };
        let Some(Trigger::Timer(timer)) = event.triggers.first() else { continue };
        let armed = step.instance.timers.iter().any(|t| t.key == key && t.element == *boundary);
        if !armed {
            let repeats = !event.interrupting;
            timers::arm(step, key, *boundary, timer, repeats)?;
        }
    }
    Ok(Next::Go)
}

/// Chooses the flows, ends the run, sends the tokens on.
fn leave(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    if key == 0 {
        release(step, key);
        step.emit(Event::InstanceCompleted);
        return Ok(Next::Gone);
    }
    let flows = elements::outgoing(step, key)?;
    let (element, scope) = (step.run(key).element, step.run(key).scope);
    release(step, key);
    step.emit(Event::ElementCompleted { key, element });
    for flow in &flows {
        step.take_flow(*flow, scope);
    }
    if flows.is_empty() {
        complete_if_empty(step, scope);
    }
    Ok(Next::Gone)
}

/// A scope completes when it has no token and no active child (BPMN TK-7).
pub(crate) fn complete_if_empty(step: &mut Step, scope: u32) {
    let has_child = step.run(scope).children > 0;
    let waits = step.instance.waiting.iter().any(|w| w.scope == scope);
    if !has_child && !waits && !step.tokens_move_in(scope) {
        run_from(step, scope, Phase::Completing);
    }
}

/// Cuts off a run and everything below it, innermost first.
pub(crate) fn terminate(step: &mut Step, key: u32) {
    terminate_children(step, key);
    release(step, key);
    let element = step.run(key).element;
    step.emit(Event::ElementTerminated { key, element });
}

/// Cuts off everything inside a scope, its tokens included.
pub(crate) fn terminate_children(step: &mut Step, scope: u32) {
    let inside = |e: &&crate::state::ElementInstance| e.key != 0 && e.scope == scope;
    let children: Vec<u32> = step.instance.elements.iter().rev().filter(inside).map(|e| e.key).collect();
    for child in children {
        terminate(step, child);
    }
    step.drop_tokens(scope);
}

/// Cuts off everything, before the instance ends from outside or by an error.
pub(crate) fn terminate_all(step: &mut Step) {
    terminate_children(step, 0);
    release(step, 0);
}

/// Takes back everything that hangs on a run: timers, jobs, tasks, incidents.
fn release(step: &mut Step, key: u32) {
    while let Some(timer) = step.instance.timers.iter().find(|t| t.key == key).map(|t| t.id) {
        step.emit(Event::TimerCanceled { timer, key });
    }
    while let Some(job) = step.instance.jobs.iter().find(|j| j.key == key).map(|j| j.id) {
        step.emit(Event::JobCanceled { job, key });
    }
    while let Some(task) = step.instance.tasks.iter().find(|t| t.key == key).map(|t| t.id) {
        step.emit(Event::UserTaskCanceled { task, key });
    }
    while let Some(incident) = step.instance.incidents.iter().find(|i| i.key == key).map(|i| i.id) {
        step.emit(Event::IncidentResolved { incident, key, retried: false, by: None });
    }
}
