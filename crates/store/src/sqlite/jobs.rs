//! `jobs`.

use super::{
    SqliteStore,
    row::{at, numbers},
    tx::{Tx, WriteResult, all, first},
};
use crate::{Conflict, HELD, JobRow, JobWrite, Jobs, Result, columns, rows::LeasedJob};
use async_trait::async_trait;
use model::{JobId, PartitionId, Timestamp};
use rusqlite::params;

const INSERT: &str = concat!(
    "INSERT INTO jobs (",
    columns!(job),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
);
pub(super) const ACTIVATE: &str = concat!(
    "UPDATE jobs SET retries = retries - (lease_owner IS NOT NULL AND retries > 0), lease_owner = ?3, lease_until = ?5
    WHERE id IN (SELECT id FROM jobs
    WHERE job_type = ?1 AND state = 0 AND lease_until <= ?4 ORDER BY lease_until, id LIMIT ?2) RETURNING ",
    columns!(job),
    ", (SELECT definition_id FROM instances i WHERE i.id = instance_id),
    (SELECT document_catalog FROM instances i WHERE i.id = instance_id),
    (SELECT document_record FROM instances i WHERE i.id = instance_id)"
);
const CLOSE: &str = "UPDATE jobs SET state = ?2, lease_owner = NULL WHERE id = ?1 AND state = 0";
const RETRY: &str = "UPDATE jobs SET retries = ?2, lease_owner = NULL, lease_until = ?3 WHERE id = ?1 AND state = 0";
const EXTEND: &str =
    "UPDATE jobs SET lease_until = ?3 + ?4 * (lease_until >= ?4) WHERE id = ?1 AND state = 0 AND lease_owner = ?2";
const HOLD: &str = "UPDATE jobs SET lease_until = lease_until + ?2 WHERE id = ?1 AND state = 0 AND lease_until < ?2";
const LET_GO: &str = "UPDATE jobs SET lease_until = lease_until - ?2 WHERE id = ?1 AND state = 0 AND lease_until >= ?2";
const REOPEN: &str = "UPDATE jobs SET state = 0, retries = ?2, lease_owner = NULL, lease_until = 0 WHERE id = ?1";
const DELETE: &str = "DELETE FROM jobs WHERE id = ?1";
const ONE: &str = concat!("SELECT ", columns!(job), " FROM jobs WHERE id = ?1");
pub(super) const BY_EVENT: &str = concat!("SELECT ", columns!(job), " FROM jobs WHERE event_id = ?1");
pub(super) const OPEN_COUNT: &str =
    "SELECT COUNT(*) FROM (SELECT 1 FROM jobs INDEXED BY jobs_open WHERE state = 0 LIMIT ?1)";
pub(super) const OPEN: &str = concat!(
    "SELECT ",
    columns!(job),
    " FROM jobs WHERE job_type = ?1 AND state = 0 AND lease_until <= ?2 ORDER BY lease_until, id LIMIT ?3"
);
pub(super) const OPEN_IN: &str = concat!(
    "SELECT ",
    columns!(job),
    " FROM jobs WHERE job_type = ?1 AND state = 0 AND lease_until <= ?2
    AND +partition_id IN (SELECT value FROM json_each(?4)) ORDER BY lease_until, id LIMIT ?3"
);

pub(super) fn apply(tx: &mut Tx<'_>, write: &JobWrite) -> WriteResult {
    match write {
        JobWrite::Insert(j) => {
            let values = params![
                j.partition.0,
                j.id.0,
                j.instance.0,
                j.element_key,
                j.element_id,
                j.job_type,
                j.state.code(),
                j.retries,
                j.input.to_string(),
                j.headers.to_string(),
                j.created_at.0,
                j.lease_owner,
                at(j.lease_until).unwrap_or(0),
                j.event_id
            ];
            tx.run(INSERT, values).map(|_| ())
        }
        JobWrite::Activate { job_type, limit, owner, now, lease_until } => {
            let mut leased: Vec<LeasedJob> =
                tx.rows(ACTIVATE, params![job_type, limit, owner, now.0, lease_until.0])?;
            leased.sort_by_key(|(job, _)| job.id);
            for (job, facts) in leased {
                tx.receipt.activated.push(job);
                tx.receipt.leased_for.push(facts);
            }
            Ok(())
        }
        JobWrite::Close { id, state, .. } => tx.must(CLOSE, params![id.0, state.code()], Conflict::Job),
        JobWrite::Retry { id, retries, not_before, .. } => {
            tx.must(RETRY, params![id.0, retries, at(*not_before).unwrap_or(0)], Conflict::Job)
        }
        JobWrite::Extend { id, owner, lease_until, .. } => {
            tx.must(EXTEND, params![id.0, owner, lease_until.0, HELD.0], Conflict::Job)
        }
        JobWrite::Hold { id, held, .. } => {
            let sql = if *held { HOLD } else { LET_GO };
            tx.run(sql, params![id.0, HELD.0]).map(|_| ())
        }
        JobWrite::Reopen { id, retries, .. } => tx.must(REOPEN, params![id.0, retries], Conflict::Missing("job")),
        JobWrite::Delete { id, .. } => tx.run(DELETE, [id.0]).map(|_| ()),
    }
}

#[async_trait]
impl Jobs for SqliteStore {
    async fn job(&self, id: JobId) -> Result<Option<JobRow>> {
        self.read(move |c| first(c, ONE, [id.0])).await
    }

    async fn job_by_event(&self, event_id: &str) -> Result<Option<JobRow>> {
        let event_id = event_id.to_owned();
        self.read(move |c| first(c, BY_EVENT, [event_id])).await
    }

    async fn open_jobs(
        &self,
        partitions: &[PartitionId],
        job_type: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<JobRow>> {
        let job_type = job_type.to_owned();
        if partitions.is_empty() {
            return self.read(move |c| all(c, OPEN, params![job_type, now.0, limit])).await;
        }
        let partitions = numbers(partitions.iter().map(|p| p.0.into()));
        self.read(move |c| all(c, OPEN_IN, params![job_type, now.0, limit, partitions])).await
    }
}
