//! `timers`.

use crate::{
    PostgresStore,
    plan::{Kind, Plan, Table},
    sql::{Param, params},
};
use async_trait::async_trait;
use model::{PartitionId, Timestamp};
use store::{Result, TimerRow, TimerWrite, Timers, columns};

pub(crate) static INSERT: Kind = Kind {
    sql: concat!("INSERT INTO timers (", columns!(timer), ") SELECT * FROM unnest($1, $2, $3, $4)"),
    otherwise: None,
};
pub(crate) static DELETE: Kind = Kind {
    sql: "DELETE FROM timers t USING unnest($1, $2) AS n (partition_id, id)
    WHERE t.partition_id = n.partition_id AND t.id = n.id",
    otherwise: None,
};
pub(crate) const DUE: &str =
    concat!("SELECT ", columns!(timer), " FROM timers WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2");
/// The order of time is what counts, whatever the partition: hence the sum, which no index of partitions serves.
pub(crate) const DUE_IN: &str = concat!(
    "SELECT ",
    columns!(timer),
    " FROM timers WHERE due_at <= $1 AND partition_id + 0 = ANY($3) ORDER BY due_at, id LIMIT $2"
);
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

#[async_trait]
impl Timers for PostgresStore {
    async fn due_timers(&self, partitions: &[PartitionId], until: Timestamp, limit: u32) -> Result<Vec<TimerRow>> {
        if partitions.is_empty() {
            return self.all(DUE, params![until, limit]).await;
        }
        let partitions = Param::numbers(partitions.iter().map(|p| p.0.into()));
        self.all(DUE_IN, vec![until.into(), limit.into(), partitions]).await
    }

    async fn earliest_timer(&self) -> Result<Option<Timestamp>> {
        Ok(self.first(EARLIEST, vec![]).await?.flatten())
    }
}
