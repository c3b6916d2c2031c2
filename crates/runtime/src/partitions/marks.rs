//! How far a partition's ids went, so that none is ever given twice.
//!
//! Rows that are done with (jobs, timers, calls) are gone, and with them the proof that their ids were given. A worker
//! who reports late, or a receiver that knows a call by its key, would take the new one for the old. Owns: a mark ahead
//! of the ids, written with the first unit that comes near it. Invariant: no unit with an id beyond the mark is
//! committed without the next mark.

use crate::core::Core;
use model::{Fault, IdSource, PartitionId};
use serde_json::Value as Json;
use std::collections::HashMap;
use store::{Fence, SettingWrite, Unit};

/// A mark is so far ahead: a write a minute, and no more than a minute of ids is skipped when a partition changes
/// hands.
const AHEAD_S: i64 = 64;
/// Marks are settings with this and the partition's number as their key.
const PREFIX: &str = "runtime.ids.";

/// The marks of one worker's partitions, with the epochs they were written under.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    known: HashMap<PartitionId, (u64, i64)>,
}

/// A mark on its way with a unit.
#[derive(Debug)]
pub(crate) struct Mark {
    fence: Fence,
    id: i64,
}

impl Marks {
    /// Adds the next mark to a unit whose ids are beyond the last one known. Until it is written every unit that needs
    /// one has one.
    pub(crate) fn cover(&self, fence: Fence, ids: &IdSource, unit: &mut Unit) -> Option<Mark> {
        let known = self.known.get(&fence.partition);
        if unit.writes.is_empty() || known.is_some_and(|(epoch, mark)| *epoch == fence.epoch && ids.last() <= *mark) {
            return None;
        }
        let id = ids.ahead(AHEAD_S);
        unit.push(SettingWrite::Put { key: key(fence.partition), value: id.into() });
        Some(Mark { fence, id })
    }

    /// The unit with this mark was written, and of those of its round it is the last so far.
    pub(crate) fn written(&mut self, Mark { fence, id }: Mark) {
        self.known.insert(fence.partition, (fence.epoch, id));
    }
}

/// For each of these partitions an id that no id given before is beyond. Read under leases: nobody else gives any.
pub(crate) async fn greatest(core: &Core, partitions: &[PartitionId]) -> Result<Vec<i64>, Fault> {
    let marks: HashMap<String, Json> = core.store.settings(PREFIX).await?.into_iter().collect();
    let mut greatest = core.store.greatest_ids(partitions).await?;
    for (greatest, partition) in greatest.iter_mut().zip(partitions) {
        let mark = marks.get(&key(*partition)).and_then(Json::as_i64).unwrap_or(0);
        *greatest = mark.max(*greatest);
    }
    Ok(greatest)
}

fn key(partition: PartitionId) -> String {
    format!("{PREFIX}{}", partition.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    #[test]
    fn a_mark_that_was_not_written_is_asked_for_again() {
        let fence = Fence { partition: PartitionId(3), epoch: 1 };
        let (mut ids, mut marks) = (IdSource::new(fence.partition, 0), Marks::default());
        let cover = |marks: &Marks, ids: &IdSource, fence| {
            let mut unit = Unit::of(SettingWrite::Delete { key: "a".to_owned() });
            let mark = marks.cover(fence, ids, &mut unit);
            assert_eq!(unit.writes.len(), 1 + usize::from(mark.is_some()));
            mark
        };
        let now = Timestamp(1_800_000_000_000);
        ids.next(now);
        let first = cover(&marks, &ids, fence).unwrap();
        marks.written(first);
        // One unit of a round stays below the mark, the next is beyond it and is refused.
        assert!(cover(&marks, &ids, fence).is_none());
        ids.next(now.plus_ms(1_000 * (AHEAD_S + 1)));
        assert!(cover(&marks, &ids, fence).is_some());
        let again = cover(&marks, &ids, fence).expect("none was written");
        marks.written(again);
        assert!(cover(&marks, &ids, fence).is_none());
        assert!(cover(&marks, &ids, Fence { epoch: 2, ..fence }).is_some(), "another epoch");
        assert!(marks.cover(fence, &ids, &mut Unit::new()).is_none(), "what writes nothing gives no ids");
    }
}
