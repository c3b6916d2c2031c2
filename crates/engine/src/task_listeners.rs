//! Listeners of a user task's completion (BPMN IN-5): called in order when the answers decide the task, before it is
//! closed.
//!
//! A listener's result may hold `denied` (true: the task is asked anew), `deniedReason` and `corrections` (form values
//! over those of the last answer). Never: closes a task itself.

use crate::command::Rejection;
use crate::decide;
use crate::event::Event;
use crate::stages::{COMPLETING, offer_listener};
use crate::state::Phase;
use crate::step::{Next, Step};
use crate::variables;
use model::definition::{Listener, ListenerEvent, UserTask};
use model::{Object, Value};

fn completing(settings: &UserTask) -> Vec<&Listener> {
    settings.listeners.iter().filter(|l| l.on == ListenerEvent::Completing).collect()
}

/// Calls the next listener of a decided task; false when all were called.
pub(crate) fn hold(step: &mut Step, key: u32, settings: &UserTask) -> bool {
    let listeners = completing(settings);
    if listeners.is_empty() {
        return false;
    }
    let called = step.instance.activities.stages.iter().find(|s| s.key == key).filter(|s| s.passed >= COMPLETING);
    let number = called.map_or(0, |s| s.passed - COMPLETING);
    let Some(listener) = listeners.get(number as usize) else { return false };
    match offer_listener(step, key, listener) {
        Ok(Next::Wait) => step.emit(Event::StageWaits { key, after: true, stage: COMPLETING + number }),
        Ok(Next::Go | Next::Gone) => {}
        Err(trouble) => step.raise_incident(key, Phase::Active, trouble, None),
    }
    true
}

/// A listener is done: it denies, corrects, or lets it go on.
pub(crate) fn done(step: &mut Step, key: u32, stage: u32, mut result: Object) -> Result<(), Rejection> {
    let Some(task) = step.instance.tasks.iter().find(|t| t.key == key).map(|t| t.id) else { return Ok(()) };
    if result.get("denied") == Some(&Value::Bool(true)) {
        let reason = result.get("deniedReason").map(Value::to_text).unwrap_or_default();
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

/// The task is taken back while a listener is asked.
pub(crate) fn forget(step: &mut Step, key: u32) {
    if step.instance.activities.waiting_stage(key).is_none() {
        return;
    }
    while let Some(job) = step.instance.jobs.iter().find(|j| j.key == key).map(|j| j.id) {
        step.emit(Event::JobCanceled { job, key });
    }
    step.emit(Event::StagePassed { key, after: true, stage: COMPLETING - 1 });
}
