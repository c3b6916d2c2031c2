//! `apply` for events about activities: turns, compensation, ad-hoc choices, stages, mutexes, migration.
//!
//! Invariant: as [`crate::apply()`]: total; an event about something that is gone changes nothing.

use crate::activity_events::{CompensationRecorded, CompensationThrown, Migrated, TurnsPlanned};
use crate::event::Event;
use crate::state::{Activation, Body, Compensation, Instance, InstanceState, Mutex, Record, StageState, WaitingFlow};
use model::Value;
use model::definition::{ElementIdx, FlowIdx};
use std::sync::Arc;

pub(crate) fn apply_activity(instance: &mut Instance, event: &Event) {
    match event {
        Event::TurnsPlanned(planned) => turns_planned(instance, planned),
        Event::TurnStarted { key, turn, index } => {
            if let Some(body) = instance.activities.body_mut(*key) {
                body.started = index + 1;
                body.turns.push((*turn, *index));
            }
        }
        Event::TurnEnded { key, turn, output } => turn_ended(instance, *key, *turn, output),
        Event::TurnAdded { key, item, .. } => turn_added(instance, *key, item),
        Event::CompensationRecorded(recorded) => instance.activities.records.push(record(recorded)),
        Event::CompensationThrown(thrown) => compensation_thrown(instance, thrown),
        Event::CompensationStarted { key, record, handler, child, .. } => {
            if let Some(running) = compensation(instance, *key) {
                running.records.retain(|r| r != record);
                running.current = Some(*record);
                running.handler = *handler;
                running.child = *child;
            }
        }
        Event::CompensationDone { key, record } => {
            if let Some(running) = compensation(instance, *key) {
                (running.current, running.handler, running.child) = (None, None, None);
            }
            instance.activities.records.retain(|r| r.key != *record);
            instance.activities.forget_inside(*record);
        }
        Event::CompensationEnded { key } => instance.activities.compensations.retain(|c| c.key != *key),
        Event::CompensationRequested => {
            instance.state = InstanceState::Active;
            instance.activities.compensating = true;
        }
        Event::AdHocQueued { key, element, variables } => {
            let queued = Activation { element: *element, variables: variables.clone() };
            instance.activities.ad_hoc_mut(*key).queue.push(queued);
        }
        Event::AdHocTaken { key } => {
            let queue = &mut instance.activities.ad_hoc_mut(*key).queue;
            if !queue.is_empty() {
                queue.remove(0);
            }
        }
        Event::AdHocOutput { key, output } => instance.activities.ad_hoc_mut(*key).outputs.push(output.clone()),
        Event::AdHocClosing { key, completed } => {
            let run = instance.activities.ad_hoc_mut(*key);
            run.closing = true;
            run.completed |= completed;
            run.queue.clear();
        }
        other => apply_rest(instance, other),
    }
}

