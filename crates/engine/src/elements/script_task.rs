//! BPMN 2.0.2, Execution Semantics › Activities › Script Task.
//!
//! A script runs inside the step; one that takes too long for it becomes a job `ruslo:script` whose result
//! `{"result": …}` is the script's.

use crate::event::{Event, JobCreated};
use crate::step::{Next, Step, Trouble};
use crate::variables;
use expr::{EvalError, Scope as _};
use model::definition::{Expression, Language, ScriptTask};
use model::error::codes;
use model::{JobId, Object, Value};
use std::sync::Arc;

/// The job type of scripts that do not fit into a step.
pub const SCRIPT_JOB: &str = "ruslo:script";

pub(crate) fn activate(step: &mut Step, key: u32, task: &ScriptTask) -> Result<Next, Trouble> {
    match step.evaluate(key, task.script, None) {
        Ok(value) => {
            produce(step, key, task, value)?;
            Ok(Next::Go)
        }
        Err(EvalError::OutOfInlineBudget) => {
            offer(step, key, task);
            Ok(Next::Wait)
        }
        Err(error) => Err(Trouble::evaluation(&codes::SCRIPT_FAILED, "the script", &error)),
    }
}

/// The result of a script that ran as a job.
pub(crate) fn complete(step: &mut Step, key: u32, task: &ScriptTask) -> Result<Next, Trouble> {
    if let Some(result) = step.run(key).result.clone() {
        let value = result.get("result").cloned().unwrap_or_default();
        produce(step, key, task, value)?;
    }
    Ok(Next::Go)
}

fn produce(step: &mut Step, key: u32, task: &ScriptTask, value: Value) -> Result<(), Trouble> {
    let produced = match (&task.result_variable, value) {
        (Some(variable), value) => Object::from_iter([(Arc::from(variable.as_str()), value)]),
        (None, Value::Object(members)) if language(step, task) == Some(Language::JavaScript) => {
            Arc::unwrap_or_clone(members)
        }
        (None, _) => return Ok(()),
    };
    Ok(variables::produce(step, key, produced)?)
}

fn language(step: &Step, task: &ScriptTask) -> Option<Language> {
    match step.program.definition().expression(task.script) {
        Expression::Source { language, .. } => Some(*language),
        Expression::Literal(_) => None,
    }
}

fn offer(step: &mut Step, key: u32, task: &ScriptTask) {
    let job = JobId(step.next_id());
    let (element, input) = (step.run(key).element, input(step, key, task));
    let (job_type, headers) = (SCRIPT_JOB.to_owned(), Vec::new());
    step.emit(Event::JobCreated(Box::new(JobCreated {
        job,
        key,
        element,
        job_type,
        retries: 1,
        headers,
        input,
        backoff: None,
    })));
}

/// `source` and the `variables` it sees.
pub(crate) fn input(step: &Step, key: u32, task: &ScriptTask) -> Object {
    let source = match step.program.definition().expression(task.script) {
        Expression::Source { text, .. } => Value::String(text.clone()),
        Expression::Literal(value) => value.clone(),
    };
    let variables = Value::Object(Arc::new(step.view(key, None).all()));
    Object::from_iter([(Arc::from("source"), source), (Arc::from("variables"), variables)])
}
