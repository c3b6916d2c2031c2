//! Process instances as the edges see them: lists, the page with its diagram, history, calls, incidents.
//!
//! Invariant: reads only what was committed; the page is made from the snapshot (what is) and the journal (what was).
//! Never: changes anything.

pub(crate) mod aside;
pub(crate) mod incident_log;
pub(crate) mod journal;
pub(crate) mod large;
pub(crate) mod operate;
mod view;

pub(crate) use incident_log::IncidentLog;
pub(crate) use view::{history, view};

use crate::core::{Core, instance_not_found};
use crate::types::{CallView, IncidentView, InstanceFilter, InstanceSummary, Page, Paged};
use model::{Fault, IncidentId, InstanceId};
use store::{Filter, IncidentField, IncidentRow, InstanceField, InstanceRow, Op, Query};

/// Calls shown of one instance.
const CALLS_MAX: u32 = 1_000;

/// One instance, or `RUN-0001`.
pub(crate) async fn row(core: &Core, id: InstanceId) -> Result<InstanceRow, Fault> {
    core.store.instance(id).await?.ok_or_else(|| instance_not_found(id))
}

/// One instance as lists show it.
pub(crate) async fn summary(core: &Core, row: InstanceRow) -> Result<InstanceSummary, Fault> {
    let deployment = core.deployments.get(row.definition).await?;
    Ok(InstanceSummary {
        id: row.id,
        state: row.state.as_str().to_owned(),
        definition: row.definition,
        definition_name: deployment.name.clone(),
        definition_version: deployment.version,
        process_id: row.process_id,
        document: row.document,
        business_key: row.business_key,
        started_by: row.started_by,
        started_at: row.created_at,
        finished_at: row.finished_at,
        updated_at: row.updated_at,
        state_title: Some(row.state_title).filter(|t| !t.is_empty()),
        incidents: row.incidents,
        parent: row.parent,
        root: row.root,
        suspended: row.suspended,
    })
}

/// A list, newest start first.
pub(crate) async fn list(core: &Core, filter: &InstanceFilter, page: Page) -> Result<Paged<InstanceSummary>, Fault> {
    let mut query = Query::new(conditions(filter));
    query.text = filter.search.clone();
    query.page = page.into();
    let found = core.store.instances(query).await?;
    let total = found.total.unwrap_or(0);
    let mut items = Vec::with_capacity(found.rows.len());
    for row in found.rows {
        items.push(summary(core, row).await?);
    }
    Ok(Paged { items, total })
}

fn conditions(filter: &InstanceFilter) -> Filter<InstanceField> {
    let mut all = Vec::new();
    if let Some(state) = &filter.state {
        // A state that does not exist matches nothing.
        let code = store::InstanceState::parse(state).map_or(-1, store::InstanceState::code);
        all.push(Filter::eq(InstanceField::State, code));
    }
    all.extend(filter.definition.map(|id| Filter::eq(InstanceField::Definition, id)));
    all.extend(filter.process_id.as_deref().map(|id| Filter::eq(InstanceField::ProcessId, id)));
    all.extend(filter.record.map(|id| Filter::eq(InstanceField::DocumentRecord, id)));
    all.extend(filter.started_by.map(|id| Filter::eq(InstanceField::StartedBy, id)));
    all.extend(filter.parent.map(|id| Filter::eq(InstanceField::Parent, id)));
    all.extend(filter.root.map(|id| Filter::eq(InstanceField::Root, id)));
    all.extend(filter.has_incident.map(|has| {
        let op = if has { Op::Gt } else { Op::Eq };
        Filter::is(InstanceField::Incidents, op, 0_i64)
    }));
    all.extend(filter.before.map(|id| Filter::is(InstanceField::Id, Op::Lt, id)));
    all.extend(filter.suspended.map(|is| Filter::eq(InstanceField::Suspended, is)));
    Filter::All(all)
}

/// Tries of outgoing calls, oldest first.
pub(crate) async fn calls(core: &Core, id: InstanceId) -> Result<Vec<CallView>, Fault> {
    let rows = core.store.calls(id, CALLS_MAX).await?;
    let numbered = rows.into_iter().zip(1..);
    let views = numbered.map(|(row, number)| CallView {
        id: number,
        at: row.at,
        instance: Some(row.instance),
        element_id: row.element_id,
        attempt: row.attempt,
        url: row.url,
        request: row.request,
        status: row.status,
        response: row.response,
        duration_ms: row.duration_ms,
        error: row.error,
    });
    Ok(views.collect())
}

/// Incidents, newest first.
pub(crate) async fn incidents(
    core: &Core,
    open: Option<bool>,
    instance: Option<InstanceId>,
    page: Page,
) -> Result<Paged<IncidentView>, Fault> {
    let mut all = Vec::new();
    all.extend(open.map(|open| Filter::eq(IncidentField::Open, open)));
    all.extend(instance.map(|id| Filter::eq(IncidentField::Instance, id)));
    let mut query = Query::new(Filter::All(all));
    query.page = page.into();
    let found = core.store.incidents(query).await?;
    let total = found.total.unwrap_or(0);
    let mut items = Vec::with_capacity(found.rows.len());
    for row in found.rows {
        items.push(incident(core, row).await?);
    }
    Ok(Paged { items, total })
}

/// One incident, or `RUN-0010`.
pub(crate) async fn incident_row(core: &Core, id: IncidentId) -> Result<IncidentRow, Fault> {
    use model::error::codes::INCIDENT_NOT_FOUND;
    let row = core.store.incident(id).await?.filter(|row| row.resolved_at.is_none());
    row.ok_or_else(|| Fault::new(&INCIDENT_NOT_FOUND, format!("there is no open incident {id}")))
}

async fn incident(core: &Core, row: IncidentRow) -> Result<IncidentView, Fault> {
    let deployment = core.deployments.get(row.definition).await?;
    let definition = deployment.definition();
    let element = definition.find(&row.element_id).map(|idx| definition.element(idx));
    Ok(IncidentView {
        id: row.id,
        instance: row.instance,
        definition: row.definition,
        definition_name: deployment.name.clone(),
        element_name: element.and_then(|e| e.name.clone()),
        element_id: row.element_id,
        code: row.code,
        message: row.message,
        created_at: row.at,
        resolved_at: row.resolved_at,
    })
}
