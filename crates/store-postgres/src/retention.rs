//! What is kept no longer. `purged_instances`.
//!
//! Removing finds its rows by an index and looks at no more of them than it may remove, give or take one a partition.

use crate::{
    PostgresStore,
    sql::{Param, Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::{DefinitionId, InstanceId, PartitionId, Timestamp};
use store::{Conflict, JournalRow, LongJournal, PurgedCount, Result, Retention, RetentionWrite};

macro_rules! ended {
    () => {
        "(SELECT id FROM instances WHERE partition_id = $1 AND id = ANY($2) AND finished_at IS NOT NULL)"
    };
}

const COUNT: &str = "INSERT INTO purged_instances AS p (partition_id, definition_id, state, instances)
    SELECT partition_id, definition_id, state, count(*) FROM instances
    WHERE partition_id = $1 AND id = ANY($2) AND finished_at IS NOT NULL GROUP BY partition_id, definition_id, state
    ON CONFLICT (partition_id, definition_id, state) DO UPDATE SET instances = p.instances + excluded.instances";
const PURGE: [&str; 7] = [
    concat!(
        "DELETE FROM task_assignees WHERE partition_id = $1 AND task_id IN
        (SELECT id FROM user_tasks WHERE partition_id = $1 AND instance_id IN ",
        ended!(),
        ")"
    ),
    concat!(
        "DELETE FROM task_groups WHERE partition_id = $1 AND task_id IN
        (SELECT id FROM user_tasks WHERE partition_id = $1 AND instance_id IN ",
        ended!(),
        ")"
    ),
    concat!("DELETE FROM user_tasks WHERE partition_id = $1 AND instance_id IN ", ended!()),
    concat!("DELETE FROM calls WHERE partition_id = $1 AND instance_id IN ", ended!()),
    concat!("DELETE FROM incidents WHERE partition_id = $1 AND instance_id IN ", ended!()),
    concat!("DELETE FROM journal WHERE partition_id = $1 AND instance_id IN ", ended!()),
    concat!("DELETE FROM large_values WHERE partition_id = $1 AND instance_id IN ", ended!()),
];
const PURGE_INSTANCES: &str =
    "DELETE FROM instances WHERE partition_id = $1 AND id = ANY($2) AND finished_at IS NOT NULL";
const MARK_PACKED: &str = "UPDATE instances SET packed = 1
    WHERE partition_id = $1 AND id = $2 AND seq = $3 AND finished_at IS NOT NULL AND packed = 0";
const UNJOURNAL: &str = "DELETE FROM journal WHERE partition_id = $1 AND instance_id = $2 AND seq <= $3";
const PACKED: &str = "INSERT INTO journal (partition_id, instance_id, seq, at, events) VALUES ($1, $2, $3, $4, $5)";

/// The oldest rows of each partition, as far as its oldest is old enough. The order and the pairs leave no choice but
/// the index by partition: one by id alone would be walked to its end for a partition without rows.
macro_rules! oldest {
    ($table:literal, $at:literal, $which:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE (partition_id, id) IN (SELECT c.partition_id, c.id FROM unnest($3) AS p (n)
            CROSS JOIN LATERAL (SELECT t.partition_id, t.id, t.",
            $at,
            " AS at FROM ",
            $table,
            " t WHERE (t.partition_id, t.id) > (p.n, 0) AND (t.partition_id, t.id) < (p.n + 1, 0) AND t.",
            $which,
            " AND (SELECT o.",
            $at,
            " FROM ",
            $table,
            " o WHERE (o.partition_id, o.id) > (p.n, 0) AND (o.partition_id, o.id) < (p.n + 1, 0) AND o.",
            $which,
            " ORDER BY o.partition_id, o.id LIMIT 1) < $1
                ORDER BY t.partition_id, t.id LIMIT $2) c WHERE c.at < $1 LIMIT $2)"
        )
    };
}
pub(crate) const CALLS: &str = oldest!("calls", "at", "id > 0");
pub(crate) const EFFECTS: &str = oldest!("outbox", "first_at", "state = 1");
pub(crate) const NOTIFICATIONS: &str = "DELETE FROM notifications WHERE id IN (SELECT n.id FROM
    (SELECT id, created_at FROM notifications ORDER BY id LIMIT $2) n WHERE n.created_at < $1)";

/// What was called is kept while the root of its tree runs: it may be compensated.
macro_rules! free {
    () => {
        "(i.root_id IS NULL OR NOT EXISTS (SELECT 1 FROM instances r
        WHERE r.partition_id = (i.root_id & 255) AND r.id = i.root_id AND r.finished_at IS NULL))"
    };
}
pub(crate) const ENDED: &str = concat!(
    "SELECT i.id FROM instances i WHERE i.definition_id = $1 AND i.finished_at < $2
    AND i.partition_id + 0 = ANY($4) AND ",
    free!(),
    " ORDER BY i.finished_at, i.id LIMIT $3"
);
pub(crate) const ENDED_COUNT: &str = concat!(
    "SELECT count(*) FROM (SELECT 1 FROM instances i WHERE i.definition_id = $1 AND i.finished_at < $2 AND ",
    free!(),
    " LIMIT $3) e"
);
pub(crate) const LONG: &str = "SELECT partition_id, id, seq FROM instances
    WHERE finished_at < $1 AND packed = 0 AND long AND partition_id + 0 = ANY($3) ORDER BY finished_at, id LIMIT $2";
