//! Conditional events: a condition is watched and fires when it becomes true (BPMN CN-1..5).
//!
//! Judged at the end of a step that changed what it reads, outer scopes first, then in file order. Each fires at most
//! once a step; one that an earlier one cut off does not. A condition that was armed in the step is judged too.

use super::{Armed, Came, Listened, fire, listened, stays_armed, waits_for_all};
use crate::event::{Event, LogLevel};
use crate::state::{Phase, Watcher};
use crate::step::{Step, Trouble};
use model::Value;
use model::definition::{Condition, ElementIdx, Expression, Language, VariableChange};
use model::error::codes;
use std::sync::Arc;

/// Evaluations in a row that may fail before an incident tells it (BPMN CN-4).
const FAILURES: u32 = 3;

/// What a step keeps for the conditions that are judged at its end.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Variables that were written: where, which, how.
    changed: Vec<(u32, Arc<str>, VariableChange)>,
    /// Conditions armed since they were last judged.
    fresh: Vec<(u32, ElementIdx, u32)>,
    /// Conditions that fired in this step.
    fired: Vec<(u32, ElementIdx, u32)>,
    /// Everything is judged.
    all: bool,
    /// What reads things outside the instance was judged in this step.
    judged: bool,
}

impl Watch {
    /// Takes notice of an event before it is applied.
    pub(crate) fn notice(&mut self, instance: &crate::Instance, event: &Event) {
        match event {
            Event::VariablesSet { scope, values, .. } if !instance.watchers().is_empty() => {
                let Some(run) = instance.element(*scope) else { return };
                let change = |name: &Arc<str>| {
                    let known = run.variables.contains_key(name);
                    if known { VariableChange::Update } else { VariableChange::Create }
                };
                self.changed.extend(values.keys().map(|name| (*scope, name.clone(), change(name))));
            }
            Event::ConditionArmed { key, element, trigger } => self.fresh.push((*key, *element, *trigger)),
            _ => {}
        }
    }

    /// Everything is judged at the end of the step.
    pub(crate) fn everything(&mut self) {
        self.all = true;
    }
}

/// Judges what may have changed. True when something fired.
pub(crate) fn check(step: &mut Step) -> bool {
    if step.instance.watchers().is_empty() {
        return false;
    }
    let due: Vec<Watcher> = in_order(step).into_iter().filter(|w| is_due(step, w)).collect();
    let watch = &mut step.watch;
    watch.changed.clear();
    watch.fresh.clear();
    watch.all = false;
    watch.judged = true;
    let mut fired = false;
    for watcher in due {
        fired |= judge(step, &watcher);
    }
    fired
}

/// Outer scopes first, then file order (BPMN CN-3).
fn in_order(step: &Step) -> Vec<Watcher> {
    let mut watchers = step.instance.watchers().to_vec();
    if watchers.len() > 1 {
        watchers.sort_by_cached_key(|w| (depth(step, w.key), w.element, w.key, w.trigger));
    }
    watchers
}

fn depth(step: &Step, key: u32) -> u32 {
    let (mut at, mut depth) = (key, 0);
    while at != 0 {
        at = step.run(at).scope;
        depth += 1;
    }
    depth
}

fn is_due(step: &Step, watcher: &Watcher) -> bool {
    let id = (watcher.key, watcher.element, watcher.trigger);
    let watch = &step.watch;
    if watch.fired.contains(&id) {
        return false;
    }
    let Some(condition) = condition_of(step, watcher) else { return false };
    if watch.all || watch.fresh.contains(&id) {
        return !is_pulse(step, condition);
    }
    let reads = reads(step, condition);
    // What comes from outside with every step may have changed too.
    if !watch.judged && reads.is_some_and(|r| r.iter().any(|name| matches!(&**name, "document" | "instance"))) {
        return true;
    }
    watch.changed.iter().any(|(scope, name, change)| {
        is_visible(step, watcher.key, *scope)
            && (condition.variables.is_empty() || condition.variables.iter().any(|v| **v == **name))
            && (condition.changes.is_empty() || condition.changes.contains(change))
            && reads
                .is_none_or(|r| r.is_empty() || r.contains(name) || condition.variables.iter().any(|v| **v == **name))
    })
}

/// The names it reads; when they are unknown, any change may matter.
fn reads<'s>(step: &Step<'s, '_>, condition: &Condition) -> Option<&'s [Arc<str>]> {
    match step.program.definition().expression(condition.condition) {
        Expression::Source { language: Language::Feel | Language::JavaScript, .. } => {
            step.program.expression(condition.condition).reads()
        }
        Expression::Source { language: Language::Bitrix | Language::BitrixCondition, .. } => None,
        Expression::Literal(_) => Some(&[]),
    }
}

