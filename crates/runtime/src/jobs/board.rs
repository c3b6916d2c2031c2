//! Where workers wait for jobs.
//!
//! Owns: who waits for which type and whose turn it is; what is known of jobs handed out here. Invariant: an offer
//! wakes one waiter of its type, the longest waiting; one that goes away after it was woken wakes the next; a new job
//! goes right to one who looked in vain, and he stays until its commit is over; bounded in waiters and in memory. What
//! is remembered of jobs saves reads and decides nothing. Never: reads the store.

use super::hand::{Handed, Reservation, Terms, Waiter};
use super::scripts::Scripts;
use model::error::codes;
use model::limits::Limits;
use model::{Fault, InstanceId, JobId, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Jobs handed out that are remembered, twice.
const LEASED_MAX: usize = 32_768;
/// Seconds after which a worker who was refused comes again.
const RETRY_S: u64 = 2;
/// While somebody found nothing so lately, others who can wait need not look: what is new is announced.
const LOOKED_MS: i64 = 100;

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
    /// Who gets a new job already, and could do more.
    filling: VecDeque<Arc<Waiter>>,
    /// When somebody looked last and found nothing.
    looked_at: Option<Timestamp>,
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

    /// Who gets a new job of this type in its own commit: the longest waiting of those who looked in vain; when each of
    /// them has one, one who can do more.
    pub(super) fn reserve(&self, job_type: &str) -> Option<Reservation> {
        let mut state = self.lock();
        let entry = state.types.get_mut(job_type)?;
        let ready = entry.waiting.iter().position(|waiter| waiter.hand().is_ready());
        let mut next = ready.and_then(|place| entry.waiting.remove(place));
        while let Some(waiter) = next.take().or_else(|| entry.filling.pop_front()) {
            if let Some((reservation, more)) = Reservation::of(&waiter) {
                if more {
                    entry.filling.push_back(waiter);
                }
                return Some(reservation);
            }
        }
        None
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
            waiter.wake();
        }
    }
}

impl<'b> Poll<'b> {
    /// Whether jobs are known to be there.
    pub(super) fn has_offers(&self) -> bool {
        self.board.lock().types.get(self.job_type).is_some_and(|entry| entry.offered > 0)
    }

    /// Whether somebody found nothing a moment ago.
    pub(super) fn looked_lately(&self, now: Timestamp) -> bool {
        let state = self.board.lock();
        let looked_at = state.types.get(self.job_type).and_then(|entry| entry.looked_at);
        looked_at.is_some_and(|at| (at.0..at.0.saturating_add(LOOKED_MS)).contains(&now.0))
    }

    /// This one looked and found nothing.
    pub(super) fn looked(&self, now: Timestamp) {
        if let Some(entry) = self.board.lock().types.get_mut(self.job_type) {
            entry.looked_at = Some(now);
        }
    }

    /// Takes a place: the last, or the first for one that was woken in vain.
    pub(super) fn place(&self, first: bool, terms: Terms) -> Place<'b> {
        let waiter = Arc::new(Waiter::new(terms));
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
    /// Has looked in vain: a new job may come right to this one.
    pub(super) fn ready(&self) {
        self.waiter.hand().ready();
    }

    /// Resolves when it is this one's turn: with jobs that are his already, or none when he has to look.
    pub(super) async fn called(&self) -> Vec<Handed> {
        self.waiter.called().await
    }

    /// Whether an offer called him, or a promise that was not kept.
    pub(super) fn is_woken(&self) -> bool {
        self.waiter.hand().is_woken()
    }

