//! What the runtime measures of itself.
//!
//! Owns: the histograms and counters of queues, timers, jobs and the outbox, and [`Metrics`], their snapshot for the
//! metrics page. Invariant: measuring takes no lock and allocates nothing. Never: decides anything by what it measured
//! (the pace of rounds and the circuits keep numbers of their own).

use crate::runtime::Runtime;
use crate::types::Counters;
use model::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Commands of a round, units of a commit.
const SIZES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];
/// Microseconds of something quick.
const MICROS: &[u64] =
    &[100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000];
/// Milliseconds that something waited.
const MILLIS: &[u64] = &[1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 60_000, 600_000, 3_600_000];
/// The longest of the lists above, and one for what is beyond.
const BUCKETS: usize = 15;
/// Who looks at the figures waits no longer for a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A histogram as it stands at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// Upper bounds of the buckets; what is greater is in one more bucket.
    pub bounds: &'static [u64],
    /// How many values fell into each bucket; one more than `bounds`.
    pub counts: Vec<u64>,
    /// The sum of all values.
    pub sum: u64,
}

impl Histogram {
    /// How many values there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The bound under which this share (0 to 1) of the values lies; the greatest bound for what is beyond.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = (self.count() as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (n, bound) in self.counts.iter().zip(self.bounds) {
            seen += n;
            if seen >= wanted {
                return *bound;
            }
        }
        self.bounds.last().copied().unwrap_or(0)
    }
}

/// A histogram that is being filled.
#[derive(Debug)]
pub(crate) struct Meter {
    bounds: &'static [u64],
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
}

impl Meter {
    const fn new(bounds: &'static [u64]) -> Self {
        Self { bounds, buckets: [const { AtomicU64::new(0) }; BUCKETS], sum: AtomicU64::new(0) }
    }

    pub(crate) fn add(&self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// How long after `from` it is now, in milliseconds.
    pub(crate) fn add_lag(&self, from: Timestamp, now: Timestamp) {
        self.add(u64::try_from(now.0.saturating_sub(from.0)).unwrap_or(0));
    }

    fn read(&self) -> Histogram {
        let counts = self.buckets[..=self.bounds.len()].iter().map(|n| n.load(Ordering::Relaxed)).collect();
        Histogram { bounds: self.bounds, counts, sum: self.sum.load(Ordering::Relaxed) }
    }
}

/// Everything that is measured. Shared by the parts of one runtime.
#[derive(Debug)]
pub(crate) struct Meters {
    pub(crate) round_commands: Meter,
    pub(crate) commit_us: Meter,
    pub(crate) timer_lag_ms: Meter,
    pub(crate) outbox_lag_ms: Meter,
    pub(crate) delivery_us: Meter,
    pub(crate) job_lag_ms: Meter,
    pub(crate) refused: AtomicU64,
    pub(crate) jobs_activated: AtomicU64,
    pub(crate) jobs_abandoned: AtomicU64,
    pub(crate) deliveries_done: AtomicU64,
    pub(crate) deliveries_failed: AtomicU64,
    pub(crate) deliveries_given_up: AtomicU64,
    pub(crate) deliveries_deferred: AtomicU64,
    pub(crate) connectors_broken: AtomicU64,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            round_commands: Meter::new(SIZES),
            commit_us: Meter::new(MICROS),
            timer_lag_ms: Meter::new(MILLIS),
            outbox_lag_ms: Meter::new(MILLIS),
            delivery_us: Meter::new(MICROS),
            job_lag_ms: Meter::new(MILLIS),
            refused: AtomicU64::new(0),
            jobs_activated: AtomicU64::new(0),
            jobs_abandoned: AtomicU64::new(0),
            deliveries_done: AtomicU64::new(0),
            deliveries_failed: AtomicU64::new(0),
            deliveries_given_up: AtomicU64::new(0),
            deliveries_deferred: AtomicU64::new(0),
            connectors_broken: AtomicU64::new(0),
        }
    }
}

impl Meters {
    /// Counts one.
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// The queue of one worker at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LaneLoad {
    /// Commands that wait.
    pub queued: u64,
    /// Starts among them.
    pub starts: u64,
    /// Bytes of what waits.
    pub bytes: u64,
    /// Commands the next round takes at most.
    pub round: u64,
    /// Commands done in a second while there is work.
    pub per_second: u64,
}

/// Whether calls to a target go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitState {
    /// They do.
    Closed,
    /// The target failed too often: they wait.
    Open,
    /// One call is tried.
    HalfOpen,
}

impl CircuitState {
    /// `closed`, `open`, `halfOpen`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "halfOpen",
        }
    }
}

/// A target of outgoing calls that is busy or has failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circuit {
    /// A host, or the job type of a handler.
    pub target: String,
    /// Whether calls go out.
    pub state: CircuitState,
    /// Failures in a row.
    pub failures: u32,
    /// Calls on their way.
    pub in_flight: u64,
    /// Calls read and waiting for their turn.
    pub ready: u64,
    /// Milliseconds until one call is tried.
    pub opens_in_ms: u64,
    /// Milliseconds since which nothing has succeeded; 0 when nothing failed since the last success.
    pub failing_ms: u64,
}