fn apply_rest(instance: &mut Instance, event: &Event) {
    match event {
        Event::StageWaits { key, after, stage } => stage_at(instance, *key, *after, *stage, true),
        Event::StagePassed { key, after, stage } => stage_at(instance, *key, *after, stage + 1, false),
        Event::MutexRequested { key, name } => {
            instance.activities.mutexes.push(Mutex { key: *key, name: Arc::from(name.as_str()), granted: false });
        }
        Event::MutexGranted { key } => {
            if let Some(mutex) = instance.activities.mutexes.iter_mut().find(|m| m.key == *key) {
                mutex.granted = true;
            }
        }
        Event::MutexReleased { key, .. } => instance.activities.mutexes.retain(|m| m.key != *key),
        Event::InstanceSuspended { .. } => instance.activities.suspended = true,
        Event::InstanceResumed { .. } => instance.activities.suspended = false,
        Event::TokensTaken { scope, flows, .. } => tokens_taken(instance, *scope, flows),
        Event::UserTaskReopened { task, .. } => {
            if let Some(task) = instance.tasks.iter_mut().find(|t| t.id == *task) {
                task.answers.clear();
            }
        }
        Event::UserTaskCorrected { task, values, .. } => {
            let task = instance.tasks.iter_mut().find(|t| t.id == *task);
            if let Some(answer) = task.and_then(|t| t.answers.last_mut()) {
                Arc::make_mut(&mut answer.values).extend(values.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
        }
        Event::RunMoved { key, scope } => run_moved(instance, *key, *scope),
        Event::InstanceMigrated(migrated) => migrate(instance, migrated),
        _ => {}
    }
}

fn turns_planned(instance: &mut Instance, planned: &TurnsPlanned) {
    let items = planned.items.clone();
    let body = Body { key: planned.key, total: planned.total, items, ..Body::default() };
    instance.activities.bodies.push(body);
}

fn turn_ended(instance: &mut Instance, key: u32, turn: u32, output: &Value) {
    let Some(body) = instance.activities.body_mut(key) else { return };
    let Ok(at) = body.turns.binary_search_by_key(&turn, |t| t.0) else { return };
    let (_, index) = body.turns.remove(at);
    body.completed += 1;
    if !output.is_null() {
        let slot = index as usize;
        if body.outputs.len() <= slot {
            body.outputs.resize(slot + 1, Value::Null);
        }
        body.outputs[slot] = output.clone();
    }
}

fn turn_added(instance: &mut Instance, key: u32, item: &Value) {
    let Some(body) = instance.activities.body_mut(key) else { return };
    body.total += 1;
    if let Value::List(items) = &mut body.items {
        Arc::make_mut(items).push(item.clone());
    }
}

fn record(recorded: &CompensationRecorded) -> Record {
    Record {
        key: recorded.key,
        element: recorded.element,
        scope: recorded.scope,
        body: recorded.body,
        taken: false,
        child: recorded.child,
        variables: Arc::new(recorded.variables.clone()),
    }
}

fn compensation(instance: &mut Instance, key: u32) -> Option<&mut Compensation> {
    instance.activities.compensations.iter_mut().find(|c| c.key == key)
}

fn compensation_thrown(instance: &mut Instance, thrown: &CompensationThrown) {
    for record in &mut instance.activities.records {
        record.taken |= thrown.records.contains(&record.key);
    }
    instance.activities.compensations.push(Compensation {
        key: thrown.key,
        scope: thrown.scope,
        then: thrown.then,
        records: thrown.records.clone(),
        ..Compensation::default()
    });
}

fn stage_at(instance: &mut Instance, key: u32, after: bool, passed: u32, waits: bool) {
    let stages = &mut instance.activities.stages;
    match stages.iter_mut().find(|s| s.key == key) {
        Some(stage) => *stage = StageState { key, after, passed, waits },
        None => stages.push(StageState { key, after, passed, waits }),
    }
}

fn tokens_taken(instance: &mut Instance, scope: u32, flows: &[FlowIdx]) {
    for flow in flows {
        let here = |w: &&mut WaitingFlow| w.scope == scope && w.flow == *flow;
        if let Some(waiting) = instance.waiting.iter_mut().find(here) {
            waiting.count = waiting.count.saturating_sub(1);
        }
    }
    instance.waiting.retain(|w| w.count > 0);
}

fn run_moved(instance: &mut Instance, key: u32, scope: u32) {
    if key == 0 || key == scope || instance.element(scope).is_none() {
        return;
    }
    let Some(run) = instance.element_mut(key) else { return };
    let before = std::mem::replace(&mut run.scope, scope);
    if let Some(outer) = instance.element_mut(before) {
        outer.children = outer.children.saturating_sub(1);
    }
    if let Some(inner) = instance.element_mut(scope) {
        inner.children += 1;
    }
}

/// Everything that names an element or a flow names that of the new version.
fn migrate(instance: &mut Instance, migrated: &Migrated) {
    let new = |old: ElementIdx| migrated.elements.iter().find(|(o, _)| *o == old).map_or(old, |(_, n)| *n);
    instance.definition = migrated.definition;
    instance.elements.iter_mut().for_each(|e| e.element = new(e.element));
    instance.timers.iter_mut().for_each(|t| t.element = new(t.element));
    instance.subscriptions.iter_mut().for_each(|s| s.element = new(s.element));
    for run in &mut instance.activities.ad_hocs {
        run.queue.iter_mut().for_each(|a| a.element = new(a.element));
    }
    if let Some(listening) = &mut instance.listening {
        listening.watchers.iter_mut().for_each(|w| w.element = new(w.element));
        listening.collected.iter_mut().for_each(|c| c.element = new(c.element));
        listening.resets.iter_mut().for_each(|r| r.element = new(r.element));
    }
    let kept = |element: ElementIdx| migrated.elements.iter().any(|(old, _)| *old == element);
    instance.activities.records.retain(|r| kept(r.element));
    instance.activities.records.iter_mut().for_each(|r| r.element = new(r.element));
    for waiting in &mut instance.waiting {
        if let Some((_, flow)) = migrated.flows.iter().find(|(old, _)| FlowIdx(*old) == waiting.flow) {
            waiting.flow = FlowIdx(*flow);
        }
    }
}
