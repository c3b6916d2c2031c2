//! Callers who wait for instances to end.
//!
//! Invariant: those who gave up cost memory only until as many others have come, however long their instances go on.
//! Who is forgotten here finds the end in the store. Never: waits for anybody.

use super::work::Finished;
use model::{InstanceId, PartitionId, partition_of};
use std::collections::HashMap;
use tokio::sync::oneshot::{self, Receiver, Sender};

/// With fewer nobody looks who gave up.
const FEW: usize = 1_024;

/// Who waits, by instance.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    waiting: HashMap<InstanceId, Vec<Sender<Finished>>>,
    /// With so many those who gave up are looked for.
    many: usize,
}

impl Watchers {
    /// One more who waits.
    pub(crate) fn watch(&mut self, instance: InstanceId) -> Receiver<Finished> {
        if self.waiting.len() >= self.many.max(FEW) {
            self.waiting.retain(|_, senders| {
                senders.retain(|sender| !sender.is_closed());
                !senders.is_empty()
            });
            self.many = 2 * self.waiting.len();
        }
        let (sender, receiver) = oneshot::channel();
        self.waiting.entry(instance).or_default().push(sender);
        receiver
    }

    /// All who wait for one instance.
    pub(crate) fn take(&mut self, instance: InstanceId) -> Vec<Sender<Finished>> {
        self.waiting.remove(&instance).unwrap_or_default()
    }

    /// Forgets those of a partition.
    pub(crate) fn forget_partition(&mut self, partition: PartitionId) {
        self.waiting.retain(|id, _| partition_of(id.0) != partition);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gave_up_is_forgotten_and_who_waits_is_not() {
        let mut all = Watchers::default();
        let patient: Vec<_> = (0..10).map(|n| all.watch(InstanceId(n))).collect();
        for n in 10..100_000 {
            drop(all.watch(InstanceId(n)));
            assert!(all.waiting.len() <= FEW, "{}", all.waiting.len());
        }
        assert!((0..10).all(|n| all.take(InstanceId(n)).len() == 1));
        drop(patient);
        let many: Vec<_> = (0..5_000).map(|n| all.watch(InstanceId(n))).collect();
        assert!(all.waiting.len() >= many.len(), "nobody who waits is forgotten");
        all.forget_partition(PartitionId(7));
        assert!(all.take(InstanceId(7)).is_empty() && all.take(InstanceId(8)).len() == 1);
    }
}
