//! `timers`.

use crate::{
    PostgresStore,
    plan::{Kind, Plan, Table},
    sql::{Columns, Param, Read, params},
};
use async_trait::async_trait;
use model::{InstanceId, PartitionId, TimerId, Timestamp};
use store::{Result, TimerRow, TimerWrite, Timers};

pub(crate) static INSERT: Kind = Kind {
    sql: "INSERT INTO timers (partition_id, id, due_at, instance_id) SELECT * FROM unnest($1, $2, $3, $4)",
    otherwise: None,
};
pub(crate) static DELETE: Kind = Kind {
    sql: "DELETE FROM timers t USING unnest($1, $2) AS n (partition_id, id)
    WHERE t.partition_id = n.partition_id AND t.id = n.id",
    otherwise: None,
};
pub(crate) const DUE: &str = "SELECT partition_id, id, due_at, instance_id FROM timers
    WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
/// The order of time is what counts, whatever the partition: hence the sum, which no index of partitions serves.
pub(crate) const DUE_IN: &str = "SELECT partition_id, id, due_at, instance_id FROM timers
    WHERE due_at <= $1 AND partition_id + 0 = ANY($3) ORDER BY due_at, id LIMIT $2";
const EARLIEST: &str = "SELECT min(due_at) FROM timers";

pub(crate) fn plan(plan: &mut Plan<'_>, write: &TimerWrite) -> bool {
    match write {
        TimerWrite::Insert(t) => {
            plan.row(Table::Timers, t.id.0, &INSERT, params![t.partition, t.id, t.due_at, t.instance]);
        }
        TimerWrite::Delete { partition, id } => plan.row(Table::Timers, id.0, &DELETE, params![*partition, *id]),
    }
    true
}

fn timer(c: &mut Columns<'_>) -> Read<TimerRow> {
    Ok(TimerRow { partition: c.partition()?, id: c.id(TimerId)?, due_at: c.at()?, instance: c.id(InstanceId)? })
}

#[async_trait]
impl Timers for PostgresStore {
    async fn due_timers(&self, partitions: &[PartitionId], until: Timestamp, limit: u32) -> Result<Vec<TimerRow>> {
        if partitions.is_empty() {
            return self.all(DUE, params![until, limit], timer).await;
        }
        let partitions = Param::numbers(partitions.iter().map(|p| p.0.into()));
        self.all(DUE_IN, vec![until.into(), limit.into(), partitions], timer).await
    }

    async fn earliest_timer(&self) -> Result<Option<Timestamp>> {
        Ok(self.first(EARLIEST, vec![], |c| c.at_opt()).await?.flatten())
    }
}
