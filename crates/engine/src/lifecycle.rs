//! The life of an element instance (BPMN TK-8): activating → active → completing → mapping → leaving.
//!
//! Invariant: every phase either goes on, waits, or stops with an incident that resumes at the same phase; nothing is
//! done twice by a retry. Never: knows what a particular element does (that is `elements`).

use crate::canceling;
use crate::compensation;
use crate::data;
use crate::elements::{self, ad_hoc};
use crate::event::Event;
use crate::repetition;
use crate::stages;
use crate::state::Phase;
use crate::step::{Next, Step, Trouble};
use crate::triggers::Came;
use crate::{triggers, variables};
use model::Object;
use model::definition::{ElementIdx, ElementKind};
use model::error::codes;

/// A token enters an element. `data` (of a trigger) becomes local variables (BPMN BD-4).
pub(crate) fn enter(step: &mut Step, element: ElementIdx, scope: u32, data: Object) {
    let key = step.instance.next_key;
    step.emit(Event::ElementActivated { key, element, scope });
    if !data.is_empty() {
        step.emit(Event::VariablesSet { scope: key, values: data, by: None });
    }
    begin(step, key);
}

/// A token enters an event that triggered: what came waits as the result of its run (BPMN BD-4).
pub(crate) fn enter_triggered(step: &mut Step, element: ElementIdx, scope: u32, came: Came) {
    let key = step.instance.next_key;
    step.emit(Event::ElementActivated { key, element, scope });
    let Came { trigger, variables } = came;
    step.emit(Event::Triggered { key, element, trigger, variables });
    begin(step, key);
}

/// A scope begins: its event sub-processes are armed before anything in it moves (BPMN ES-1).
pub(crate) fn open_scope(step: &mut Step, key: u32) -> Result<(), Trouble> {
    triggers::arm_event_sub_processes(step, key)
}

