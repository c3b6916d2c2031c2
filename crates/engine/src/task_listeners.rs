//! Listeners of a user task after it was created (BPMN IN-5): of its completion, of a change, of its end from outside.
//!
//! They are called in order before what they are about is done. A listener's result may hold `denied` (true: a
//! completed task is asked anew, a change is not made), `deniedReason` and `corrections` (form values over those of the
//! last answer, members of a change). Never: closes a task itself.

use crate::command::Rejection;
use crate::decide;
use crate::event::{Event, LogLevel};
use crate::stages::{ASSIGNING, CANCELING, COMPLETING, UPDATING, offer_listener};
use crate::state::Phase;
use crate::step::{Next, Step};
use crate::{canceling, variables};
use model::definition::{ElementKind, Listener, ListenerEvent, UserTask};
use model::{Object, TaskId, UserId, Value};
use std::sync::Arc;

/// The listeners of one event, in order.
pub(crate) fn of(settings: &UserTask, on: ListenerEvent) -> impl Iterator<Item = &Listener> {
    settings.listeners.iter().filter(move |l| l.on == on)
}

fn settings<'s>(step: &Step<'s, '_>, key: u32) -> Option<&'s UserTask> {
    match &step.element(key).kind {
        ElementKind::UserTask(settings) => Some(settings),
        _ => None,
    }
}

/// The first stage of an event's listeners.
fn first_stage(on: ListenerEvent) -> u32 {
    match on {
        ListenerEvent::Assigning => ASSIGNING,
        ListenerEvent::Updating => UPDATING,
        ListenerEvent::Canceling => CANCELING,
        _ => COMPLETING,
    }
}

/// The listener that a stage of a task calls.
pub(crate) fn by_stage<'s>(step: &Step<'s, '_>, key: u32, stage: u32) -> Option<&'s Listener> {
    let on = match stage {
        CANCELING.. => ListenerEvent::Canceling,
        UPDATING.. => ListenerEvent::Updating,
        ASSIGNING.. => ListenerEvent::Assigning,
        _ => ListenerEvent::Completing,
    };
    of(settings(step, key)?, on).nth(stage.checked_sub(first_stage(on))? as usize)
}

/// How many listeners of the event were called since its first one.
fn called(step: &Step, key: u32, on: ListenerEvent) -> u32 {
    let first = first_stage(on);
    let stage = step.instance.activities.stages.iter().find(|s| s.key == key);
    stage.and_then(|s| s.passed.checked_sub(first)).filter(|n| *n < COMPLETING).unwrap_or(0)
}

/// Calls the next listener of a decided task; false when all were called.
pub(crate) fn hold(step: &mut Step, key: u32, settings: &UserTask) -> bool {
    if settings.listeners.is_empty() {
        return false;
    }
    if step.instance.activities.waiting_stage(key).is_some() {
        return true;
    }
    let number = called(step, key, ListenerEvent::Completing);
    call(step, key, ListenerEvent::Completing, number)
}

/// Calls a listener by its number; false when there are no more.
pub(crate) fn call(step: &mut Step, key: u32, on: ListenerEvent, number: u32) -> bool {
    let Some(listener) = settings(step, key).and_then(|s| of(s, on).nth(number as usize)) else { return false };
    match offer_listener(step, key, listener) {
        Ok(Next::Wait) => step.emit(Event::StageWaits { key, after: true, stage: first_stage(on) + number }),
        Ok(Next::Go | Next::Gone) => {}
        Err(trouble) => step.raise_incident(key, Phase::Active, trouble, None),
    }
    true
}

/// A change of a task that listeners may deny or correct: `assignees`, or `variables`.
pub(crate) struct Change {
    pub(crate) key: u32,
    pub(crate) task: TaskId,
    pub(crate) on: ListenerEvent,
    pub(crate) values: Object,
    pub(crate) by: Option<UserId>,
}

/// Asks the listeners of a change before it is made; false when there are none.
pub(crate) fn hold_change(step: &mut Step, change: Change) -> Result<bool, Rejection> {
    let Change { key, task, on, mut values, by } = change;
    if settings(step, key).is_none_or(|s| of(s, on).next().is_none()) {
        return Ok(false);
    }
    if step.instance.activities.waiting_stage(key).is_some() {
        return Err(Rejection::TaskNotOpen { task });
    }
    if let Some(by) = by {
        values.insert(Arc::from("by"), Value::text(by.to_string()));
    }
    step.emit(Event::ChangeHeld { key, change: values });
    Ok(call(step, key, on, 0))
}

