//! BPMN 2.0.2, Execution Semantics › Activities › Call Activity; rules CA-1..5.
//!
//! The called process is an instance of its own: this one says what is wanted, the runtime finds the version, starts it
//! and answers with `FinishChild` or `EscalateChild`. A call that is cut off takes the called instance back.

use crate::command::Rejection;
use crate::errors::{self, BusinessError};
use crate::event::Event;
use crate::exchange::{ChildOutcome, ChildStarted};
use crate::lifecycle;
use crate::state::Phase;
use crate::step::{Next, Step, Trouble};
use crate::variables;
use model::definition::CallActivity;
use model::error::codes;
use model::{InstanceId, Object};

/// Calls inside calls (BPMN CA-4).
const DEPTH_MAX: u32 = 50;

pub(crate) fn activate(step: &mut Step, key: u32, call: &CallActivity) -> Result<Next, Trouble> {
    let depth = step.instance.parent.map_or(0, |parent| parent.depth) + 1;
    if depth > DEPTH_MAX {
        let message = format!("more than {DEPTH_MAX} calls inside each other: a recursion without an end?");
        return Err(Trouble::new(&codes::CALL_DEPTH, message));
    }
    let process = step
        .evaluate(key, call.process, None)
        .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "the called process", &e))?;
    let Some(process) = process.as_str().map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned) else {
        return Err(Trouble::new(&codes::MAPPING_FAILED, "the expression for the called process names none"));
    };
    let business_key = match call.business_key {
        None => None,
        Some(expression) => {
            let value = step
                .evaluate(key, expression, None)
                .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "the business key", &e))?;
            (!value.is_null()).then(|| value.to_text())
        }
    };
    let variables = if call.all_in && !call.local_in {
        step.instance.visible_variables(key)
    } else {
        Object::clone(&step.run(key).variables)
    };
    let child = InstanceId(step.next_id());
    let element = step.run(key).element;
    let compensable = call.wait && crate::compensation::records_calls(step);
    step.emit(Event::ChildStarted(Box::new(ChildStarted {
        key,
        element,
        child,
        process,
        binding: call.binding.clone(),
        variables,
        business_key,
        compensable,
        wait: call.wait,
    })));
    Ok(if call.wait { Next::Wait } else { Next::Go })
}

/// All variables come back when nothing is mapped and the call says so; otherwise the output mapping reads them
/// (CA-3).
pub(crate) fn complete(step: &mut Step, key: u32, call: &CallActivity) -> Result<Next, Trouble> {
    let Some(result) = step.run(key).result.clone() else { return Ok(Next::Go) };
    if call.all_out || !step.element(key).outputs.is_empty() {
        variables::produce(step, key, Object::clone(&result))?;
    }
    Ok(Next::Go)
}

/// The called instance ended, or never began.
pub(crate) fn finished(step: &mut Step, child: InstanceId, outcome: ChildOutcome) -> Result<(), Rejection> {
    let called = step.instance.called.iter().find(|c| c.id == child).map(|c| c.key);
    let Some(key) = called else {
        return crate::compensation::child_done(step, child, outcome);
    };
    crate::decide::clear_incidents(step, key, false, None);
    let too_large = match &outcome {
        ChildOutcome::Completed { variables } => variables::check_sizes(step, variables).err(),
        _ => None,
    };
    if let Some(too_large) = too_large {
        let outcome = Box::new(ChildOutcome::Completed { variables: Object::new() });
        step.emit(Event::ChildFinished { child, key, outcome });
        step.raise_incident(key, Phase::Active, too_large.into(), None);
        return Ok(());
    }
    if matches!(outcome, ChildOutcome::Completed { .. }) {
        crate::compensation::record_call(step, key, child);
    }
    step.emit(Event::ChildFinished { child, key, outcome: Box::new(outcome.clone()) });
    match outcome {
        ChildOutcome::Completed { .. } | ChildOutcome::Compensated => lifecycle::run_from(step, key, Phase::Completing),
        ChildOutcome::Failed { code, message, data } => fail(step, key, BusinessError { code, message, data }),
        ChildOutcome::Canceled { reason } => {
            let message = format!("the called instance {child} was cancelled: {reason}; a retry starts another one");
            step.raise_incident(key, Phase::Active, Trouble::new(&codes::CALL_ENDED, message), None);
        }
        ChildOutcome::NotStarted { code, message } => {
            let code = codes::ALL.iter().find(|c| c.code == code).copied().unwrap_or(&codes::CALL_ENDED);
            step.raise_incident(key, Phase::Active, Trouble::new(code, message), None);
        }
    }
    Ok(())
}

/// The called instance raised an escalation that nothing in it caught (ER-7).
pub(crate) fn escalated(step: &mut Step, child: InstanceId, code: String, variables: Object) -> Result<(), Rejection> {
    let called = step.instance.called.iter().find(|c| c.id == child).map(|c| c.key);
    let key = called.ok_or(Rejection::ChildNotAwaited { child })?;
    variables::check_sizes(step, &variables)?;
    crate::escalations::raise(step, key, code, variables);
    Ok(())
}

/// The error goes on at the call (ER-3); not caught: an operator decides, a retry starts another instance.
fn fail(step: &mut Step, key: u32, error: BusinessError) {
    let data = match variables::check_sizes(step, &error.data) {
        Ok(()) => error.data,
        Err(_) => Object::new(),
    };
    let error = BusinessError { data, ..error };
    if let Err(error) = errors::raise(step, key, error) {
        if step.instance.parent.is_some() {
            // The caller of this one may catch it.
            return errors::fail_instance(step, error);
        }
        let BusinessError { code, message, .. } = error;
        let mut trouble = Trouble::new(&codes::UNHANDLED_ERROR, format!("{code}: {message}"));
        trouble.details = Some(serde_json::json!({"errorCode": code}));
        step.raise_incident(key, Phase::Active, trouble, None);
    }
}
