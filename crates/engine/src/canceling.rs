//! What is told of an end from outside (BPMN IN-5): `canceling` listeners of user tasks that are cut off, and `cancel`
//! listeners of the process.
//!
//! A task that is cut off is gone at once (BPMN BD-2); its listeners are called by a run that takes its place in the
//! scope around what was cut off, which waits for them. They can not deny it. A process that is cancelled cuts
//! everything off, waits for its tasks' listeners and its own, and ends; cancelled once more it ends at once. One that
//! ends by an error that nothing caught waits for its tasks' listeners, then fails by that error. Never: changes how an
//! instance ends.

use crate::errors::BusinessError;
use crate::event::{Event, LogLevel};
use crate::stages::{CANCELING, offer_listener};
use crate::state::Instance;
use crate::step::{Next, Step};
use crate::{lifecycle, modification, task_listeners};
use model::definition::{ElementIdx, ElementKind, Listener, ListenerEvent};
use model::{Object, UserId, Value};
use std::sync::Arc;

/// A user task that is about to be cut off and whose listeners want to know.
pub(crate) struct CutOff {
    element: ElementIdx,
    variables: Object,
    /// How many of its listeners were told.
    told: u32,
}

/// Those inside the run `key`, itself included; also those that were cut off before and are still telling.
pub(crate) fn inside(step: &Step, key: u32) -> Vec<CutOff> {
    let tasks = step.instance.tasks.iter().map(|t| (t.key, 0));
    let telling = step.instance.activities.stages.iter().filter(|s| s.key != key && s.key != 0);
    let telling = telling.filter_map(|s| Some((s.key, passed(&step.instance, s.key)?)));
    let wanted = tasks.chain(telling).filter(|(run, told)| asks(step, *run, *told) && lies_in(step, *run, key));
    let cut_off = |(run, told)| CutOff { element: step.run(run).element, variables: locals(step, run, key), told };
    wanted.map(cut_off).collect()
}

/// Whether a listener of the task is left after `told` of them.
fn asks(step: &Step, run: u32, told: u32) -> bool {
    match &step.element(run).kind {
        ElementKind::UserTask(task) => task_listeners::of(task, ListenerEvent::Canceling).nth(told as usize).is_some(),
        _ => false,
    }
}

fn lies_in(step: &Step, run: u32, scope: u32) -> bool {
    let mut at = run;
    while at != scope && at != 0 {
        at = step.run(at).scope;
    }
    at == scope
}

/// What is lost with the runs that go: variables from the task outwards up to `outermost`.
fn locals(step: &Step, key: u32, outermost: u32) -> Object {
    let mut all = Object::new();
    let mut at = key;
    while at != 0 {
        for (name, value) in step.run(at).variables.iter() {
            all.entry(name.clone()).or_insert_with(|| value.clone());
        }
        if at == outermost {
            break;
        }
        at = step.run(at).scope;
    }
    all
}

/// Calls the listeners of tasks that were cut off, in the scope that goes on.
pub(crate) fn tell(step: &mut Step, scope: u32, cut_off: Vec<CutOff>) {
    let mut scope = scope;
    while scope != 0 && step.is_body(scope) {
        scope = step.run(scope).scope;
    }
    for CutOff { element, variables, told } in cut_off {
        let key = step.instance.next_key;
        step.emit(Event::ElementActivated { key, element, scope });
        if !variables.is_empty() {
            step.emit(Event::VariablesSet { scope: key, values: variables, by: None });
        }
        step.emit(Event::StagePassed { key, after: true, stage: CANCELING + told - 1 });
        task_listeners::call(step, key, ListenerEvent::Canceling, told);
    }
}

/// Whether the run tells of a task that was cut off, or of the process.
pub(crate) fn tells(instance: &Instance, key: u32) -> bool {
    passed(instance, key).is_some()
}

fn passed(instance: &Instance, key: u32) -> Option<u32> {
    let stage = instance.activities.stages.iter().find(|s| s.key == key)?;
    stage.passed.checked_sub(CANCELING).filter(|n| *n < 1_000)
}

/// A listener is done: the next one, or the end.
pub(crate) fn told(step: &mut Step, key: u32) {
    if key == 0 {
        return go_on(step);
    }
    let number = passed(&step.instance, key).unwrap_or(0);
    if !task_listeners::call(step, key, ListenerEvent::Canceling, number) {
        modification::cut_off(step, key);
    }
}

