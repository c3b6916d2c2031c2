//! Which partitions this process serves at this moment, under which epochs.
//!
//! Owns: the one answer that every part of the runtime asks. Invariant: asking costs an atomic load; what is written
//! for a partition carries the epoch under which it was decided, so that an answer that is out of date harms nothing.
//! Never: decides who should serve what (`share`), reads or writes leases (`membership`).

use model::PartitionId;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use store::Fence;

/// One partition.
#[derive(Debug, Default)]
struct Slot {
    /// The epoch it is held under; 0: not held.
    epoch: AtomicU64,
    /// Whether new work may be queued here. A partition on its way to another node is held, but takes none.
    open: AtomicBool,
    /// The greatest id in use when it was taken.
    greatest: AtomicI64,
}

/// The partitions of this process.
#[derive(Debug)]
pub(crate) struct Ownership {
    slots: Vec<Slot>,
    owned: RwLock<Arc<[PartitionId]>>,
    /// Nothing is served later than this, in microseconds of the stopwatch; the beats move it on.
    until_us: AtomicU64,
}

impl Ownership {
    /// Nothing is owned yet.
    pub(crate) fn new(partitions: u16) -> Self {
        Self {
            slots: (0..partitions).map(|_| Slot::default()).collect(),
            owned: RwLock::new(Arc::from([])),
            until_us: AtomicU64::new(u64::MAX),
        }
    }

    /// Begins to serve a partition. Everything with a greater id than `greatest` is made here.
    pub(crate) fn take(&self, fence: Fence, greatest: i64) {
        let Some(slot) = self.slot(fence.partition) else { return };
        slot.greatest.store(greatest, Ordering::Release);
        slot.epoch.store(fence.epoch, Ordering::Release);
        slot.open.store(true, Ordering::Release);
        self.list();
    }

    /// Queues nothing more for a partition; what is under way may still be committed.
    pub(crate) fn shut(&self, partition: PartitionId) {
        if let Some(slot) = self.slot(partition) {
            slot.open.store(false, Ordering::Release);
            self.list();
        }
    }

    /// Queues work again for a partition that was shut and is still held under this epoch.
    pub(crate) fn open(&self, fence: Fence) {
        let Some(slot) = self.slot(fence.partition) else { return };
        let held = slot.epoch.load(Ordering::Acquire) == fence.epoch;
        if held && !slot.open.swap(true, Ordering::AcqRel) {
            self.list();
        }
    }

    /// Forgets a partition held under this epoch; false when it is not held so any more.
    pub(crate) fn lose(&self, fence: Fence) -> bool {
        let Some(slot) = self.slot(fence.partition) else { return false };
        let held = slot.epoch.compare_exchange(fence.epoch, 0, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if held {
            slot.open.store(false, Ordering::Release);
            self.list();
        }
        held
    }

    /// Whether new work for the partition belongs here.
    pub(crate) fn owns(&self, partition: PartitionId) -> bool {
        self.slot(partition).is_some_and(|slot| slot.open.load(Ordering::Acquire))
    }

    /// What a unit of the partition must carry; none when it is not held.
    pub(crate) fn fence(&self, partition: PartitionId) -> Option<Fence> {
        let epoch = self.slot(partition)?.epoch.load(Ordering::Acquire);
        (epoch > 0).then_some(Fence { partition, epoch })
    }

    /// The greatest id that was in use when the partition was taken.
    pub(crate) fn greatest(&self, partition: PartitionId) -> i64 {
        self.slot(partition).map_or(0, |slot| slot.greatest.load(Ordering::Acquire))
    }

    /// The partitions served, in order.
    pub(crate) fn owned(&self) -> Arc<[PartitionId]> {
        self.owned.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that is held, also what is on its way to another node.
    pub(crate) fn held(&self) -> Vec<Fence> {
        self.all().filter_map(|partition| self.fence(partition)).collect()
    }

    /// How many partitions there are.
    pub(crate) fn count(&self) -> usize {
        self.slots.len()
    }

    /// All partitions, served here or not.
    pub(crate) fn all(&self) -> impl Iterator<Item = PartitionId> + use<> {
        (0..self.slots.len()).filter_map(|n| u8::try_from(n).ok()).map(PartitionId)
    }

    /// Serves nothing after this moment of the stopwatch unless it is moved on.
    pub(crate) fn serve_until(&self, until_us: u64) {
        self.until_us.store(until_us, Ordering::Release);
    }

    /// Whether the last sign of life is young enough for others not to have given this node up.
    pub(crate) fn is_serving(&self, now_us: u64) -> bool {
        now_us < self.until_us.load(Ordering::Acquire)
    }

    /// For how many milliseconds it serves without another sign of life.
    pub(crate) fn left_ms(&self, now_us: u64) -> i64 {
        let left = self.until_us.load(Ordering::Acquire).saturating_sub(now_us) / 1_000;
        i64::try_from(left).unwrap_or(i64::MAX)
    }

    fn slot(&self, partition: PartitionId) -> Option<&Slot> {
        self.slots.get(usize::from(partition.0))
    }

    fn list(&self) {
        let mut owned = self.owned.write().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that of two changes at once the later list holds both.
        *owned = self.all().filter(|p| self.owns(*p)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fence(partition: u8, epoch: u64) -> Fence {
        Fence { partition: PartitionId(partition), epoch }
    }

    #[test]
    fn a_partition_comes_and_goes() {
        let all = Ownership::new(4);
        assert!(all.owned().is_empty() && all.fence(PartitionId(1)).is_none());
        all.take(fence(1, 3), 99);
        all.take(fence(3, 1), 0);
        assert_eq!(all.owned().to_vec(), [PartitionId(1), PartitionId(3)]);
        assert_eq!((all.fence(PartitionId(1)), all.greatest(PartitionId(1))), (Some(fence(1, 3)), 99));
        all.shut(PartitionId(1));
        assert!(!all.owns(PartitionId(1)) && all.fence(PartitionId(1)).is_some(), "held, but takes no more work");
        all.open(fence(1, 2));
        assert!(!all.owns(PartitionId(1)));
        all.open(fence(1, 3));
        assert!(all.owns(PartitionId(1)), "it goes on");
        assert!(!all.lose(fence(1, 2)), "an epoch that is over says nothing");
        assert!(all.lose(fence(1, 3)) && !all.lose(fence(1, 3)));
        assert_eq!(all.held(), [fence(3, 1)]);
        assert!(!all.owns(PartitionId(9)), "a partition that does not exist");
    }
}
