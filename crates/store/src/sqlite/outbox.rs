//! `outbox`.

use super::{
    SqliteStore,
    row::numbers,
    tx::{Tx, WriteResult, all, first},
};
use crate::{Outbox, OutboxRow, OutboxWrite, Result, columns};
use async_trait::async_trait;
use model::{OutboxId, PartitionId, Timestamp};
use rusqlite::params;

const INSERT: &str =
    concat!("INSERT INTO outbox (", columns!(effect), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
const DELETE: &str = "DELETE FROM outbox WHERE id = ?1";
const RESCHEDULE: &str = "UPDATE outbox SET due_at = ?2, attempts = ?3, state = ?4, last_error = ?5 WHERE id = ?1";
pub(super) const DUE: &str =
    concat!("SELECT ", columns!(effect), " FROM outbox WHERE state = 0 AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2");
pub(super) const DUE_IN: &str = concat!(
    "SELECT ",
    columns!(effect),
    " FROM outbox WHERE state = 0 AND due_at <= ?1 AND +partition_id IN (SELECT value FROM json_each(?3))
    ORDER BY due_at, id LIMIT ?2"
);
const EARLIEST: &str = "SELECT min(due_at) FROM outbox WHERE state = 0";
const ONE: &str = concat!("SELECT ", columns!(effect), " FROM outbox WHERE id = ?1");

pub(super) fn apply(tx: &mut Tx<'_>, write: &OutboxWrite) -> WriteResult {
    match write {
        OutboxWrite::Insert(o) => {
            let values = params![
                o.partition.0,
                o.id.0,
                o.kind,
                o.key,
                o.instance.map(|i| i.0),
                o.job.map(|j| j.0),
                o.payload.to_string(),
                o.due_at.0,
                o.attempts,
                o.first_at.0,
                o.state.code(),
                o.last_error
            ];
            tx.run(INSERT, values)?
        }
        OutboxWrite::Delete { id, .. } => tx.run(DELETE, [id.0])?,
        OutboxWrite::Reschedule { id, due_at, attempts, state, last_error, .. } => {
            tx.run(RESCHEDULE, params![id.0, due_at.0, attempts, state.code(), last_error])?
        }
    };
    Ok(())
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn due_effects(&self, partitions: &[PartitionId], now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>> {
        if partitions.is_empty() {
            return self.read(move |c| all(c, DUE, params![now.0, limit])).await;
        }
        let partitions = numbers(partitions.iter().map(|p| p.0.into()));
        self.read(move |c| all(c, DUE_IN, params![now.0, limit, partitions])).await
    }

    async fn earliest_effect(&self) -> Result<Option<Timestamp>> {
        self.read(|c| Ok(first(c, EARLIEST, [])?.flatten())).await
    }

    async fn effect(&self, id: OutboxId) -> Result<Option<OutboxRow>> {
        self.read(move |c| first(c, ONE, [id.0])).await
    }
}
