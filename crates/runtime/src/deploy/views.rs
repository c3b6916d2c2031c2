//! Deployed definitions as the edges see them.

use crate::core::Core;
use crate::decisions;
use crate::types::{Checked, DefinitionDetails, DefinitionFilter, DefinitionStats, DefinitionView, Page, Paged};
use formats::Around;
use model::definition::Origin;
use model::error::codes;
use model::{DefinitionId, Diagnostic, DocumentType, Fault, Severity};
use platform::Actor;
use std::collections::HashMap;
use std::sync::Arc;
use store::{DefinitionField, DefinitionRow, Filter, InstanceState, Query};

/// What a file gives without being deployed: all that deploying it would tell. It may be large, so it is read off the
/// threads that serve requests.
pub(crate) async fn check(core: &Arc<Core>, actor: &Actor, name: &str, bytes: Vec<u8>) -> Result<Checked, Fault> {
    let templates = super::app_templates(&core.platform, actor.language()).await?;
    let (reader, name) = (core.clone(), name.to_owned());
    let read = move || {
        let around = Around { templates: Some(&templates), ..Around::default() };
        let imported = formats::import_among(&name, &bytes, &around, &reader.limits)?;
        let diagnostics = super::diagnostics(&reader, &imported);
        Ok::<_, Vec<Diagnostic>>((imported, diagnostics))
    };
    let read = tokio::task::spawn_blocking(read).await;
    match read.map_err(|e| Fault::of(&codes::DEFINITION_REFUSED).caused_by(e))? {
        Err(diagnostics) => Ok(Checked { diagnostics, deployable: false, bpmn: None, names: Vec::new() }),
        Ok((imported, mut diagnostics)) => {
            diagnostics.extend(super::absent(core, &imported, None).await?);
            let runs = !imported.definitions.is_empty() || imported.decisions.is_some();
            let sound = runs && diagnostics.iter().all(|d| d.severity < Severity::Error);
            Ok(Checked {
                deployable: sound,
                diagnostics,
                names: match &imported.decisions {
                    Some(model) => vec![model.about().name.to_string()],
                    None => imported.definitions.iter().map(|d| d.name.clone()).collect(),
                },
                bpmn: Some(imported.bpmn),
            })
        }
    }
}

/// A version with its content; withdrawn ones too, for the instances that still run them.
pub(crate) async fn details(core: &Core, id: DefinitionId) -> Result<DefinitionDetails, Fault> {
    let missing = || Fault::new(&codes::DEFINITION_NOT_FOUND, format!("there is no process definition {id}"));
    let row = core.store.definition(id).await?.filter(|row| row.origin != decisions::ORIGIN).ok_or_else(missing)?;
    let source = core.store.definition_source(id).await?.ok_or_else(missing)?;
    let deployment = core.deployments.get(id).await?;
    let definition = deployment.definition();
    Ok(DefinitionDetails {
        view: view(stats(core, &[id]).await?.remove(&id).unwrap_or_default(), row),
        bpmn: source.view,
        source: source.source,
        parameters: definition.parameters.clone(),
        variables: definition.variables.clone(),
        constants: definition.constants.clone(),
        start_form: definition.start_form.clone(),
    })
}

/// Deployed versions, the latest deployed first.
pub(crate) async fn list(core: &Core, filter: &DefinitionFilter, page: Page) -> Result<Paged<DefinitionView>, Fault> {
    let decision = Filter::eq(DefinitionField::Origin, decisions::ORIGIN);
    let mut wanted = Filter::eq(DefinitionField::Deleted, false).and(Filter::Not(Box::new(decision)));
    if filter.latest {
        wanted = wanted.and(Filter::eq(DefinitionField::Latest, true));
    }
    if let Some(process_id) = &filter.process_id {
        wanted = wanted.and(Filter::eq(DefinitionField::ProcessId, process_id.as_str()));
    }
    if let Some(catalog) = filter.catalog {
        wanted = wanted.and(Filter::eq(DefinitionField::DocumentCatalog, catalog));
    }
    if let Some(app) = filter.app {
        wanted = wanted.and(Filter::eq(DefinitionField::App, app));
    }
    let mut query = Query::new(wanted).order(DefinitionField::Id, true);
    query.text = filter.search.clone();
    query.page = page.into();
    let found = core.store.definitions(query).await?;
    let total = found.total.unwrap_or(0);
    let ids: Vec<DefinitionId> = found.rows.iter().map(|row| row.id).collect();
    let stats = stats(core, &ids).await?;
    let of = |row: &DefinitionRow| stats.get(&row.id).copied().unwrap_or_default();
    Ok(Paged { items: found.rows.into_iter().map(|row| view(of(&row), row)).collect(), total })
}

fn view(stats: DefinitionStats, row: DefinitionRow) -> DefinitionView {
    let diagnostics = row.template_meta.get("diagnostics").cloned().unwrap_or_default();
    let diagnostics: Vec<Diagnostic> = serde_json::from_value(diagnostics).unwrap_or_default();
    DefinitionView {
        stats,
        id: row.id,
        process_id: row.process_id,
        name: row.name,
        version: row.version,
        origin: if row.origin == "bpt" { Origin::Bpt } else { Origin::Bpmn },
        description: row.description,
        document: row.document_catalog.map(|catalog| DocumentType { catalog }),
        app: row.app,
        model: row.model,
        auto_execute: u8::try_from(row.auto_execute).unwrap_or(0),
        deployed_by: row.deployed_by,
        deployed_at: row.deployed_at,
        modified_at: row.modified_at,
        deployable: row.deployable,
        diagnostics,
    }
}

/// Counts of these versions, by two queries.
async fn stats(core: &Core, ids: &[DefinitionId]) -> Result<HashMap<DefinitionId, DefinitionStats>, Fault> {
    let mut all: HashMap<DefinitionId, DefinitionStats> = HashMap::new();
    for count in core.store.instance_counts(ids).await? {
        let stats = all.entry(count.definition).or_default();
        match count.state {
            InstanceState::Active => {
                stats.active += count.instances;
                stats.incidents += count.with_incidents;
            }
            InstanceState::Completed => stats.completed += count.instances,
            InstanceState::Failed | InstanceState::Canceled => stats.failed += count.instances,
        }
    }
    for gone in core.store.purged_counts(ids).await? {
        all.entry(gone.definition).or_default().purged += gone.instances;
    }
    Ok(all)
}
