//! Deploying a DMN file.

use super::{ORIGIN, REQUIREMENTS, row_name};
use crate::core::Core;
use crate::types::{Deploy, Deployed, DeployedKind};
use dmn::Model;
use model::error::codes;
use model::{DefinitionId, Diagnostic, Fault, Severity};
use platform::{Actor, LiveEvent};
use serde_json::json;
use std::sync::Arc;
use store::{
    Conflict, DefinitionField, DefinitionRow, DefinitionSource, DefinitionWrite, Filter, IdKind, Op, Query, StoreError,
    Unit,
};

/// Deployments of one decision that race each other are numbered anew so often.
const RACES_MAX: usize = 8;
/// Files whose namespaces are looked at for an import.
const FILES_MAX: u32 = 5_000;

/// Deploys a file that was read: its text, as it is kept, is `source`.
pub(crate) async fn deploy(core: &Core, actor: &Actor, what: &Deploy, source: String) -> Result<Vec<Deployed>, Fault> {
    let (model, imports) = read_with_imports(core, &source).await?;
    if !model.deployable() {
        let diagnostics = &model.about().diagnostics;
        let first = diagnostics.iter().find(|d| d.severity >= Severity::Error);
        let why = first.map_or("the file has no decision", |d| d.message.as_str());
        let details = json!({ "diagnostics": diagnostics });
        return Err(Fault::new(&codes::DEFINITION_NOT_DEPLOYABLE, why).with_details(details));
    }
    let file = File { what, model: &model, imports: &imports };
    if let Some(rows) = standing(core, &file).await? {
        return Ok(answer(&model.about().diagnostics, &rows, true));
    }
    for _ in 0..RACES_MAX {
        let rows = number(core, actor, &file).await?;
        let mut unit = Unit::new();
        for (index, row) in rows.iter().enumerate() {
            // The first row is the file's; the decisions' rows point to it.
            let (bytes, view) =
                if index == 0 { (what.bytes.clone(), source.clone()) } else { (Vec::new(), String::new()) };
            let source = DefinitionSource { source: bytes, view };
            unit.push(DefinitionWrite::Insert { row: Box::new(row.clone()), source });
        }
        match core.store.commit_one(unit).await {
            Ok(_) => {
                announce(core, &rows);
                return Ok(answer(&model.about().diagnostics, &rows, false));
            }
            Err(StoreError::Conflict { what: Conflict::DefinitionVersion }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::of(&codes::STORE_CONFLICT))
}

struct File<'a> {
    what: &'a Deploy,
    model: &'a Model,
    imports: &'a [DefinitionId],
}

/// Reads a text with what it imports of the deployed files; a refusal when it is no DMN.
pub(super) async fn read(core: &Core, source: &str) -> Result<Model, Fault> {
    read_with_imports(core, source).await.map(|(model, _)| model)
}

async fn read_with_imports(core: &Core, source: &str) -> Result<(Model, Vec<DefinitionId>), Fault> {
    let refused = |problems: Vec<Diagnostic>| {
        let why = problems.first().map_or("the file can not be read", |p| p.message.as_str());
        Fault::new(&codes::DEFINITION_REFUSED, why).with_details(json!({ "diagnostics": problems }))
    };
    let model = Model::read(source, &[], &core.limits).map_err(refused)?;
    if model.about().imports.is_empty() {
        return Ok((model, Vec::new()));
    }
    let imports = imported(core, &model.about().imports).await?;
    let mut texts = Vec::new();
    for id in &imports {
        texts.extend(core.decisions.texts(*id).await?);
    }
    let others: Vec<&str> = texts.iter().map(String::as_str).collect();
    let model = Model::read(source, &others, &core.limits).map_err(refused)?;
    Ok((model, imports))
}

/// The newest deployed file of each namespace.
async fn imported(core: &Core, namespaces: &[Arc<str>]) -> Result<Vec<DefinitionId>, Fault> {
    let wanted = Filter::eq(DefinitionField::Origin, ORIGIN)
        .and(Filter::eq(DefinitionField::Deleted, false))
        .and(Filter::is(DefinitionField::ProcessId, Op::StartsWith, REQUIREMENTS));
    let query = Query::new(wanted).order(DefinitionField::Id, true).limit(FILES_MAX);
    let rows = core.store.definitions(query).await?.rows;
    let of = |namespace: &Arc<str>| {
        let found =
            rows.iter().find(|r| r.template_meta.get("namespace").and_then(|n| n.as_str()) == Some(&**namespace));
        found.map(|row| row.id)
    };
    Ok(namespaces.iter().filter_map(of).collect())
}

/// The row names of a file: its own first, then its decisions'.
fn row_names(model: &Model) -> Vec<String> {
    let about = model.about();
    let requirements = if about.id.is_empty() { &about.name } else { &about.id };
    let own = std::iter::once(format!("{REQUIREMENTS}{requirements}"));
    own.chain(about.decisions.iter().map(|d| row_name(&d.id))).collect()
}

/// The latest versions of a file's decisions when they were deployed from the same content, as one file (BPMN MG-9).
/// What it imports counts too: its newest version would be another.
async fn standing(core: &Core, file: &File<'_>) -> Result<Option<Vec<DefinitionRow>>, Fault> {
    let mut rows: Vec<DefinitionRow> = Vec::new();
    for name in row_names(file.model) {
        let Some(row) = core.store.latest_definition(&name).await? else { return Ok(None) };
        let together = rows.first().is_none_or(|first| row.deployment == Some(first.id));
        let beside = row.description == file.what.description
            && row.app == file.what.app
            && file.what.model.is_none_or(|model| row.model == Some(model));
        if !together || !beside {
            return Ok(None);
        }
        rows.push(row);
    }
    let Some(first) = rows.first() else { return Ok(None) };
    let imports: Vec<i64> = file.imports.iter().map(|i| i.0).collect();
    if first.template_meta.get("imports") != Some(&json!(imports)) {
        return Ok(None);
    }
    let Some(stored) = core.store.definition_source(first.id).await? else { return Ok(None) };
    let same = formats::bpmn::same_content(&stored.source, &file.what.bytes, &core.limits);
    Ok(same.then_some(rows))
}

/// The rows, with ids and version numbers: the file's first.
async fn number(core: &Core, actor: &Actor, file: &File<'_>) -> Result<Vec<DefinitionRow>, Fault> {
    let about = file.model.about();
    let requirements = if about.id.is_empty() { &about.name } else { &about.id };
    let facts = std::iter::once((&about.name, None)).chain(about.decisions.iter().map(|d| (&d.name, Some(d))));
    let names = row_names(file.model).into_iter().zip(facts);
    let now = core.now();
    let mut rows: Vec<DefinitionRow> = Vec::with_capacity(about.decisions.len() + 1);
    for (process_id, (name, decision)) in names {
        let id = DefinitionId(core.store.next_id(IdKind::Definition).await?);
        let source = rows.first().map_or(id, |first: &DefinitionRow| first.id);
        let imports: Vec<i64> = file.imports.iter().map(|i| i.0).collect();
        let meta = match decision {
            None => json!({
                "namespace": about.namespace, "imports": imports, "source": source.0,
                "diagnostics": about.diagnostics,
            }),
            Some(decision) => json!({
                "source": source.0,
                "requirementsId": &**requirements, "requirementsName": &*about.name,
                "inputs": decision.inputs.iter().map(|i| &**i).collect::<Vec<_>>(),
            }),
        };
        rows.push(DefinitionRow {
            id,
            version: core.store.greatest_version(&process_id).await? + 1,
            name: if name.is_empty() { process_id.clone() } else { name.to_string() },
            process_id,
            description: file.what.description.clone(),
            origin: ORIGIN.to_owned(),
            document_catalog: None,
            deployed_at: now,
            deployed_by: Some(actor.user_id()).filter(|id| id.0 > 0),
            modified_at: now,
            app: file.what.app,
            auto_execute: 0,
            template_meta: meta,
            deployable: true,
            deleted_at: None,
            model: file.what.model,
            version_tag: decision.and_then(|d| d.version_tag.as_deref()).map(str::to_owned),
            deployment: rows.first().map(|first| first.id),
        });
    }
    Ok(rows)
}

/// Whoever looks for these decisions finds the new versions.
fn announce(core: &Core, rows: &[DefinitionRow]) {
    for row in rows.iter().skip(1) {
        core.decisions.changed(&row.process_id);
        core.cluster.courier.forget(&row.process_id);
        let data = json!({"decisionId": super::cache::decision_id(row), "version": row.version});
        core.platform.live().publish(LiveEvent::new("decision", row.id).with(data));
    }
}

fn answer(diagnostics: &[Diagnostic], rows: &[DefinitionRow], unchanged: bool) -> Vec<Deployed> {
    let deployed = |row: &DefinitionRow| Deployed {
        kind: DeployedKind::Decision,
        id: row.id,
        process_id: super::cache::decision_id(row).to_owned(),
        version: row.version,
        unchanged,
        diagnostics: diagnostics.to_vec(),
    };
    rows.iter().skip(1).map(deployed).collect()
}
