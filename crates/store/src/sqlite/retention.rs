//! What is kept no longer. `purged_instances`.
//!
//! Removing finds its rows by an index and looks at no more of them than it may remove.

use super::{
    SqliteStore,
    instances::JOURNAL,
    row::{int, numbers},
    tx::{Tx, WriteResult, all, first},
};
use crate::{Conflict, JournalRow, LongJournal, PurgedCount, Result, Retention, RetentionWrite};
use async_trait::async_trait;
use model::{DefinitionId, InstanceId, PartitionId, Timestamp};
use rusqlite::params;

const ENDED_OF: &str = "SELECT id FROM instances
    WHERE id IN (SELECT value FROM json_each(?1)) AND finished_at IS NOT NULL";
const COUNT: &str = "INSERT INTO purged_instances (partition_id, definition_id, state, instances)
    SELECT partition_id, definition_id, state, count(*) FROM instances
    WHERE id IN (SELECT value FROM json_each(?1)) GROUP BY partition_id, definition_id, state
    ON CONFLICT DO UPDATE SET instances = instances + excluded.instances";
const PURGE: [&str; 8] = [
    "DELETE FROM task_assignees WHERE task_id IN (SELECT t.id FROM json_each(?1) e
        JOIN user_tasks t ON t.instance_id = e.value)",
    "DELETE FROM task_groups WHERE task_id IN (SELECT t.id FROM json_each(?1) e
        JOIN user_tasks t ON t.instance_id = e.value)",
    "DELETE FROM user_tasks WHERE instance_id IN (SELECT value FROM json_each(?1))",
    "DELETE FROM calls WHERE instance_id IN (SELECT value FROM json_each(?1))",
    "DELETE FROM incidents WHERE instance_id IN (SELECT value FROM json_each(?1))",
    "DELETE FROM journal WHERE instance_id IN (SELECT value FROM json_each(?1))",
    "DELETE FROM large_values WHERE instance_id IN (SELECT value FROM json_each(?1))",
    "DELETE FROM instances WHERE id IN (SELECT value FROM json_each(?1))",
];
const MARK_PACKED: &str = "UPDATE instances SET packed = 1
    WHERE id = ?1 AND seq = ?2 AND finished_at IS NOT NULL AND packed = 0";
const UNJOURNAL: &str = "DELETE FROM journal WHERE instance_id = ?1 AND seq <= ?2";
const CALLS: &str = "DELETE FROM calls WHERE id IN (SELECT id FROM
    (SELECT id, at FROM calls ORDER BY id LIMIT ?2) WHERE at < ?1)";
const EFFECTS: &str = "DELETE FROM outbox WHERE id IN (SELECT id FROM
    (SELECT id, first_at FROM outbox WHERE state = 1 ORDER BY id LIMIT ?2) WHERE first_at < ?1)";
const NOTIFICATIONS: &str = "DELETE FROM notifications WHERE id IN (SELECT id FROM
    (SELECT id, created_at FROM notifications ORDER BY id LIMIT ?2) WHERE created_at < ?1)";
/// What was called is kept while the root of its tree runs: it may be compensated.
macro_rules! free {
    () => {
        "(i.root_id IS NULL OR NOT EXISTS (SELECT 1 FROM instances r WHERE r.id = i.root_id AND r.finished_at IS NULL))"
    };
}
pub(super) const ENDED: &str = concat!(
    "SELECT i.id FROM instances i WHERE i.definition_id = ?1 AND i.finished_at < ?2
    AND (?4 = '[]' OR +i.partition_id IN (SELECT value FROM json_each(?4))) AND ",
    free!(),
    " ORDER BY i.finished_at LIMIT ?3"
);
pub(super) const ENDED_COUNT: &str = concat!(
    "SELECT count(*) FROM (SELECT 1 FROM instances i WHERE i.definition_id = ?1 AND i.finished_at < ?2 AND ",
    free!(),
    " LIMIT ?3)"
);
pub(super) const LONG: &str = "SELECT partition_id, id, seq FROM instances
    WHERE finished_at IS NOT NULL AND packed = 0 AND seq >= 8 AND finished_at < ?1
    AND (?3 = '[]' OR +partition_id IN (SELECT value FROM json_each(?3))) ORDER BY finished_at LIMIT ?2";
const PURGED: &str = "SELECT definition_id, state, sum(instances) FROM purged_instances
    WHERE definition_id IN (SELECT value FROM json_each(?1)) GROUP BY definition_id, state
    ORDER BY definition_id, state";

pub(super) fn apply(tx: &mut Tx<'_>, write: &RetentionWrite) -> WriteResult {
    let removed = match write {
        RetentionWrite::Instances { ids, .. } => purge(tx, ids)?,
        RetentionWrite::Pack(row) => return pack(tx, row),
        RetentionWrite::Calls { before, limit, .. } => tx.run(CALLS, params![before.0, limit])?,
        RetentionWrite::Effects { before, limit, .. } => tx.run(EFFECTS, params![before.0, limit])?,
        RetentionWrite::Notifications { before, limit } => tx.run(NOTIFICATIONS, params![before.0, limit])?,
    };
    tx.receipt.removed += removed as u64;
    Ok(())
}

fn purge(tx: &mut Tx<'_>, ids: &[InstanceId]) -> std::result::Result<usize, super::tx::WriteError> {
    let named = numbers(ids.iter().map(|id| id.0));
    let ended: Vec<i64> = tx.rows(ENDED_OF, [named])?;
    let ended = numbers(ended);
    tx.run(COUNT, [&ended])?;
    let mut removed = 0;
    for sql in PURGE {
        removed = tx.run(sql, [&ended])?;
    }
    Ok(removed)
}

fn pack(tx: &mut Tx<'_>, row: &JournalRow) -> WriteResult {
    let (id, seq) = (row.instance.0, int(row.seq));
    tx.must(MARK_PACKED, params![id, seq], Conflict::Instance)?;
    tx.run(UNJOURNAL, params![id, seq])?;
    tx.run(JOURNAL, params![row.partition.0, id, seq, row.at.0, row.events]).map(|_| ())
}

#[async_trait]
impl Retention for SqliteStore {
    async fn ended_instances(
        &self,
        partitions: &[PartitionId],
        definition: DefinitionId,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<InstanceId>> {
        let partitions = numbers(partitions.iter().map(|p| p.0.into()));
        let values = (definition.0, before.0, limit, partitions);
        self.read(move |c| all(c, ENDED, values)).await
    }

    async fn count_ended(&self, definition: DefinitionId, before: Timestamp, cap: u32) -> Result<u64> {
        let values = (definition.0, before.0, cap);
        Ok(self.read(move |c| first(c, ENDED_COUNT, values)).await?.unwrap_or(0))
    }

    async fn long_journals(
        &self,
        partitions: &[PartitionId],
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<LongJournal>> {
        let partitions = numbers(partitions.iter().map(|p| p.0.into()));
        self.read(move |c| all(c, LONG, (before.0, limit, partitions))).await
    }

    async fn purged_counts(&self, definitions: &[DefinitionId]) -> Result<Vec<PurgedCount>> {
        let ids = numbers(definitions.iter().map(|id| id.0));
        self.read(move |c| all(c, PURGED, [ids])).await
    }
}
