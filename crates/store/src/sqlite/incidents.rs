//! `incidents` and `calls`.

use super::{
    SqliteStore,
    list::page,
    row::int,
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    CallRow, CallWrite, Conflict, IncidentField, IncidentRow, IncidentWrite, Incidents, Paged, Query, Result, columns,
    lists::fields::INCIDENTS, rows::call_text,
};
use async_trait::async_trait;
use model::{IncidentId, InstanceId};
use rusqlite::params;

const INSERT: &str =
    "INSERT INTO incidents (partition_id, id, instance_id, definition_id, element_id, element_key, code,
    message, details, at, resolved_at, resolved_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const RESOLVE: &str = "UPDATE incidents SET resolved_at = ?2, resolved_by = ?3 WHERE id = ?1 AND resolved_at IS NULL";
const ONE: &str = concat!("SELECT ", columns!(incident), " FROM incidents i WHERE i.id = ?1");
const INSERT_CALL: &str =
    concat!("INSERT INTO calls (", columns!(call), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
pub(super) const CALLS: &str =
    concat!("SELECT ", columns!(call), " FROM calls WHERE instance_id = ?1 ORDER BY id LIMIT ?2");
const LATEST_CALLS: &str = concat!("SELECT ", columns!(call), " FROM calls ORDER BY id DESC LIMIT ?1");

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
        call_text(&c.request),
        c.status,
        call_text(&c.response),
        int(c.duration_ms),
        c.error
    ];
    tx.run(INSERT_CALL, values).map(|_| ())
}

#[async_trait]
impl Incidents for SqliteStore {
    async fn incident(&self, id: IncidentId) -> Result<Option<IncidentRow>> {
        self.read(move |c| first(c, ONE, [id.0])).await
    }

    async fn incidents(&self, query: Query<IncidentField>) -> Result<Paged<IncidentRow>> {
        self.read(move |c| page(c, &INCIDENTS, &query, None)).await
    }

    async fn calls(&self, instance: InstanceId, limit: u32) -> Result<Vec<CallRow>> {
        self.read(move |c| all(c, CALLS, params![instance.0, limit])).await
    }

    async fn latest_calls(&self, limit: u32) -> Result<Vec<CallRow>> {
        self.read(move |c| all(c, LATEST_CALLS, params![limit])).await
    }
}
