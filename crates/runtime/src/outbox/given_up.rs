//! Calls that nobody waits for and that were given up: an incident tells of each, and its retry makes the call again.
//!
//! Invariant: the incident is committed with the end of the call and holds all that is needed to make it again, under
//! the same key. Never: changes the instance, which has gone on or has ended.

use super::board::Ready;
use super::write;
use crate::cluster;
use crate::core::Core;
use crate::instances::aside;
use crate::partitions::work::{Refused, Work};
use model::error::codes;
use model::{Fault, IncidentId, JobId, OutboxId, PartitionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use store::{IncidentRow, IncidentWrite, OutboxRow, OutboxState, OutboxWrite, Unit, Write};

/// The particulars of such an incident.
const CALL: &str = "call";

/// What is needed to make a call again.
#[derive(Serialize, Deserialize)]
struct Call {
    id: i64,
    kind: String,
    key: String,
    job: Option<i64>,
    payload: Json,
}

/// Whether an incident stands for a call that nobody waited for.
pub(crate) fn is_given_up(row: &IncidentRow) -> bool {
    row.details.get(CALL).is_some()
}

/// The incident of a call that is given up.
pub(super) fn work(ready: &Ready, fault: &Fault, at: Timestamp) -> Work {
    let Ready { row, order, .. } = ready;
    let call = Call {
        id: row.id.0,
        kind: row.kind.clone(),
        key: row.key.clone(),
        job: row.job.map(|job| job.0),
        payload: row.payload.clone(),
    };
    Work::Tell(Box::new(IncidentRow {
        partition: row.partition,
        id: IncidentId(0),
        instance: order.instance,
        definition: order.definition,
        element_id: order.element_id.clone(),
        element_key: order.element,
        code: fault.code.code.to_owned(),
        message: fault.message.clone(),
        details: json!({ CALL: call }),
        at,
        resolved_at: None,
        resolved_by: None,
    }))
}

/// Commits the end of a call with its incident.
pub(super) async fn tell(core: &Core, partition: PartitionId, work: Work, writes: Vec<Write>) -> Result<(), Fault> {
    match core.submit_here(partition, work, writes.clone()).await {
        Ok(_) => Ok(()),
        // What is stored of the instance can not be read, which another incident tells.
        Err(Refused::Fault(fault)) if aside::is_aside(&fault) => {
            tracing::error!(partition = partition.0, "a call was given up and could not be told of");
            write(core, partition, writes).await
        }
        Err(Refused::Fault(fault)) => Err(fault),
        // Whoever serves the partition finds the call as it was.
        Err(Refused::Moved(_)) => Err(Fault::of(&codes::STORE_CONFLICT)),
    }
}

/// Makes a call again and resolves its incident.
pub(crate) async fn call_again(core: &Core, row: &IncidentRow, by: Option<UserId>) -> Result<(), Fault> {
    let now = core.now();
    let call = row.details.get(CALL).cloned().unwrap_or(Json::Null);
    let call: Call = serde_json::from_value(call).map_err(|error| Fault::of(&codes::STORE_CORRUPT).caused_by(error))?;
    let again = OutboxRow {
        partition: row.partition,
        id: OutboxId(call.id),
        kind: call.kind,
        key: call.key,
        instance: Some(row.instance),
        job: call.job.map(JobId),
        payload: call.payload,
        due_at: now,
        attempts: 0,
        first_at: now,
        state: OutboxState::Pending,
        last_error: None,
    };
    let resolve = IncidentWrite::Resolve { partition: row.partition, id: row.id, at: now, by };
    core.store.commit_one(Unit::of(resolve).with(OutboxWrite::Insert(Box::new(again)))).await?;
    cluster::woken(core, row.instance).await;
    core.incidents.resolved(core, row).await;
    Ok(())
}
