//! What must hold between events. Checked after every step in tests and simulation; cheap enough to be checked before a
//! snapshot is written.

use crate::apply::object_bytes;
use crate::state::{ElementInstance, Instance, InstanceState};

/// Says what is broken. Users' mistakes never break an invariant; only our bugs do (quarantine, rule 2).
pub fn check_invariants(instance: &Instance) -> Result<(), String> {
    let root = instance.elements.first().ok_or("the process itself is missing")?;
    ensure(root.key == 0 && root.scope == 0, "the first element instance is the process")?;
    for pair in instance.elements.windows(2) {
        ensure(pair[0].key < pair[1].key, "keys grow")?;
    }
    ensure(instance.elements.iter().all(|e| e.key < instance.next_key), "keys are below the next one")?;
    let mut children = vec![0_u32; instance.elements.len()];
    for element in &instance.elements {
        let scope = instance.index(element.scope).ok_or("broken: every scope is active")?;
        ensure(element.key == 0 || is_inside(instance, element), "every element instance lies in the process")?;
        if element.key != 0 {
            children[scope] += 1;
        }
    }
    let counted = instance.elements.iter().map(|e| e.children).eq(children);
    ensure(counted, "children are counted")?;
    for waiting in &instance.waiting {
        ensure(waiting.count > 0 && instance.index(waiting.scope).is_some(), "tokens wait in an active scope")?;
    }
    let owners = (instance.jobs.iter().map(|j| j.key))
        .chain(instance.tasks.iter().map(|t| t.key))
        .chain(instance.timers.iter().map(|t| t.key))
        .chain(instance.incidents.iter().map(|i| i.key));
    for key in owners {
        ensure(instance.index(key).is_some(), "jobs, tasks, timers and incidents belong to active elements")?;
    }
    check_activities(instance)?;
    let bytes: usize = instance.elements.iter().map(|e| object_bytes(&e.variables)).sum();
    ensure(bytes == instance.bytes, "bytes of variables are counted")?;
    if instance.state != InstanceState::Active {
        ensure(instance.elements.len() == 1, "an ended instance has no active element")?;
        ensure(instance.waiting.is_empty() && instance.incidents.is_empty(), "an ended instance waits for nothing")?;
    }
    Ok(())
}

/// A scope is older than what it contains, unless a migration put it around (BPMN MG-4).
fn is_inside(instance: &Instance, element: &ElementInstance) -> bool {
    if element.scope < element.key {
        return true;
    }
    let mut at = Some(element);
    for _ in 0..instance.elements.len() {
        match at {
            Some(run) if run.key == 0 => return true,
            Some(run) => at = instance.element(run.scope),
            None => return false,
        }
    }
    false
}

/// What activities remember hangs on active runs; records on an active scope or another record.
fn check_activities(instance: &Instance) -> Result<(), String> {
    let activities = &instance.activities;
    let active = |key: u32| instance.index(key).is_some();
    for body in &activities.bodies {
        ensure(active(body.key), "the body of turns is active")?;
        for (turn, _) in &body.turns {
            let inside = instance.element(*turn).is_some_and(|t| t.scope == body.key);
            ensure(inside, "turns run inside their body")?;
        }
        let begun = body.turns.len() as u32 + body.completed + body.terminated;
        ensure(begun == body.started, "every turn that began runs or has ended")?;
    }
    let owners = (activities.ad_hocs.iter().map(|a| a.key))
        .chain(activities.stages.iter().map(|s| s.key))
        .chain(activities.mutexes.iter().map(|m| m.key))
        .chain(instance.called.iter().map(|c| c.key))
        .chain(activities.compensations.iter().map(|c| c.scope));
    for key in owners {
        ensure(active(key), "choices, stages, mutexes, calls and compensations belong to active elements")?;
    }
    for record in &activities.records {
        let kept = active(record.scope) || activities.record(record.scope).is_some();
        ensure(kept, "a compensation record lies in an active scope or in a record")?;
    }
    Ok(())
}

fn ensure(holds: bool, invariant: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("broken: {invariant}")) }
}
