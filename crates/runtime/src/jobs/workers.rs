//! External workers: they ask for jobs of a type, hold them for a while, and report.
//!
//! A lease that ends without an answer is a failed try: whoever dies over a job must not get it for ever. When no try
//! is left the job becomes an incident, as after failures that were reported; a worker that needs longer extends its
//! lease.

use super::board::Place;
use super::hand::{Handed, Promise, Terms};
use super::{Route, plan};
use crate::core::Core;
use crate::metrics::Meters;
use crate::partitions::session::Session;
use crate::types::{ActivateJobs, ActivatedJob, JobFailure};
use engine::Command;
use model::error::codes;
use model::{Fault, InstanceId, JobId, Object, Timestamp, UserId, Value, partition_of};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use store::{Filter, InstanceField, InstanceRow, JobRow, JobWrite, LeasedFor, Query, Scalar, Unit, UnitReceipt};

/// Jobs handed out at once.
const JOBS_MAX: u32 = 100;
/// While nobody offers anything, leases that ran out are looked for so often.
const LOOK_MS: i64 = 1_000;
const WAIT_MAX_MS: i64 = 60_000;
const LEASE_MAX_MS: i64 = 24 * 3_600_000;
/// Back-off between tries (BPMN IN-1).
const FIRST_GAP_MS: i64 = 10_000;
const LONGEST_GAP_MS: i64 = 3_600_000;

/// How an asker looks for jobs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// By leasing them: they are known to be there.
    Lease,
    /// By a read: cheaper than a commit that changes nothing.
    Read,
    /// Not at all: somebody found nothing a moment ago.
    Not,
}

/// Leases jobs; waits while there are none. Who waits gets a new job in its own commit, or is woken by an offer of his
/// type, in turn; leases that ran out are looked for by the longest waiting alone.
pub(crate) async fn activate(core: &Core, ask: ActivateJobs) -> Result<Vec<ActivatedJob>, Fault> {
    if Route::of(&ask.job_type) != Route::External {
        return Ok(Vec::new());
    }
    let poll = core.jobs.enter(&ask.job_type, &core.limits)?;
    let wait_ms = i64::try_from(ask.wait.as_millis()).unwrap_or(WAIT_MAX_MS).min(WAIT_MAX_MS);
    let deadline = core.now().plus_ms(wait_ms);
    let mut look = match poll.has_offers() {
        true => Look::Lease,
        false if wait_ms > 0 && poll.looked_lately(core.now()) => Look::Not,
        false => Look::Read,
    };
    let mut woken = false;
    loop {
        // Taken before looking, so that an offer in between is not missed.
        let place = poll.place(woken, terms(&ask));
        let now = core.now();
        let there = match look {
            Look::Lease => true,
            Look::Read => !core.store.open_jobs(&[], &ask.job_type, now, 1).await?.is_empty(),
            Look::Not => false,
        };
        if there {
            let jobs = lease(core, &ask, now).await?;
            if !jobs.is_empty() {
                return Ok(jobs);
            }
        } else if look == Look::Read {
            poll.looked(now);
        }
        // Who waits at a node that stops is sent to another by an answer without jobs.
        if now >= deadline || core.lanes.iter().any(|lane| lane.is_closed()) {
            return Ok(Vec::new());
        }
        place.ready();
        let handed = wait(core, &place, deadline).await;
        if !handed.is_empty() {
            return Ok(handed.into_iter().map(|job| activated(job.row, &job.facts)).collect());
        }
        (look, woken) = if place.is_woken() { (Look::Lease, true) } else { (Look::Read, place.is_first()) };
    }
}

/// Waits in a place until there is something in his hand, or it is time to look.
async fn wait(core: &Core, place: &Place<'_>, deadline: Timestamp) -> Vec<Handed> {
    loop {
        let look = deadline.min(core.now().plus_ms(LOOK_MS));
        tokio::select! {
            biased;
            handed = place.called() => return handed,
            () = core.clock.sleep_until(look) => {}
        }
        let over = core.now() >= deadline || core.lanes.iter().any(|lane| lane.is_closed());
        if over || place.is_first() {
            // A commit is under way with a job for this one.
            return if place.leave() { Vec::new() } else { place.called().await };
        }
    }
}

fn terms(ask: &ActivateJobs) -> Terms {
    Terms { owner: ask.worker.clone(), lease_ms: lease_ms(ask.lease), max: ask.max.clamp(1, JOBS_MAX) as usize }
}

/// Leases the new jobs of a session to those who wait for them: in the commit that makes them.
pub(crate) fn promise(core: &Core, session: &mut Session) {
    let Session { plans, state: Some(state), promises, now, .. } = session else { return };
    if state.is_suspended() {
        return;
    }
    for (id, plan) in plans {
        let Some(row) = plan.row.as_mut().filter(|row| Route::of(&row.job_type) == Route::External) else { continue };
        if state.job(*id).is_none_or(|job| job.retries == 0) {
            continue;
        }
        let Some(reservation) = core.jobs.reserve(&row.job_type) else { continue };
        row.lease_owner = Some(reservation.terms().owner.clone());
        row.lease_until = Some(now.plus_ms(reservation.terms().lease_ms));
        promises.push(Promise { job: *id, reservation });
    }
}

/// After the commit: the jobs go to those to whom they are leased.
pub(crate) fn keep(core: &Core, session: &mut Session) {
    let promises = std::mem::take(&mut session.promises);
    let Some(state) = session.state.as_ref().filter(|_| !promises.is_empty()) else { return };
    let facts = LeasedFor { instance: session.id, definition: state.definition(), document: state.document() };
    for Promise { job, reservation } in promises {
        let Some(row) = session.plans.get_mut(&job).and_then(|plan| plan.row.take()) else { continue };
        core.jobs.lease(job, session.id);
        core.meters.job_lag_ms.add_lag(row.created_at, core.now());
        Meters::count(&core.meters.jobs_activated);
        reservation.give(Handed { row: *row, facts });
    }
}

