//! One who waits for jobs, and new jobs that go right into his hand.
//!
//! Owns: the promise of a job between the decision that makes it and its commit. Invariant: what is in a hand is leased
//! to its worker by a commit; a promise that is not kept wakes the one who was promised. Never: promises anything to
//! one who has left.

use model::JobId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{JobRow, LeasedFor};
use tokio::sync::Notify;

/// What a worker asks for.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    /// His name.
    pub(super) owner: String,
    /// For how long jobs are his.
    pub(super) lease_ms: i64,
    /// How many at most.
    pub(super) max: usize,
}

/// A job that was made with its lease.
#[derive(Debug)]
pub(super) struct Handed {
    pub(super) row: JobRow,
    pub(super) facts: LeasedFor,
}

/// One who waits.
pub(super) struct Waiter {
    terms: Terms,
    hand: Mutex<Hand>,
    wake: Notify,
}

#[derive(Default)]
pub(super) struct Hand {
    /// Looked in vain, and waits.
    ready: bool,
    /// An offer woke him, or a promise was not kept.
    woken: bool,
    /// Takes no more.
    closed: bool,
    /// Jobs whose commits are under way.
    coming: usize,
    jobs: Vec<Handed>,
}

impl Waiter {
    pub(super) fn new(terms: Terms) -> Self {
        Self { terms, hand: Mutex::default(), wake: Notify::new() }
    }

    pub(super) fn hand(&self) -> MutexGuard<'_, Hand> {
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is there to be looked for.
    pub(super) fn wake(&self) {
        self.hand().woken = true;
        self.wake.notify_one();
    }

    /// Resolves when all that was promised is decided: with what came of it, or nothing when he has to look.
    pub(super) async fn called(&self) -> Vec<Handed> {
        loop {
            self.wake.notified().await;
            let mut hand = self.hand();
            if hand.coming == 0 {
                return std::mem::take(&mut hand.jobs);
            }
        }
    }
}

impl Hand {
    pub(super) fn ready(&mut self) {
        self.ready = true;
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready && !self.closed
    }

    pub(super) fn is_woken(&self) -> bool {
        self.woken
    }

    /// No more promises; false when there is one already.
    pub(super) fn leave(&mut self) -> bool {
        let free = self.coming == 0 && self.jobs.is_empty();
        self.ready &= !free;
        free
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }
}

/// A new job promised to one who waits. Dropped, it calls him to look for himself.
pub(crate) struct Reservation {
    waiter: Arc<Waiter>,
    open: bool,
}

impl Reservation {
    /// A promise, and whether there is room for one more; none when he takes no more.
    pub(super) fn of(waiter: &Arc<Waiter>) -> Option<(Self, bool)> {
        let mut hand = waiter.hand();
        let has = hand.coming + hand.jobs.len();
        if hand.closed || has >= waiter.terms.max {
            return None;
        }
        hand.coming += 1;
        drop(hand);
        Some((Self { waiter: waiter.clone(), open: true }, has + 1 < waiter.terms.max))
    }

    /// With what the job is leased.
    pub(super) fn terms(&self) -> &Terms {
        &self.waiter.terms
    }

    /// The job is committed.
    pub(super) fn give(mut self, job: Handed) {
        self.open = false;
        self.end(Some(job));
    }

    fn end(&self, job: Option<Handed>) {
        let mut hand = self.waiter.hand();
        hand.coming -= 1;
        // Who has something does not wait for more than what is on its way.
        hand.closed = true;
        hand.woken |= job.is_none();
        hand.jobs.extend(job);
        if hand.coming == 0 {
            self.waiter.wake.notify_one();
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.open {
            self.end(None);
        }
    }
}

/// A new job of a unit with the promise of it.
pub(crate) struct Promise {
    pub(super) job: JobId,
    pub(super) reservation: Reservation,
}
