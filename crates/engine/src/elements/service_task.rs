//! BPMN 2.0.2, Execution Semantics › Activities › Service Task: a job (IN-1), then its result as variables (VA-4).

use crate::event::{Event, JobCreated};
use crate::step::{Next, Step, Trouble};
use crate::variables;
use model::definition::{ExprId, ServiceTask};
use model::error::codes;
use model::{JobId, Object, Value};
use std::sync::Arc;

const DEFAULT_RETRIES: u32 = 3;

pub(crate) fn activate(step: &mut Step, key: u32, task: &ServiceTask) -> Result<Next, Trouble> {
    let job_type = setting(step, key, "job type", task.job_type)?;
    let Some(job_type) = job_type.as_str().filter(|t| !t.trim().is_empty()).map(|t| t.trim().to_owned()) else {
        return Err(Trouble::new(&codes::MAPPING_FAILED, "the job type is empty"));
    };
    let retries = match task.retries {
        None => DEFAULT_RETRIES,
        Some(retries) => tries(&setting(step, key, "retries", retries)?)?,
    };
    let job = JobId(step.next_id());
    let (element, headers, input) = (step.run(key).element, task.headers.clone(), input(step, key));
    step.emit(Event::JobCreated(Box::new(JobCreated { job, key, element, job_type, retries, headers, input })));
    Ok(Next::Wait)
}

/// What the worker is given: the mapped inputs; all visible variables when none are mapped.
pub(crate) fn input(step: &Step, key: u32) -> Object {
    if step.element(key).inputs.is_empty() {
        step.instance.visible_variables(key)
    } else {
        Object::clone(&step.run(key).variables)
    }
}

fn setting(step: &mut Step, key: u32, what: &str, expression: ExprId) -> Result<Value, Trouble> {
    step.evaluate(key, expression, None).map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, what, &e))
}

/// A number, or the text of one.
fn tries(value: &Value) -> Result<u32, Trouble> {
    let number = value.as_number().and_then(|n| n.to_i64());
    let number = number.or_else(|| value.as_str().and_then(|s| s.trim().parse().ok()));
    (number.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0))
        .ok_or_else(|| Trouble::new(&codes::MAPPING_FAILED, format!("`{}` is no number of retries", value.to_text())))
}

pub(crate) fn complete(step: &mut Step, key: u32, task: &ServiceTask) -> Result<Next, Trouble> {
    let Some(result) = step.run(key).result.clone() else { return Ok(Next::Go) };
    let mut produced = Object::new();
    if let Some(variable) = &task.result_variable {
        produced.insert(Arc::from(variable.as_str()), Value::Object(outputs(step, &result)));
    }
    if let Some(expression) = task.result_expression {
        produced.extend(expressed(step, key, expression, &result)?);
    }
    let unnamed = task.result_variable.is_none() && task.result_expression.is_none();
    if unnamed && !step.program.is_bitrix() {
        produced.extend(result.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
    variables::produce(step, key, produced)?;
    Ok(Next::Go)
}

/// The result as one variable. A Bitrix node also says that it did not time out (contract 3.5).
fn outputs(step: &Step, result: &Arc<Object>) -> Arc<Object> {
    let mut outputs = result.clone();
    if step.program.is_bitrix() {
        Arc::make_mut(&mut outputs).entry(Arc::from("IsTimeout")).or_insert(Value::from(0));
    }
    outputs
}

/// The entries of the result expression's context. It sees the result's members, and the whole as `result` and
/// `response`.
fn expressed(step: &mut Step, key: u32, expression: ExprId, result: &Arc<Object>) -> Result<Object, Trouble> {
    let mut overlay = Object::clone(result);
    for name in ["result", "response"] {
        overlay.entry(Arc::from(name)).or_insert_with(|| Value::Object(result.clone()));
    }
    let value = step
        .evaluate(key, expression, Some(&overlay))
        .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "the result expression", &e))?;
    match value {
        Value::Object(entries) => Ok(Arc::unwrap_or_clone(entries)),
        Value::Null => Ok(Object::new()),
        other => {
            let message = format!("the result expression gives a {}, not a context", other.type_name());
            Err(Trouble::new(&codes::MAPPING_FAILED, message))
        }
    }
}
