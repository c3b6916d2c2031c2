//! BPMN 2.0.2, Execution Semantics › Ad-Hoc Sub-Process; rules AH-1..6.
//!
//! What begins inside is chosen on entry, by commands or by a worker's answer; every choice goes through a queue, so
//! that a sequential one runs one activity at a time. Invariant: once it is closing nothing more begins.

use crate::command::Rejection;
use crate::event::Event;
use crate::lifecycle;
use crate::state::Phase;
use crate::step::{Next, Step, Trouble};
use crate::variables;
use model::definition::{AdHoc, ElementIdx, ElementKind, Scope, ScopeKind};
use model::error::codes;
use model::{Object, Value};
use std::sync::Arc;

/// The ad-hoc sub-process that `key` runs.
pub(crate) fn of<'s>(step: &Step<'s, '_>, key: u32) -> Option<&'s AdHoc> {
    if !step.program.has_ad_hoc() {
        return None;
    }
    match step.element(key).kind.as_scope().map(|scope| &scope.kind) {
        Some(ScopeKind::AdHoc(ad_hoc)) if !step.is_body(key) => Some(ad_hoc),
        _ => None,
    }
}

pub(crate) fn activate(step: &mut Step, key: u32, scope: &Scope, ad_hoc: &AdHoc) -> Result<Next, Trouble> {
    if let Some(listed) = ad_hoc.active_elements {
        let value = step
            .evaluate(key, listed, None)
            .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "the active elements", &e))?;
        let names = names(&value)?;
        let found: Result<Vec<_>, _> = names.iter().map(|name| startable(step, key, name)).collect();
        let found = found.map_err(|r| Trouble::new(&codes::MODIFICATION_REFUSED, r.to_string()))?;
        found.into_iter().for_each(|element| queue(step, key, element, Object::new()));
    } else if ad_hoc.job.is_none() && !ad_hoc.manual {
        for element in offered(step, key, scope) {
            queue(step, key, element, Object::new());
        }
    }
    if let Some(job) = &ad_hoc.job {
        super::service_task::activate(step, key, job)?;
    }
    start_queued(step, key);
    maybe_complete(step, key);
    Ok(Next::Wait)
}

fn names(value: &Value) -> Result<Vec<String>, Trouble> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::List(items) => Ok(items.iter().map(Value::to_text).collect()),
        Value::String(one) => Ok(vec![one.to_string()]),
        other => {
            let message = format!("the active elements are a {}, not a list", other.type_name());
            Err(Trouble::new(&codes::MAPPING_FAILED, message))
        }
    }
}

/// What begins by itself when nothing chooses: everything startable, once (AH-2).
fn offered(step: &Step, key: u32, scope: &Scope) -> Vec<ElementIdx> {
    if !scope.implicit.is_empty() {
        return scope.implicit.clone();
    }
    let own = step.run(key).element;
    let all = (0..step.program.definition().elements.len() as u32).map(ElementIdx);
    all.filter(|e| is_startable(step, own, *e)).collect()
}

/// An inner activity without incoming flow (AH-1).
fn is_startable(step: &Step, own: ElementIdx, element: ElementIdx) -> bool {
    let inner = step.program.element(element);
    let event_sub_process = inner.kind.as_scope().is_some_and(|s| s.kind == ScopeKind::EventSubProcess);
    let starts = match &inner.kind {
        ElementKind::StartEvent(_) | ElementKind::BoundaryEvent(_) | ElementKind::EndEvent(_) => false,
        _ => !event_sub_process && !inner.is_for_compensation(),
    };
    inner.parent == own && element != own && inner.incoming.is_empty() && starts
}

fn startable(step: &Step, key: u32, id: &str) -> Result<ElementIdx, Rejection> {
    let own = step.run(key).element;
    let found = step.program.definition().find(id).filter(|e| is_startable(step, own, *e));
    found.ok_or_else(|| {
        let why = format!("`{}` has no startable activity of this id", step.element(key).id);
        Rejection::NotActivatable { element: id.to_owned(), why }
    })
}

fn queue(step: &mut Step, key: u32, element: ElementIdx, variables: Object) {
    step.emit(Event::AdHocQueued { key, element, variables });
}

