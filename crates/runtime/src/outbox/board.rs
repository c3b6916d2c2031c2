//! What is ready and what is on its way, by target.
//!
//! Owns: whose call goes next. Invariants: targets take turns, and none has more calls out than its bound; a slow or
//! failing target keeps few calls in memory, and what it can not take soon is put off, so that its backlog does not
//! stand before the calls of others; what an instance sends off to one target leaves in the order it was asked for,
//! each after the end of the one before. Never: reads the store or a clock, makes a call.

use super::circuit::{Breaker, Settings};
use super::sequence::{Sequences, Turn};
use super::{AGAIN_MS, TRIES_MIN};
use crate::connectors::Order;
use crate::metrics::{Circuit, CircuitState};
use indexmap::IndexMap;
use model::limits::Limits;
use model::{InstanceId, OutboxId, Timestamp};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use store::OutboxRow;

/// Calls in memory that are not on their way.
const READY_MAX: usize = 4_096;
/// Of these, calls to one target; fewer for a slow one.
const READY_PER_TARGET: usize = 64;
const READY_OF_SLOW: usize = 4;
/// Calls read at once, beside those that are known.
const PAGE: usize = 256;
/// A page grows up to here while nothing in it can be taken.
const PAGE_MAX: usize = 4_096;
/// A call that would wait longer for its turn is put off.
const SOON_US: u64 = 500_000;
/// Calls are put off by so much at most.
const PUT_OFF_MAX_US: u64 = 60_000_000;
/// What is known of a target without calls is kept for as long as calls are retried, and for so long at least: longer
/// than a call that waits in the store stays away.
const KNOWN_US: u64 = 300_000_000;
/// Forgotten targets are looked for so often.
const FORGET_EACH_US: u64 = 10_000_000;
/// Calls put off until a circuit's next try come this far apart.
const APART_US: u64 = 2_000;

/// A call in memory.
pub(super) struct Ready {
    pub(super) row: OutboxRow,
    pub(super) order: Order,
    /// When it was read: it may have been taken back since.
    pub(super) read_us: u64,
}

/// What becomes of a row that was read.
pub(super) enum Placed {
    /// It is in memory.
    Kept,
    /// It stays in the store as it is.
    Left,
    /// It is to come again in so many microseconds ([`Board::put_off`]).
    PutOff(Box<Ready>, u64),
    /// It is to come again at this moment, after the one before it ([`Board::put_behind`]).
    Behind(Box<Ready>, Timestamp),
    /// Its target has failed for longer than calls are retried.
    Hopeless(Box<Ready>),
}

/// What a call said about its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Works,
    Fails,
    Nothing,
}

pub(super) struct Board {
    deliveries: usize,
    per_target: usize,
    circuits: Settings,
    window_us: u64,
    targets: IndexMap<Arc<str>, Target>,
    /// Targets with a call that may go, in turn.
    turns: VecDeque<Arc<str>>,
    known: HashSet<OutboxId>,
    /// Of these, calls of which could not be recorded what came of them: none is made again before its moment.
    held: HashMap<OutboxId, Timestamp>,
    /// Calls that were over while a page was being read: the page may still show them.
    over_meanwhile: Option<HashSet<OutboxId>>,
    sequences: Sequences,
    ready: usize,
    in_flight: usize,
    page: usize,
    forgot_us: u64,
    /// Whether the store may hold due calls that are not here.
    pub(super) more: bool,
    /// Moments at which to look again.
    pub(super) wake_at: BTreeSet<Timestamp>,
}

#[derive(Default)]
struct Target {
    circuit: Breaker,
    ready: VecDeque<Ready>,
    /// When the calls on their way began.
    out: HashMap<OutboxId, u64>,
    /// Running mean of a call's time.
    call_us: u64,
    /// Calls that were put off come after this moment.
    slot_us: u64,
    /// When a call for it was last seen.
    seen_us: u64,
    in_turns: bool,
}

