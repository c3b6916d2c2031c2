//! `bizproc.workflow.template.list` (contract 2.9).
//!
//! Templates are few, and one is the newest of several versions, so the list is put together here rather than asked of
//! the store page by page.

use super::templates;
use crate::call::Call;
use crate::wire::answer::{PAGE, Page};
use crate::wire::list::{By, Cell, Column, Listing, compare, matches, never};
use crate::wire::{Answer, Array, Param, Params, WireError};
use crate::{documents, fault};
use model::definition::{Origin, VariableDecl};
use model::limits::Limits;
use model::{CatalogId, DefinitionId};
use runtime::DefinitionDetails;
use serde_json::{Map, Value as Json, json};
use std::cmp::Ordering;
use store::{DefinitionField, DefinitionRow, Filter, Query, Scalar};

/// Bits from here on are robots' templates, which never appear.
const AUTOMATION: u32 = 8;

struct Row {
    template: DefinitionId,
    newest: DefinitionRow,
    /// The parts of the file, when they are shown.
    parts: Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Id,
    HasDocument,
    DocumentType,
    AutoExecute,
    Name,
    Description,
    Modified,
    UserId,
    SystemCode,
}

static TEMPLATES: Listing<Row, Field> = Listing {
    columns: &[
        Column::new("ID", By::Int(Field::Id), |r| Cell::Id(r.template.0)),
        Column::new("MODULE_ID", By::Rule(|v| constant(v, documents::MODULE), None), |r| {
            Cell::text(r.newest.document_catalog.map(|_| documents::MODULE))
        }),
        Column::new("ENTITY", By::Rule(|v| constant(v, documents::ENTITY), None), |r| {
            Cell::text(r.newest.document_catalog.map(|_| documents::ENTITY))
        }),
        Column::new("DOCUMENT_TYPE", By::Text(Field::DocumentType), |r| {
            r.newest.document_catalog.map_or(Cell::Null, |c| Cell::Json(json!(documents::type_triple(c))))
        }),
        Column::new("AUTO_EXECUTE", By::Int(Field::AutoExecute), |r| Cell::Id(r.newest.auto_execute.into())),
        Column::new("NAME", By::Text(Field::Name), |r| Cell::Text(r.newest.name.clone())),
        Column::new("DESCRIPTION", By::Text(Field::Description), |r| Cell::Text(r.newest.description.clone())),
        Column::new("TEMPLATE", By::Nothing, |r| part(r, "TEMPLATE")),
        Column::new("PARAMETERS", By::Nothing, |r| part(r, "PARAMETERS")),
        Column::new("VARIABLES", By::Nothing, |r| part(r, "VARIABLES")),
        Column::new("CONSTANTS", By::Nothing, |r| part(r, "CONSTANTS")),
        Column::new("MODIFIED", By::Instant(Field::Modified), |r| Cell::Instant(r.newest.modified_at)),
        Column::new("IS_MODIFIED", By::Nothing, |r| {
            Cell::Text(if r.newest.id == r.template { "N" } else { "Y" }.into())
        }),
        Column::new("USER_ID", By::Int(Field::UserId), |r| Cell::Id(r.newest.deployed_by.map_or(0, |u| u.0))),
        Column::new("SYSTEM_CODE", By::Text(Field::SystemCode), |r| Cell::text(system_code(&r.newest))),
    ],
    default_select: &["ID"],
    default_order: ("ID", false),
};

/// Columns that need the file.
const PARTS: [&str; 4] = ["TEMPLATE", "PARAMETERS", "VARIABLES", "CONSTANTS"];

fn part(row: &Row, key: &str) -> Cell {
    Cell::Json(row.parts.get(key).cloned().unwrap_or_else(|| json!({})))
}

/// A template's own file says all; a process drawn as BPMN has declarations, and no tree of activities.
fn parts(details: &DefinitionDetails) -> Json {
    if details.view.origin == Origin::Bpt
        && let Ok(template) = formats::bpt::read(&details.source, &Limits::default())
    {
        return formats::bpt::to_json(&template);
    }
    json!({
        "PARAMETERS": declarations(&details.parameters),
        "VARIABLES": declarations(&details.variables),
        "CONSTANTS": declarations(&details.constants),
    })
}

fn system_code(row: &DefinitionRow) -> Option<String> {
    row.app.map(|app| format!("rest_app_{}", app.0))
}

fn constant(value: &Param, only: &str) -> Filter<Field> {
    match value.as_text() {
        Some(text) if text.is_empty() => Filter::eq(Field::HasDocument, false),
        Some(text) if text == only => Filter::eq(Field::HasDocument, true),
        _ => never(),
    }
}

