//! The component behind business rule tasks: a decision evaluated within the step that asks for it.
//!
//! Reads the headers that `engine::elements::business_rule_task` writes; the decision sees the job's input. Gives
//! `{"result": …}`. The matched rules stand in the history.

use super::{BuiltinJob, Performed};
use crate::core::Core;
use crate::decisions::{self, Around, Version};
use crate::partitions::session::Session;
use dmn::{Mapping, Outcome};
use engine::Command;
use model::definition::Binding;
use model::error::codes;
use model::{Fault, Object, Timestamp, Value};
use std::fmt::Write as _;
use std::sync::Arc;

/// A history line is no longer than this.
const LINE_CHARS: usize = 2_000;

/// Evaluates the decision that the job names.
pub(super) async fn evaluate(core: &Core, session: &Session, job: &BuiltinJob<'_>) -> Result<Performed, Fault> {
    let decision = header(job, "decisionId").unwrap_or_default();
    let binding = binding(job)?;
    let mapping = mapping(job)?;
    let deployed_at = deployed_at(core, session, &binding).await?;
    let version = core.decisions.resolve(decision, &binding, deployed_at).await?;
    // The same job gives the same random numbers.
    let around = Around { now: session.now, zone: &core.zone, seed: job.job.0.unsigned_abs() };
    let outcome = decisions::evaluate(core, &version, &Arc::new(job.input.clone()), &around)?;
    let value = outcome.mapped(mapping).map_err(|why| {
        Fault::new(&codes::DECISION_FAILED, format!("the decision `{decision}` has no {mapping:?}: {why}"))
    })?;
    let line = Command::Log { key: None, job: Some(job.job), text: told(&version, &outcome), by: None };
    Ok(Performed { result: Object::from_iter([(Arc::from("result"), value)]), commands: vec![line] })
}

fn header<'a>(job: &'a BuiltinJob<'_>, name: &str) -> Option<&'a str> {
    let found = job.headers.iter().find(|(n, _)| n == name)?;
    Some(found.1.trim()).filter(|v| !v.is_empty())
}

fn binding(job: &BuiltinJob<'_>) -> Result<Binding, Fault> {
    let wrong = |what: &str| Fault::new(&codes::DECISION_NOT_FOUND, format!("the task's binding {what}"));
    Ok(match header(job, "binding").unwrap_or("latest") {
        "deployment" => Binding::Deployment,
        "versionTag" => {
            Binding::VersionTag(header(job, "versionTag").ok_or_else(|| wrong("has no version tag"))?.to_owned())
        }
        "version" => {
            let number = header(job, "version").and_then(|v| v.parse().ok());
            Binding::Version(number.ok_or_else(|| wrong("has no version number"))?)
        }
        _ => Binding::Latest,
    })
}

fn mapping(job: &BuiltinJob<'_>) -> Result<Mapping, Fault> {
    let name = header(job, "result").unwrap_or_default();
    Mapping::named(name)
        .ok_or_else(|| Fault::new(&codes::DECISION_FAILED, format!("there is no mapping of results `{name}`")))
}

/// When the process was deployed, where that matters.
async fn deployed_at(core: &Core, session: &Session, binding: &Binding) -> Result<Timestamp, Fault> {
    match (&session.deployment, binding) {
        (Some(deployment), Binding::Deployment) => {
            Ok(core.store.definition(deployment.id).await?.map_or(session.now, |row| row.deployed_at))
        }
        _ => Ok(session.now),
    }
}

/// Which rules matched, for people: `Discount (version 3): rules 1, 2 of Discount table → 5`.
fn told(version: &Version, outcome: &Outcome) -> String {
    let mut line = format!("{} ({}", version.name, version.version);
    if let Some(tag) = &version.version_tag {
        let _ = write!(line, ", {tag}");
    }
    line.push(')');
    for decision in &outcome.decisions {
        let rules: Vec<String> = decision
            .tables
            .iter()
            .map(|t| t.matched.iter().map(|r| format!("#{}", r.index)).collect::<Vec<_>>().join(" "))
            .collect();
        let rules = rules.join("; ");
        let _ = write!(line, "\n{}: {}", decision.name, short(&decision.value));
        if !decision.tables.is_empty() {
            let _ = write!(line, " [{}]", if rules.is_empty() { "—" } else { &rules });
        }
    }
    for warning in outcome.warnings.iter().take(5) {
        let _ = write!(line, "\n! {warning}");
    }
    line.chars().take(LINE_CHARS).collect()
}

fn short(value: &Value) -> String {
    const CHARS: usize = 200;
    let text = value.to_json().to_string();
    if text.chars().count() <= CHARS { text } else { text.chars().take(CHARS).chain(['…']).collect() }
}
