//! `timers`.

use super::{
    SqliteStore,
    row::numbers,
    tx::{Tx, WriteResult, all, first},
};
use crate::{Result, TimerRow, TimerWrite, Timers, columns};
use async_trait::async_trait;
use model::{PartitionId, Timestamp};
use rusqlite::params;

const INSERT: &str = concat!("INSERT INTO timers (", columns!(timer), ") VALUES (?1, ?2, ?3, ?4)");
const DELETE: &str = "DELETE FROM timers WHERE id = ?1";
pub(super) const DUE: &str =
    concat!("SELECT ", columns!(timer), " FROM timers WHERE due_at <= ?1 ORDER BY due_at, id LIMIT ?2");
pub(super) const DUE_IN: &str = concat!(
    "SELECT ",
    columns!(timer),
    " FROM timers
    WHERE due_at <= ?1 AND +partition_id IN (SELECT value FROM json_each(?3)) ORDER BY due_at, id LIMIT ?2"
);
const EARLIEST: &str = "SELECT min(due_at) FROM timers";

pub(super) fn apply(tx: &mut Tx<'_>, write: &TimerWrite) -> WriteResult {
    match write {
        TimerWrite::Insert(t) => tx.run(INSERT, params![t.partition.0, t.id.0, t.due_at.0, t.instance.0])?,
        TimerWrite::Delete { id, .. } => tx.run(DELETE, [id.0])?,
    };
    Ok(())
}

#[async_trait]
impl Timers for SqliteStore {
    async fn due_timers(&self, partitions: &[PartitionId], until: Timestamp, limit: u32) -> Result<Vec<TimerRow>> {
        if partitions.is_empty() {
            return self.read(move |c| all(c, DUE, params![until.0, limit])).await;
        }
        let partitions = numbers(partitions.iter().map(|p| p.0.into()));
        self.read(move |c| all(c, DUE_IN, params![until.0, limit, partitions])).await
    }

    async fn earliest_timer(&self) -> Result<Option<Timestamp>> {
        self.read(|c| Ok(first(c, EARLIEST, [])?.flatten())).await
    }
}
