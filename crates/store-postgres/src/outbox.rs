//! `outbox`.

use crate::{
    PostgresStore,
    plan::{Kind, Plan, Table},
    sql::{Param, params},
};
use async_trait::async_trait;
use model::{OutboxId, PartitionId, Timestamp};
use store::{Outbox, OutboxRow, OutboxWrite, Result, columns};

static INSERT: Kind = Kind {
    sql: concat!(
        "INSERT INTO outbox (",
        columns!(effect),
        ") SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    ),
    otherwise: None,
};
static DELETE: Kind = Kind {
    sql: "DELETE FROM outbox o USING unnest($1, $2) AS n (partition_id, id)
    WHERE o.partition_id = n.partition_id AND o.id = n.id",
    otherwise: None,
};
static RESCHEDULE: Kind = Kind {
    sql: "UPDATE outbox o SET due_at = n.due_at, attempts = n.attempts, state = n.state, last_error = n.last_error
    FROM unnest($1, $2, $3, $4, $5, $6) AS n (partition_id, id, due_at, attempts, state, last_error)
    WHERE o.partition_id = n.partition_id AND o.id = n.id",
    otherwise: None,
};
pub(crate) const DUE: &str =
    concat!("SELECT ", columns!(effect), " FROM outbox WHERE state = 0 AND due_at <= $1 ORDER BY due_at, id LIMIT $2");
pub(crate) const DUE_IN: &str = concat!(
    "SELECT ",
    columns!(effect),
    " FROM outbox WHERE state = 0 AND due_at <= $1 AND partition_id + 0 = ANY($3) ORDER BY due_at, id LIMIT $2"
);
const EARLIEST: &str = "SELECT min(due_at) FROM outbox WHERE state = 0";
const ONE: &str = concat!("SELECT ", columns!(effect), " FROM outbox WHERE partition_id = ($1 & 255) AND id = $1");

pub(crate) fn plan(plan: &mut Plan<'_>, write: &OutboxWrite) -> bool {
    match write {
        OutboxWrite::Insert(o) => {
            let values = params![
                o.partition,
                o.id,
                &o.kind,
                &o.key,
                o.instance,
                o.job,
                &o.payload,
                o.due_at,
                o.attempts,
                o.first_at,
                o.state.code(),
                &o.last_error
            ];
            plan.row(Table::Outbox, o.id.0, &INSERT, values);
        }
        OutboxWrite::Delete { partition, id } => plan.row(Table::Outbox, id.0, &DELETE, params![*partition, *id]),
        OutboxWrite::Reschedule { partition, id, due_at, attempts, state, last_error } => {
            let values = params![*partition, *id, *due_at, *attempts, state.code(), last_error];
            plan.row(Table::Outbox, id.0, &RESCHEDULE, values);
        }
    }
    true
}

#[async_trait]
impl Outbox for PostgresStore {
    async fn due_effects(&self, partitions: &[PartitionId], now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>> {
        if partitions.is_empty() {
            return self.all(DUE, params![now, limit]).await;
        }
        let partitions = Param::numbers(partitions.iter().map(|p| p.0.into()));
        self.all(DUE_IN, vec![now.into(), limit.into(), partitions]).await
    }

    async fn earliest_effect(&self) -> Result<Option<Timestamp>> {
        Ok(self.first(EARLIEST, vec![]).await?.flatten())
    }

    async fn effect(&self, id: OutboxId) -> Result<Option<OutboxRow>> {
        self.first(ONE, params![id]).await
    }
}
