//! Large values of instances: named by their content, written once, read with what names them.
//!
//! Invariant: whatever names a value is committed in the same unit as the value, or later. Never: knows which variable
//! holds it (the engine's bytes do).

use crate::core::Core;
use engine::{Fetched, Instance, Large, LargeValues, ValueName};
use model::error::codes;
use model::{Fault, InstanceId, PartitionId};
use sha2::{Digest, Sha256};
use store::{StoredInstance, Unit, ValueWrite};

/// The first 16 bytes of the SHA-256 of a content.
pub(crate) fn name(content: &[u8]) -> ValueName {
    let hash = Sha256::digest(content);
    std::array::from_fn(|place| hash[place])
}

/// Adds to a unit what the store does not have yet.
pub(crate) fn put(partition: PartitionId, instance: InstanceId, large: &mut LargeValues, unit: &mut Unit) {
    for (hash, bytes) in large.take_fresh() {
        unit.push(ValueWrite::Put { partition, instance, hash, bytes });
    }
}

/// The values that these bytes (snapshots, journal rows) of one instance name, in one read; in none when they name
/// none.
pub(crate) async fn fetch<'b>(
    core: &Core,
    id: InstanceId,
    contents: impl Iterator<Item = &'b [u8]>,
) -> Result<Fetched, Fault> {
    let mut names = Vec::new();
    for content in contents {
        names.extend(engine::references(content).map_err(|e| unreadable(id).caused_by(e))?);
    }
    if names.is_empty() {
        return Ok(Fetched::none());
    }
    names.sort_unstable();
    names.dedup();
    Ok(Fetched::new(core.store.values(id, &names).await?))
}

/// A stored instance's state, with the large values it holds.
pub(crate) async fn instance(core: &Core, stored: &StoredInstance) -> Result<(Instance, Vec<Large>), Fault> {
    let id = stored.row.id;
    let fetched = fetch(core, id, std::iter::once(stored.snapshot.as_slice())).await?;
    let read = Instance::decode_with(&stored.snapshot, &fetched).map_err(|e| unreadable(id).caused_by(e))?;
    Ok((read, fetched.into_known()))
}

/// What is kept of an instance can not be read.
pub(crate) fn unreadable(id: InstanceId) -> Fault {
    Fault::new(&codes::STORE_CORRUPT, format!("what is stored of {id} can not be read"))
}