const PURGED: &str = "SELECT definition_id, state, sum(instances)::bigint FROM purged_instances
    WHERE definition_id = ANY($1) GROUP BY definition_id, state ORDER BY definition_id, state";

/// Partitions, or every one that there can be.
fn partitions(named: &[PartitionId]) -> Param {
    if named.is_empty() {
        return Param::numbers(0..=i64::from(u8::MAX));
    }
    Param::numbers(named.iter().map(|p| p.0.into()))
}

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &RetentionWrite) -> WriteResult {
    match write {
        RetentionWrite::Instances { partition, ids } => {
            let values = || params![*partition, Param::numbers(ids.iter().map(|id| id.0))];
            tx.send(COUNT, values()).await?;
            for sql in PURGE {
                tx.send(sql, values()).await?;
            }
            tx.remove(PURGE_INSTANCES, values()).await
        }
        RetentionWrite::Pack(row) => pack(tx, row).await,
        RetentionWrite::Calls { partitions: of, before, limit } => {
            tx.remove(CALLS, params![*before, *limit, partitions(of)]).await
        }
        RetentionWrite::Effects { partitions: of, before, limit } => {
            tx.remove(EFFECTS, params![*before, *limit, partitions(of)]).await
        }
        RetentionWrite::Notifications { before, limit } => tx.remove(NOTIFICATIONS, params![*before, *limit]).await,
    }
}

async fn pack(tx: &mut Tx<'_>, row: &JournalRow) -> WriteResult {
    tx.must(MARK_PACKED, params![row.partition, row.instance, row.seq], Conflict::Instance).await?;
    tx.send(UNJOURNAL, params![row.partition, row.instance, row.seq]).await?;
    tx.send(PACKED, params![row.partition, row.instance, row.seq, row.at, &row.events]).await
}

#[async_trait]
impl Retention for PostgresStore {
    async fn ended_instances(
        &self,
        of: &[PartitionId],
        definition: DefinitionId,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<InstanceId>> {
        self.all(ENDED, params![definition, before, limit, partitions(of)]).await
    }

    async fn count_ended(&self, definition: DefinitionId, before: Timestamp, cap: u32) -> Result<u64> {
        Ok(self.first(ENDED_COUNT, params![definition, before, cap]).await?.unwrap_or(0))
    }

    async fn long_journals(&self, of: &[PartitionId], before: Timestamp, limit: u32) -> Result<Vec<LongJournal>> {
        self.all(LONG, params![before, limit, partitions(of)]).await
    }

    async fn purged_counts(&self, definitions: &[DefinitionId]) -> Result<Vec<PurgedCount>> {
        self.all(PURGED, params![Param::numbers(definitions.iter().map(|id| id.0))]).await
    }
}
