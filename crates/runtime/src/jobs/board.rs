//! Where workers wait for jobs.
//!
//! Owns: who waits for which type and whose turn it is; what is known of jobs handed out here. Invariant: an offer
//! wakes one waiter of its type, the longest waiting; one that goes away after it was woken wakes the next; bounded in
//! waiters and in memory. What is remembered of jobs saves reads and decides nothing. Never: reads the store.

use super::scripts::Scripts;
use model::error::codes;
use model::limits::Limits;
use model::{Fault, InstanceId, JobId};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Jobs handed out that are remembered, twice.
const LEASED_MAX: usize = 32_768;
/// Seconds after which a worker who was refused comes again.
const RETRY_S: u64 = 2;

/// Where offers are announced to those who wait for them.
#[derive(Default)]
pub(crate) struct JobBoard {
    state: Mutex<State>,
    leased: Mutex<Leased>,
    pub(super) scripts: Scripts,
}

#[derive(Default)]
struct State {
    types: HashMap<String, Type>,
    polls: usize,
}

/// One type of jobs.
#[derive(Default)]
struct Type {
    /// Requests under way.
    polls: usize,
    /// Jobs offered and not handed out yet, as far as known.
    offered: u32,
    /// Who was not woken yet, the longest waiting first.
    waiting: VecDeque<Arc<Waiter>>,
}

#[derive(Default)]
struct Waiter {
    woken: AtomicBool,
    wake: Notify,
}

/// A request that is counted until it is dropped.
pub(super) struct Poll<'b> {
    board: &'b JobBoard,
    job_type: &'b str,
}

/// A place among those who wait. Dropped after it was woken, it wakes the next.
pub(super) struct Place<'b> {
    board: &'b JobBoard,
    job_type: &'b str,
    waiter: Arc<Waiter>,
}

impl JobBoard {
    /// Jobs of these types were committed, one each.
    pub(crate) fn offered(&self, types: &[String]) {
        if types.is_empty() {
            return;
        }
        let mut state = self.lock();
        for job_type in types {
            let entry = match state.types.get_mut(job_type) {
                Some(entry) => entry,
                None => state.types.entry(job_type.clone()).or_default(),
            };
            entry.offered = entry.offered.saturating_add(1);
            entry.wake();
        }
    }

    /// Requests for jobs that are under way.
    pub(crate) fn polls(&self) -> usize {
        self.lock().polls
    }

    /// Scripts in memory.
    pub(crate) fn scripts(&self) -> usize {
        self.scripts.len()
    }

    /// Lets a request in, or `RUN-0007`.
    pub(super) fn enter<'b>(&'b self, job_type: &'b str, limits: &Limits) -> Result<Poll<'b>, Fault> {
        let mut state = self.lock();
        let of_type = state.types.get(job_type).map_or(0, |entry| entry.polls);
        if state.polls >= limits.job_polls || of_type >= limits.job_polls_per_type {
            let message = format!("{} requests for jobs wait already, {of_type} of this type", state.polls);
            return Err(Fault::new(&codes::QUEUE_FULL, message).retry_after(RETRY_S));
        }
        state.polls += 1;
        state.types.entry(job_type.to_owned()).or_default().polls += 1;
        Ok(Poll { board: self, job_type })
    }

    /// So many of at most `max` jobs were handed out. Others are told when there may be more.
    pub(super) fn handed_out(&self, job_type: &str, n: usize, max: u32) {
        let mut state = self.lock();
        let Some(entry) = state.types.get_mut(job_type) else { return };
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        if n < max {
            entry.offered = 0;
        } else {
            entry.offered = entry.offered.saturating_sub(n);
            entry.wake();
        }
    }

    /// A job handed out here.
    pub(super) fn lease(&self, job: JobId, instance: InstanceId) {
        let mut leased = self.leased.lock().unwrap_or_else(PoisonError::into_inner);
        if leased.young.len() >= LEASED_MAX {
            leased.old = std::mem::take(&mut leased.young);
        }
        leased.young.insert(job, instance);
    }

    /// The instance of a job, if it was handed out here lately.
    pub(super) fn leased(&self, job: JobId) -> Option<InstanceId> {
        let leased = self.leased.lock().unwrap_or_else(PoisonError::into_inner);
        leased.young.get(&job).or_else(|| leased.old.get(&job)).copied()
    }