/// What the runtime of this node measured since it was opened. Lags are the time between the moment at which something
/// was due and the moment at which it was begun.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// The totals of the system page.
    pub counters: Counters,
    /// The queues, by worker.
    pub lanes: Vec<LaneLoad>,
    /// Commands refused because too many waited.
    pub refused: u64,
    /// Commands of a round.
    pub round_commands: Histogram,
    /// Microseconds of a commit, as its worker saw it.
    pub commit_us: Histogram,
    /// Timers in memory: of the near future, and fired but not committed.
    pub timers_near: u64,
    /// Milliseconds between a timer's moment and its firing.
    pub timer_lag_ms: Histogram,
    /// How long the oldest timer in the store has been due, in milliseconds; 0: none is.
    pub timer_due_ms: u64,
    /// Milliseconds between an outgoing call's moment and its try.
    pub outbox_lag_ms: Histogram,
    /// How long the oldest call in the store has been due, in milliseconds; 0: none is.
    pub outbox_due_ms: u64,
    /// Calls on their way.
    pub outbox_in_flight: u64,
    /// Calls read and waiting for their turn.
    pub outbox_ready: u64,
    /// Microseconds of a try.
    pub delivery_us: Histogram,
    /// Tries that were delivered.
    pub deliveries_done: u64,
    /// Tries that failed and are made again.
    pub deliveries_failed: u64,
    /// Calls given up.
    pub deliveries_given_up: u64,
    /// Calls put off without a try, because their target was slow or failing.
    pub deliveries_deferred: u64,
    /// Tries in which a connector broke down.
    pub connectors_broken: u64,
    /// Targets that are busy or failing.
    pub circuits: Vec<Circuit>,
    /// Milliseconds between a job's moment and its hand-out.
    pub job_lag_ms: Histogram,
    /// Jobs handed out.
    pub jobs_activated: u64,
    /// Leases that ended without an answer.
    pub jobs_abandoned: u64,
    /// Requests for jobs that wait.
    pub job_polls: u64,
    /// Scripts in memory: running and waiting.
    pub scripts: u64,
}

/// What the parts tell beside their meters.
pub(crate) struct Gauges {
    pub(crate) counters: Counters,
    pub(crate) lanes: Vec<LaneLoad>,
    pub(crate) timers_near: usize,
    pub(crate) timer_due_ms: u64,
    pub(crate) outbox_due_ms: u64,
    pub(crate) circuits: Vec<Circuit>,
    pub(crate) job_polls: usize,
    pub(crate) scripts: usize,
}

impl Meters {
    /// Everything at this moment.
    pub(crate) fn snapshot(&self, gauges: Gauges) -> Metrics {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Metrics {
            counters: gauges.counters,
            lanes: gauges.lanes,
            refused: get(&self.refused),
            round_commands: self.round_commands.read(),
            commit_us: self.commit_us.read(),
            timers_near: gauges.timers_near as u64,
            timer_lag_ms: self.timer_lag_ms.read(),
            timer_due_ms: gauges.timer_due_ms,
            outbox_lag_ms: self.outbox_lag_ms.read(),
            outbox_due_ms: gauges.outbox_due_ms,
            outbox_in_flight: gauges.circuits.iter().map(|c| c.in_flight).sum(),
            outbox_ready: gauges.circuits.iter().map(|c| c.ready).sum(),
            delivery_us: self.delivery_us.read(),
            deliveries_done: get(&self.deliveries_done),
            deliveries_failed: get(&self.deliveries_failed),
            deliveries_given_up: get(&self.deliveries_given_up),
            deliveries_deferred: get(&self.deliveries_deferred),
            connectors_broken: get(&self.connectors_broken),
            circuits: gauges.circuits,
            job_lag_ms: self.job_lag_ms.read(),
            jobs_activated: get(&self.jobs_activated),
            jobs_abandoned: get(&self.jobs_abandoned),
            job_polls: gauges.job_polls as u64,
            scripts: gauges.scripts as u64,
        }
    }
}

/// Measurements.
impl Runtime {
    /// Everything that this node measured. The ages of what is due are those of the whole database.
    pub async fn metrics(&self) -> Metrics {
        let core = &self.core;
        let now = core.now();
        let age = |due: Option<Timestamp>| due.map_or(0, |at| u64::try_from(now.0.saturating_sub(at.0)).unwrap_or(0));
        // A database that does not answer is told by readiness, not here.
        let due = async { tokio::join!(core.store.earliest_timer(), core.store.earliest_effect()) };
        let (timer, effect) = match tokio::time::timeout(PATIENCE, due).await {
            Ok((timer, effect)) => (timer.unwrap_or_default(), effect.unwrap_or_default()),
            Err(_) => (None, None),
        };
        core.meters.snapshot(Gauges {
            counters: core.counters(),
            lanes: core.lanes.iter().map(|lane| lane.load()).collect(),
            timers_near: core.timers.len(),
            timer_due_ms: age(timer),
            outbox_due_ms: age(effect),
            circuits: self.circuits(),
            job_polls: core.jobs.polls(),
            scripts: core.jobs.scripts(),
        })
    }

    /// Targets of outgoing calls that are busy or failing, as this node sees them.
    pub fn circuits(&self) -> Vec<Circuit> {
        self.core.outbox.circuits(self.core.clock.stopwatch_us())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_into_their_buckets() {
        for bounds in [SIZES, MICROS, MILLIS] {
            assert!(bounds.len() < BUCKETS && bounds.is_sorted());
        }
        let meter = Meter::new(SIZES);
        for value in [0, 1, 2, 3, 4, 256, 257, 9_999] {
            meter.add(value);
        }
        let read = meter.read();
        assert_eq!(read.counts, [2, 1, 2, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!((read.count(), read.sum), (8, 10_522));
        assert_eq!((read.quantile(0.5), read.quantile(0.6), read.quantile(1.0)), (4, 4, 256));
    }
}
