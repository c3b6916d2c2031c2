//! The timers in memory: those of the near future, and those fired whose commit is awaited.
//!
//! Invariant: every timer of the store that is due up to the horizon is here; a timer is here once; there are never
//! more than the bound, however many wait. What does not fit lowers the horizon and is read when there is room.
//! Never: reads the store or a clock.

use model::{PartitionId, TimerId, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};
use store::TimerRow;

/// How far ahead timers are kept in memory.
pub(super) const WINDOW_MS: i64 = 60_000;
/// Pause before a timer that could not be queued or committed comes again; doubled each time.
const AGAIN_MS: i64 = 500;
const AGAIN_MAX_MS: i64 = 60_000;
/// A clock that goes back by more than this was set.
const BACK_MS: i64 = 1_000;

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) until: Timestamp,
    pub(super) limit: u32,
}

#[derive(Debug)]
pub(super) struct Near {
    /// By the moment of firing, then by id.
    waiting: BTreeMap<(Timestamp, i64), TimerRow>,
    /// Everything here, waiting or fired, with how often it came again.
    known: HashMap<TimerId, u32>,
    horizon: Timestamp,
    /// The horizon was forgotten: what is due before all that is here may be in the store, so it is read even without
    /// room, and the latest give way.
    forgotten: bool,
    /// Not to be read before then: the store did not answer.
    read_at: Timestamp,
    /// Timers that were over while a page was being read: the page may still show them.
    over_meanwhile: Option<HashSet<TimerId>>,
    seen: Timestamp,
    max: usize,
}

impl Near {
    pub(super) fn new(max: usize) -> Self {
        Self {
            waiting: BTreeMap::new(),
            known: HashMap::new(),
            horizon: Timestamp::default(),
            forgotten: false,
            read_at: Timestamp::default(),
            over_meanwhile: None,
            seen: Timestamp::default(),
            max: max.max(4),
        }
    }

    /// How many timers are here.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// A timer of the store. The latest give way when there are too many.
    pub(super) fn keep(&mut self, row: TimerRow) {
        if row.due_at > self.horizon || self.known.contains_key(&row.id) {
            return;
        }
        if self.known.len() >= self.max {
            match self.waiting.last_key_value() {
                Some((&(at, id), latest)) if at > row.due_at => {
                    self.horizon = self.horizon.min(latest.due_at.plus_ms(-1));
                    self.waiting.remove(&(at, id));
                    self.known.remove(&TimerId(id));
                }
                _ => {
                    self.horizon = self.horizon.min(row.due_at.plus_ms(-1));
                    return;
                }
            }
        }
        if row.due_at <= self.horizon {
            self.known.insert(row.id, 0);
            self.waiting.insert((row.due_at, row.id.0), row);
        }
    }

