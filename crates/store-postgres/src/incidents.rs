//! `incidents` and `calls`.

use crate::{
    PostgresStore,
    plan::{Kind, Plan, Table, expect_all},
    sql::params,
};
use async_trait::async_trait;
use model::{IncidentId, InstanceId};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use store::{
    CallRow, CallWrite, Conflict, IncidentField, IncidentRow, IncidentWrite, Incidents, Paged, Query, Result, columns,
    lists::fields::INCIDENTS, rows::call_text,
};

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
        columns!(call),
        ") SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    ),
    otherwise: None,
};
const ONE: &str =
    concat!("SELECT ", columns!(incident), " FROM incidents i WHERE i.partition_id = ($1 & 255) AND i.id = $1");
pub(crate) const CALLS: &str =
    concat!("SELECT ", columns!(call), " FROM calls WHERE instance_id = $1 ORDER BY id LIMIT $2");
const LATEST_CALLS: &str = concat!("SELECT ", columns!(call), " FROM calls ORDER BY id DESC LIMIT $1");

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
        call_text(&c.request),
        c.status,
        call_text(&c.response),
        c.duration_ms,
        &c.error
    ];
    plan.append(&INSERT_CALL, values);
    true
}

#[async_trait]
impl Incidents for PostgresStore {
    async fn incident(&self, id: IncidentId) -> Result<Option<IncidentRow>> {
        self.first(ONE, params![id]).await
    }

    async fn incidents(&self, query: Query<IncidentField>) -> Result<Paged<IncidentRow>> {
        self.page(&INCIDENTS, &query, None).await
    }

    async fn calls(&self, instance: InstanceId, limit: u32) -> Result<Vec<CallRow>> {
        self.all(CALLS, params![instance, limit]).await
    }

    async fn latest_calls(&self, limit: u32) -> Result<Vec<CallRow>> {
        self.all(LATEST_CALLS, params![limit]).await
    }
}