/// Lets begin what may: all, or one when it is sequential and idle (AH-3).
fn start_queued(step: &mut Step, key: u32) {
    let Some(ad_hoc) = of(step, key) else { return };
    let moving = step.tokens_in(key) as usize;
    let waiting: Vec<ElementIdx> =
        step.instance.activities.ad_hoc(key).iter().flat_map(|a| a.queue.iter().map(|q| q.element)).collect();
    let busy = step.run(key).children > 0 || moving > 0;
    let may = if ad_hoc.sequential { usize::from(!busy) } else { waiting.len() };
    for element in waiting.into_iter().skip(if ad_hoc.sequential { 0 } else { moving }).take(may) {
        step.place(element, key);
    }
}

/// A token of the queue arrives: its activation begins.
pub(crate) fn enter_queued(step: &mut Step, element: ElementIdx, key: u32) {
    let queue = step.instance.activities.ad_hoc(key).map(|a| a.queue.as_slice()).unwrap_or_default();
    let Some(variables) = queue.first().filter(|a| a.element == element).map(|a| a.variables.clone()) else { return };
    step.emit(Event::AdHocTaken { key });
    lifecycle::enter(step, element, key, variables);
}

/// What an inner activity that ends gives to the output collection.
pub(crate) fn output(step: &mut Step, key: u32) -> Result<Option<Value>, Trouble> {
    let scope = step.run(key).scope;
    let Some(output) = of(step, scope).and_then(|a| a.output.as_ref()) else { return Ok(None) };
    let what = format!("the output of an activity for `{}`", output.collection);
    let value = step.evaluate(key, output.element, None);
    value.map(Some).map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, &what, &e))
}

/// An inner activity has ended, its tokens are on their way.
pub(crate) fn inner_left(step: &mut Step, key: u32, element: ElementIdx) {
    if interrupts(step, element) {
        // The sub-process ends with its interrupting event sub-process (ES-2).
        step.emit(Event::AdHocClosing { key, completed: false });
        return maybe_complete(step, key);
    }
    if !judge(step, key) {
        return;
    }
    let closing = step.instance.activities.ad_hoc(key).is_some_and(|a| a.closing);
    if let Some(job) = of(step, key).and_then(|a| a.job.as_deref())
        && !closing
        && !step.instance.jobs.iter().any(|j| j.key == key)
        && let Err(trouble) = super::service_task::activate(step, key, job)
    {
        return step.raise_incident(key, Phase::Active, trouble, None);
    }
    start_queued(step, key);
    maybe_complete(step, key);
}

/// Whether it is an interrupting event sub-process.
fn interrupts(step: &Step, element: ElementIdx) -> bool {
    let scope = step.program.element(element).kind.as_scope();
    let Some(scope) = scope.filter(|s| s.kind == ScopeKind::EventSubProcess) else { return false };
    scope.triggered.iter().any(|start| match &step.program.element(*start).kind {
        ElementKind::StartEvent(event) => event.interrupting,
        _ => false,
    })
}

/// Asks the completion condition; false when the sub-process is over or waits with an incident.
fn judge(step: &mut Step, key: u32) -> bool {
    let Some(condition) = of(step, key).and_then(|a| a.completion) else { return true };
    if step.instance.activities.ad_hoc(key).is_some_and(|a| a.closing) || step.instance.has_incident(key) {
        return true;
    }
    match step.evaluate(key, condition, None) {
        Ok(Value::Bool(true)) => {
            close(step, key, true);
            false
        }
        Ok(_) => true,
        Err(error) => {
            let trouble = Trouble::evaluation(&codes::CONDITION_FAILED, "the completion condition", &error);
            step.raise_incident(key, Phase::Active, trouble, None);
            false
        }
    }
}

/// Nothing more begins; the rest is cut off or may finish (AH-4).
fn close(step: &mut Step, key: u32, completed: bool) {
    let Some(ad_hoc) = of(step, key) else { return };
    step.emit(Event::AdHocClosing { key, completed });
    step.drop_tokens(key);
    while let Some(job) = step.instance.jobs.iter().find(|j| j.key == key).map(|j| j.id) {
        step.emit(Event::JobCanceled { job, key });
    }
    if ad_hoc.cancel_remaining {
        lifecycle::terminate_children(step, key);
        lifecycle::run_from(step, key, Phase::Completing);
    } else {
        maybe_complete(step, key);
    }
}

