//! Timers: the near future in memory, the rest in the store.
//!
//! Owns: when which timer enters its partition's queue. Invariant: a timer stays in the store until the commit that
//! fires or takes it back, so a crash in between fires it again; late ones come first, in the order they were due.
//! Never: decides what a fired timer means (the engine does).

use crate::core::{Core, Counts};
use crate::partitions::work::{Ack, Envelope, Work};
use model::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::TimerRow;
use tokio::sync::{Notify, watch};

/// How far ahead timers are kept in memory.
const WINDOW_MS: i64 = 60_000;
/// Timers read at once.
const READ_MAX: u32 = 4_096;
/// Pause before a timer that could not be queued or committed comes again.
const AGAIN_MS: i64 = 500;

/// The timers of the near future.
#[derive(Default)]
pub(crate) struct Timers {
    near: Mutex<Near>,
    changed: Notify,
}

#[derive(Default)]
struct Near {
    /// By the moment of firing, then by id.
    waiting: BTreeMap<(Timestamp, i64), TimerRow>,
    /// Timers due until then are in `waiting`.
    horizon: Timestamp,
}

impl Timers {
    /// Committed timers; those of the near future are kept.
    pub(crate) fn armed(&self, rows: &[TimerRow]) {
        if rows.is_empty() {
            return;
        }
        let mut near = self.lock();
        let horizon = near.horizon;
        for row in rows.iter().filter(|row| row.due_at <= horizon) {
            near.waiting.insert((row.due_at, row.id.0), *row);
        }
        drop(near);
        self.changed.notify_one();
    }

    /// A firing that was not committed comes again in a moment.
    pub(crate) fn again(&self, row: TimerRow, now: Timestamp) {
        self.lock().waiting.insert((now.plus_ms(AGAIN_MS), row.id.0), row);
        self.changed.notify_one();
    }

    /// Reads the store again at once: timers that were dropped on the way are there.
    pub(crate) fn forget_horizon(&self) {
        self.lock().horizon = Timestamp::default();
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Near> {
        self.near.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is due.
    fn take_due(&self, now: Timestamp) -> Vec<TimerRow> {
        let mut near = self.lock();
        let later = near.waiting.split_off(&(now.plus_ms(1), i64::MIN));
        std::mem::replace(&mut near.waiting, later).into_values().collect()
    }

    /// When there is something to do next.
    fn next(&self) -> Timestamp {
        let near = self.lock();
        let refill = near.horizon.plus_ms(-WINDOW_MS / 2);
        near.waiting.keys().next().map_or(refill, |(due, _)| refill.min(*due))
    }
}

/// Fires timers until `stop`.
pub(crate) async fn run(core: Arc<Core>, mut stop: watch::Receiver<bool>) {
    loop {
        let now = core.now();
        refill(&core, now).await;
        for row in core.timers.take_due(now) {
            fire(&core, row, now);
        }
        let next = core.timers.next();
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = core.clock.sleep_until(next) => {}
            () = core.timers.changed.notified() => {}
        }
    }
}

async fn refill(core: &Core, now: Timestamp) {
    let until = now.plus_ms(WINDOW_MS);
    {
        let mut near = core.timers.lock();
        if near.horizon > now.plus_ms(WINDOW_MS / 2) {
            return;
        }
        // Set before the read: what is committed from now on is kept by `armed`, what was before is read.
        near.horizon = until;
    }
    match core.store.due_timers(&[], until, READ_MAX).await {
        Ok(rows) => {
            let mut near = core.timers.lock();
            if rows.len() == READ_MAX as usize {
                // More wait: read again once these are gone.
                let last = rows.last().map_or(now, |row| row.due_at);
                near.horizon = last.plus_ms(WINDOW_MS / 2).min(until);
            }
            for row in rows {
                near.waiting.insert((row.due_at, row.id.0), row);
            }
        }
        Err(error) => {
            tracing::error!(%error, "timers could not be read");
            core.timers.lock().horizon = now.plus_ms(AGAIN_MS + WINDOW_MS / 2);
        }
    }
}

fn fire(core: &Core, row: TimerRow, now: Timestamp) {
    Counts::add(&core.counts.timers, 1);
    let work = Work::Timer { instance: row.instance, timer: row.id };
    let envelope = Envelope { partition: row.partition, work, extra: Vec::new(), ack: Ack::Timer(row), conflicts: 0 };
    if core.lane(row.partition).push(envelope).is_err() {
        core.timers.again(row, now);
    }
}
