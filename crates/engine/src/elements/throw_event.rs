//! BPMN 2.0.2, Execution Semantics › Events, throwing: intermediate throw events, end events and send tasks (MS-10,
//! SG-1, ER-1, ER-7, TE-1, ML-1).
//!
//! Results are thrown in file order; one that waits (a job, a compensation) holds the rest. Invariant: what was thrown
//! is not thrown again by a retry.

use super::service_task;
use crate::errors::{self, BusinessError};
use crate::event::Event;
use crate::exchange::{MessageThrown, SignalThrown};
use crate::lifecycle;
use crate::state::Phase;
use crate::step::{Next, Step, Trouble};
use crate::triggers::messages::{check_key, check_name};
use crate::{compensation, escalations, timers, transaction, triggers};
use model::definition::{ExprId, MessageThrow, SignalThrow, TerminateReach, Throw, ThrowEvent};
use model::error::codes;
use model::{Object, Value};
use std::sync::Arc;

/// Milliseconds a message is kept when the model does not say (BPMN MS-3): an hour.
const DEFAULT_TTL_MS: i64 = 3_600_000;

pub(crate) fn activate(step: &mut Step, key: u32, event: &ThrowEvent) -> Result<Next, Trouble> {
    let results = &event.results;
    let mut position = step.run(key).thrown as usize;
    while let Some(result) = results.get(position) {
        let next = throw(step, key, result)?;
        if next != Next::Go || step.instance.element(key).is_none() {
            return Ok(if next == Next::Wait { Next::Wait } else { Next::Gone });
        }
        position += 1;
        if results.len() > 1 {
            step.emit(Event::ResultsThrown { key, position: position as u32 });
        }
    }
    Ok(Next::Go)
}

/// What was waited for came; the rest is thrown.
pub(crate) fn complete(step: &mut Step, key: u32, event: &ThrowEvent) -> Result<Next, Trouble> {
    let waited = step.run(key).thrown;
    if let Some(Throw::Job(task)) = event.results.get(waited as usize)
        && step.run(key).result.is_some()
    {
        service_task::complete(step, key, task)?;
    }
    if event.results.len() <= 1 || waited as usize >= event.results.len() {
        return Ok(Next::Go);
    }
    step.emit(Event::ResultsThrown { key, position: waited + 1 });
    activate(step, key, event)
}

/// Throws one result.
pub(crate) fn throw(step: &mut Step, key: u32, result: &Throw) -> Result<Next, Trouble> {
    match result {
        Throw::Message(message) => publish(step, key, message),
        Throw::Job(task) => service_task::activate(step, key, task),
        Throw::Signal(signal) => broadcast(step, key, signal),
        Throw::Error { code, message } => {
            let code = text(step, key, "error code", *code)?;
            let message = message.map(|m| text(step, key, "error message", m)).transpose()?.unwrap_or_default();
            raise(step, key, BusinessError { code, message, data: mapped(step, key) });
            Ok(Next::Gone)
        }
        Throw::Escalation { code } => {
            let code = text(step, key, "escalation code", *code)?;
            let variables = mapped(step, key);
            escalations::raise(step, key, code, variables);
            Ok(if step.instance.element(key).is_some() { Next::Go } else { Next::Gone })
        }
        Throw::Compensation { activity, wait } => compensation::throw(step, key, *activity, *wait),
        Throw::Cancel => transaction::cancel_end(step, key),
        Throw::Terminate(reach) => Ok(terminate(step, key, *reach)),
    }
}

fn text(step: &mut Step, key: u32, what: &str, expression: ExprId) -> Result<String, Trouble> {
    let value = step.evaluate(key, expression, None);
    value.map(|v| v.to_text()).map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, &format!("the {what}"), &e))
}

/// The event's own variables: what its input mapping made.
fn mapped(step: &Step, key: u32) -> Object {
    Object::clone(&step.run(key).variables)
}

