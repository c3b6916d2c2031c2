//! Timers: the near future in memory, the rest in the store.
//!
//! Owns: when which timer enters its partition's queue. Invariant: a timer stays in the store until the commit that
//! fires or takes it back, so a crash in between fires it again; late ones come first, in the order they were due; a
//! clock that is set forward or back is noticed within a second. Never: decides what a fired timer means (the engine
//! does), serves partitions of other nodes.

mod near;

use crate::core::{Core, Counts};
use crate::exchange::event_starts::{self, NOBODY};
use crate::partitions::work::{Ack, Envelope, Work};
use crate::stop::Stop;
use model::{PartitionId, Timestamp};
use near::Near;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::TimerRow;
use tokio::sync::Notify;

/// The clock is looked at so often, in case it was set.
const LOOK_MS: i64 = 1_000;

/// The timers of the near future.
pub(crate) struct Timers(Arc<Shared>);

struct Shared {
    near: Mutex<Near>,
    changed: Notify,
}

/// A timer on its way through a queue. Dropped, it is over: its commit came, or nothing will come of it here.
pub(crate) struct Firing {
    row: Option<TimerRow>,
    timers: Arc<Shared>,
}

impl Firing {
    /// Its partition was lost on the way. Whoever serves it now reads the timer; this node too, should that be itself
    /// again, as it has left out what was still on its way when it read.
    pub(crate) fn missed(mut self) {
        if let Some(row) = self.row.take() {
            self.timers.lock().missed(row.id);
            self.timers.changed.notify_one();
        }
    }
}

impl Drop for Firing {
    fn drop(&mut self) {
        if let Some(row) = self.row.take()
            && self.timers.lock().over(row.id)
        {
            self.timers.changed.notify_one();
        }
    }
}

impl Timers {
    /// Keeps at most `max` timers in memory.
    pub(crate) fn new(max: usize) -> Self {
        Self(Arc::new(Shared { near: Mutex::new(Near::new(max)), changed: Notify::new() }))
    }

    /// Committed timers; those of the near future are kept.
    pub(crate) fn armed(&self, rows: &[TimerRow]) {
        if rows.is_empty() {
            return;
        }
        let mut near = self.0.lock();
        rows.iter().for_each(|row| near.keep(*row));
        drop(near);
        self.0.changed.notify_one();
    }

    /// A firing that was not committed comes again in a moment.
    pub(crate) fn again(&self, mut firing: Firing, now: Timestamp) {
        if let Some(row) = firing.row.take() {
            self.0.lock().again(row, now);
            self.0.changed.notify_one();
        }
    }

    /// Reads the store again at once: timers of partitions that came, or that were dropped on the way, are there.
    pub(crate) fn forget_horizon(&self) {
        self.0.lock().forget_horizon();
        self.0.changed.notify_one();
    }

    /// A partition is served elsewhere from now on.
    pub(crate) fn lost(&self, partition: PartitionId) {
        self.0.lock().lost(partition);
    }

    /// How many are in memory.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Near> {
        self.near.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fires timers until `stop`.
pub(crate) async fn run(core: Arc<Core>, stop: Stop) {
    let timers = core.timers.0.clone();
    loop {
        let now = core.now();
        timers.lock().look_at_clock(now);
        core.incidents.look(now);
        refill(&core, &timers, now).await;
        let due = timers.lock().take_due(now);
        for row in due {
            if row.instance == NOBODY {
                start(&core, &timers, row);
            } else {
                fire(&core, &timers, row, now);
            }
        }
        let look = now.plus_ms(LOOK_MS);
        // Who serves nothing has nothing to read, and is told when that changes.
        let next = timers.lock().next().filter(|_| core.owned_to_read().is_some()).map_or(look, |next| next.min(look));
        tokio::select! {
            biased;
            () = stop.stopped() => return,
            () = core.clock.sleep_until(next) => {}
            () = timers.changed.notified() => {}
        }
    }
}

async fn refill(core: &Core, timers: &Shared, now: Timestamp) {
    let Some(owned) = core.owned_to_read() else { return };
    let Some(page) = timers.lock().begin_read(now) else { return };
    match core.store.due_timers(&owned, page.until, page.limit).await {
        Ok(rows) => timers.lock().end_read(page, rows),
        Err(error) => {
            tracing::error!(%error, "timers could not be read");
            timers.lock().read_failed(now);
        }
    }
}

/// A timed start.
fn start(core: &Arc<Core>, timers: &Arc<Shared>, row: TimerRow) {
    let firing = Firing { row: Some(row), timers: timers.clone() };
    if core.owns(row.partition) {
        Counts::add(&core.counts.timers, 1);
        tokio::spawn(event_starts::due(core.clone(), row, firing));
    }
}

fn fire(core: &Core, timers: &Arc<Shared>, row: TimerRow, now: Timestamp) {
    let firing = Firing { row: Some(row), timers: timers.clone() };
    if !core.owns(row.partition) {
        return;
    }
    let work = Work::Timer { instance: row.instance, timer: row.id };
    let ack = Ack::Timer(firing);
    let envelope = Envelope { partition: row.partition, work, extra: Vec::new(), ack, conflicts: 0, trace: None };
    match core.lane(row.partition).push(envelope) {
        Ok(()) => {
            Counts::add(&core.counts.timers, 1);
            core.meters.timer_lag_ms.add_lag(row.due_at, now);
        }
        Err(refused) => {
            if let Ack::Timer(firing) = refused.0.ack {
                core.timers.again(firing, now);
            }
        }
    }
}
