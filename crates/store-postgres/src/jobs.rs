//! `jobs`.

use crate::{
    PostgresStore,
    plan::{Kind, Plan, Table, expect_all},
    sql::{Param, Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::{JobId, PartitionId, Timestamp};
use store::{Conflict, HELD, JobRow, JobWrite, Jobs, Result, columns};

/// A column of the instance that a job belongs to.
macro_rules! fact {
    ($column:literal) => {
        concat!(
            ", (SELECT i.",
            $column,
            " FROM instances i WHERE i.partition_id = jobs.partition_id AND i.id = jobs.instance_id)"
        )
    };
}

pub(crate) static INSERT: Kind = Kind {
    sql: concat!(
        "INSERT INTO jobs (",
        columns!(job),
        ") SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    ),
    otherwise: None,
};
/// Jobs that another transaction is about to change are passed over: nobody waits, and none is leased twice.
pub(crate) const ACTIVATE: &str = concat!(
    "WITH free AS MATERIALIZED (SELECT partition_id AS p, id AS i FROM jobs
    WHERE job_type = $1 AND state = 0 AND lease_until <= $4 ORDER BY lease_until, id LIMIT $2 FOR UPDATE SKIP LOCKED)
    UPDATE jobs SET retries = CASE WHEN lease_owner IS NOT NULL AND retries > 0 THEN retries - 1 ELSE retries END,
    lease_owner = $3, lease_until = $5 FROM free
    WHERE jobs.partition_id = free.p AND jobs.id = free.i RETURNING ",
    columns!(job),
    fact!("definition_id"),
    fact!("document_catalog"),
    fact!("document_record")
);
pub(crate) static CLOSE: Kind = Kind {
    sql: concat!(
        "WITH changed AS (UPDATE jobs j SET state = n.state, lease_owner = NULL
        FROM unnest($1, $2, $3) AS n (partition_id, id, state)
        WHERE j.partition_id = n.partition_id AND j.id = n.id AND j.state = 0 RETURNING 1)",
        expect_all!("$4")
    ),
    otherwise: Some(Conflict::Job),
};
static RETRY: Kind = Kind {
    sql: concat!(
        "WITH changed AS (UPDATE jobs j SET retries = n.retries, lease_owner = NULL, lease_until = n.not_before
        FROM unnest($1, $2, $3, $4) AS n (partition_id, id, retries, not_before)
        WHERE j.partition_id = n.partition_id AND j.id = n.id AND j.state = 0 RETURNING 1)",
        expect_all!("$5")
    ),
    otherwise: Some(Conflict::Job),
};
static EXTEND: Kind = Kind {
    sql: concat!(
        "WITH changed AS (UPDATE jobs j
        SET lease_until = n.lease_until + CASE WHEN j.lease_until >= n.held THEN n.held ELSE 0 END
        FROM unnest($1, $2, $3, $4, $5) AS n (partition_id, id, owner, lease_until, held)
        WHERE j.partition_id = n.partition_id AND j.id = n.id AND j.state = 0 AND j.lease_owner = n.owner
        RETURNING 1)",
        expect_all!("$6")
    ),
    otherwise: Some(Conflict::Job),
};
static HOLD: Kind = Kind {
    sql: "UPDATE jobs j SET lease_until = j.lease_until + n.held
    FROM unnest($1, $2, $3) AS n (partition_id, id, held)
    WHERE j.partition_id = n.partition_id AND j.id = n.id AND j.state = 0 AND j.lease_until < n.held",
    otherwise: None,
};
static LET_GO: Kind = Kind {
    sql: "UPDATE jobs j SET lease_until = j.lease_until - n.held
    FROM unnest($1, $2, $3) AS n (partition_id, id, held)
    WHERE j.partition_id = n.partition_id AND j.id = n.id AND j.state = 0 AND j.lease_until >= n.held",
    otherwise: None,
};
static REOPEN: Kind = Kind {
    sql: concat!(
        "WITH changed AS (UPDATE jobs j SET state = 0, retries = n.retries, lease_owner = NULL, lease_until = 0
        FROM unnest($1, $2, $3) AS n (partition_id, id, retries)
        WHERE j.partition_id = n.partition_id AND j.id = n.id RETURNING 1)",
        expect_all!("$4")
    ),
    otherwise: Some(Conflict::Missing("job")),
};
pub(crate) static DELETE: Kind = Kind {
    sql: "DELETE FROM jobs j USING unnest($1, $2) AS n (partition_id, id)
    WHERE j.partition_id = n.partition_id AND j.id = n.id",
    otherwise: None,
};
const ONE: &str = concat!("SELECT ", columns!(job), " FROM jobs WHERE partition_id = ($1 & 255) AND id = $1");
pub(crate) const BY_EVENT: &str = concat!("SELECT ", columns!(job), " FROM jobs WHERE event_id = $1");
pub(crate) const OPEN: &str = concat!(
    "SELECT ",
    columns!(job),
    " FROM jobs WHERE job_type = $1 AND state = 0 AND lease_until <= $2 ORDER BY lease_until, id LIMIT $3"
);
/// The order of time is what counts, whatever the partition. What no index serves, and a planner takes for half of all
/// rows, is looked at in that order; with a bare comparison all open jobs of the type would be read and sorted.
pub(crate) const OPEN_IN: &str = concat!(
    "SELECT ",
    columns!(job),
    " FROM jobs WHERE job_type = $1 AND state = 0 AND lease_until <= $2 AND coalesce(partition_id = ANY($4), FALSE)
    ORDER BY lease_until, id LIMIT $3"
);

