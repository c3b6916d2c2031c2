//! `incidents` and `calls`.

use crate::{
    PostgresStore,
    list::{Column, List},
    plan::{Kind, Plan, Table, expect_all},
    sql::{Columns, Read, params},
};
use async_trait::async_trait;
use model::{DefinitionId, IncidentId, InstanceId, JobId, UserId};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use store::{
    CALL_TEXT_BYTES, CallRow, CallWrite, Conflict, IncidentField, IncidentRow, IncidentWrite, Incidents, Paged, Query,
    Result,
};

macro_rules! columns {
    () => {
        "i.partition_id, i.id, i.instance_id, i.definition_id, i.element_id, i.element_key, i.code, i.message,
        i.details, i.at, i.resolved_at, i.resolved_by"
    };
}
macro_rules! call_columns {
    () => {
        "partition_id, instance_id, element_id, element_key, job_id, attempt, at, url, request, status, response,
        duration_ms, error"
    };
}

static INSERT: Kind = Kind {
    sql: "INSERT INTO incidents (partition_id, id, instance_id, definition_id, element_id, element_key, code, message,
    details, at, resolved_at, resolved_by)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    otherwise: None,
};
static RESOLVE: Kind = Kind {
    sql: concat!(
        "WITH changed AS (UPDATE incidents i SET resolved_at = n.at, resolved_by = n.by
        FROM unnest($1, $2, $3, $4) AS n (partition_id, id, at, by)
        WHERE i.partition_id = n.partition_id AND i.id = n.id AND i.resolved_at IS NULL RETURNING 1)",
        expect_all!("$5")
    ),
    otherwise: Some(Conflict::Incident),
};
static INSERT_CALL: Kind = Kind {
    sql: concat!(
        "INSERT INTO calls (id, ",
        call_columns!(),
        ") SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    ),
    otherwise: None,
};
const ONE: &str = concat!("SELECT ", columns!(), " FROM incidents i WHERE i.partition_id = ($1 & 255) AND i.id = $1");
pub(crate) const CALLS: &str =
    concat!("SELECT ", call_columns!(), " FROM calls WHERE instance_id = $1 ORDER BY id LIMIT $2");
const LATEST_CALLS: &str = concat!("SELECT ", call_columns!(), " FROM calls ORDER BY id DESC LIMIT $1");

/// The list of incidents.
pub(crate) const LIST: List<IncidentField> = List {
    select: columns!(),
    from: "incidents i",
    base: "",
    text: &["fold(i.message)", "fold(i.element_id)"],
    tie: ("i.id", "DESC"),
    column,
};

fn column(field: &IncidentField) -> Column {
    match field {
        IncidentField::Id => Column::of("i.id"),
        IncidentField::Open => Column::Flag { yes: "i.resolved_at IS NULL", no: "i.resolved_at IS NOT NULL" },
        IncidentField::Instance => Column::of("i.instance_id"),
        IncidentField::Definition => Column::of("i.definition_id"),
        IncidentField::ElementId => Column::text("i.element_id"),
        IncidentField::Code => Column::text("i.code"),
        IncidentField::At => Column::of("i.at"),
    }
}

pub(crate) fn plan(plan: &mut Plan<'_>, write: &IncidentWrite) -> bool {
    match write {
        IncidentWrite::Insert(i) => {
            let values = params![
                i.partition,
                i.id,
                i.instance,
                i.definition,
                &i.element_id,
                i.element_key,
                &i.code,
                &i.message,
                &i.details,
                i.at,
                i.resolved_at,
                i.resolved_by
            ];
            plan.row(Table::Incidents, i.id.0, &INSERT, values);
        }
        IncidentWrite::Resolve { partition, id, at, by } => {
            plan.row(Table::Incidents, id.0, &RESOLVE, params![*partition, *id, *at, *by]);
        }
    }
    true
}

/// The places of calls that this process wrote at the same instant.
static NEXT_CALL: AtomicI64 = AtomicI64::new(0);
const CALLS_AN_INSTANT: i64 = 1 << 20;

pub(crate) fn plan_call(plan: &mut Plan<'_>, write: &CallWrite) -> bool {
    let CallWrite::Insert(c) = write;
    let id = c.at.0 * CALLS_AN_INSTANT + NEXT_CALL.fetch_add(1, Relaxed).rem_euclid(CALLS_AN_INSTANT);
    let values = params![
        id,
        c.partition,
        c.instance,
        &c.element_id,
        c.element_key,
        c.job,
        c.attempt,
        c.at,
        &c.url,
        cut(&c.request),
        c.status,
        cut(&c.response),
        c.duration_ms,
        &c.error
    ];
    plan.append(&INSERT_CALL, values);
    true
}

/// The beginning of a text that is too long to keep.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(CALL_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn incident(c: &mut Columns<'_>) -> Read<IncidentRow> {
    Ok(IncidentRow {
        partition: c.partition()?,
        id: c.id(IncidentId)?,
        instance: c.id(InstanceId)?,
        definition: c.id(DefinitionId)?,
        element_id: c.get()?,
        element_key: c.get()?,
        code: c.get()?,
        message: c.get()?,
        details: c.json()?,
        at: c.at()?,
        resolved_at: c.at_opt()?,
        resolved_by: c.id_opt(UserId)?,
    })
}

fn call(c: &mut Columns<'_>) -> Read<CallRow> {
    Ok(CallRow {
        partition: c.partition()?,
        instance: c.id(InstanceId)?,
        element_id: c.get()?,
        element_key: c.get()?,
        job: c.id_opt(JobId)?,
        attempt: c.get()?,
        at: c.at()?,
        url: c.get()?,
        request: c.get()?,
        status: c.get()?,
        response: c.get()?,
        duration_ms: c.count()?,
        error: c.get()?,
    })
}

#[async_trait]
impl Incidents for PostgresStore {
    async fn incident(&self, id: IncidentId) -> Result<Option<IncidentRow>> {
        self.first(ONE, params![id], incident).await
    }

    async fn incidents(&self, query: Query<IncidentField>) -> Result<Paged<IncidentRow>> {
        LIST.read(self, &query, None, incident).await
    }

    async fn calls(&self, instance: InstanceId, limit: u32) -> Result<Vec<CallRow>> {
        self.all(CALLS, params![instance, limit], call).await
    }

    async fn latest_calls(&self, limit: u32) -> Result<Vec<CallRow>> {
        self.all(LATEST_CALLS, params![limit], call).await
    }
}