    /// A job that has ended.
    pub(super) fn ended(&self, job: JobId) {
        let mut leased = self.leased.lock().unwrap_or_else(PoisonError::into_inner);
        leased.young.remove(&job);
        leased.old.remove(&job);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Instances of jobs: two generations, so that forgetting the older costs nothing.
#[derive(Default)]
struct Leased {
    young: HashMap<JobId, InstanceId>,
    old: HashMap<JobId, InstanceId>,
}

impl Type {
    /// Wakes the longest waiting.
    fn wake(&mut self) {
        if let Some(waiter) = self.waiting.pop_front() {
            waiter.woken.store(true, Ordering::Release);
            waiter.wake.notify_one();
        }
    }
}

impl<'b> Poll<'b> {
    /// Whether jobs are known to be there.
    pub(super) fn has_offers(&self) -> bool {
        self.board.lock().types.get(self.job_type).is_some_and(|entry| entry.offered > 0)
    }

    /// Takes a place: the last, or the first for one that was woken in vain.
    pub(super) fn place(&self, first: bool) -> Place<'b> {
        let waiter = Arc::new(Waiter::default());
        let mut state = self.board.lock();
        let entry = state.types.entry(self.job_type.to_owned()).or_default();
        if first {
            entry.waiting.push_front(waiter.clone());
        } else {
            entry.waiting.push_back(waiter.clone());
        }
        drop(state);
        Place { board: self.board, job_type: self.job_type, waiter }
    }
}

impl Drop for Poll<'_> {
    fn drop(&mut self) {
        let mut state = self.board.lock();
        state.polls -= 1;
        if let Some(entry) = state.types.get_mut(self.job_type) {
            entry.polls -= 1;
            if entry.polls == 0 && entry.offered == 0 {
                state.types.remove(self.job_type);
            }
        }
    }
}

impl Place<'_> {
    /// Resolves when it is this one's turn.
    pub(super) async fn woken(&self) {
        self.waiter.wake.notified().await;
    }

    /// Whether nobody waits longer. He looks for leases that ended, for all.
    pub(super) fn is_first(&self) -> bool {
        let state = self.board.lock();
        let first = state.types.get(self.job_type).and_then(|entry| entry.waiting.front());
        first.is_some_and(|first| Arc::ptr_eq(first, &self.waiter))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.board.lock();
        let Some(entry) = state.types.get_mut(self.job_type) else { return };
        if self.waiter.woken.load(Ordering::Acquire) {
            if entry.offered > 0 {
                entry.wake();
            }
        } else {
            entry.waiting.retain(|waiter| !Arc::ptr_eq(waiter, &self.waiter));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn is_woken(place: &Place<'_>) -> bool {
        place.woken().now_or_never().is_some()
    }

    #[test]
    fn an_offer_wakes_one_of_its_type_the_longest_waiting() {
        let board = JobBoard::default();
        let limits = Limits { job_polls: 3, job_polls_per_type: 2, ..Limits::default() };
        let (a, b) = (board.enter("mail", &limits).unwrap(), board.enter("mail", &limits).unwrap());
        assert!(board.enter("mail", &limits).err().unwrap().is(&codes::QUEUE_FULL));
        let other = board.enter("pay", &limits).unwrap();
        assert!(board.enter("x", &limits).is_err(), "three in all");
        let (first, second, third) = (a.place(false), b.place(false), other.place(false));
        assert!(first.is_first() && !second.is_first() && third.is_first());
        board.offered(&["mail".to_owned()]);
        assert!(is_woken(&first) && !is_woken(&second) && !is_woken(&third));
        assert!(second.is_first() && a.has_offers() && !other.has_offers());
        // He goes away without having taken it.
        drop(first);
        assert!(is_woken(&second));
        board.handed_out("mail", 1, 1);
        let again = b.place(true);
        drop(second);
        assert!(!is_woken(&again), "it was taken");
        drop((again, third));
        drop((a, b, other));
        assert_eq!((board.polls(), board.lock().types.len()), (0, 0));
    }

    #[test]
    fn a_full_hand_lets_the_next_look() {
        let board = JobBoard::default();
        let limits = Limits::default();
        let poll = board.enter("mail", &limits).unwrap();
        let waiting = poll.place(false);
        board.handed_out("mail", 5, 5);
        assert!(is_woken(&waiting));
    }

    #[test]
    fn jobs_are_remembered_in_bounded_memory() {
        let board = JobBoard::default();
        for n in 0..200_000 {
            board.lease(JobId(n), InstanceId(-n));
        }
        let kept = |board: &JobBoard| {
            let leased = board.leased.lock().unwrap();
            leased.young.len() + leased.old.len()
        };
        assert!(kept(&board) <= 2 * LEASED_MAX);
        assert_eq!((board.leased(JobId(199_999)), board.leased(JobId(1))), (Some(InstanceId(-199_999)), None));
        board.ended(JobId(199_999));
        assert_eq!(board.leased(JobId(199_999)), None);
    }
}