/// Completes when nothing is active and nothing can begin by itself.
pub(crate) fn maybe_complete(step: &mut Step, key: u32) {
    let Some(ad_hoc) = of(step, key) else { return };
    let waits = step.instance.waiting.iter().any(|w| w.scope == key);
    if step.run(key).children > 0 || waits || step.tokens_move_in(key) || step.instance.has_incident(key) {
        return;
    }
    let state = step.instance.activities.ad_hoc(key);
    let closing = state.is_some_and(|a| a.closing);
    let pending = state.is_some_and(|a| !a.queue.is_empty());
    let open = ad_hoc.manual || ad_hoc.job.is_some() || ad_hoc.completion.is_some();
    if closing || (!open && !pending) {
        lifecycle::run_from(step, key, Phase::Completing);
    }
}

/// The output collection (MI-6).
pub(crate) fn complete(step: &mut Step, key: u32, ad_hoc: &AdHoc) -> Result<Next, Trouble> {
    let Some(output) = &ad_hoc.output else { return Ok(Next::Go) };
    let outputs = step.instance.activities.ad_hoc(key).map(|a| a.outputs.clone()).unwrap_or_default();
    let written = Object::from_iter([(Arc::from(output.collection.as_str()), Value::List(Arc::new(outputs)))]);
    variables::produce(step, key, written)?;
    Ok(Next::Go)
}

/// A worker's answer: `activateElements` (ids, or `{elementId, variables}`), `isCompletionConditionFulfilled`,
/// `isCancelRemainingInstances`; other members become local variables (AH-5).
pub(crate) fn job_done(step: &mut Step, key: u32, mut result: Object) -> Result<(), Rejection> {
    let wanted = result.shift_remove("activateElements").unwrap_or_default();
    let done = result.shift_remove("isCompletionConditionFulfilled") == Some(Value::Bool(true));
    let cancels = result.shift_remove("isCancelRemainingInstances") == Some(Value::Bool(true));
    let mut chosen = Vec::new();
    for item in wanted.as_list().into_iter().flatten() {
        let (id, variables) = match item {
            Value::Object(o) => {
                let id = o.get("elementId").or_else(|| o.get("id")).map(Value::to_text).unwrap_or_default();
                (id, o.get("variables").and_then(Value::as_object).cloned().unwrap_or_default())
            }
            other => (other.to_text(), Object::new()),
        };
        chosen.push((startable(step, key, &id)?, variables));
    }
    variables::set_local(step, key, result, None)?;
    for (element, variables) in chosen {
        queue(step, key, element, variables);
    }
    if done {
        if cancels {
            lifecycle::terminate_children(step, key);
        }
        close(step, key, true);
    } else {
        start_queued(step, key);
    }
    Ok(())
}

/// The command to begin activities (AH-2).
pub(crate) fn begin(step: &mut Step, key: u32, ids: &[String], variables: &Object) -> Result<(), Rejection> {
    open(step, key)?;
    let elements: Result<Vec<_>, _> = ids.iter().map(|id| startable(step, key, id)).collect();
    variables::check_sizes(step, variables)?;
    for element in elements? {
        queue(step, key, element, variables.clone());
    }
    start_queued(step, key);
    Ok(())
}

/// The command to complete it (AH-4).
pub(crate) fn end(step: &mut Step, key: u32) -> Result<(), Rejection> {
    open(step, key)?;
    close(step, key, true);
    Ok(())
}

fn open(step: &Step, key: u32) -> Result<(), Rejection> {
    let active = step.instance.element(key).is_some() && of(step, key).is_some();
    let closing = step.instance.activities.ad_hoc(key).is_some_and(|a| a.closing);
    if active && !closing { Ok(()) } else { Err(Rejection::ElementNotActive { key }) }
}

/// After variables changed: completion conditions are asked again (AH-4).
pub(crate) fn settle(step: &mut Step) {
    if !step.program.has_ad_hoc() {
        return;
    }
    let keys: Vec<u32> = step.instance.elements.iter().map(|e| e.key).filter(|k| of(step, *k).is_some()).collect();
    for key in keys {
        if step.instance.element(key).is_some() {
            judge(step, key);
        }
    }
}
