//! External workers: they ask for jobs of a type, hold them for a while, and report.

use crate::core::Core;
use crate::types::{ActivateJobs, ActivatedJob, JobFailure};
use engine::Command;
use model::error::codes;
use model::{Fault, JobId, Object, Timestamp, UserId, Value};
use std::sync::Arc;
use store::{JobRow, JobWrite, Unit};
use tokio::sync::Notify;

use super::Route;

/// Jobs handed out at once.
const JOBS_MAX: u32 = 100;
/// While nobody offers anything, leases that ran out are looked for so often.
const LOOK_MS: i64 = 1_000;
const WAIT_MAX_MS: i64 = 60_000;
const LEASE_MAX_MS: i64 = 24 * 3_600_000;
/// Back-off between tries (BPMN IN-1).
const FIRST_GAP_MS: i64 = 10_000;
const LONGEST_GAP_MS: i64 = 3_600_000;

/// Where offers are announced to those who wait for them.
#[derive(Default)]
pub(crate) struct JobBoard {
    offered: Notify,
}

impl JobBoard {
    /// Jobs of these types were committed.
    pub(crate) fn offered(&self, types: &[String]) {
        if !types.is_empty() {
            self.offered.notify_waiters();
        }
    }
}

/// Leases jobs; waits while there are none.
pub(crate) async fn activate(core: &Core, ask: ActivateJobs) -> Result<Vec<ActivatedJob>, Fault> {
    if Route::of(&ask.job_type) != Route::External {
        return Ok(Vec::new());
    }
    let wait_ms = i64::try_from(ask.wait.as_millis()).unwrap_or(WAIT_MAX_MS).min(WAIT_MAX_MS);
    let deadline = core.now().plus_ms(wait_ms);
    loop {
        let offered = core.jobs.offered.notified();
        tokio::pin!(offered);
        // From here on an offer is not missed.
        offered.as_mut().enable();
        let now = core.now();
        if !core.store.open_jobs(&ask.job_type, now, 1).await?.is_empty() {
            let jobs = lease(core, &ask, now).await?;
            if !jobs.is_empty() {
                return Ok(jobs);
            }
        }
        if now >= deadline {
            return Ok(Vec::new());
        }
        tokio::select! {
            biased;
            () = offered => {}
            () = core.clock.sleep_until(deadline.min(now.plus_ms(LOOK_MS))) => {}
        }
    }
}

async fn lease(core: &Core, ask: &ActivateJobs, now: Timestamp) -> Result<Vec<ActivatedJob>, Fault> {
    let lease_ms = i64::try_from(ask.lease.as_millis()).unwrap_or(LEASE_MAX_MS).clamp(1, LEASE_MAX_MS);
    let lease_until = now.plus_ms(lease_ms);
    let write = JobWrite::Activate {
        job_type: ask.job_type.clone(),
        limit: ask.max.clamp(1, JOBS_MAX),
        owner: ask.worker.clone(),
        now,
        lease_until,
    };
    let leased = core.store.commit_one(Unit::of(write)).await?.activated;
    let mut jobs = Vec::with_capacity(leased.len());
    for row in leased {
        if let Some(instance) = core.store.instance(row.instance).await? {
            jobs.push(activated(row, &instance, lease_until));
        }
    }
    Ok(jobs)
}

fn activated(row: JobRow, instance: &store::InstanceRow, leased_until: Timestamp) -> ActivatedJob {
    let headers = row.headers.as_object().into_iter().flatten();
    ActivatedJob {
        id: row.id,
        instance: row.instance,
        definition: instance.definition,
        document: instance.document,
        idempotency_key: format!("{}/{}/{}", row.instance, row.element_id, row.id.0),
        element_id: row.element_id,
        job_type: row.job_type,
        retries: row.retries,
        leased_until,
        headers: headers.map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned())).collect(),
        input: match Value::from_json(&row.input) {
            Value::Object(object) => Arc::unwrap_or_clone(object),
            _ => Object::new(),
        },
    }
}

/// An open job of an external worker.
async fn open(core: &Core, id: JobId) -> Result<JobRow, Fault> {
    let row = core.store.job(id).await?.filter(|row| Route::of(&row.job_type) == Route::External);
    row.ok_or_else(|| Fault::new(&codes::JOB_NOT_FOUND, format!("there is no open job {id}")))
}

/// A worker did it.
pub(crate) async fn complete(core: &Core, id: JobId, result: Object, by: Option<UserId>) -> Result<(), Fault> {
    let row = open(core, id).await?;
    core.command(row.instance, vec![Command::CompleteJob { job: id, result, by }]).await.map(drop)
}

/// A try failed.
pub(crate) async fn fail(core: &Core, id: JobId, failure: JobFailure) -> Result<(), Fault> {
    let row = open(core, id).await?;
    let retries = failure.retries.unwrap_or(row.retries.saturating_sub(1));
    let gap = match failure.retry_in {
        Some(given) => i64::try_from(given.as_millis()).unwrap_or(LONGEST_GAP_MS),
        None => {
            let turn = 3_u32.saturating_sub(row.retries).min(9);
            let gap = (FIRST_GAP_MS << turn).min(LONGEST_GAP_MS);
            gap + i64::try_from(core.entropy.next_u64() % 1_000).unwrap_or(0) * gap / 5_000
        }
    };
    let command = Command::FailJob {
        job: id,
        retries: Some(retries),
        retry_at: Some(core.now().plus_ms(gap)),
        code: codes::JOB_FAILED.code.to_owned(),
        message: failure.message,
    };
    core.command(row.instance, vec![command]).await.map(drop)
}

/// A worker raises a business error.
pub(crate) async fn throw(
    core: &Core,
    id: JobId,
    code: String,
    message: String,
    variables: Object,
) -> Result<(), Fault> {
    let row = open(core, id).await?;
    core.command(row.instance, vec![Command::ThrowJobError { job: id, code, message, variables }]).await.map(drop)
}
