//! Transactions (BPMN TX-1..6): a cancel ends what runs inside, compensates what was done, and leaves by the cancel
//! boundary event, strictly in this order.

use crate::command::Rejection;
use crate::compensation;
use crate::event::Event;
use crate::lifecycle;
use crate::repetition;
use crate::state::AfterCompensation;
use crate::step::{Next, Step, Trouble};
use crate::triggers;
use model::Object;
use model::definition::{ElementIdx, ElementKind, ScopeKind, Trigger};
use model::error::codes;

fn is_transaction(step: &Step, key: u32) -> bool {
    let scope = step.element(key).kind.as_scope();
    scope.is_some_and(|s| s.kind == ScopeKind::Transaction) && !repetition::is_body(step, key)
}

/// The innermost transaction around `key`.
fn around(step: &Step, key: u32) -> Option<u32> {
    let mut at = step.run(key).scope;
    while at != 0 {
        if is_transaction(step, at) {
            return Some(at);
        }
        at = step.run(at).scope;
    }
    None
}

/// A cancel end event (TX-2).
pub(crate) fn cancel_end(step: &mut Step, key: u32) -> Result<Next, Trouble> {
    let Some(transaction) = around(step, key) else {
        let message = "a cancel end event stands outside a transaction";
        return Err(Trouble::new(&codes::DEFINITION_NOT_DEPLOYABLE, message));
    };
    let element = step.run(key).element;
    lifecycle::release(step, key);
    step.emit(Event::ElementCompleted { key, element });
    cancel(step, transaction);
    Ok(Next::Gone)
}

/// The command "cancel transaction".
pub(crate) fn cancel_command(step: &mut Step, key: u32) -> Result<(), Rejection> {
    let runs = step.instance.element(key).is_some() && is_transaction(step, key);
    if !runs || is_canceling(step, key) {
        return Err(Rejection::ElementNotActive { key });
    }
    cancel(step, key);
    Ok(())
}

/// Whether it, or with it the repeated activity that it is a turn of, is being cancelled.
fn is_canceling(step: &Step, transaction: u32) -> bool {
    let host = host(step, transaction);
    let canceled = |key: u32| key == transaction || step.instance.element(key).is_some_and(|run| run.scope == host);
    let compensations = &step.instance.activities.compensations;
    compensations.iter().any(|c| c.then == AfterCompensation::Cancel && canceled(c.key))
}

/// What leaves by the cancel boundary event: of a repeated transaction the activity as a whole (BD-1).
fn host(step: &Step, transaction: u32) -> u32 {
    if repetition::is_turn(step, transaction) { step.run(transaction).scope } else { transaction }
}

/// Of a repeated transaction that leaves, all turns are undone: those that run and those that have completed.
fn cancel(step: &mut Step, transaction: u32) {
    let host = host(step, transaction);
    if host == transaction || cancel_boundary(step, host).is_none() {
        end_inside(step, transaction);
        return compensation::everything(step, &[transaction], AfterCompensation::Cancel);
    }
    repetition::begin_no_more(step, host);
    let others = |key: u32, scope: u32| scope == host && key != transaction;
    let mut turns = vec![transaction];
    turns.extend(step.instance.elements.iter().filter(|e| others(e.key, e.scope)).map(|e| e.key));
    for turn in &turns {
        end_inside(step, *turn);
    }
    let completed = step.instance.activities.records.iter().filter(|r| others(r.key, r.scope));
    turns.extend(completed.map(|r| r.key));
    compensation::everything(step, &turns, AfterCompensation::Cancel);
}

fn end_inside(step: &mut Step, transaction: u32) {
    lifecycle::terminate_children(step, transaction);
    disarm_inside(step, transaction);
}

/// Its event sub-processes do not begin any more.
fn disarm_inside(step: &mut Step, transaction: u32) {
    let Some(scope) = step.element(transaction).kind.as_scope() else { return };
    for sub_process in &scope.event_sub_processes {
        if let Some(start) = triggers::start_of(step, *sub_process) {
            triggers::disarm_element(step, transaction, start);
        }
    }
}

/// Everything is compensated: the token leaves by the cancel boundary event, or ends (TX-3).
pub(crate) fn canceled(step: &mut Step, transaction: u32) {
    let turn = repetition::is_turn(step, transaction);
    let host = host(step, transaction);
    let scope = step.run(host).scope;
    match cancel_boundary(step, host) {
        Some(boundary) => {
            lifecycle::terminate(step, host);
            lifecycle::enter(step, boundary, scope, Object::new());
        }
        None if turn => {
            lifecycle::terminate(step, transaction);
            repetition::turn_left(step, host);
        }
        None => {
            lifecycle::terminate(step, transaction);
            lifecycle::complete_if_empty(step, scope);
        }
    }
}

fn cancel_boundary(step: &Step, host: u32) -> Option<ElementIdx> {
    let catches = |boundary: &&ElementIdx| match &step.program.element(**boundary).kind {
        ElementKind::BoundaryEvent(event) => event.triggers.iter().any(|t| matches!(t, Trigger::Cancel)),
        _ => false,
    };
    step.element(host).boundaries.iter().find(catches).copied()
}
