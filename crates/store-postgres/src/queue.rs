//! What waits for the writers, and which of them takes it.
//!
//! Invariant: units are taken in the order in which they came, and nobody's units are parted. Where every transaction
//! is dear besides its rows, only one is under way while it keeps up: a batch that waits for it grows, and the next
//! carries more for the same price. Others help once a whole batch waits, or something has waited for long, for the
//! database may be far away or one transaction held up. Never: looks at units.

use crate::writer::Receipts;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::{Result, StoreError, Unit};
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, timeout_at},
};

/// Many times what a commit takes.
const LONG: Duration = Duration::from_millis(20);

/// Units of a caller.
pub(crate) struct Request {
    pub(crate) units: Vec<Unit>,
    pub(crate) since: Instant,
    pub(crate) reply: oneshot::Sender<Result<Receipts>>,
}

/// Requests in their order.
pub(crate) struct Queue {
    state: Mutex<State>,
    ready: Notify,
    capacity: usize,
    /// Units that must wait until another writer helps those that write.
    crowd: usize,
    /// How long something waits for a transaction under way before another writer takes it.
    long: Duration,
}

#[derive(Default)]
struct State {
    requests: VecDeque<Request>,
    units: usize,
    /// Writers with a transaction.
    writing: usize,
    closed: bool,
}

impl Queue {
    /// Room for `capacity` units.
    pub(crate) fn new(capacity: usize, crowd: usize) -> Self {
        Self { state: Mutex::default(), ready: Notify::new(), capacity, crowd, long: LONG }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits units; resolves when they are durable.
    pub(crate) async fn commit(&self, units: Vec<Unit>) -> Result<Receipts> {
        let (reply, answer) = oneshot::channel();
        let tell = {
            let mut state = self.state();
            if state.closed {
                return Err(StoreError::Closed);
            }
            if state.units >= self.capacity {
                return Err(StoreError::Busy);
            }
            let first = state.requests.is_empty();
            state.units += units.len();
            state.requests.push_back(Request { units, since: Instant::now(), reply });
            // Who waits for the first in the queue to have waited for long need not hear of the others.
            first || state.writing == 0 || state.units >= self.crowd
        };
        if tell {
            self.ready.notify_one();
        }
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Takes no more; what was accepted is still committed.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.ready.notify_waiters();
        self.ready.notify_one();
    }

    /// Waits for requests and takes a batch; empty when closed and drained. `wrote`: the caller's transaction has
    /// ended.
    pub(crate) async fn take(&self, batch_units: usize, mut wrote: bool) -> Vec<Request> {
        loop {
            let ready = self.ready.notified();
            let again = {
                let mut state = self.state();
                state.writing -= usize::from(std::mem::take(&mut wrote));
                match state.not_before(self.crowd, self.long) {
                    Some(later) if later > Instant::now() => Some(later),
                    _ => {
                        let batch = state.pop(batch_units);
                        state.writing += usize::from(!batch.is_empty());
                        if !batch.is_empty() || state.closed {
                            // Another writer may take the rest, or has to learn that there will be none.
                            if !state.requests.is_empty() || state.closed {
                                self.ready.notify_one();
                            }
                            return batch;
                        }
                        None
                    }
                }
            };
            match again {
                Some(later) => drop(timeout_at(later, ready).await),
                None => ready.await,
            }
        }
    }
}

impl State {
    /// When another writer may help those that write; none: at once.
    fn not_before(&self, crowd: usize, long: Duration) -> Option<Instant> {
        if self.writing == 0 || self.units >= crowd || self.closed {
            return None;
        }
        self.requests.front().map(|oldest| oldest.since + long)
    }

    /// What fits into a batch; the first request whatever its size.
    fn pop(&mut self, batch_units: usize) -> Vec<Request> {
        let mut batch = Vec::new();
        let mut units = 0;
        while let Some(request) = self.requests.front() {
            if !batch.is_empty() && units + request.units.len() > batch_units {
                break;
            }
            units += request.units.len();
            batch.extend(self.requests.pop_front());
        }
        self.units -= units;
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::Future, pin::pin, task::Poll};

    fn units(n: usize) -> Vec<Unit> {
        vec![Unit::default(); n]
    }

    /// Whether it is ready without waiting.
    async fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        std::future::poll_fn(|context| {
            Poll::Ready(match future.as_mut().poll(context) {
                Poll::Ready(value) => Some(value),
                Poll::Pending => None,
            })
        })
        .await
    }

    fn sizes(batch: &[Request]) -> Vec<usize> {
        batch.iter().map(|request| request.units.len()).collect()
    }

    fn queue(capacity: usize, crowd: usize, long: Duration) -> Queue {
        Queue { long, ..Queue::new(capacity, crowd) }
    }

    const NEVER: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn one_transaction_is_under_way_while_it_keeps_up() {
        let queue = queue(100, 8, NEVER);
        let [mut a, mut b, mut c] = [3, 2, 2].map(|n| Box::pin(queue.commit(units(n))));
        assert!(now(&mut a).await.is_none());
        assert_eq!(sizes(&queue.take(8, false).await), [3]);
        assert!(now(&mut b).await.is_none() && now(&mut c).await.is_none());
        assert!(now(queue.take(8, false)).await.is_none(), "two wait for the transaction");
        assert_eq!(sizes(&queue.take(8, true).await), [2, 2], "whose transaction has ended takes both");
    }

    #[tokio::test]
    async fn others_help_when_something_has_waited_for_long() {
        let queue = queue(100, 8, Duration::from_millis(2));
        let [mut a, mut b] = [3, 2].map(|n| Box::pin(queue.commit(units(n))));
        assert!(now(&mut a).await.is_none());
        assert_eq!(sizes(&queue.take(8, false).await), [3]);
        assert!(now(&mut b).await.is_none());
        assert_eq!(sizes(&queue.take(8, false).await), [2]);
    }

    #[tokio::test]
    async fn others_help_when_a_whole_batch_waits() {
        let queue = queue(100, 4, NEVER);
        let [mut a, mut b, mut c] = [1, 2, 3].map(|n| Box::pin(queue.commit(units(n))));
        assert!(now(&mut a).await.is_none());
        assert_eq!(sizes(&queue.take(4, false).await), [1]);
        assert!(now(&mut b).await.is_none());
        assert!(now(queue.take(4, false)).await.is_none());
        assert!(now(&mut c).await.is_none());
        assert_eq!(sizes(&now(queue.take(4, false)).await.unwrap()), [2], "five wait, three would be too many");
    }

    #[tokio::test]
    async fn what_was_accepted_is_taken_after_the_end_and_then_nothing() {
        let queue = queue(2, 100, NEVER);
        let [mut a, mut b] = [1, 1].map(|n| Box::pin(queue.commit(units(n))));
        assert!(now(&mut a).await.is_none());
        assert_eq!(sizes(&queue.take(8, false).await), [1]);
        assert!(now(&mut b).await.is_none());
        queue.close();
        assert!(matches!(queue.commit(units(1)).await, Err(StoreError::Closed)));
        assert_eq!(sizes(&queue.take(8, false).await), [1], "also while another writes");
        assert!(queue.take(8, true).await.is_empty() && queue.take(8, true).await.is_empty());
    }

    #[tokio::test]
    async fn a_full_queue_refuses() {
        let queue = queue(2, 100, NEVER);
        let mut a = Box::pin(queue.commit(units(2)));
        assert!(now(&mut a).await.is_none());
        assert!(matches!(queue.commit(units(1)).await, Err(StoreError::Busy)));
    }
}