/// A run that exists begins.
pub(crate) fn begin(step: &mut Step, key: u32) {
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
    let may_repeat = step.element(key).traits.is_some();
    let is_body = |step: &Step| may_repeat && step.is_body(key);
    let mut at = Some(phase);
    while let Some(phase) = at {
        if phase == Phase::Completing {
            // What it listened to was armed for its active phase only (BPMN BD-1).
            triggers::disarm(step, key);
        }
        let done = match phase {
            Phase::Activating => prepare(step, key),
            Phase::Active if is_body(step) => repetition::activate(step, key),
            Phase::Active => elements::activate(step, key),
            Phase::Completing if is_body(step) => repetition::complete(step, key),
            Phase::Completing => elements::complete(step, key),
            Phase::Mapping if is_body(step) => Ok(Next::Go),
            Phase::Mapping => variables::map_outputs(step, key),
            Phase::Leaving => leave(step, key),
            Phase::Listening => Ok(Next::Wait),
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
        Phase::Leaving | Phase::Listening => None,
    }
}

/// What stands before the work: stages of an element with traits, or only what every element has.
fn prepare(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    let element = step.element(key);
    let listened = matches!(&element.kind, ElementKind::UserTask(task) if !task.listeners.is_empty());
    if element.traits.is_some() || listened {
        return stages::before(step, key);
    }
    prepare_plain(step, key)
}

/// Data and input mapping, per turn (BPMN MI-8); then the boundary events, of the whole (BPMN BD-1).
pub(crate) fn prepare_plain(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    if !step.is_body(key) {
        data::prepare(step, key)?;
        variables::map_inputs(step, key)?;
    }
    triggers::arm_boundaries(step, key)?;
    Ok(Next::Go)
}

/// Chooses the flows, ends the run, sends the tokens on.
fn leave(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    if step.element(key).traits.is_some() {
        match stages::after(step, key)? {
            Next::Go => {}
            waits => return Ok(waits),
        }
    }
    if key == 0 {
        release(step, key);
        step.emit(Event::InstanceCompleted);
        return Ok(Next::Gone);
    }
    if step.is_turn(key) {
        return repetition::leave_turn(step, key);
    }
    let handler = step.instance.activities.is_handler(key);
    let flows = if handler { elements::Flows::new() } else { elements::outgoing(step, key)? };
    let (element, scope) = (step.run(key).element, step.run(key).scope);
    if flows.is_empty()
        && let Some(output) = ad_hoc::output(step, key)?
    {
        step.emit(Event::AdHocOutput { key: scope, output });
    }
    release(step, key);
    compensation::record(step, key);
    step.emit(Event::ElementCompleted { key, element });
    if handler {
        compensation::handler_left(step, key);
        return Ok(Next::Gone);
    }
    let copies = step.program.element(element).traits.as_ref().map_or(1, |t| t.completion_quantity.max(1));
    for flow in &flows {
        (0..copies).for_each(|_| step.take_flow(*flow, scope));
    }
    if ad_hoc::of(step, scope).is_some() {
        ad_hoc::inner_left(step, scope, element);
    } else if flows.is_empty() {
        complete_if_empty(step, scope);
    }
    Ok(Next::Gone)
}

/// A scope completes when it has no token and no active child (BPMN TK-7).
pub(crate) fn complete_if_empty(step: &mut Step, scope: u32) {
    if ad_hoc::of(step, scope).is_some() {
        return ad_hoc::maybe_complete(step, scope);
    }
    if scope == 0 && canceling::tells(&step.instance, 0) {
        return canceling::go_on(step);
    }
    let has_child = step.run(scope).children > 0;
    let waits = step.instance.waiting.iter().any(|w| w.scope == scope);
    if !has_child && !waits && !step.tokens_move_in(scope) {
        run_from(step, scope, Phase::Completing);
    }
}

/// Cuts off a run and everything below it, innermost first.
pub(crate) fn terminate(step: &mut Step, key: u32) {
    let (told, scope) = (canceling::inside(step, key), step.run(key).scope);
    cut_off(step, key);
    canceling::tell(step, scope, told);
}

fn cut_off(step: &mut Step, key: u32) {
    cut_off_inside(step, key);
    release(step, key);
    let element = step.run(key).element;
    step.emit(Event::ElementTerminated { key, element });
}

/// Cuts off everything inside a scope that stays, its tokens included.
pub(crate) fn terminate_children(step: &mut Step, scope: u32) {
    let told = canceling::inside(step, scope);
    cut_off_inside(step, scope);
    canceling::tell(step, step.run(scope).scope, told);
    drop_waiting(step, scope);
}

/// Drops the tokens that wait in a scope, and what its gateways remember.
pub(crate) fn drop_waiting(step: &mut Step, scope: u32) {
    let waits = step.instance.waiting.iter().any(|w| w.scope == scope);
    let resets = step.instance.listening().is_some_and(|l| l.resets.iter().any(|r| r.scope == scope));
    if waits || resets {
        step.emit(Event::TokensDropped { scope });
    }
}

fn cut_off_inside(step: &mut Step, scope: u32) {
    let inside = |e: &&crate::state::ElementInstance| e.key != 0 && e.scope == scope;
    let children: Vec<u32> = step.instance.elements.iter().rev().filter(inside).map(|e| e.key).collect();
    for child in children {
        cut_off(step, child);
    }
    step.drop_tokens(scope);
}

/// Cuts off everything, before the instance ends from outside or by an error.
pub(crate) fn terminate_all(step: &mut Step) {
    cut_off_inside(step, 0);
    release(step, 0);
}

/// Incidents on the run are over because it goes on or away.
pub(crate) fn clear_incidents(step: &mut Step, key: u32) {
    while let Some(incident) = step.instance.incidents.iter().find(|i| i.key == key).map(|i| i.id) {
        step.emit(Event::IncidentResolved { incident, key, retried: false, by: None });
    }
}

/// Takes back everything that hangs on a run: what it listens to, jobs, tasks, calls, incidents.
pub(crate) fn release(step: &mut Step, key: u32) {
    release_work(step, key);
    while let Some(name) = step.instance.activities.mutexes.iter().find(|m| m.key == key).map(|m| m.name.to_string()) {
        step.emit(Event::MutexReleased { key, name });
    }
    clear_incidents(step, key);
}

/// Takes back what its work hangs on.
pub(crate) fn release_work(step: &mut Step, key: u32) {
    triggers::disarm(step, key);
    while let Some(job) = step.instance.jobs.iter().find(|j| j.key == key).map(|j| j.id) {
        step.emit(Event::JobCanceled { job, key });
    }
    while let Some(task) = step.instance.tasks.iter().find(|t| t.key == key).map(|t| t.id) {
        step.emit(Event::UserTaskCanceled { task, key });
    }
    while let Some(child) = step.instance.called.iter().find(|c| c.key == key).map(|c| c.id) {
        step.emit(Event::ChildCanceled { child, key });
    }
}
