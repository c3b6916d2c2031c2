//! Compensation (BPMN CO-1..11): records of completed activities, and undoing them in reverse order.
//!
//! A record stays while the scope around its run is active, or is itself a record. A compensation takes records and
//! runs their handlers one after the other inside the scope that threw it. Invariant: a record is taken once (CO-8); a
//! handler's snapshot is read, never written (CO-10). Never: decides what a handler does.

use crate::activity_events::{CompensationRecorded, CompensationThrown};
use crate::command::Rejection;
use crate::event::Event;
use crate::exchange::ChildOutcome;
use crate::lifecycle;
use crate::repetition;
use crate::state::{AfterCompensation, Compensation, InstanceState, Phase};
use crate::step::{Next, Step, Trouble};
use crate::transaction;
use model::definition::{ElementIdx, ScopeKind};
use model::error::codes;
use model::{InstanceId, Object};

/// Whether finished called instances are kept to be compensated (CO-7).
pub(crate) fn records_calls(step: &Step) -> bool {
    step.program.throws_compensation() || step.instance.parent.is_some_and(|parent| parent.compensable)
}

/// The activity `key` is about to end normally: what can be compensated is recorded (CO-1).
pub(crate) fn record(step: &mut Step, key: u32) {
    let activities = &step.instance.activities;
    if !step.program.has_compensation() && activities.records.is_empty() {
        return;
    }
    let run = step.run(key);
    let element = step.program.element(run.element);
    if key == 0 || !element.kind.is_activity() || element.is_for_compensation() || activities.record(key).is_some() {
        return;
    }
    let body = repetition::is_body(step, key);
    let inside = activities.records.iter().any(|r| r.scope == key);
    let handled = element.compensation_handler().is_some() || event_sub_process(step, run.element).is_some();
    if inside || (handled && !body) {
        emit_record(step, key, body, None);
    }
}

/// A called instance ended normally: it is kept for its compensation.
pub(crate) fn record_call(step: &mut Step, key: u32, child: InstanceId) {
    if records_calls(step) && !step.element(key).is_for_compensation() {
        emit_record(step, key, false, Some(child));
    }
}

fn emit_record(step: &mut Step, key: u32, body: bool, child: Option<InstanceId>) {
    let (element, scope) = (step.run(key).element, step.run(key).scope);
    let variables = if body { Object::new() } else { snapshot(step, key) };
    let recorded = CompensationRecorded { key, element, scope, body, child, variables };
    step.emit(Event::CompensationRecorded(Box::new(recorded)));
}