impl Board {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            deliveries: limits.deliveries.max(1),
            per_target: limits.deliveries_per_target.max(1),
            circuits: Settings::of(limits),
            window_us: limits.handler_retry_window_ms.saturating_mul(1_000),
            targets: IndexMap::new(),
            turns: VecDeque::new(),
            known: HashSet::new(),
            held: HashMap::new(),
            over_meanwhile: None,
            sequences: Sequences::default(),
            ready: 0,
            in_flight: 0,
            page: PAGE,
            forgot_us: 0,
            more: false,
            wake_at: BTreeSet::from([Timestamp::default()]),
        }
    }

    /// How many rows to read; none when enough is here.
    pub(super) fn begin_read(&mut self) -> Option<u32> {
        if self.in_flight >= self.deliveries || self.ready >= READY_MAX {
            self.more = true;
            return None;
        }
        self.over_meanwhile = Some(HashSet::new());
        Some(u32::try_from(self.page + self.known.len()).unwrap_or(u32::MAX))
    }

    /// The page of so many rows was placed, `taken` of them kept or put off.
    pub(super) fn end_read(&mut self, full: bool, taken: usize, left: usize) {
        self.over_meanwhile = None;
        self.more = full || left > 0;
        self.page = if full && taken == 0 { (self.page * 2).min(PAGE_MAX) } else { PAGE };
    }

    /// Whether the row needs a place: neither here nor just over.
    pub(super) fn is_new(&self, id: OutboxId) -> bool {
        !self.known.contains(&id) && self.over_meanwhile.as_ref().is_none_or(|over| !over.contains(&id))
    }

    /// A call comes again at this moment; what stands behind it waits for it.
    pub(super) fn put_off(&mut self, ready: &Ready, target: &Arc<str>, at: Timestamp) {
        self.forget(ready.row.id);
        let key = (ready.order.instance, target.clone());
        for behind in self.sequences.comes_again(&key, ready.row.id, at, ready.order.waits) {
            self.forget(behind);
            self.more = true;
        }
    }

    /// The same for a call that the store still shows as due.
    pub(super) fn hold(&mut self, ready: &Ready, target: &Arc<str>, now: Timestamp) {
        let at = now.plus_ms(AGAIN_MS);
        self.put_off(ready, target, at);
        self.known.insert(ready.row.id);
        self.held.insert(ready.row.id, at);
        self.wake_at.insert(at);
    }

    /// A look at the store begins: it may take up what was held until now, also when the clock was set back.
    pub(super) fn begin_look(&mut self, now: Timestamp) {
        self.wake_at = self.wake_at.split_off(&now.plus_ms(1));
        let known = &mut self.known;
        self.held.retain(|id, at| {
            let stays = now < *at && *at <= now.plus_ms(AGAIN_MS);
            if !stays {
                known.remove(id);
            }
            stays
        });
    }

    /// Has the store looked at by this moment.
    pub(super) fn look_by(&mut self, at: Timestamp) {
        // An earlier look says itself when the next one is: they would become more with each that is asked for.
        if self.wake_at.first().is_none_or(|first| at < *first) {
            self.wake_at.insert(at);
        }
    }

    /// A call comes again at this moment, behind another.
    pub(super) fn put_behind(&mut self, ready: &Ready, target: &Arc<str>, at: Timestamp) {
        self.sequences.put_behind(&(ready.order.instance, target.clone()), ready.row.id, at);
    }

    /// Finds a place for a row that is due.
    pub(super) fn place(&mut self, ready: Ready, target: &Arc<str>, now: Timestamp, now_us: u64) -> Placed {
        let key = (ready.order.instance, target.clone());
        let id = ready.row.id;
        let ready = match self.sequences.turn(&key, ready) {
            Turn::Free(ready) => ready,
            Turn::Kept => {
                self.known.insert(id);
                return Placed::Kept;
            }
            Turn::Behind(ready, at) => {
                let soon = now.plus_ms(i64::try_from(SOON_US / 1_000).unwrap_or(0));
                return Placed::Behind(Box::new(ready), at.map_or(soon, |at| at.plus_ms(1)));
            }
        };
        self.forget_targets(now_us);
        let entry = self.targets.entry(target.clone()).or_default();
        entry.seen_us = now_us;
        let others = entry.ready.len() + entry.out.len();
        if !entry.circuit.admits(others, now_us) {
            let waited_us =
                u64::try_from(now.0.saturating_sub(ready.row.first_at.0)).unwrap_or(0).saturating_mul(1_000);
            let tried = ready.row.attempts >= TRIES_MIN || entry.circuit.failing_us(now_us) >= self.window_us;
            if tried && waited_us > self.window_us {
                return Placed::Hopeless(Box::new(ready));
            }
            let opens_us = now_us + entry.circuit.opens_in_us(now_us).max(self.circuits.first_us / 4);
            return Placed::PutOff(Box::new(ready), entry.slot(opens_us, APART_US, now_us));
        }
        let (wait_us, each_us) = entry.wait_us(self.per_target, now_us);
        let slow = wait_us > SOON_US;
        if entry.ready.len() >= if slow { READY_OF_SLOW } else { READY_PER_TARGET } || self.ready >= READY_MAX {
            if !slow {
                return Placed::Left;
            }
            return Placed::PutOff(Box::new(ready), entry.slot(now_us + wait_us, each_us, now_us));
        }
        self.known.insert(id);
        self.sequences.entered(&key, id, ready.order.waits);
        entry.ready.push_back(ready);
        self.ready += 1;
        self.queue(target, now_us);
        Placed::Kept
    }

    /// Puts a target among those whose calls may go.
    fn queue(&mut self, target: &Arc<str>, now_us: u64) {
        let Some(entry) = self.targets.get_mut(target) else { return };
        let may = !entry.ready.is_empty() && entry.out.len() < self.per_target && entry.circuit.permits(now_us);
        if may && !entry.in_turns {
            entry.in_turns = true;
            self.turns.push_back(target.clone());
        }
    }

    /// The next call to make.
    pub(super) fn next(&mut self, now_us: u64) -> Option<(Ready, Arc<str>)> {
        while self.in_flight < self.deliveries {
            let target = self.turns.pop_front()?;
            let Some(entry) = self.targets.get_mut(&target) else { continue };
            entry.in_turns = false;
            if entry.out.len() >= self.per_target || !entry.circuit.permits(now_us) {
                continue;
            }
            let Some(ready) = entry.ready.pop_front() else { continue };
            entry.circuit.began();
            entry.out.insert(ready.row.id, now_us);
            self.ready -= 1;
            self.in_flight += 1;
            self.queue(&target, now_us);
            return Some((ready, target));
        }
        None
    }

    /// A call has come back; its target takes the next. What is in memory for a target whose circuit opened by that
    /// is to be put off.
    pub(super) fn back(&mut self, id: OutboxId, target: &Arc<str>, said: Said, now_us: u64) -> Vec<(Ready, u64)> {
        let Some(entry) = self.targets.get_mut(target) else { return Vec::new() };
        entry.seen_us = now_us;
        if let Some(began_us) = entry.out.remove(&id) {
            self.in_flight -= 1;
            let us = now_us.saturating_sub(began_us);
            entry.call_us = if entry.call_us == 0 { us } else { (entry.call_us * 7 + us) / 8 };
        }
        let mut put_off = Vec::new();
        match said {
            Said::Works => entry.circuit.succeeded(),
            Said::Nothing => entry.circuit.said_nothing(now_us),
            Said::Fails => {
                if entry.circuit.failed(&self.circuits, now_us) {
                    let opens_us = now_us + entry.circuit.opens_in_us(now_us);
                    self.ready -= entry.ready.len();
                    for ready in std::mem::take(&mut entry.ready) {
                        put_off.push((ready, entry.slot(opens_us, APART_US, now_us)));
                    }
                }
            }
        }
        self.queue(target, now_us);
        put_off
    }

    /// A call is over and recorded: the next of its sequence may go. While the circuit lets nothing through, it goes
    /// back to those that are due in the store: what waits here for an open circuit would never be looked at again.
    pub(super) fn over(&mut self, id: OutboxId, instance: InstanceId, target: &Arc<str>, now_us: u64) {
        self.forget(id);
        if let Some(next) = self.sequences.over(&(instance, target.clone()), id) {
            let entry = self.targets.entry(target.clone()).or_default();
            if entry.circuit.admits(entry.ready.len() + entry.out.len(), now_us) {
                entry.ready.push_back(next);
                self.ready += 1;
                self.queue(target, now_us);
            } else {
                let due_at = next.row.due_at;
                self.put_off(&next, target, due_at);
                self.more = true;
            }
        }
        if let Some(entry) = self.targets.get(target)
            && entry.ready.is_empty()
            && entry.out.is_empty()
            && entry.circuit.failures() == 0
            && entry.slot_us <= now_us
        {
            self.targets.swap_remove(target);
        }
    }

    /// A row that is here no longer.
    pub(super) fn forget(&mut self, id: OutboxId) {
        self.known.remove(&id);
        if let Some(over) = &mut self.over_meanwhile {
            over.insert(id);
        }
    }

    /// Whether the store should be read for more, as far as this target is concerned.
    pub(super) fn is_low(&self, target: &Arc<str>) -> bool {
        self.more && self.targets.get(target).is_none_or(|entry| entry.ready.len() < READY_PER_TARGET / 2)
    }

    /// Forgets targets that failed and that nothing is to be sent to any more: all calls to them were given up.
    fn forget_targets(&mut self, now_us: u64) {
        if now_us.saturating_sub(self.forgot_us) < FORGET_EACH_US {
            return;
        }
        self.forgot_us = now_us;
        let keep_us = self.window_us.max(KNOWN_US);
        self.targets.retain(|_, target| {
            let is_empty = target.ready.is_empty() && target.out.is_empty();
            !is_empty || now_us.saturating_sub(target.seen_us) < keep_us
        });
    }

    /// Targets that are busy or failing.
    pub(super) fn circuits(&mut self, now_us: u64) -> Vec<Circuit> {
        self.forget_targets(now_us);
        let busy = self.targets.iter().filter(|(_, target)| {
            target.circuit.state() != CircuitState::Closed || target.ready.len() + target.out.len() > 0
        });
        busy.map(|(name, target)| Circuit {
            target: name.to_string(),
            state: target.circuit.state(),
            failures: target.circuit.failures(),
            in_flight: target.out.len() as u64,
            ready: target.ready.len() as u64,
            opens_in_ms: target.circuit.opens_in_us(now_us).div_ceil(1_000),
            failing_ms: target.circuit.failing_us(now_us) / 1_000,
        })
        .collect()
    }
}