async fn lease(core: &Core, ask: &ActivateJobs, now: Timestamp) -> Result<Vec<ActivatedJob>, Fault> {
    let lease_until = now.plus_ms(lease_ms(ask.lease));
    let max = ask.max.clamp(1, JOBS_MAX);
    let (job_type, owner) = (ask.job_type.clone(), ask.worker.clone());
    let write = JobWrite::Activate { job_type, limit: max, owner, now, lease_until };
    let UnitReceipt { activated: rows, leased_for, .. } = core.store.commit_one(Unit::of(write)).await?;
    core.jobs.handed_out(&ask.job_type, rows.len(), max);
    let facts: HashMap<InstanceId, LeasedFor> = match leased_for.len() == rows.len() {
        true => leased_for.into_iter().flatten().map(|facts| (facts.instance, facts)).collect(),
        false => read_facts(core, &rows).await?,
    };
    let mut jobs = Vec::with_capacity(rows.len());
    for row in rows {
        if row.retries == 0 {
            give_up(core, &row).await;
            continue;
        }
        // A job whose instance has gone meanwhile goes with it.
        let Some(facts) = facts.get(&row.instance) else { continue };
        core.jobs.lease(row.id, row.instance);
        core.meters.job_lag_ms.add_lag(row.created_at, now);
        Meters::count(&core.meters.jobs_activated);
        jobs.push(activated(row, facts));
    }
    Ok(jobs)
}

/// What the jobs' instances run, in one read, for a store that does not tell with the lease.
async fn read_facts(core: &Core, rows: &[JobRow]) -> Result<HashMap<InstanceId, LeasedFor>, Fault> {
    let ids = rows.iter().map(|row| row.instance.into()).collect::<Vec<Scalar>>();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let query = Query::new(Filter::In(InstanceField::Id, ids)).limit(JOBS_MAX);
    let found = core.store.instances(query).await?.rows;
    let facts = |row: InstanceRow| LeasedFor { instance: row.id, definition: row.definition, document: row.document };
    Ok(found.into_iter().map(|row| (row.id, facts(row))).collect())
}

/// A job whose workers took it as often as it may be tried and never answered: a person looks at it.
async fn give_up(core: &Core, row: &JobRow) {
    Meters::count(&core.meters.jobs_abandoned);
    let fault = Fault::new(
        &codes::JOB_FAILED,
        "workers took the job as often as it may be tried, and no lease ended with an answer; \
        let them extend the lease of long work",
    );
    if let Err(fault) = core.command(row.instance, vec![plan::fail(row.id, &fault)]).await {
        // Gone meanwhile, or too much at once: then it is found again when this lease ends.
        tracing::debug!(job.id = %row.id, %fault, "an abandoned job could not be given up");
    }
}

fn lease_ms(lease: Duration) -> i64 {
    i64::try_from(lease.as_millis()).unwrap_or(LEASE_MAX_MS).clamp(1, LEASE_MAX_MS)
}

fn activated(row: JobRow, facts: &LeasedFor) -> ActivatedJob {
    let headers = row.headers.as_object().into_iter().flatten();
    ActivatedJob {
        id: row.id,
        instance: row.instance,
        definition: facts.definition,
        document: facts.document,
        idempotency_key: format!("{}/{}/{}", row.instance, row.element_id, row.id.0),
        element_id: row.element_id,
        job_type: row.job_type,
        retries: row.retries,
        leased_until: row.lease_until.unwrap_or(row.created_at),
        headers: headers
            .filter(|(k, _)| !plan::is_own_header(k))
            .map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned()))
            .collect(),
        input: match Value::from_json(&row.input) {
            Value::Object(object) => Arc::unwrap_or_clone(object),
            _ => Object::new(),
        },
    }
}

/// A longer lease for the worker who has the job; until when it lasts. `RUN-0006` when it is not his.
pub(crate) async fn extend(core: &Core, id: JobId, worker: &str, lease: Duration) -> Result<Timestamp, Fault> {
    let (partition, lease_until) = (partition_of(id.0), core.now().plus_ms(lease_ms(lease)));
    let write = JobWrite::Extend { partition, id, owner: worker.to_owned(), lease_until };
    core.store.commit_one(Unit::of(write)).await?;
    Ok(lease_until)
}

/// An open job of an external worker.
async fn open(core: &Core, id: JobId) -> Result<JobRow, Fault> {
    let row = core.store.job(id).await?.filter(|row| Route::of(&row.job_type) == Route::External);
    row.ok_or_else(|| Fault::new(&codes::JOB_NOT_FOUND, format!("there is no open job {id}")))
}

/// A worker did it.
pub(crate) async fn complete(core: &Core, id: JobId, result: Object, by: Option<UserId>) -> Result<(), Fault> {
    // Who was handed the job here needs no look at its row: the instance knows whether it is open.
    let instance = match core.jobs.leased(id) {
        Some(instance) => instance,
        None => open(core, id).await?.instance,
    };
    core.command(instance, vec![Command::CompleteJob { job: id, result, by }]).await?;
    core.jobs.ended(id);
    Ok(())
}

/// A try failed.
pub(crate) async fn fail(core: &Core, id: JobId, failure: JobFailure) -> Result<(), Fault> {
    let row = open(core, id).await?;
    let retries = failure.retries.unwrap_or(row.retries.saturating_sub(1));
    let gap = match failure.retry_in {
        Some(given) => i64::try_from(given.as_millis()).unwrap_or(LONGEST_GAP_MS),
        None if let Some(gap) = plan::wait_ms(&row) => gap,
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
