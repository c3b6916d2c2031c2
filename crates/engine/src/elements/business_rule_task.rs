//! BPMN 2.0.2, Execution Semantics › Activities › Business Rule Task: a decision, evaluated by the runtime as a job of
//! the type `ruslo:decision`.
//!
//! Headers: `decisionId`, `binding` (`latest`, `deployment`, `versionTag`, `version`), `versionTag`, `version`,
//! `result` (`value`, `singleEntry`, `singleResult`, `collectEntries`, `resultList`), `resultVariable`. The job is
//! completed with `{"result": …}` in that shape.

use super::service_task;
use crate::event::{Event, JobCreated};
use crate::step::{Next, Step, Trouble};
use crate::variables;
use model::definition::{Binding, DecisionCall, DecisionResult};
use model::error::codes;
use model::{JobId, Object, Value};
use std::sync::Arc;

/// The job type of decisions.
pub const DECISION_JOB: &str = "ruslo:decision";

/// The id of the decision that is asked for.
pub(crate) fn decision(step: &mut Step, key: u32, call: &DecisionCall) -> Result<String, Trouble> {
    let decision = step
        .evaluate(key, call.decision, None)
        .map_err(|e| Trouble::evaluation(&codes::MAPPING_FAILED, "the decision", &e))?;
    (decision.as_str().map(str::trim).filter(|d| !d.is_empty()).map(str::to_owned))
        .ok_or_else(|| Trouble::new(&codes::MAPPING_FAILED, "the expression for the decision names none"))
}

pub(crate) fn activate(step: &mut Step, key: u32, call: &DecisionCall) -> Result<Next, Trouble> {
    let decision = decision(step, key, call)?;
    let retries = service_task::retries(step, key, call.retries)?;
    let headers = decision_headers(call, decision);
    let job = JobId(step.next_id());
    let (element, input) = (step.run(key).element, service_task::input(step, key));
    let job_type = DECISION_JOB.to_owned();
    let created = JobCreated { job, key, element, job_type, retries, headers, input, backoff: None };
    step.emit(Event::JobCreated(Box::new(created)));
    Ok(Next::Wait)
}

/// The headers of the job that asks for the decision of this id. They are not kept: who tries a job again needs them.
pub(crate) fn decision_headers(call: &DecisionCall, decision: String) -> Vec<(String, String)> {
    let mut headers = vec![("decisionId".to_owned(), decision)];
    headers.extend(binding(&call.binding));
    headers.push(("result".to_owned(), shape(call.result).to_owned()));
    headers.extend(call.result_variable.iter().map(|name| ("resultVariable".to_owned(), name.clone())));
    headers
}

fn binding(binding: &Binding) -> Vec<(String, String)> {
    let named = |name: &str| ("binding".to_owned(), name.to_owned());
    match binding {
        Binding::Latest => vec![named("latest")],
        Binding::Deployment => vec![named("deployment")],
        Binding::VersionTag(tag) => vec![named("versionTag"), ("versionTag".to_owned(), tag.clone())],
        Binding::Version(version) => vec![named("version"), ("version".to_owned(), version.to_string())],
    }
}

fn shape(result: DecisionResult) -> &'static str {
    match result {
        DecisionResult::Value => "value",
        DecisionResult::SingleEntry => "singleEntry",
        DecisionResult::SingleResult => "singleResult",
        DecisionResult::CollectEntries => "collectEntries",
        DecisionResult::ResultList => "resultList",
    }
}

/// The result under its name; without one the members of a context.
pub(crate) fn complete(step: &mut Step, key: u32, call: &DecisionCall) -> Result<Next, Trouble> {
    let Some(result) = step.run(key).result.clone() else { return Ok(Next::Go) };
    let value = result.get("result").cloned().unwrap_or_default();
    let produced = match (&call.result_variable, value) {
        (Some(name), value) => Object::from_iter([(Arc::from(name.as_str()), value)]),
        (None, Value::Object(members)) => Arc::unwrap_or_clone(members),
        (None, _) => Object::new(),
    };
    variables::produce(step, key, produced)?;
    Ok(Next::Go)
}