    /// Stops being ready, unless a job is on its way already.
    pub(super) fn leave(&self) -> bool {
        let _state = self.board.lock();
        self.waiter.hand().leave()
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
        let mut hand = self.waiter.hand();
        hand.close();
        let Some(entry) = state.types.get_mut(self.job_type) else { return };
        if hand.is_woken() {
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
    use model::{DefinitionId, PartitionId};
    use store::{JobRow, JobState, LeasedFor};

    fn is_woken(place: &Place<'_>) -> bool {
        place.called().now_or_never().is_some()
    }

    fn terms(max: usize) -> Terms {
        Terms { owner: "a".into(), lease_ms: 1_000, max }
    }

    fn handed(id: i64) -> Handed {
        let row = JobRow {
            partition: PartitionId(0),
            id: JobId(id),
            instance: InstanceId(7),
            element_key: 1,
            element_id: "e".into(),
            job_type: "mail".into(),
            state: JobState::Open,
            retries: 3,
            input: serde_json::Value::Null,
            headers: serde_json::Value::Null,
            created_at: Timestamp(0),
            lease_owner: None,
            lease_until: None,
            event_id: None,
        };
        Handed { row, facts: LeasedFor { instance: InstanceId(7), definition: DefinitionId(1), document: None } }
    }

    /// What is in the hand of one who is called.
    fn hand(place: &Place<'_>) -> Option<Vec<i64>> {
        place.called().now_or_never().map(|jobs| jobs.iter().map(|job| job.row.id.0).collect())
    }

    #[test]
    fn a_new_job_goes_to_one_who_looked_in_vain_and_then_to_those_who_can_do_more() {
        let board = JobBoard::default();
        let limits = Limits::default();
        let (a, b) = (board.enter("mail", &limits).unwrap(), board.enter("mail", &limits).unwrap());
        let (first, second) = (a.place(false, terms(3)), b.place(false, terms(1)));
        assert!(board.reserve("mail").is_none() && board.reserve("pay").is_none(), "they look yet");
        second.ready();
        first.ready();
        let promises: Vec<Reservation> = (0..4).filter_map(|_| board.reserve("mail")).collect();
        let owners: Vec<usize> = promises.iter().map(|promise| promise.terms().max).collect();
        assert_eq!(owners, [3, 1, 3, 3], "each has one before somebody has two");
        assert!(!first.leave() && !second.leave() && !first.is_first());
        for (id, promise) in promises.into_iter().enumerate() {
            assert!(hand(&first).is_none(), "not before all is decided");
            promise.give(handed(id as i64));
        }
        assert_eq!((hand(&first), hand(&second)), (Some(vec![0, 2, 3]), Some(vec![1])));
        assert!(board.reserve("mail").is_none(), "they have something to do");
    }

    #[test]
    fn a_promise_that_is_not_kept_lets_him_look() {
        let board = JobBoard::default();
        let poll = board.enter("mail", &Limits::default()).unwrap();
        let place = poll.place(false, terms(2));
        place.ready();
        drop(board.reserve("mail").unwrap());
        assert_eq!((hand(&place), place.is_woken()), (Some(vec![]), true));
        let again = poll.place(true, terms(2));
        drop(place);
        again.ready();
        let (kept, broken) = (board.reserve("mail").unwrap(), board.reserve("mail").unwrap());
        kept.give(handed(5));
        assert!(hand(&again).is_none());
        drop(broken);
        assert_eq!(hand(&again), Some(vec![5]));
        drop(again);
        let left = poll.place(false, terms(2));
        left.ready();
        assert!(left.leave() && board.reserve("mail").is_none(), "he looks again");
        left.ready();
        drop((board.reserve("mail"), left));
        assert!(board.reserve("mail").is_none(), "he went away");
    }

    #[test]
    fn one_look_in_vain_serves_others_for_a_moment() {
        let board = JobBoard::default();
        let poll = board.enter("mail", &Limits::default()).unwrap();
        assert!(!poll.looked_lately(Timestamp(5)));
        poll.looked(Timestamp(5));
        let lately = [4, 5, 104, 105].map(|now| poll.looked_lately(Timestamp(now)));
        assert_eq!(lately, [false, true, true, false], "a clock may be set back");
    }

    #[test]
    fn an_offer_wakes_one_of_its_type_the_longest_waiting() {
        let board = JobBoard::default();
        let limits = Limits { job_polls: 3, job_polls_per_type: 2, ..Limits::default() };
        let (a, b) = (board.enter("mail", &limits).unwrap(), board.enter("mail", &limits).unwrap());
        assert!(board.enter("mail", &limits).err().unwrap().is(&codes::QUEUE_FULL));
        let other = board.enter("pay", &limits).unwrap();
        assert!(board.enter("x", &limits).is_err(), "three in all");
        let (first, second, third) = (a.place(false, terms(1)), b.place(false, terms(1)), other.place(false, terms(1)));
        assert!(first.is_first() && !second.is_first() && third.is_first());
        board.offered(&["mail".to_owned()]);
        assert!(is_woken(&first) && !is_woken(&second) && !is_woken(&third));
        assert!(second.is_first() && a.has_offers() && !other.has_offers());
        // He goes away without having taken it.
        drop(first);
        assert!(is_woken(&second));
        board.handed_out("mail", 1, 1);
        let again = b.place(true, terms(1));
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
        let waiting = poll.place(false, terms(1));
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
