//! Queues of commands: one FIFO per worker, which keeps the order within every partition it serves.
//!
//! Invariant: a partition never has more than its bound waiting; what is over it is refused at once, so that overload
//! is an answer and not a growing queue.

use super::work::Envelope;
use model::error::codes;
use model::{Fault, PartitionId};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The queue of one worker.
pub(crate) struct Lane {
    state: Mutex<State>,
    filled: Notify,
    bound: usize,
}

struct State {
    items: VecDeque<Envelope>,
    waiting: Vec<usize>,
    closed: bool,
}

impl Lane {
    pub(crate) fn new(partitions: usize, bound: usize) -> Self {
        let state = State { items: VecDeque::new(), waiting: vec![0; partitions], closed: false };
        Self { state: Mutex::new(state), filled: Notify::new(), bound }
    }

    /// Queues a command; gives it back with the reason when it can not wait here.
    pub(crate) fn push(&self, envelope: Envelope) -> Result<(), Box<(Envelope, Fault)>> {
        let refused = {
            let mut state = self.lock();
            let waiting = state.waiting[slot(envelope.partition)];
            if state.closed {
                Fault::of(&codes::SHUTTING_DOWN)
            } else if waiting >= self.bound {
                let message = format!("{waiting} commands wait already; try again in a moment");
                Fault::new(&codes::QUEUE_FULL, message)
            } else {
                state.waiting[slot(envelope.partition)] += 1;
                state.items.push_back(envelope);
                drop(state);
                self.filled.notify_one();
                return Ok(());
            }
        };
        Err(Box::new((envelope, refused)))
    }

    /// Puts commands that must be decided again before all others, keeping their order.
    pub(crate) fn push_front(&self, envelopes: Vec<Envelope>) {
        let mut state = self.lock();
        for envelope in envelopes.into_iter().rev() {
            state.waiting[slot(envelope.partition)] += 1;
            state.items.push_front(envelope);
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Takes at most `max` commands; waits for the first. `None` once the lane is closed and empty.
    pub(crate) async fn take(&self, max: usize) -> Option<Vec<Envelope>> {
        loop {
            let filled = self.filled.notified();
            {
                let mut state = self.lock();
                let n = state.items.len().min(max);
                if n > 0 {
                    let batch: Vec<Envelope> = state.items.drain(..n).collect();
                    for envelope in &batch {
                        state.waiting[slot(envelope.partition)] -= 1;
                    }
                    return Some(batch);
                }
                if state.closed {
                    return None;
                }
            }
            filled.await;
        }
    }

    /// Takes no more commands; those that wait are still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// How many commands wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().items.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn slot(partition: PartitionId) -> usize {
    usize::from(partition.0)
}

#[cfg(test)]
mod tests {
    use super::super::work::{Ack, Work};
    use super::*;
    use model::InstanceId;

    fn envelope(partition: u8, instance: i64) -> Envelope {
        let work = Work::Erase { instance: InstanceId(instance) };
        Envelope { partition: PartitionId(partition), work, extra: Vec::new(), ack: Ack::None, conflicts: 0 }
    }

    fn ids(batch: &[Envelope]) -> Vec<i64> {
        batch.iter().filter_map(|e| e.work.instance()).map(|id| id.0).collect()
    }

    #[tokio::test]
    async fn a_full_partition_refuses_and_the_others_go_on() {
        let lane = Lane::new(4, 2);
        for id in [1, 2] {
            assert!(lane.push(envelope(0, id)).is_ok());
        }
        let refused = lane.push(envelope(0, 3)).err().unwrap();
        assert!(refused.1.is(&codes::QUEUE_FULL));
        assert!(lane.push(envelope(1, 4)).is_ok());
        let batch = lane.take(2).await.unwrap();
        assert_eq!(ids(&batch), [1, 2]);
        assert!(lane.push(envelope(0, 5)).is_ok(), "there is room again");
        lane.push_front(batch);
        assert_eq!(ids(&lane.take(10).await.unwrap()), [1, 2, 4, 5], "what is decided again comes first");
        lane.close();
        assert!(lane.push(envelope(2, 6)).err().unwrap().1.is(&codes::SHUTTING_DOWN));
        assert!(lane.take(10).await.is_none());
    }
}