/// Parameters in the shape of contract 4.3.
fn declarations(list: &[VariableDecl]) -> Json {
    let entry = |d: &VariableDecl| {
        let options: Map<String, Json> = d.options.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        let flag = |on: bool| if on { "1" } else { "0" };
        let description = json!({
            "Name": d.name, "Description": d.description, "Type": d.kind, "Required": flag(d.required),
            "Multiple": flag(d.multiple), "Options": options, "Default": d.default.to_json(),
        });
        (d.key.clone(), description)
    };
    Json::Object(list.iter().map(entry).collect())
}

/// `bizproc.workflow.template.list`.
pub async fn list(call: &Call<'_>) -> Result<Answer, WireError> {
    let params = third_part(&call.params);
    let mut query = TEMPLATES.query(&params, call.state.zone());
    query.page.limit = u32::MAX;
    let wants_parts = PARTS.iter().any(|name| TEMPLATES.shows(name, &params));
    let mut rows = rows(call).await?;
    rows.retain(|row| matches(&query.filter, &|field: &Field| value(row, *field)));
    rows.sort_by(|a, b| {
        query.order.iter().fold(Ordering::Equal, |so_far, key| {
            let ordering = compare(&value(a, key.field), &value(b, key.field)).unwrap_or(Ordering::Equal);
            so_far.then(if key.descending { ordering.reverse() } else { ordering })
        })
    });
    let total = rows.len() as u64;
    let mut page: Vec<Row> = rows.into_iter().skip(Page::of(&params).offset()).take(PAGE).collect();
    if wants_parts {
        for row in &mut page {
            let details = call.state.runtime().definition(row.newest.id).await.map_err(|f| fault::template(&f))?;
            row.parts = parts(&details);
        }
    }
    Ok(TEMPLATES.answer(&store::Paged { rows: page, total: Some(total) }, &params, call.state.zone()))
}

async fn rows(call: &Call<'_>) -> Result<Vec<Row>, WireError> {
    let failed = |f: model::Fault| fault::template(&f);
    // One pass over all versions, the oldest first: the first of a process gives its number, the last live one shows.
    let processes = Filter::Not(Box::new(Filter::eq(DefinitionField::Origin, "dmn")));
    let all = templates::all(call.state, Query::new(processes).order(DefinitionField::Id, false)).await;
    let all = all.map_err(failed)?;
    let mut rows: indexmap::IndexMap<String, (DefinitionId, Option<DefinitionRow>)> = indexmap::IndexMap::new();
    for version in all {
        let entry = rows.entry(version.process_id.clone()).or_insert((version.id, None));
        if version.deleted_at.is_none() {
            entry.1 = Some(version);
        }
    }
    let live = rows.into_values().filter_map(|(template, newest)| Some((template, newest?)));
    let live = live.filter(|(_, newest)| newest.auto_execute < AUTOMATION);
    Ok(live.map(|(template, newest)| Row { template, newest, parts: Json::Null }).collect())
}

fn value(row: &Row, field: Field) -> Scalar {
    let newest = &row.newest;
    match field {
        Field::Id => row.template.into(),
        Field::HasDocument => newest.document_catalog.is_some().into(),
        Field::DocumentType => newest.document_catalog.map_or(Scalar::Null, |c| documents::type_name(c).into()),
        Field::AutoExecute => newest.auto_execute.into(),
        Field::Name => newest.name.as_str().into(),
        Field::Description => newest.description.as_str().into(),
        Field::Modified => newest.modified_at.into(),
        Field::UserId => Scalar::Int(newest.deployed_by.map_or(0, |u| u.0)),
        Field::SystemCode => system_code(newest).map_or(Scalar::Null, Into::into),
    }
}

/// In a filter `DOCUMENT_TYPE` takes a triple or its third part; here it becomes the third part.
fn third_part(given: &Params) -> Params {
    let mut params = given.clone();
    let Some(filter) = given.array("FILTER") else { return params };
    let mut changed = Array::new();
    for (key, value) in filter.iter() {
        let is_type = key.trim_start_matches(['!', '=']).eq_ignore_ascii_case("DOCUMENT_TYPE");
        let triple = documents::Triple::read(Some(value)).filter(|_| is_type);
        let value = match triple.map(|t| t.catalog()) {
            Some(Some(CatalogId(n))) => Param::text(format!("iblock_{n}")),
            Some(None) => Param::text("\u{0}"),
            None => value.clone(),
        };
        changed.set(key, value);
    }
    params.map.set("FILTER", Param::Array(changed));
    params
}
