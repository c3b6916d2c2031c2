//! Templates: what a mutable template with one id is among immutable versions.
//!
//! A template is a process id. Its number on the wire is the number of its first version and never changes; any
//! version's number is understood, and the newest version is what is started, changed and shown.

use crate::state::BitrixState;
use crate::wire::{Array, Param, Params};
use model::error::codes;
use model::{DefinitionId, Fault};
use std::collections::HashMap;
use store::{DefinitionField, DefinitionRow, Filter, Query};

/// The newest version of the template that `id` names a version of.
pub async fn latest(state: &BitrixState, id: DefinitionId) -> Result<DefinitionRow, Fault> {
    let missing = || Fault::of(&codes::DEFINITION_NOT_FOUND);
    let row = state.store().definition(id).await?.ok_or_else(missing)?;
    state.store().latest_definition(&row.process_id).await?.ok_or_else(missing)
}

/// All versions of a process, the oldest first.
pub async fn versions(state: &BitrixState, process_id: &str) -> Result<Vec<DefinitionRow>, Fault> {
    let filter = Filter::eq(DefinitionField::ProcessId, process_id);
    all(state, Query::new(filter).order(DefinitionField::Id, false)).await
}

/// All rows of a query, page by page.
pub async fn all(state: &BitrixState, mut query: Query<DefinitionField>) -> Result<Vec<DefinitionRow>, Fault> {
    const STEP: u32 = 500;
    let mut rows = Vec::new();
    query.page = store::Page { limit: STEP, offset: 0, count: false };
    loop {
        let page = state.store().definitions(query.clone()).await?.rows;
        let full = page.len() == STEP as usize;
        query.page.offset += u64::from(STEP);
        rows.extend(page);
        if !full {
            return Ok(rows);
        }
    }
}

/// The wire numbers of the templates that definitions belong to.
pub async fn numbers(
    state: &BitrixState,
    definitions: impl IntoIterator<Item = DefinitionId>,
) -> Result<HashMap<DefinitionId, Numbered>, Fault> {
    let mut by_process: HashMap<String, DefinitionId> = HashMap::new();
    let mut out = HashMap::new();
    for id in definitions {
        if out.contains_key(&id) {
            continue;
        }
        let Some(row) = state.store().definition(id).await? else { continue };
        let first = match by_process.get(&row.process_id) {
            Some(first) => *first,
            None => first_version(state, &row).await?,
        };
        by_process.insert(row.process_id, first);
        out.insert(id, Numbered { template: first, name: row.name });
    }
    Ok(out)
}

/// The number of a row's template.
pub async fn first_version(state: &BitrixState, row: &DefinitionRow) -> Result<DefinitionId, Fault> {
    let filter = Filter::eq(DefinitionField::ProcessId, row.process_id.as_str());
    let query = Query::new(filter).order(DefinitionField::Id, false).limit(1);
    Ok(state.store().definitions(query).await?.rows.first().map_or(row.id, |first| first.id))
}

/// A definition's template.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// Its number on the wire.
    pub template: DefinitionId,
    /// The version's name.
    pub name: String,
}

/// Replaces template numbers in a filter by the numbers of all their versions, which is what instances and tasks name.
pub async fn widen_filter(state: &BitrixState, params: &mut Params, column: &str) -> Result<(), Fault> {
    let Some(filter) = params.array("FILTER") else { return Ok(()) };
    let mut widened = Array::new();
    for (key, value) in filter.iter() {
        let names_column = key.trim_start_matches(['!', '=', '<', '>']).eq_ignore_ascii_case(column);
        let value = if names_column { versions_of(state, value).await? } else { value.clone() };
        widened.set(key, value);
    }
    params.map.set("FILTER", Param::Array(widened));
    Ok(())
}

async fn versions_of(state: &BitrixState, value: &Param) -> Result<Param, Fault> {
    let mut ids = Vec::new();
    for id in value.items().into_iter().filter_map(Param::as_int) {
        match state.store().definition(DefinitionId(id)).await? {
            Some(row) => ids.extend(versions(state, &row.process_id).await?.into_iter().map(|v| v.id.0)),
            None => ids.push(id),
        }
    }
    if ids.is_empty() {
        return Ok(value.clone());
    }
    Ok(Param::list(ids.into_iter().map(|id| Param::Number(id.into()))))
}