/// A filter with a constant condition is no level: it fires at every change that passes the filter (BPMN CN-2).
fn is_pulse(step: &Step, condition: &Condition) -> bool {
    let filtered = !condition.variables.is_empty() || !condition.changes.is_empty();
    filtered && step.program.expression(condition.condition).is_constant()
}

/// Whether the variables of `scope` are seen from the run `key`.
fn is_visible(step: &Step, key: u32, scope: u32) -> bool {
    let mut at = key;
    loop {
        if at == scope {
            return true;
        }
        if at == 0 {
            return false;
        }
        at = step.run(at).scope;
    }
}

fn condition_of<'s>(step: &Step<'s, '_>, watcher: &Watcher) -> Option<&'s Condition> {
    match listened(&step.program.element(watcher.element).kind, watcher.trigger)? {
        Listened::Condition(condition) => Some(condition),
        Listened::Message(_) | Listened::Signal(_) | Listened::Timer(_) => None,
    }
}

/// Evaluates one; true when it fired.
fn judge(step: &mut Step, watcher: &Watcher) -> bool {
    let armed = Armed { key: watcher.key, element: watcher.element, trigger: watcher.trigger };
    let known = |w: &&Watcher| w.key == armed.key && w.element == armed.element && w.trigger == armed.trigger;
    let Some(before) = step.instance.watchers().iter().find(known).copied() else { return false };
    let Some(condition) = condition_of(step, &before) else { return false };
    let value = match step.evaluate(armed.key, condition.condition, None) {
        Ok(value) => value,
        Err(error) => {
            failed(step, &before, &error);
            return false;
        }
    };
    if before.failures >= FAILURES {
        told_and_over(step, armed.key);
    }
    let holds = value == Value::Bool(true);
    let Armed { key, element, trigger } = armed;
    let kind = &step.program.element(element).kind;
    let pulse = is_pulse(step, condition);
    if !holds || (before.holds && !pulse) {
        if holds != before.holds || before.failures > 0 {
            step.emit(Event::ConditionChecked { key, element, trigger, holds, failures: 0 });
        }
        return false;
    }
    step.watch.fired.push((key, element, trigger));
    if stays_armed(kind) && !waits_for_all(kind) && !pulse {
        step.emit(Event::ConditionChecked { key, element, trigger, holds, failures: 0 });
    }
    fire::fire(step, armed, Came { trigger, ..Came::default() });
    true
}

/// Counts as false; the third in a row is an incident (BPMN CN-4).
fn failed(step: &mut Step, before: &Watcher, error: &expr::EvalError) {
    let Watcher { key, element, trigger, failures, .. } = *before;
    let failures = failures.saturating_add(1);
    step.emit(Event::ConditionChecked { key, element, trigger, holds: false, failures });
    let what = format!("the condition of `{}`", step.program.element(element).id);
    let text = format!("{what}: {error}");
    step.emit(Event::Logged { key: Some(key), element: Some(element), text, level: LogLevel::Warning, by: None });
    if failures >= FAILURES && !step.instance.has_incident(key) {
        let trouble = Trouble::evaluation(&codes::CONDITION_FAILED, &what, error);
        step.raise_incident(key, Phase::Listening, trouble, None);
    }
}

/// The condition can be evaluated again: its incident is over.
fn told_and_over(step: &mut Step, key: u32) {
    let listening = |i: &&crate::state::Incident| i.key == key && i.listening;
    if let Some(incident) = step.instance.incidents.iter().find(listening).map(|i| i.id) {
        step.emit(Event::IncidentResolved { incident, key, retried: false, by: None });
    }
}

/// An incident is resolved: the conditions of the run are judged again at the end of the step.
pub(crate) fn forget_failures(step: &mut Step, key: u32) {
    let failed: Vec<Watcher> =
        step.instance.watchers().iter().filter(|w| w.key == key && w.failures > 0).copied().collect();
    for Watcher { key, element, trigger, holds, .. } in failed {
        step.emit(Event::ConditionChecked { key, element, trigger, holds, failures: 0 });
        step.watch.fresh.push((key, element, trigger));
    }
}

/// Whether the condition is true now, for what wins at arming (BPMN EB-2).
pub(crate) fn holds_now(step: &mut Step, armed: Armed) -> bool {
    let Some(Listened::Condition(condition)) = listened(&step.program.element(armed.element).kind, armed.trigger)
    else {
        return false;
    };
    matches!(step.evaluate(armed.key, condition.condition, None), Ok(Value::Bool(true)))
}
