//! A small memory of instances that just moved, so that a quick next command needs no load.
//!
//! Invariant: bounded bytes; only what was committed is in it. An instance that waits long falls out by itself:
//! waiting costs no memory.

use engine::{Instance, Large};
use model::{InstanceId, PartitionId, partition_of};
use std::collections::{HashMap, VecDeque};

/// An instance as committed.
#[derive(Debug, Clone)]
pub(crate) struct Hot {
    /// The state.
    pub(crate) instance: Instance,
    /// Journal rows written so far.
    pub(crate) seq: u64,
    /// The epoch of its partition when it was committed: under another one somebody else may have changed it.
    pub(crate) epoch: u64,
    /// Its large values, which the store has.
    pub(crate) large: Vec<Large>,
}

/// The least recently used instances fall out first.
#[derive(Debug)]
pub(crate) struct HotCache {
    entries: HashMap<InstanceId, Entry>,
    /// Uses in order; an entry's latest use is the one whose tick it carries.
    uses: VecDeque<(InstanceId, u64)>,
    tick: u64,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Entry {
    hot: Hot,
    bytes: usize,
    tick: u64,
}

impl HotCache {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { entries: HashMap::new(), uses: VecDeque::new(), tick: 0, bytes: 0, bytes_max }
    }

    /// Takes an instance out; it comes back by [`HotCache::put`] once its change is committed.
    pub(crate) fn take(&mut self, id: InstanceId) -> Option<Hot> {
        let entry = self.entries.remove(&id)?;
        self.bytes -= entry.bytes;
        Some(entry.hot)
    }

    /// Keeps a committed instance whose snapshot has `bytes`.
    pub(crate) fn put(&mut self, hot: Hot, bytes: usize) {
        let id = hot.instance.id();
        self.take(id);
        self.tick += 1;
        // A decoded instance takes about four times its packed bytes.
        let bytes = 512 + 4 * (bytes + hot.large.iter().map(|large| large.size).sum::<usize>());
        self.entries.insert(id, Entry { hot, bytes, tick: self.tick });
        self.uses.push_back((id, self.tick));
        self.bytes += bytes;
        if self.uses.len() > 4 * self.entries.len() + 64 {
            self.uses.retain(|(id, tick)| self.entries.get(id).is_some_and(|e| e.tick == *tick));
        }
        while self.bytes > self.bytes_max {
            let Some((oldest, tick)) = self.uses.pop_front() else { break };
            if self.entries.get(&oldest).is_some_and(|e| e.tick == tick) {
                self.take(oldest);
            }
        }
    }

    /// Forgets the instances of a partition.
    pub(crate) fn forget_partition(&mut self, partition: PartitionId) {
        let bytes = &mut self.bytes;
        self.entries.retain(|id, entry| {
            let stays = partition_of(id.0) != partition;
            if !stays {
                *bytes -= entry.bytes;
            }
            stays
        });
    }

    /// Forgets an instance.
    pub(crate) fn forget(&mut self, id: InstanceId) {
        self.take(id);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::Event;
    use engine::event::InstanceCreated;
    use model::{DefinitionId, Object, Timestamp};

    fn hot(id: i64) -> Hot {
        let created = InstanceCreated {
            instance: InstanceId(id),
            definition: DefinitionId(1),
            document: None,
            started_by: None,
            started_at: Timestamp(0),
            business_key: None,
            parameters: Object::new(),
            parent: None,
        };
        Hot {
            instance: Instance::created(&Event::InstanceCreated(Box::new(created))).unwrap(),
            seq: 1,
            epoch: 1,
            large: Vec::new(),
        }
    }

    #[test]
    fn the_least_recently_used_fall_out() {
        let mut cache = HotCache::new(3 * 912);
        for id in 1..=3 {
            cache.put(hot(id), 100);
        }
        let first = cache.take(InstanceId(1)).unwrap();
        cache.put(first, 100);
        cache.put(hot(4), 100);
        assert!(cache.take(InstanceId(2)).is_none());
        assert!(cache.take(InstanceId(1)).is_some());
        for _ in 0..10_000 {
            cache.put(hot(4), 100);
        }
        assert!(cache.uses.len() < 100 && cache.len() == 2);
        cache.forget_partition(PartitionId(4));
        assert!(cache.len() == 1 && cache.take(InstanceId(4)).is_none());
    }
}