/// The listener that waits or failed is passed over.
pub(crate) fn skip(step: &mut Step, key: u32) {
    let stage = CANCELING + passed(&step.instance, key).unwrap_or(0);
    lifecycle::release_work(step, key);
    lifecycle::clear_incidents(step, key);
    step.emit(Event::StagePassed { key, after: true, stage });
    told(step, key);
}

/// The command "cancel".
pub(crate) fn cancel(step: &mut Step, reason: String, by: Option<UserId>) {
    if tells(&step.instance, 0) {
        return end(step, reason, by);
    }
    let cut_off = inside(step, 0);
    lifecycle::terminate_all(step);
    if cut_off.is_empty() && listener(step, 0).is_none() {
        return step.emit(Event::InstanceCanceled { reason, by });
    }
    let mut change = Object::from_iter([(Arc::from("reason"), Value::text(reason))]);
    if let Some(by) = by {
        change.insert(Arc::from("by"), Value::text(by.to_string()));
    }
    hold(step, change, cut_off);
}

/// An error that nothing caught ends the instance. An error of a listener that is told of such an end ends it at once.
pub(crate) fn fail(step: &mut Step, error: BusinessError) {
    let cut_off = if tells(&step.instance, 0) { Vec::new() } else { inside(step, 0) };
    lifecycle::terminate_all(step);
    let BusinessError { code, message, data } = error;
    if cut_off.is_empty() {
        return step.emit(Event::InstanceFailed { code, message, variables: data });
    }
    let data = Value::Object(Arc::new(data));
    let facts = [("code", Value::text(code)), ("message", Value::text(message)), ("data", data)];
    let change = Object::from_iter([(Arc::from("error"), Value::object(facts))]);
    hold(step, change, cut_off);
}

/// Everything is cut off; the end waits for those who are told of it.
fn hold(step: &mut Step, end: Object, cut_off: Vec<CutOff>) {
    lifecycle::drop_waiting(step, 0);
    step.emit(Event::ChangeHeld { key: 0, change: end });
    step.emit(Event::StagePassed { key: 0, after: true, stage: CANCELING - 1 });
    tell(step, 0, cut_off);
    go_on(step);
}

/// The error by which the instance is about to end.
fn held_error(step: &Step) -> Option<BusinessError> {
    let Some(Value::Object(error)) = step.run(0).result.as_ref()?.get("error") else { return None };
    let text = |name: &str| error.get(name).map(Value::to_text).unwrap_or_default();
    let data = error.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
    Some(BusinessError { code: text("code"), message: text("message"), data })
}

/// A `cancel` listener of the process.
pub(crate) fn listener<'s>(step: &Step<'s, '_>, number: u32) -> Option<&'s Listener> {
    let mut cancel = step.element(0).listeners().iter().filter(|l| l.on == ListenerEvent::Cancel);
    cancel.nth(number as usize)
}

/// The tasks' listeners first, then the process's, then the end.
pub(crate) fn go_on(step: &mut Step) {
    loop {
        if step.run(0).children > 0 || step.instance.activities.waiting_stage(0).is_some() {
            return;
        }
        if let Some(error) = held_error(step) {
            return fail(step, error);
        }
        let number = passed(&step.instance, 0).unwrap_or(0);
        let Some(listener) = listener(step, number) else { break };
        let stage = CANCELING + number;
        match offer_listener(step, 0, listener) {
            Ok(Next::Wait) => step.emit(Event::StageWaits { key: 0, after: true, stage }),
            Ok(Next::Go | Next::Gone) => step.emit(Event::StagePassed { key: 0, after: true, stage }),
            Err(trouble) => {
                let text = format!("a listener of the cancellation is passed over: {}", trouble.message);
                step.emit(Event::Logged { key: None, element: None, text, level: LogLevel::Warning, by: None });
                step.emit(Event::StagePassed { key: 0, after: true, stage });
            }
        }
    }
    let held = step.run(0).result.clone().unwrap_or_default();
    let reason = held.get("reason").map(Value::to_text).unwrap_or_default();
    let by = held.get("by").and_then(Value::as_str).and_then(|by| by.parse().ok());
    end(step, reason, by);
}

fn end(step: &mut Step, reason: String, by: Option<UserId>) {
    lifecycle::terminate_all(step);
    step.emit(Event::InstanceCanceled { reason, by });
}
