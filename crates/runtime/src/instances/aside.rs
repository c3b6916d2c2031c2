//! Instances that are set aside: nothing can be done with them until a person has mended what stands in the way.
//!
//! Owns: which they are, the incident that tells of each, and its retry. Invariant: an instance is set aside alone and
//! together with a committed incident; what is stored of it stays as it was until the retry. Never: sets an instance
//! aside for a failure of the whole database, which passes.

use super::{journal, large};
use crate::core::Core;
use engine::Instance;
use model::definition::ElementIdx;
use model::error::{ErrorCode, codes};
use model::{Fault, IncidentId, InstanceId, PartitionId, Timestamp, UserId, partition_of};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::{
    Conflict, Filter, IncidentField, IncidentRow, IncidentWrite, InstanceUpdate, InstanceWrite, Query, Scalar,
    StoreError, StoredInstance, Unit,
};

/// Incidents of instances that are set aside; the engine raises none of these.
pub(crate) const CODES: [&ErrorCode; 3] =
    [&codes::QUARANTINED, &codes::INSTANCE_UNREADABLE, &codes::INSTANCE_UNSTORABLE];
/// Instances set aside that are known after a restart.
const KNOWN_MAX: u32 = 100_000;
/// So often in a row the store refuses an instance's units before it is set aside.
const REFUSALS_MAX: u32 = 5;
/// Instances whose refusals are counted.
const COUNTED_MAX: usize = 4_096;
/// What the store's writers say of a write that the database refused by itself.
const REFUSED_WRITE: &str = "write";

