//! BPMN 2.0.2, Execution Semantics › Activities › Service Task: a job (IN-1), then its result as variables (VA-4).

use crate::errors::{self, BusinessError};
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
    let (retries, backoff) = tries_and_waits(step, key, task)?;
    let job = JobId(step.next_id());
    let (element, headers, input) = (step.run(key).element, task.headers.clone(), input(step, key));
    let created = JobCreated { job, key, element, job_type, retries, headers, input, backoff };
    step.emit(Event::JobCreated(Box::new(created)));
    Ok(Next::Wait)
}

/// How often it may be tried, and the waits between.
pub(crate) fn tries_and_waits(
    step: &mut Step,
    key: u32,
    task: &ServiceTask,
) -> Result<(u32, Option<Vec<i64>>), Trouble> {
    let (mut retries, mut backoff) = match task.retries {
        None => (DEFAULT_RETRIES, None),
        Some(retries) => series(&setting(step, key, "retries", retries)?, step)?,
    };
    if let Some(expression) = task.backoff {
        let (tries, waits) = series(&setting(step, key, "retry back-off", expression)?, step)?;
        backoff = waits;
        if task.retries.is_none() && backoff.as_ref().is_some_and(|w| w.len() > 1) {
            retries = tries;
        }
    }
    Ok((retries, backoff))
}

/// How often a job may be tried.
pub(crate) fn retries(step: &mut Step, key: u32, expression: Option<ExprId>) -> Result<u32, Trouble> {
    match expression {
        None => Ok(DEFAULT_RETRIES),
        Some(expression) => Ok(series(&setting(step, key, "retries", expression)?, step)?.0),
    }
}

/// Tries and the waits between them: a number, `R3/PT5M`, one duration, or a list `PT1M,PT5M,PT1H` (BPMN IN-1).
fn series(value: &Value, step: &Step) -> Result<(u32, Option<Vec<i64>>), Trouble> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::List(items) => items.iter().map(Value::to_text).collect::<Vec<_>>().join(","),
        Value::DaysDuration(ms) => return Ok((DEFAULT_RETRIES, Some(vec![*ms]))),
        other => return Ok((tries(other)?, None)),
    };
    if !text.contains('P') {
        return Ok((tries(value)?, None));
    }
    let refused = |why: String| Trouble::new(&codes::MAPPING_FAILED, format!("the retries `{text}`: {why}"));
    let (count, waits) = match text.strip_prefix('R').and_then(|rest| rest.split_once('/')) {
        Some((count, wait)) => {
            let count = count.parse::<u32>().ok().filter(|n| *n > 0).ok_or_else(|| refused("no number".to_owned()))?;
            (Some(count), wait)
        }
        None => (None, text.as_str()),
    };
    let milliseconds = |wait: &str| {
        let value = Value::text(wait.trim());
        crate::timers::milliseconds(&value, step.env.now, step.zone()).map(|ms| ms.max(0)).map_err(refused)
    };
    let waits: Vec<i64> = waits.split(',').map(milliseconds).collect::<Result<_, _>>()?;
    let tries = match count {
        Some(count) => count,
        None if waits.len() > 1 => waits.len() as u32 + 1,
        None => DEFAULT_RETRIES,
    };
    Ok((tries, Some(waits)))
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
    if let Some(error) = asked_error(step, key, task, &result)? {
        return raise(step, key, error);
    }
    variables::produce(step, key, produced)?;
    Ok(Next::Go)
}

/// The business error that the error expression asks for: a context with `code` (zeebe header `errorExpression`).
pub(crate) fn asked_error(
    step: &mut Step,
    key: u32,
    task: &ServiceTask,
    facts: &Arc<Object>,
) -> Result<Option<BusinessError>, Trouble> {
    let Some(expression) = task.error_expression else { return Ok(None) };
    let mut overlay = Object::clone(facts);
    overlay.entry(Arc::from("response")).or_insert_with(|| Value::Object(facts.clone()));
    let value = step
        .evaluate(key, expression, Some(&overlay))
        .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "the error expression", &e))?;
    let Value::Object(asked) = value else { return Ok(None) };
    let job_error = asked.get("errorType").and_then(Value::as_str) == Some("jobError");
    let code = asked.get("code").map(Value::to_text).unwrap_or_default();
    if job_error || code.is_empty() {
        return Ok(None);
    }
    let message = asked.get("message").filter(|m| !m.is_null()).map(Value::to_text).unwrap_or_default();
    let data = asked.get("variables").and_then(Value::as_object).cloned().unwrap_or_default();
    Ok(Some(BusinessError { code, message, data }))
}

/// Not caught: an incident, as for an error that a job raises (ER-5).
fn raise(step: &mut Step, key: u32, error: BusinessError) -> Result<Next, Trouble> {
    match errors::raise(step, key, error) {
        Ok(()) => Ok(Next::Gone),
        Err(BusinessError { code, message, .. }) => {
            let mut trouble = Trouble::new(&codes::UNHANDLED_ERROR, format!("{code}: {message}"));
            trouble.details = Some(serde_json::json!({"errorCode": code}));
            Err(trouble)
        }
    }
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
