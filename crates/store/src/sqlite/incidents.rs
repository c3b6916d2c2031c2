//! `incidents` and `calls`.

use super::{
    SqliteStore,
    list::{Column, List},
    row::{Columns, int},
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    CALL_TEXT_BYTES, CallRow, CallWrite, Conflict, IncidentField, IncidentRow, IncidentWrite, Incidents, Paged, Query,
    Result,
};
use async_trait::async_trait;
use model::{DefinitionId, IncidentId, InstanceId, JobId, UserId};
use rusqlite::{Row, params};

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

const INSERT: &str =
    "INSERT INTO incidents (partition_id, id, instance_id, definition_id, element_id, element_key, code,
    message, details, at, resolved_at, resolved_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const RESOLVE: &str = "UPDATE incidents SET resolved_at = ?2, resolved_by = ?3 WHERE id = ?1 AND resolved_at IS NULL";
const ONE: &str = concat!("SELECT ", columns!(), " FROM incidents i WHERE i.id = ?1");
const INSERT_CALL: &str = concat!(
    "INSERT INTO calls (",
    call_columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
);
pub(super) const CALLS: &str =
    concat!("SELECT ", call_columns!(), " FROM calls WHERE instance_id = ?1 ORDER BY id LIMIT ?2");
const LATEST_CALLS: &str = concat!("SELECT ", call_columns!(), " FROM calls ORDER BY id DESC LIMIT ?1");

/// The list of incidents.
pub(super) const LIST: List<IncidentField> = List {
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
        IncidentField::ElementId => Column::of("i.element_id"),
        IncidentField::Code => Column::of("i.code"),
        IncidentField::At => Column::of("i.at"),
    }
}

pub(super) fn apply(tx: &mut Tx<'_>, write: &IncidentWrite) -> WriteResult {
    match write {
        IncidentWrite::Insert(i) => {
            let values = params![
                i.partition.0,
                i.id.0,
                i.instance.0,
                i.definition.0,
                i.element_id,
                i.element_key,
                i.code,
                i.message,
                i.details.to_string(),
                i.at.0,
                i.resolved_at.map(|t| t.0),
                i.resolved_by.map(|u| u.0)
            ];
            tx.run(INSERT, values).map(|_| ())
        }
        IncidentWrite::Resolve { id, at, by, .. } => {
            tx.must(RESOLVE, params![id.0, at.0, by.map(|u| u.0)], Conflict::Incident)
        }
    }
}

pub(super) fn apply_call(tx: &mut Tx<'_>, write: &CallWrite) -> WriteResult {
    let CallWrite::Insert(c) = write;
    let values = params![
        c.partition.0,
        c.instance.0,
        c.element_id,
        c.element_key,
        c.job.map(|j| j.0),
        c.attempt,
        c.at.0,
        c.url,
        cut(&c.request),
        c.status,
        cut(&c.response),
        int(c.duration_ms),
        c.error
    ];
    tx.run(INSERT_CALL, values).map(|_| ())
}

/// The beginning of a text that is too long to keep.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(CALL_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn incident(row: &Row<'_>) -> rusqlite::Result<IncidentRow> {
    let mut c = Columns::new(row);
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

fn call(row: &Row<'_>) -> rusqlite::Result<CallRow> {
    let mut c = Columns::new(row);
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
impl Incidents for SqliteStore {
    async fn incident(&self, id: IncidentId) -> Result<Option<IncidentRow>> {
        self.read(move |c| first(c, ONE, [id.0], incident)).await
    }

    async fn incidents(&self, query: Query<IncidentField>) -> Result<Paged<IncidentRow>> {
        self.read(move |c| LIST.read(c, &query, None, incident)).await
    }

    async fn calls(&self, instance: InstanceId, limit: u32) -> Result<Vec<CallRow>> {
        self.read(move |c| all(c, CALLS, params![instance.0, limit], call)).await
    }

    async fn latest_calls(&self, limit: u32) -> Result<Vec<CallRow>> {
        self.read(move |c| all(c, LATEST_CALLS, params![limit], call)).await
    }
}