impl Target {
    /// How long one more call would wait for its turn, and how much each call adds. Calls that hang count.
    fn wait_us(&self, per_target: usize, now_us: u64) -> (u64, u64) {
        let hanging = self.out.values().map(|began| now_us.saturating_sub(*began)).max().unwrap_or(0);
        let each = self.call_us.max(hanging) / per_target as u64;
        (each.saturating_mul((self.ready.len() + self.out.len() + 1) as u64), each)
    }

    /// The time from now at which a call that is put off comes again: one after the other from `from_us` on.
    fn slot(&mut self, from_us: u64, apart_us: u64, now_us: u64) -> u64 {
        self.slot_us = self.slot_us.max(from_us) + apart_us;
        if self.slot_us > now_us + PUT_OFF_MAX_US {
            // Begin again: they are as many as can be spread over the time.
            self.slot_us = from_us;
        }
        self.slot_us.saturating_sub(now_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{DefinitionId, JobId, Object, PartitionId};
    use store::OutboxState;

    const NOW: Timestamp = Timestamp(10_000);

    fn call(id: i64, instance: i64) -> Ready {
        let order = Order {
            instance: InstanceId(instance),
            definition: DefinitionId(1),
            document: None,
            started_by: None,
            job: JobId(id),
            key: 1,
            element: 1,
            element_id: "a".into(),
            job_type: "t".into(),
            event_id: String::new(),
            waits: false,
            timeout_ms: 0,
            headers: Vec::new(),
            input: Object::default(),
            trace: None,
        };
        let row = OutboxRow {
            partition: PartitionId(1),
            id: OutboxId(id),
            kind: "k".into(),
            key: String::new(),
            instance: Some(order.instance),
            job: Some(order.job),
            payload: serde_json::Value::Null,
            due_at: NOW,
            attempts: 0,
            first_at: NOW,
            state: OutboxState::Pending,
            last_error: None,
        };
        Ready { row, order, read_us: 0 }
    }

    #[test]
    fn what_follows_in_a_sequence_does_not_wait_in_memory_for_an_open_circuit() {
        let limits = Limits { circuit_failures: 1, circuit_open_ms: 5_000, ..Limits::default() };
        let (mut board, target): (Board, Arc<str>) = (Board::new(&limits), "h".into());
        for (id, instance) in [(1, 1), (2, 1), (3, 1), (4, 2)] {
            assert!(matches!(board.place(call(id, instance), &target, NOW, 0), Placed::Kept));
        }
        let out: Vec<i64> = std::iter::from_fn(|| board.next(0)).map(|(ready, _)| ready.row.id.0).collect();
        assert_eq!(out, [1, 4], "the others stand behind");
        board.back(OutboxId(4), &target, Said::Fails, 1);
        board.put_off(&call(4, 2), &target, NOW.plus_ms(9_000));
        board.back(OutboxId(1), &target, Said::Nothing, 2);
        board.over(OutboxId(1), InstanceId(1), &target, 2);
        assert!(board.next(2).is_none() && board.more, "to be read again");
        for id in [2, 3] {
            assert!(board.is_new(OutboxId(id)), "{id}");
        }
        let Placed::PutOff(second, us) = board.place(call(2, 1), &target, NOW, 3) else { panic!("open") };
        let at = NOW.plus_ms(i64::try_from(us / 1_000).unwrap());
        board.put_off(&second, &target, at);
        let Placed::Behind(_, behind) = board.place(call(3, 1), &target, NOW, 3) else { panic!("in order") };
        assert!(behind > at);
        let (later, later_us) = (at.plus_ms(1), us + 5_000);
        assert!(matches!(board.place(call(2, 1), &target, later, later_us), Placed::Kept));
        assert_eq!(board.next(later_us).map(|(ready, _)| ready.row.id), Some(OutboxId(2)), "the one that tries");
    }

    #[test]
    fn a_call_whose_outcome_was_not_recorded_is_not_made_again_at_once() {
        let (mut board, target): (Board, Arc<str>) = (Board::new(&Limits::default()), "h".into());
        let make = |board: &mut Board| {
            assert!(matches!(board.place(call(1, 1), &target, NOW, 0), Placed::Kept));
            let (ready, _) = board.next(0).unwrap();
            board.back(ready.row.id, &target, Said::Works, 1);
            board.hold(&ready, &target, NOW);
        };
        make(&mut board);
        let again = NOW.plus_ms(AGAIN_MS);
        board.begin_look(again.plus_ms(-1));
        assert!(!board.is_new(OutboxId(1)), "the store shows it as due");
        assert_eq!(board.wake_at.first(), Some(&again));
        board.begin_look(again);
        assert!(board.is_new(OutboxId(1)) && board.wake_at.is_empty());
        make(&mut board);
        board.begin_look(NOW.plus_ms(-3_600_000));
        assert!(board.is_new(OutboxId(1)), "the clock was set back");
    }

    #[test]
    fn looks_do_not_become_more_with_each_that_is_asked_for() {
        let mut board = Board::new(&Limits::default());
        board.begin_look(NOW);
        [5, 7, 3, 4].iter().for_each(|ms| board.look_by(NOW.plus_ms(*ms)));
        assert_eq!(Vec::from_iter(board.wake_at), [NOW.plus_ms(3), NOW.plus_ms(5)]);
    }

    /// It was shown as open for ever, and every dead host that was ever called stayed in memory.
    #[test]
    fn a_target_that_nothing_is_sent_to_any_more_is_forgotten() {
        let limits = Limits { circuit_failures: 1, ..Limits::default() };
        let mut board = Board::new(&limits);
        for n in 1..=50_i64 {
            let target: Arc<str> = format!("h{n}").into();
            assert!(matches!(board.place(call(n, n), &target, NOW, 1), Placed::Kept));
            board.next(1).unwrap();
            board.back(OutboxId(n), &target, Said::Fails, 2);
            board.over(OutboxId(n), InstanceId(n), &target, 2);
        }
        assert_eq!(board.circuits(2).len(), 50, "what is put off may come again");
        // One of them is called still, and one is on its way for long.
        let minute_us = 60_000_000;
        let (called, hangs): (Arc<str>, Arc<str>) = ("h7".into(), "slow".into());
        assert!(matches!(board.place(call(90, 90), &hangs, NOW, 3), Placed::Kept));
        board.next(3).unwrap();
        for minute in 1..=20 {
            let at_us = minute * minute_us;
            assert!(matches!(board.place(call(91, 91), &called, NOW, at_us), Placed::Kept | Placed::PutOff(..)));
            if let Some((ready, target)) = board.next(at_us) {
                board.back(ready.row.id, &target, Said::Fails, at_us);
                board.put_off(&ready, &target, NOW.plus_ms(60_000));
            }
            let known = board.circuits(at_us).len();
            assert_eq!(known, if minute < 11 { 51 } else { 2 }, "minute {minute}");
        }
    }

    #[test]
    fn a_call_that_was_hardly_tried_is_not_given_up_because_its_target_fails_just_now() {
        let limits = Limits { circuit_failures: 1, circuit_open_ms: 5_000, ..Limits::default() };
        let late = NOW.plus_ms(i64::try_from(limits.handler_retry_window_ms).unwrap() + 1);
        let (mut board, target): (Board, Arc<str>) = (Board::new(&limits), "h".into());
        assert!(matches!(board.place(call(1, 1), &target, NOW, 0), Placed::Kept));
        board.next(0).unwrap();
        board.back(OutboxId(1), &target, Said::Fails, 1);
        let tried = |attempts: u32| {
            let mut ready = call(2, 2);
            ready.row.attempts = attempts;
            ready
        };
        for attempts in [0, 1, TRIES_MIN - 1] {
            let placed = board.place(tried(attempts), &target, late, 2);
            assert!(matches!(placed, Placed::PutOff(..)), "{attempts} tries");
        }
        assert!(matches!(board.place(tried(TRIES_MIN), &target, late, 2), Placed::Hopeless(_)));
    }
}
