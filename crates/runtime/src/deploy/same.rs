//! What makes a new version and what does not (BPMN MG-9).
//!
//! Invariant: a file is new as a whole: when one of its processes changed, all get a version, so that those that were
//! drawn together stay together. What lies beside the file (name, documents, automatic start) counts too.

use super::File;
use crate::core::Core;
use crate::types::{Deployed, DeployedKind};
use formats::SourceKind;
use model::Fault;
use model::definition::ProcessDefinition;
use model::error::codes;
use serde_json::json;
use store::{DefinitionRow, VersionName};

/// The latest versions of a file's processes when they were deployed from the same content, as one file.
pub(super) async fn standing(core: &Core, file: &File<'_>) -> Result<Option<Vec<DefinitionRow>>, Fault> {
    let mut rows: Vec<DefinitionRow> = Vec::with_capacity(file.imported.definitions.len());
    for definition in &file.imported.definitions {
        let Some(process_id) = file.process_id(definition) else { return Ok(None) };
        let Some(row) = core.store.latest_definition(&process_id).await? else { return Ok(None) };
        let together = rows.first().is_none_or(|first| deployment(first) == deployment(&row));
        if !together || !is_beside(file, definition, &row) {
            return Ok(None);
        }
        rows.push(row);
    }
    let Some(first) = rows.first() else { return Ok(None) };
    let Some(stored) = core.store.definition_source(first.id).await? else { return Ok(None) };
    let same = match file.imported.kind {
        SourceKind::Bpmn => formats::bpmn::same_content(&stored.source, &file.what.bytes, &core.limits),
        SourceKind::Bpt | SourceKind::Dmn => stored.source == file.what.bytes,
    };
    Ok(same.then_some(rows))
}

fn deployment(row: &DefinitionRow) -> model::DefinitionId {
    row.deployment.unwrap_or(row.id)
}

/// Whether what lies beside the file is the same.
fn is_beside(file: &File<'_>, definition: &ProcessDefinition, row: &DefinitionRow) -> bool {
    let name = file.name(definition);
    let what = file.what;
    (row.name == name || (name.is_empty() && row.name == row.process_id))
        && row.origin == super::origin(file.imported.kind)
        && row.description == what.description
        && row.document_catalog == what.document.map(|d| d.catalog)
        && row.app == what.app
        && row.auto_execute == u32::from(what.auto_execute)
        && row.deployable == file.sound
        && what.model.is_none_or(|model| row.model == Some(model))
}

/// What a deployment is answered with that made nothing.
pub(super) fn answer(file: &File<'_>, rows: Vec<DefinitionRow>) -> Vec<Deployed> {
    let deployed = |row: DefinitionRow| Deployed {
        kind: DeployedKind::Process,
        id: row.id,
        process_id: row.process_id,
        version: row.version,
        unchanged: true,
        diagnostics: file.diagnostics.to_vec(),
    };
    rows.into_iter().map(deployed).collect()
}

/// A tag names one version of a process.
pub(super) async fn check_tags(core: &Core, rows: &[DefinitionRow]) -> Result<(), Fault> {
    for row in rows {
        let Some(tag) = &row.version_tag else { continue };
        let named = core.store.named_definition(&row.process_id, VersionName::Tag(tag.clone())).await?;
        if let Some(other) = named {
            let message = format!("version {} of `{}` has the tag `{tag}`", other.version, row.process_id);
            let details = json!({"definition": other.id, "version": other.version, "tag": tag});
            return Err(Fault::new(&codes::VERSION_TAG_TAKEN, message).with_details(details));
        }
    }
    Ok(())
}