/// The variables of the activity and of every scope around it below the process; directly in the process, the
/// process's own.
fn snapshot(step: &Step, key: u32) -> Object {
    let mut runs = vec![key];
    let mut at = step.run(key).scope;
    while at != 0 {
        runs.push(at);
        at = step.run(at).scope;
    }
    if runs.len() == 1 {
        runs.push(0);
    }
    let mut all = Object::new();
    for run in runs.into_iter().rev() {
        all.extend(step.run(run).variables.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    all
}

/// The compensation event sub-process of a scope (CO-5).
fn event_sub_process(step: &Step, element: ElementIdx) -> Option<ElementIdx> {
    step.program.compensation_sub_process(element)
}

/// Throws compensation from the run `key`: of `activity`, or of everything recorded in its scope (CO-3). Waits until
/// all handlers are done, unless `wait` says otherwise or there is nothing to compensate (CO-9).
pub(crate) fn throw(step: &mut Step, key: u32, activity: Option<ElementIdx>, wait: bool) -> Result<Next, Trouble> {
    if let Some(running) = running(step, key) {
        ask_child_again(step, &running);
        return Ok(Next::Wait);
    }
    let (records_of, scope) = scope_of(step, key);
    let mut records = Vec::new();
    collect(step, records_of, activity, &mut records);
    if records.is_empty() {
        return Ok(Next::Go);
    }
    let then = if wait { AfterCompensation::GoOn } else { AfterCompensation::Nothing };
    begin(step, CompensationThrown { key, scope, then, activity, records });
    Ok(if wait { Next::Wait } else { Next::Go })
}

fn running(step: &Step, key: u32) -> Option<Compensation> {
    let waited = |c: &&Compensation| c.key == key && c.then != AfterCompensation::Nothing;
    step.instance.activities.compensations.iter().find(waited).cloned()
}

/// Whose records are meant, and where their handlers run. From an event sub-process the enclosing scope is meant; of a
/// compensation event sub-process that scope is a record.
fn scope_of(step: &Step, key: u32) -> (u32, u32) {
    let scope = step.run(key).scope;
    let is_event_sub_process = |key: u32| {
        let kind = step.element(key).kind.as_scope().map(|s| &s.kind);
        matches!(kind, Some(ScopeKind::EventSubProcess))
    };
    if !is_event_sub_process(scope) {
        return (scope, scope);
    }
    let handled = |c: &&Compensation| c.handler == Some(scope);
    match step.instance.activities.compensations.iter().find(handled).and_then(|c| c.current) {
        Some(record) => (record, scope),
        None => (step.run(scope).scope, step.run(scope).scope),
    }
}

/// Records inside `scope`, the last completed first (CO-4); a sub-process without an own way gives those inside it.
fn collect(step: &Step, scope: u32, activity: Option<ElementIdx>, into: &mut Vec<u32>) {
    for record in step.instance.activities.records.iter().rev() {
        if record.scope != scope || record.taken || activity.is_some_and(|a| a != record.element) {
            continue;
        }
        let alone = !record.body && own_way(step, record.element).is_some();
        if alone || record.child.is_some() {
            into.push(record.key);
        } else {
            collect(step, record.key, None, into);
        }
    }
}

/// What undoes an activity: its handler, else its compensation event sub-process.
fn own_way(step: &Step, element: ElementIdx) -> Option<ElementIdx> {
    step.program.element(element).compensation_handler().or_else(|| event_sub_process(step, element))
}

/// Everything inside a transaction (TX-2), or in the ended process (CO-7). The handlers run in the first of `scopes`;
/// the others are further turns of it, active ones or records.
pub(crate) fn everything(step: &mut Step, scopes: &[u32], then: AfterCompensation) {
    let key = scopes.first().copied().unwrap_or_default();
    let mut records = Vec::new();
    for scope in scopes {
        collect(step, *scope, None, &mut records);
    }
    if scopes.len() > 1 {
        let completed = |key: &u32| step.instance.activities.records.iter().position(|r| r.key == *key);
        records.sort_by_key(|record| std::cmp::Reverse(completed(record)));
    }
    begin(step, CompensationThrown { key, scope: key, then, activity: None, records });
}

fn begin(step: &mut Step, mut thrown: CompensationThrown) {
    let key = thrown.key;
    thrown.records.reverse();
    step.emit(Event::CompensationThrown(Box::new(thrown)));
    proceed(step, key);
}

/// The next record, or the end.
fn proceed(step: &mut Step, key: u32) {
    loop {
        let Some(running) = step.instance.activities.compensations.iter().find(|c| c.key == key) else { return };
        let scope = running.scope;
        let Some(next) = running.records.last().copied() else { return ended(step, key) };
        let Some(record) = step.instance.activities.record(next) else {
            step.emit(Event::CompensationDone { key, record: next });
            continue;
        };
        let (element, child) = (record.element, record.child);
        match (own_way(step, element), child) {
            (Some(handler), _) => return step.place(handler, scope),
            (None, Some(child)) => {
                let child = Some(child);
                step.emit(Event::CompensationStarted { key, record: next, element, handler: None, child });
                let Some(child) = child else { return };
                return step.emit(Event::ChildCompensationRequested { child, key });
            }
            (None, None) => step.emit(Event::CompensationDone { key, record: next }),
        }
    }
}

/// Whether an element runs only as a handler.
pub(crate) fn is_handler_element(step: &Step, element: ElementIdx) -> bool {
    let element_of = step.program.element(element);
    element_of.is_for_compensation() || step.program.compensation_sub_process(element_of.parent) == Some(element)
}

/// A handler begins: its snapshot are its locals (CO-10).
pub(crate) fn enter_handler(step: &mut Step, handler: ElementIdx, scope: u32) {
    let waits = |c: &&Compensation| {
        let record = c.records.last().and_then(|r| step.instance.activities.record(*r));
        c.scope == scope && c.current.is_none() && record.and_then(|r| own_way(step, r.element)) == Some(handler)
    };
    let Some(running) = step.instance.activities.compensations.iter().find(waits) else { return };
    let (thrower, record) = (running.key, running.records.last().copied().unwrap_or_default());
    let Some(recorded) = step.instance.activities.record(record) else { return };
    let (element, locals) = (recorded.element, Object::clone(&recorded.variables));
    let key = step.instance.next_key;
    step.emit(Event::ElementActivated { key, element: handler, scope });
    step.emit(Event::CompensationStarted { key: thrower, record, element, handler: Some(key), child: None });
    if !locals.is_empty() {
        step.emit(Event::VariablesSet { scope: key, values: locals, by: None });
    }
    lifecycle::begin(step, key);
}

/// A handler's run is over.
pub(crate) fn handler_left(step: &mut Step, handler: u32) {
    let done = |c: &&Compensation| c.handler == Some(handler);
    let Some(running) = step.instance.activities.compensations.iter().find(done) else { return };
    let (key, record) = (running.key, running.current.unwrap_or_default());
    step.emit(Event::CompensationDone { key, record });
    proceed(step, key);
}

/// A called instance compensated itself, or could not.
pub(crate) fn child_done(step: &mut Step, child: InstanceId, outcome: ChildOutcome) -> Result<(), Rejection> {
    let asked = |c: &&Compensation| c.child == Some(child);
    let running = step.instance.activities.compensations.iter().find(asked).cloned();
    let Some(Compensation { key, current, .. }) = running else { return Err(Rejection::ChildNotAwaited { child }) };
    let problem = match outcome {
        ChildOutcome::Compensated | ChildOutcome::Completed { .. } => {
            step.emit(Event::CompensationDone { key, record: current.unwrap_or_default() });
            proceed(step, key);
            return Ok(());
        }
        ChildOutcome::Failed { code, message, .. } => format!("{code}: {message}"),
        ChildOutcome::Canceled { reason } => reason,
        ChildOutcome::NotStarted { message, .. } => message,
    };
    if step.instance.element(key).is_some() {
        let message = format!("the called instance {child} could not be compensated: {problem}");
        step.raise_incident(key, Phase::Active, Trouble::new(&codes::CALL_ENDED, message), None);
    }
    Ok(())
}

/// A retry asks the called instance again.
fn ask_child_again(step: &mut Step, running: &Compensation) {
    if let Some(child) = running.child {
        step.emit(Event::ChildCompensationRequested { child, key: running.key });
    }
}

fn ended(step: &mut Step, key: u32) {
    let running = step.instance.activities.compensations.iter().find(|c| c.key == key).cloned();
    let Some(Compensation { scope, then, .. }) = running else { return };
    step.emit(Event::CompensationEnded { key });
    match then {
        AfterCompensation::GoOn => lifecycle::run_from(step, key, Phase::Completing),
        AfterCompensation::Nothing => lifecycle::complete_if_empty(step, scope),
        AfterCompensation::Cancel => transaction::canceled(step, key),
        AfterCompensation::Finish => step.emit(Event::InstanceCompleted),
    }
}

/// After a step: a handler that was cut off alone (caught by a boundary event of its own) counts as done; a detached
/// compensation whose scope was cut off is over.
pub(crate) fn settle(step: &mut Step) {
    let lost = |step: &Step| {
        let gone = |c: &&Compensation| match (c.handler, c.child) {
            (Some(handler), _) => step.instance.element(handler).is_none(),
            (None, Some(_)) => false,
            (None, None) => !step.tokens_move_in(c.scope),
        };
        step.instance.activities.compensations.iter().find(gone).cloned()
    };
    while let Some(Compensation { key, current, then, .. }) = lost(step) {
        match current {
            Some(record) if then != AfterCompensation::Nothing => {
                step.emit(Event::CompensationDone { key, record });
                proceed(step, key);
            }
            _ => step.emit(Event::CompensationEnded { key }),
        }
    }
}

/// The command of a caller to its finished called instance (CO-7).
pub(crate) fn compensate_instance(step: &mut Step) -> Result<(), Rejection> {
    if step.instance.state != InstanceState::Completed {
        return Err(Rejection::NotCompensable);
    }
    step.emit(Event::CompensationRequested);
    everything(step, &[0], AfterCompensation::Finish);
    Ok(())
}
