//! `bizproc.workflow.instances`: the unfinished workflows (contract 2.7).

use super::templates::{self, Numbered};
use crate::call::Call;
use crate::wire::list::{By, Cell, Column, Listing, never};
use crate::wire::{Answer, Param, Params, WireError};
use crate::{documents, fault, workflow_id};
use store::{Filter, InstanceField, InstanceRow, InstanceState, Op, Scalar};

/// A row with its template's number.
struct Row {
    instance: InstanceRow,
    template: Option<Numbered>,
}

static INSTANCES: Listing<Row, InstanceField> = Listing {
    columns: &[
        Column::new("ID", By::Key(InstanceField::Id, read_id), |r| Cell::Text(workflow_id::encode(r.instance.id))),
        Column::new("MODIFIED", By::Instant(InstanceField::UpdatedAt), |r| Cell::Instant(r.instance.updated_at)),
        // No worker holds an instance beyond a commit, so nothing is ever locked or stuck.
        Column::new("OWNED_UNTIL", By::Rule(|v| if v.is_blank() { Filter::default() } else { never() }, None), |_| {
            Cell::Null
        }),
        Column::new("MODULE_ID", By::Rule(|v| constant(v, documents::MODULE), None), |r| {
            Cell::text(r.instance.document.map(|_| documents::MODULE))
        }),
        Column::new("ENTITY", By::Rule(|v| constant(v, documents::ENTITY), None), |r| {
            Cell::text(r.instance.document.map(|_| documents::ENTITY))
        }),
        Column::new("DOCUMENT_ID", By::Int(InstanceField::DocumentRecord), |r| {
            r.instance.document.map_or(Cell::Null, |d| Cell::Id(d.record.0))
        }),
        Column::new("STARTED", By::Instant(InstanceField::CreatedAt), |r| Cell::Instant(r.instance.created_at)),
        Column::new("STARTED_BY", By::Rule(started_by, Some(InstanceField::StartedBy)), |r| {
            Cell::Id(r.instance.started_by.map_or(0, |u| u.0))
        }),
        Column::new("TEMPLATE_ID", By::Int(InstanceField::Definition), |r| {
            Cell::Id(r.template.as_ref().map_or(r.instance.definition, |t| t.template).0)
        }),
    ],
    default_select: &["ID", "MODIFIED", "OWNED_UNTIL"],
    default_order: ("MODIFIED", true),
};

fn read_id(param: &Param) -> Option<i64> {
    workflow_id::decode(&param.as_text()?).map(|id| id.0)
}

/// A fact that is the same for every instance that has a document.
fn constant(value: &Param, only: &str) -> Filter<InstanceField> {
    let none = Filter::Is(InstanceField::DocumentRecord, Op::Eq, Scalar::Null);
    match value.as_text() {
        Some(text) if text.is_empty() => none,
        Some(text) if text == only => Filter::Not(Box::new(none)),
        _ => never(),
    }
}

/// 0 is the system.
fn started_by(value: &Param) -> Filter<InstanceField> {
    match value.as_int() {
        Some(0) => Filter::Is(InstanceField::StartedBy, Op::Eq, Scalar::Null),
        Some(id) => Filter::eq(InstanceField::StartedBy, id),
        None => never(),
    }
}

/// `bizproc.workflow.instances`, also under its other name.
pub async fn instances(call: &Call<'_>) -> Result<Answer, WireError> {
    let mut params: Params = call.params.clone();
    let widened = templates::widen_filter(call.state, &mut params, "TEMPLATE_ID").await;
    widened.map_err(|f| fault::workflow(&f))?;
    let mut query = INSTANCES.query(&params, call.state.zone());
    query.filter = query.filter.and(Filter::eq(InstanceField::State, InstanceState::Active));
    let page = call.state.store().instances(query).await.map_err(|e| fault::workflow(&e.into()))?;
    let mut numbers = if INSTANCES.shows("TEMPLATE_ID", &params) {
        let definitions = page.rows.iter().map(|r| r.definition).collect::<Vec<_>>();
        templates::numbers(call.state, definitions).await.map_err(|f| fault::workflow(&f))?
    } else {
        Default::default()
    };
    let rows = page.rows.into_iter().map(|instance| {
        let template = numbers.get_mut(&instance.definition).cloned();
        Row { instance, template }
    });
    let rows = store::Paged { rows: rows.collect(), total: page.total };
    Ok(INSTANCES.answer(&rows, &params, call.state.zone()))
}
