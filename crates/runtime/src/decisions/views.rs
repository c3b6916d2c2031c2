//! Deployed decisions as the edges see them.

use super::cache::{decision_id, is_decision, source_of};
use super::{DECISION, ORIGIN, not_found, row_name};
use crate::core::Core;
use crate::types::{DecisionDetails, DecisionFilter, DecisionView, Page, Paged};
use model::{DefinitionId, Diagnostic, Fault};
use platform::LiveEvent;
use serde_json::{Value as Json, json};
use store::{DefinitionField, DefinitionRow, DefinitionWrite, Filter, Op, Query, Unit};

/// Versions of decisions, the latest deployed first.
pub(crate) async fn list(core: &Core, filter: &DecisionFilter, page: Page) -> Result<Paged<DecisionView>, Fault> {
    let mut wanted = Filter::eq(DefinitionField::Origin, ORIGIN)
        .and(Filter::eq(DefinitionField::Deleted, false))
        .and(Filter::is(DefinitionField::ProcessId, Op::StartsWith, DECISION));
    if filter.latest {
        wanted = wanted.and(Filter::eq(DefinitionField::Latest, true));
    }
    if let Some(decision) = &filter.decision_id {
        wanted = wanted.and(Filter::eq(DefinitionField::ProcessId, row_name(decision)));
    }
    let mut query = Query::new(wanted).order(DefinitionField::Id, true);
    query.text = filter.search.clone();
    query.page = page.into();
    let found = core.store.definitions(query).await?;
    Ok(Paged { total: found.total.unwrap_or(0), items: found.rows.into_iter().map(view).collect() })
}

/// A version with its file; withdrawn ones too, for what they decided.
pub(crate) async fn details(core: &Core, id: DefinitionId) -> Result<DecisionDetails, Fault> {
    let missing = || not_found(&id.to_string());
    let row = core.store.definition(id).await?.filter(is_decision).ok_or_else(missing)?;
    let file = source_of(&row).ok_or_else(missing)?;
    let source = core.store.definition_source(file).await?.ok_or_else(missing)?;
    let file = core.store.definition(file).await?.ok_or_else(missing)?;
    let diagnostics = file.template_meta.get("diagnostics").cloned().unwrap_or_default();
    let diagnostics: Vec<Diagnostic> = serde_json::from_value(diagnostics).unwrap_or_default();
    Ok(DecisionDetails { view: view(row), source: source.view, diagnostics })
}

/// Withdraws a version: nothing decides by it any more but what named it as it was.
pub(crate) async fn withdraw(core: &Core, id: DefinitionId) -> Result<(), Fault> {
    let row = core.store.definition(id).await?.filter(|row| is_decision(row) && row.deleted_at.is_none());
    let row = row.ok_or_else(|| not_found(&id.to_string()))?;
    core.store.commit_one(Unit::of(DefinitionWrite::Withdraw { id, at: core.now() })).await?;
    core.decisions.changed(&row.process_id);
    core.cluster.courier.forget(&row.process_id);
    core.platform.live().publish(LiveEvent::new("decision", id).with(json!({"withdrawn": true})));
    Ok(())
}

fn view(row: DefinitionRow) -> DecisionView {
    let text = |name: &str| row.template_meta.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let inputs = row.template_meta.get("inputs").and_then(Json::as_array);
    DecisionView {
        id: row.id,
        decision_id: decision_id(&row).to_owned(),
        version_tag: row.version_tag.clone(),
        requirements_id: text("requirementsId"),
        requirements_name: text("requirementsName"),
        inputs: inputs.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect(),
        name: row.name,
        version: row.version,
        model: row.model,
        deployed_by: row.deployed_by,
        deployed_at: row.deployed_at,
        withdrawn: row.deleted_at.is_some(),
    }
}