/// The task is entered again, by a retry of an incident of its listeners; false when it is not open yet.
pub(crate) fn again(step: &mut Step, key: u32) -> bool {
    let Some(task) = step.instance.tasks.iter().find(|t| t.key == key).map(|t| t.id) else { return false };
    let held = step.run(key).result.as_ref().filter(|change| !change.is_empty());
    let on = held.map(|change| match change.contains_key("assignees") {
        true => ListenerEvent::Assigning,
        false => ListenerEvent::Updating,
    });
    match on {
        Some(on) => {
            let number = called(step, key, on);
            if !call(step, key, on, number) {
                make(step, key, task);
            }
        }
        None => decide::close_task(step, task, key),
    }
    true
}

/// A listener is done: it denies, corrects, or lets it go on.
pub(crate) fn done(step: &mut Step, key: u32, stage: u32, result: Object) -> Result<(), Rejection> {
    if stage >= CANCELING {
        step.emit(Event::StagePassed { key, after: true, stage });
        canceling::told(step, key);
        return Ok(());
    }
    let Some(task) = step.instance.tasks.iter().find(|t| t.key == key).map(|t| t.id) else { return Ok(()) };
    match stage {
        UPDATING.. => change_done(step, (key, task), (ListenerEvent::Updating, stage), result),
        ASSIGNING.. => change_done(step, (key, task), (ListenerEvent::Assigning, stage), result),
        _ => completion_done(step, (key, task), stage, result),
    }
}

fn denied(result: &Object) -> Option<String> {
    let denied = result.get("denied") == Some(&Value::Bool(true));
    denied.then(|| result.get("deniedReason").map(Value::to_text).unwrap_or_default())
}

fn completion_done(
    step: &mut Step,
    (key, task): (u32, TaskId),
    stage: u32,
    mut result: Object,
) -> Result<(), Rejection> {
    if let Some(reason) = denied(&result) {
        step.emit(Event::StagePassed { key, after: true, stage: COMPLETING - 1 });
        step.emit(Event::UserTaskReopened { task, key, reason });
        return Ok(());
    }
    if let Some(Value::Object(values)) = result.shift_remove("corrections") {
        variables::check_sizes(step, &values)?;
        step.emit(Event::UserTaskCorrected { task, key, values: Object::clone(&values) });
    }
    step.emit(Event::StagePassed { key, after: true, stage });
    decide::close_task(step, task, key);
    Ok(())
}

fn change_done(
    step: &mut Step,
    (key, task): (u32, TaskId),
    (on, stage): (ListenerEvent, u32),
    mut result: Object,
) -> Result<(), Rejection> {
    if let Some(reason) = denied(&result) {
        let text = format!("a listener denied the change of the task: {reason}");
        let element = Some(step.run(key).element);
        step.emit(Event::Logged { key: Some(key), element, text, level: LogLevel::Info, by: None });
        close_change(step, key);
        return Ok(());
    }
    if let Some(Value::Object(values)) = result.shift_remove("corrections") {
        variables::check_sizes(step, &values)?;
        let mut change = step.run(key).result.as_deref().cloned().unwrap_or_default();
        change.extend(values.iter().map(|(k, v)| (k.clone(), v.clone())));
        step.emit(Event::ChangeHeld { key, change });
    }
    step.emit(Event::StagePassed { key, after: true, stage });
    let number = called(step, key, on);
    if !call(step, key, on, number) {
        make(step, key, task);
    }
    Ok(())
}

/// Nothing is held any more; the next change calls all listeners.
fn close_change(step: &mut Step, key: u32) {
    step.emit(Event::ChangeHeld { key, change: Object::new() });
    step.emit(Event::StagePassed { key, after: true, stage: COMPLETING - 1 });
}

/// All listeners let the change pass: it is made.
fn make(step: &mut Step, key: u32, task: TaskId) {
    let change = step.run(key).result.as_deref().cloned().unwrap_or_default();
    let by = change.get("by").and_then(Value::as_str).and_then(|by| by.parse().ok());
    close_change(step, key);
    if let Some(assignees) = change.get("assignees") {
        let assignees = crate::elements::user_task::people(assignees);
        step.emit(Event::UserTaskReassigned { task, key, assignees, by });
        decide::close_task(step, task, key);
    }
    if let Some(Value::Object(values)) = change.get("variables") {
        let element = Some(step.run(key).element);
        if let Err(too_large) = variables::set_local(step, key, Object::clone(values), by) {
            let text = format!("the change was not made: {}", Rejection::from(too_large));
            step.emit(Event::Logged { key: Some(key), element, text, level: LogLevel::Warning, by: None });
        }
    }
}

/// The task is taken back while a listener is asked.
pub(crate) fn forget(step: &mut Step, key: u32) {
    if step.instance.activities.waiting_stage(key).is_none() {
        return;
    }
    while let Some(job) = step.instance.jobs.iter().find(|j| j.key == key).map(|j| j.id) {
        step.emit(Event::JobCanceled { job, key });
    }
    close_change(step, key);
}