pub(crate) fn plan(plan: &mut Plan<'_>, write: &JobWrite) -> bool {
    let (key, kind, values) = match write {
        JobWrite::Insert(j) => {
            let values = params![
                j.partition,
                j.id,
                j.instance,
                j.element_key,
                &j.element_id,
                &j.job_type,
                j.state.code(),
                j.retries,
                &j.input,
                &j.headers,
                j.created_at,
                &j.lease_owner,
                j.lease_until.map_or(0, |t| t.0),
                &j.event_id
            ];
            (j.id, &INSERT, values)
        }
        JobWrite::Close { partition, id, state } => (*id, &CLOSE, params![*partition, *id, state.code()]),
        JobWrite::Retry { partition, id, retries, not_before } => {
            (*id, &RETRY, params![*partition, *id, *retries, not_before.map_or(0, |t| t.0)])
        }
        JobWrite::Extend { partition, id, owner, lease_until } => {
            (*id, &EXTEND, params![*partition, *id, owner, *lease_until, HELD])
        }
        JobWrite::Hold { partition, id, held } => {
            (*id, if *held { &HOLD } else { &LET_GO }, params![*partition, *id, HELD])
        }
        JobWrite::Reopen { partition, id, retries } => (*id, &REOPEN, params![*partition, *id, *retries]),
        JobWrite::Delete { partition, id } => (*id, &DELETE, params![*partition, *id]),
        JobWrite::Activate { .. } => return false,
    };
    plan.row(Table::Jobs, key.0, kind, values);
    true
}

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &JobWrite) -> WriteResult {
    if let JobWrite::Activate { job_type, limit, owner, now, lease_until } = write {
        tx.activate(ACTIVATE, params![job_type, *limit, owner, *now, *lease_until]).await?;
    }
    Ok(())
}

#[async_trait]
impl Jobs for PostgresStore {
    async fn job(&self, id: JobId) -> Result<Option<JobRow>> {
        self.first(ONE, params![id]).await
    }

    async fn job_by_event(&self, event_id: &str) -> Result<Option<JobRow>> {
        self.first(BY_EVENT, params![event_id]).await
    }

    async fn open_jobs(
        &self,
        partitions: &[PartitionId],
        job_type: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<JobRow>> {
        if partitions.is_empty() {
            return self.all(OPEN, params![job_type, now, limit]).await;
        }
        let partitions = Param::numbers(partitions.iter().map(|p| p.0.into()));
        self.all(OPEN_IN, vec![job_type.into(), now.into(), limit.into(), partitions]).await
    }
}
