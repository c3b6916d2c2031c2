//! How far a partition's ids went, so that none is ever given twice.
//!
//! Rows that are done with (jobs, timers, calls) are gone, and with them the proof that their ids were given. A worker
//! who reports late, or a receiver that knows a call by its key, would take the new one for the old. Owns: a mark ahead
//! of the ids, written with the first unit that comes near it. Invariant: no unit with an id beyond the mark is
//! committed without the next mark.

use crate::core::Core;
use model::{Fault, IdSource, PartitionId};
use std::collections::HashMap;
use store::{Fence, SettingWrite, Unit};

/// A mark is so far ahead: a write a minute, and no more than a minute of ids is skipped when a partition changes
/// hands.
const AHEAD_S: i64 = 64;

/// The marks of one worker's partitions, with the epochs they were written under.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    known: HashMap<PartitionId, (u64, i64)>,
    /// The first one of this round that is on its way; every unit of the round that needs one has one.
    asked: HashMap<PartitionId, (u64, i64)>,
}

impl Marks {
    /// A round begins.
    pub(crate) fn begin(&mut self) {
        self.asked.clear();
    }

    /// Adds the next mark to a unit whose ids are beyond the last one known.
    pub(crate) fn cover(&mut self, fence: Fence, ids: &IdSource, unit: &mut Unit) {
        let known = self.known.get(&fence.partition);
        if unit.writes.is_empty() || known.is_some_and(|(epoch, mark)| *epoch == fence.epoch && ids.last() <= *mark) {
            return;
        }
        let mark = ids.ahead(AHEAD_S);
        self.asked.entry(fence.partition).or_insert((fence.epoch, mark));
        unit.push(SettingWrite::Put { key: key(fence.partition), value: mark.into() });
    }

    /// A unit of the partition was written.
    pub(crate) fn written(&mut self, partition: PartitionId) {
        if let Some(mark) = self.asked.remove(&partition) {
            self.known.insert(partition, mark);
        }
    }
}

/// An id that no id given before is beyond. Read under a lease: nobody else gives any.
pub(crate) async fn greatest(core: &Core, partition: PartitionId) -> Result<i64, Fault> {
    let mark = core.store.setting(&key(partition)).await?.and_then(|mark| mark.as_i64()).unwrap_or(0);
    Ok(core.store.greatest_id(partition).await?.max(mark))
}

fn key(partition: PartitionId) -> String {
    format!("runtime.ids.{}", partition.0)
}