/// What is set aside here, and why.
#[derive(Default)]
pub(crate) struct Aside(Mutex<HashMap<InstanceId, &'static ErrorCode>>);

impl Aside {
    /// Why an instance takes no commands, if it takes none.
    pub(crate) fn get(&self, instance: InstanceId) -> Option<&'static ErrorCode> {
        self.lock().get(&instance).copied()
    }

    /// It takes no commands from now on.
    pub(crate) fn put(&self, instance: InstanceId, code: &'static ErrorCode) {
        self.lock().insert(instance, code);
    }

    /// It takes commands again.
    pub(crate) fn take_back(&self, instance: InstanceId) {
        self.lock().remove(&instance);
    }

    /// Reads which instances of these partitions are set aside.
    pub(crate) async fn load(&self, core: &Core, partitions: &[PartitionId]) -> Result<(), Fault> {
        let open = Filter::eq(IncidentField::Open, true);
        let named = CODES.iter().map(|code| Scalar::from(code.code)).collect();
        let filter = open.and(Filter::In(IncidentField::Code, named));
        let rows = core.store.incidents(Query::new(filter).limit(KNOWN_MAX)).await?.rows;
        let mut all = self.lock();
        all.retain(|id, _| !partitions.contains(&partition_of(id.0)));
        let here = rows.iter().filter(|row| partitions.contains(&partition_of(row.instance.0)));
        all.extend(here.filter_map(|row| Some((row.instance, code(&row.code)?))));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<InstanceId, &'static ErrorCode>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn code(text: &str) -> Option<&'static ErrorCode> {
    CODES.into_iter().find(|code| code.code == text)
}

/// Whether a refusal says that the instance is set aside.
pub(crate) fn is_aside(fault: &Fault) -> bool {
    CODES.iter().any(|code| fault.is(code))
}

/// Units refused in a row, by instance.
#[derive(Default)]
pub(crate) struct Refusals(HashMap<InstanceId, u32>);

impl Refusals {
    /// A unit was committed.
    pub(crate) fn forget(&mut self, instance: InstanceId) {
        if !self.0.is_empty() {
            self.0.remove(&instance);
        }
    }

    /// A unit was refused; what to set the instance aside with when that is enough. What harms everybody (no disk, no
    /// connection) and what others hold for a while does not count.
    pub(crate) fn refused(&mut self, instance: InstanceId, error: &StoreError) -> Option<Fault> {
        let counts = match error {
            StoreError::Corrupt { .. } => true,
            StoreError::Failed { context, .. } => *context == REFUSED_WRITE,
            StoreError::Conflict { what } => {
                !matches!(what, Conflict::RecordVersion | Conflict::Message | Conflict::Fenced)
            }
            _ => false,
        };
        if !counts {
            return None;
        }
        if self.0.len() >= COUNTED_MAX {
            self.0.clear();
        }
        let count = self.0.entry(instance).or_default();
        *count += 1;
        (*count >= REFUSALS_MAX).then(|| {
            let message = format!("the database refused what {instance} writes {count} times in a row: {error}");
            Fault::new(&codes::INSTANCE_UNSTORABLE, message).caused_by(error.clone())
        })
    }
}

/// What is stored of an instance can not be read.
pub(crate) fn unreadable(instance: InstanceId, cause: Fault) -> Fault {
    let message = format!("{instance} was set aside: {}", cause.message);
    Fault { source: cause.source, ..Fault::new(&codes::INSTANCE_UNREADABLE, message) }
}

/// The incident of an instance that is set aside, in a unit that leaves its state as it is. `known`: its state, as far
/// as it could be read. None when the instance is not stored.
pub(crate) async fn unit(
    core: &Core,
    id: IncidentId,
    instance: InstanceId,
    known: Option<&Instance>,
    fault: &Fault,
) -> Result<Option<Unit>, Fault> {
    let Some(stored) = core.store.load_instances(&[instance]).await?.pop() else { return Ok(None) };
    let place = |state: &Instance| state.elements().last().map(|element| element.element);
    let element = match known.and_then(place) {
        Some(element) => element,
        None => journal::ended(core, instance).await.ok().as_ref().and_then(place).unwrap_or(ElementIdx(0)),
    };
    let definition = core.deployments.get(stored.row.definition).await?;
    let named = definition.definition().elements.get(element.0 as usize);
    let row = IncidentRow {
        partition: stored.row.partition,
        id,
        instance,
        definition: stored.row.definition,
        element_id: named.map_or_else(String::new, |named| named.id.to_string()),
        element_key: element.0,
        code: fault.code.code.to_owned(),
        message: fault.message.clone(),
        details: serde_json::Value::Null,
        at: core.now(),
        resolved_at: None,
        resolved_by: None,
    };
    let incidents = stored.row.incidents + 1;
    let update = update(stored, incidents, core.now());
    Ok(Some(Unit::of(InstanceWrite::Update(update)).with(IncidentWrite::Insert(Box::new(row)))))
}

/// The row as it is, but for its count of incidents.
fn update(stored: StoredInstance, incidents: u32, now: Timestamp) -> InstanceUpdate {
    let StoredInstance { row, snapshot } = stored;
    InstanceUpdate {
        partition: row.partition,
        id: row.id,
        expect_seq: row.seq,
        seq: row.seq,
        state: row.state,
        state_title: row.state_title,
        updated_at: now,
        finished_at: row.finished_at,
        incidents,
        snapshot,
    }
}

/// Resolves the incident of an instance that is set aside, and puts a state that can not be used right from the
/// journal. `RUN-0015` when neither tells what the instance is: the incident stays.
pub(crate) async fn resolve(core: &Core, row: &IncidentRow, by: Option<UserId>) -> Result<(), Fault> {
    let (partition, id, at) = (row.partition, row.id, core.now());
    let mut unit = Unit::of(IncidentWrite::Resolve { partition, id, at, by });
    let stored = core.store.load_instances(&[row.instance]).await;
    match stored.map(|mut all| all.pop()) {
        Ok(Some(mut stored)) => {
            match usable(core, &mut stored).await {
                Err(fault) if row.code == codes::INSTANCE_UNREADABLE.code => return Err(fault),
                // What broke need not be what is stored.
                Err(_) | Ok(()) => {}
            }
            let incidents = stored.row.incidents.saturating_sub(1);
            unit.push(InstanceWrite::Update(update(stored, incidents, at)));
        }
        Ok(None) => {}
        Err(error) => return Err(error.into()),
    }
    core.store.commit_one(unit).await?;
    crate::cluster::mended(core, row.instance).await;
    core.incidents.resolved(core, row).await;
    Ok(())
}

/// Sees to it that the state can be worked on.
async fn usable(core: &Core, stored: &mut StoredInstance) -> Result<(), Fault> {
    let id = stored.row.id;
    let is_sound = |state: &Instance| engine::check_invariants(state).is_ok();
    let kept = large::instance(core, stored).await;
    if kept.as_ref().is_ok_and(|(state, _)| is_sound(state)) {
        return Ok(());
    }
    let cause = match kept {
        Err(fault) if !fault.is(&codes::STORE_CORRUPT) => return Err(fault),
        Err(fault) => fault,
        Ok(_) => large::unreadable(id),
    };
    let told = journal::ended(core, id).await.ok().filter(|state| is_sound(state) && state.id() == id);
    let Some(told) = told else { return Err(unreadable(id, cause)) };
    tracing::warn!(instance.id = %id, "the state could not be used and was made anew from the journal");
    stored.snapshot = told.encode();
    Ok(())
}
