//! Decisions: deployed DMN models, their versions, and their evaluation.
//!
//! Owns: which version of a decision is meant, models kept compiled, and what an evaluation may know. A file is one row
//! of the definitions' table under `drg:` and the id of its requirements, which holds the text, and one row for each of
//! its decisions under `dmn:` and the decision's id. Invariant: a version's text, and the texts it imports, never
//! change. Never: judges or computes a decision (the crate `dmn` does).

mod cache;
mod deploy;
mod targets;
mod views;

pub(crate) use cache::{Decisions, Version};
pub(crate) use deploy::deploy;
pub(crate) use targets::missing;
pub(crate) use views::{details, list, withdraw};

use crate::core::Core;
use crate::types::{DecisionEvaluation, DecisionSel, TriedDecision};
use dmn::{Model, Outcome};
use expr::Env;
use expr::feel::Nothing;
use jiff::tz::TimeZone;
use model::definition::Binding;
use model::error::codes;
use model::{Fault, Object, Timestamp};
use std::sync::Arc;

/// The format of rows that hold decisions.
pub(crate) const ORIGIN: &str = "dmn";
/// Before a decision's id in the definitions' table: processes have ids of their own.
const DECISION: &str = "dmn:";
/// Before the id of a file's requirements.
const REQUIREMENTS: &str = "drg:";

/// What the row of a decision is called.
pub(crate) fn row_name(decision: &str) -> String {
    format!("{DECISION}{decision}")
}

/// When, where and with what an evaluation takes place.
pub(crate) struct Around<'a> {
    pub(crate) now: Timestamp,
    pub(crate) zone: &'a TimeZone,
    pub(crate) seed: u64,
}

/// Evaluates a version's decision.
pub(crate) fn evaluate(
    core: &Core,
    version: &Version,
    variables: &Arc<Object>,
    around: &Around<'_>,
) -> Result<Outcome, Fault> {
    run(core, &version.model, &version.decision, variables, around)
}

fn run(
    core: &Core,
    model: &Model,
    decision: &str,
    variables: &Arc<Object>,
    around: &Around<'_>,
) -> Result<Outcome, Fault> {
    let env = Env { scope: &Nothing, now: around.now, zone: around.zone, limits: &core.limits, seed: around.seed };
    match model.evaluate(decision, variables, &env, true) {
        None => Err(not_found(decision)),
        Some(Ok(outcome)) => Ok(outcome),
        Some(Err(error)) => {
            Err(Fault::new(&codes::DECISION_FAILED, format!("the decision `{decision}` can not be evaluated: {error}")))
        }
    }
}

pub(crate) fn not_found(decision: &str) -> Fault {
    Fault::new(&codes::DECISION_NOT_FOUND, format!("no decision `{decision}` is deployed"))
}

/// Tries out what is deployed, or a text that is not.
pub(crate) async fn try_out(core: &Core, what: TriedDecision) -> Result<DecisionEvaluation, Fault> {
    let variables = Arc::new(what.variables);
    let around =
        Around { now: core.now(), zone: &core.zone, seed: u64::from(core.entropy.alphanumeric(1).as_bytes()[0]) };
    match what.decision {
        DecisionSel::Id(id) => {
            let version = core.decisions.get(id).await?;
            let outcome = evaluate(core, &version, &variables, &around)?;
            Ok(DecisionEvaluation { id: Some(version.id), version: Some(version.version), outcome })
        }
        DecisionSel::Latest(decision) => {
            let version = core.decisions.resolve(&decision, &Binding::Latest, core.now()).await?;
            let outcome = evaluate(core, &version, &variables, &around)?;
            Ok(DecisionEvaluation { id: Some(version.id), version: Some(version.version), outcome })
        }
        DecisionSel::Draft { source, decision } => {
            let model = deploy::read(core, &source).await?;
            let wanted = decision.or_else(|| model.about().decisions.first().map(|d| d.id.to_string()));
            let outcome = run(core, &model, &wanted.unwrap_or_default(), &variables, &around)?;
            Ok(DecisionEvaluation { id: None, version: None, outcome })
        }
    }
}