    /// Takes what is due, the earliest first; it stays known until it is over.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Vec<TimerRow> {
        let later = self.waiting.split_off(&(now.plus_ms(1), i64::MIN));
        std::mem::replace(&mut self.waiting, later).into_values().collect()
    }

    /// A fired timer's commit came, or nothing will come of it here. Whether there is room to read on.
    pub(super) fn over(&mut self, id: TimerId) -> bool {
        self.known.remove(&id);
        if let Some(over) = &mut self.over_meanwhile {
            over.insert(id);
        }
        self.has_room()
    }

    /// A fired timer was dropped on its way, as its partition was on its own: it is in the store, and if the partition
    /// came back meanwhile, it was left out when that was read.
    pub(super) fn missed(&mut self, id: TimerId) {
        self.known.remove(&id);
        self.forget_horizon();
    }

    /// A firing that was not committed comes again, later each time.
    pub(super) fn again(&mut self, row: TimerRow, now: Timestamp) {
        let Some(tries) = self.known.get_mut(&row.id) else { return };
        let gap = AGAIN_MS.saturating_mul(1 << (*tries).min(10)).min(AGAIN_MAX_MS);
        *tries += 1;
        self.waiting.insert((now.plus_ms(gap), row.id.0), row);
    }

    /// Whether the horizon is too near and there is room for more. What is committed from now on is kept up to the new
    /// horizon; what was committed before is in the page.
    pub(super) fn begin_read(&mut self, now: Timestamp) -> Option<Page> {
        let until = now.plus_ms(WINDOW_MS);
        if now < self.read_at || self.horizon > now.plus_ms(WINDOW_MS / 2) || !self.may_read() {
            return None;
        }
        self.forgotten = false;
        self.horizon = until;
        self.over_meanwhile = Some(HashSet::new());
        // Those that are known may be read once more.
        Some(Page { until, limit: u32::try_from(self.max).unwrap_or(u32::MAX) })
    }

    /// What the store gave, the earliest first.
    pub(super) fn end_read(&mut self, page: Page, rows: Vec<TimerRow>) {
        let over = self.over_meanwhile.take().unwrap_or_default();
        if rows.len() >= page.limit as usize
            && let Some(last) = rows.last()
        {
            // More wait beyond, perhaps of the same moment.
            self.horizon = self.horizon.min(last.due_at);
        }
        for row in rows.into_iter().filter(|row| !over.contains(&row.id)) {
            self.keep(row);
        }
        if let Some(full) = self.horizon_of_full_page(page) {
            self.horizon = full;
        }
    }

    /// After a full page the last moment may be there in part only.
    fn horizon_of_full_page(&self, page: Page) -> Option<Timestamp> {
        (self.horizon < page.until).then(|| self.horizon.plus_ms(-1))
    }

    /// The store did not answer.
    pub(super) fn read_failed(&mut self, now: Timestamp) {
        self.over_meanwhile = None;
        self.forget_horizon();
        self.read_at = now.plus_ms(AGAIN_MS);
    }

    /// Everything is to be read again: timers may be in the store that are not here.
    pub(super) fn forget_horizon(&mut self) {
        self.forgotten = true;
        self.horizon = Timestamp::default();
        self.read_at = Timestamp::default();
    }

    /// The partition is served elsewhere. Those fired are missed when their commits are refused. Should it come back at
    /// this moment, what was just read of it goes too, and is read once more.
    pub(super) fn lost(&mut self, partition: PartitionId) {
        self.forget_horizon();
        let known = &mut self.known;
        self.waiting.retain(|_, row| {
            let stays = row.partition != partition;
            if !stays {
                known.remove(&row.id);
            }
            stays
        });
    }

    /// A clock that was set back makes the moments here meaningless: they are read again.
    pub(super) fn look_at_clock(&mut self, now: Timestamp) {
        if now < self.seen.plus_ms(-BACK_MS) {
            for row in std::mem::take(&mut self.waiting).into_values() {
                self.known.remove(&row.id);
            }
            self.forget_horizon();
        }
        self.seen = now;
    }

    /// When there is something to do next; none: when something is over or new.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let read = self.may_read().then(|| self.horizon.plus_ms(-WINDOW_MS / 2).max(self.read_at));
        let fire = self.waiting.keys().next().map(|(at, _)| *at);
        read.into_iter().chain(fire).min()
    }

    fn may_read(&self) -> bool {
        self.forgotten || self.has_room()
    }

    fn has_room(&self) -> bool {
        self.known.len() <= self.max / 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::InstanceId;

    fn row(id: i64, due: i64) -> TimerRow {
        let partition = PartitionId(u8::try_from(id % 2).unwrap());
        TimerRow { partition, id: TimerId(id), due_at: Timestamp(due), instance: InstanceId(1) }
    }

    fn ids(rows: &[TimerRow]) -> Vec<i64> {
        rows.iter().map(|row| row.id.0).collect()
    }

    /// A store of timers and what is fired from it.
    struct Store(BTreeMap<(Timestamp, i64), TimerRow>);

    impl Store {
        fn read(&self, page: Page) -> Vec<TimerRow> {
            let due = self.0.values().take_while(|row| row.due_at <= page.until);
            due.take(page.limit as usize).copied().collect()
        }

        /// Reads and fires until nothing is due; every second firing is committed a step later.
        fn run(&mut self, near: &mut Near, now: Timestamp) -> Vec<i64> {
            let (mut fired, mut late) = (Vec::new(), Vec::new());
            for _ in 0..10_000 {
                if let Some(page) = near.begin_read(now) {
                    let rows = self.read(page);
                    near.end_read(page, rows);
                }
                assert!(near.len() <= near.max);
                let due = near.take_due(now);
                if due.is_empty() && late.is_empty() && near.next().is_none_or(|at| at > now) {
                    return fired;
                }
                for row in late.drain(..).chain(due.iter().copied().filter(|row| row.id.0 % 2 == 0)) {
                    self.0.remove(&(row.due_at, row.id.0));
                    near.over(row.id);
                }
                fired.extend(ids(&due));
                late.extend(due.into_iter().filter(|row| row.id.0 % 2 != 0));
            }
            panic!("it never ends");
        }
    }

    #[test]
    fn many_due_timers_are_read_in_pages_and_fire_once_and_in_order() {
        for moments in [1, 3, 20_000] {
            let all = (1..=20_000).map(|id| row(id, 1 + id * moments / 20_000));
            let mut store = Store(all.map(|row| ((row.due_at, row.id.0), row)).collect());
            let mut near = Near::new(1_000);
            let fired = store.run(&mut near, Timestamp(20_001));
            assert_eq!(fired, (1..=20_000).collect::<Vec<_>>(), "{moments} moments");
            assert_eq!((store.0.len(), near.len()), (0, 0));
        }
    }

    #[test]
    fn sleeping_timers_cost_no_memory() {
        let mut near = Near::new(1_000);
        let now = Timestamp(1_000_000);
        let page = near.begin_read(now).unwrap();
        near.end_read(page, Vec::new());
        for id in 0..1_000_000 {
            near.keep(row(id, now.0 + WINDOW_MS + 1 + id));
        }
        assert_eq!(near.len(), 0, "beyond the horizon they stay in the store");
        for id in 0..1_000_000 {
            near.keep(row(id, now.0 + WINDOW_MS - id % WINDOW_MS));
        }
        assert_eq!(near.len(), 1_000, "the window is bounded too");
        let kept = near.waiting.values().map(|row| row.due_at).max().unwrap();
        assert!(kept <= near.horizon.plus_ms(1), "what gave way is beyond the horizon");
    }

    #[test]
    fn what_comes_again_comes_later_each_time_and_once() {
        let mut near = Near::new(100);
        let page = near.begin_read(Timestamp(0)).unwrap();
        near.end_read(page, vec![row(1, 10)]);
        let mut gaps = Vec::new();
        for _ in 0..9 {
            let (now, _) = *near.waiting.keys().next().unwrap();
            let fired = near.take_due(now).remove(0);
            near.keep(fired);
            assert!(near.waiting.is_empty(), "it is known");
            near.again(fired, now);
            gaps.push(near.waiting.keys().next().unwrap().0.0 - now.0);
        }
        assert_eq!(gaps, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    }

    #[test]
    fn what_is_over_while_a_page_is_read_does_not_come_back() {
        let mut near = Near::new(100);
        let page = near.begin_read(Timestamp(0)).unwrap();
        near.end_read(page, vec![row(1, 10)]);
        assert_eq!(near.take_due(Timestamp(40_000)).len(), 1);
        let page = near.begin_read(Timestamp(40_000)).unwrap();
        near.over(TimerId(1));
        near.end_read(page, vec![row(1, 10), row(2, 20)]);
        assert_eq!(ids(&near.take_due(Timestamp(40_000))), [2]);
    }

    /// Its partition went and came back while it was on its way: what was read then left it out.
    #[test]
    fn what_is_dropped_on_its_way_is_read_again_at_once() {
        for dropped_while_reading in [false, true] {
            let (mut near, now) = (Near::new(100), Timestamp(40_000));
            let page = near.begin_read(now).unwrap();
            near.end_read(page, vec![row(1, 10)]);
            assert_eq!(ids(&near.take_due(now)), [1]);
            near.forget_horizon();
            let page = near.begin_read(now).unwrap();
            if dropped_while_reading {
                near.missed(TimerId(1));
            }
            near.end_read(page, vec![row(1, 10)]);
            if !dropped_while_reading {
                near.missed(TimerId(1));
            }
            assert!(near.next().unwrap() <= now, "there is something to do now");
            let page = near.begin_read(now).unwrap();
            near.end_read(page, vec![row(1, 10)]);
            assert_eq!(ids(&near.take_due(now)), [1]);
        }
    }

    #[test]
    fn what_is_forgotten_is_read_without_room_and_the_earliest_fires() {
        let (mut near, now) = (Near::new(100), Timestamp(40_000));
        let later: Vec<_> = (1..=60).map(|id| row(id, now.0 + 50_000)).collect();
        let page = near.begin_read(now).unwrap();
        near.end_read(page, later.clone());
        assert!(near.begin_read(now).is_none(), "there is no room for more");
        near.forget_horizon();
        near.keep(row(61, now.0 + 1));
        assert!(near.next().unwrap() <= now, "it is read at once");
        let page = near.begin_read(now).unwrap();
        near.end_read(page, [vec![row(61, now.0 + 1)], later].concat());
        assert_eq!(ids(&near.take_due(now.plus_ms(1))), [61]);
        assert!(near.len() <= 100);
    }

    #[test]
    fn a_partition_that_comes_back_while_it_is_given_up_is_read_again() {
        let (mut near, now) = (Near::new(100), Timestamp(40_000));
        let page = near.begin_read(now).unwrap();
        near.end_read(page, vec![row(1, 10), row(2, 10)]);
        near.lost(PartitionId(1));
        let page = near.begin_read(now).unwrap();
        near.end_read(page, vec![row(1, 10), row(2, 10)]);
        assert_eq!(ids(&near.take_due(now)), [1, 2]);
    }

    #[test]
    fn a_clock_set_back_and_a_lost_partition() {
        let mut near = Near::new(100);
        near.look_at_clock(Timestamp(1_000_000));
        let page = near.begin_read(Timestamp(1_000_000)).unwrap();
        near.end_read(page, vec![row(1, 1_000_010), row(2, 1_000_020)]);
        near.look_at_clock(Timestamp(1_000_500));
        near.lost(PartitionId(1));
        assert_eq!(near.waiting.len(), 1);
        near.look_at_clock(Timestamp(5_000));
        assert_eq!(near.len(), 0);
        let page = near.begin_read(Timestamp(5_000)).unwrap();
        assert_eq!(page.until, Timestamp(5_000 + WINDOW_MS));
        near.end_read(page, Vec::new());
        near.keep(row(3, 900_000));
        assert_eq!(near.len(), 0, "far away again");
    }
}