/// Publishes a message (MS-10 b): its variables are the mapped inputs, or all visible ones when none are mapped.
pub(crate) fn publish(step: &mut Step, key: u32, message: &MessageThrow) -> Result<Next, Trouble> {
    let value = |step: &mut Step, what: &str, expression: ExprId| {
        let evaluated = step.evaluate(key, expression, None);
        evaluated.map_err(|e| Trouble::evaluation(&codes::MESSAGE_KEY, &format!("the message's {what}"), &e))
    };
    let name = check_name(&value(step, "name", message.name)?, "message")?.to_string();
    let correlation_key = match message.key {
        Some(expression) => match value(step, "correlation key", expression)? {
            Value::Null => String::new(),
            key => check_key(&key)?.to_string(),
        },
        None => String::new(),
    };
    let id = match message.id {
        Some(expression) => Some(value(step, "id", expression)?.to_text()).filter(|id| !id.is_empty()),
        None => None,
    };
    let ttl_ms = match message.ttl {
        Some(expression) => {
            let ttl = value(step, "time to live", expression)?;
            timers::milliseconds(&ttl, step.env.now, step.zone())
                .map_err(|why| Trouble::new(&codes::TIMER_INVALID, format!("the message's time to live: {why}")))?
        }
        None => DEFAULT_TTL_MS,
    };
    let (element, variables) = (step.run(key).element, service_task::input(step, key));
    let target = message.target.clone();
    step.emit(Event::MessageThrown(Box::new(MessageThrown {
        key,
        element,
        name,
        correlation_key,
        id,
        ttl_ms,
        variables,
        target,
    })));
    Ok(Next::Go)
}

fn broadcast(step: &mut Step, key: u32, signal: &SignalThrow) -> Result<Next, Trouble> {
    let name = step.evaluate(key, signal.name, None);
    let name = name.map_err(|e| Trouble::evaluation(&codes::MESSAGE_KEY, "the signal's name", &e))?;
    let name = check_name(&name, "signal")?.to_string();
    let mut variables = if signal.all_variables { step.instance.visible_variables(key) } else { mapped(step, key) };
    for mapping in &signal.variables {
        let value = step.evaluate(key, mapping.source, None).map_err(|e| {
            Trouble::evaluation(&codes::MAPPING_FAILED, &format!("the signal's `{}`", mapping.target), &e)
        })?;
        variables.insert(Arc::from(mapping.target.as_str()), value);
    }
    let element = step.run(key).element;
    let own_tree = signal.own_tree;
    step.emit(Event::SignalThrown(Box::new(SignalThrown { key, element, name, variables, own_tree })));
    Ok(Next::Go)
}

/// The signal that a completed turn throws when the model names no event (BPMN MI-7).
pub(crate) fn broadcast_named(step: &mut Step, key: u32, name: &str, variables: Object) {
    let (element, name) = (step.run(key).element, name.to_owned());
    step.emit(Event::SignalThrown(Box::new(SignalThrown { key, element, name, variables, own_tree: false })));
}

fn raise(step: &mut Step, key: u32, error: BusinessError) {
    if let Err(error) = errors::raise(step, key, error) {
        errors::fail_instance(step, error);
    }
}

/// Ends the scope at once; the parent goes on normally (TE-1).
fn terminate(step: &mut Step, key: u32, reach: TerminateReach) -> Next {
    let (element, own) = (step.run(key).element, step.run(key).scope);
    let scope = match reach {
        TerminateReach::Scope => own,
        TerminateReach::MultiInstance => around_turn(step, own).unwrap_or(own),
        TerminateReach::All => 0,
    };
    lifecycle::release(step, key);
    step.emit(Event::ElementCompleted { key, element });
    if reach == TerminateReach::All && step.instance.parent.is_some() {
        step.emit(Event::TreeEnded { key });
    }
    lifecycle::terminate_children(step, scope);
    if step.run(scope).children == 0 {
        lifecycle::run_from(step, scope, Phase::Completing);
    } else {
        // Listeners of tasks that were cut off are waited for, and nothing begins in the scope meanwhile.
        triggers::disarm(step, scope);
    }
    Next::Gone
}

/// The run around all turns of the innermost repeated activity.
fn around_turn(step: &Step, scope: u32) -> Option<u32> {
    let mut at = scope;
    while at != 0 {
        let outer = step.run(at).scope;
        if step.is_turn(at) {
            return Some(outer);
        }
        at = outer;
    }
    None
}
