//! Queues of commands: one per worker, for all partitions it serves.
//!
//! Owns: what waits, in which order it is taken, what is refused. Invariant: commands of one instance keep their order;
//! bounded per partition, per definition and in bytes, and what is over a bound is refused at once, so that overload is
//! an answer and not a growing queue. What goes on with running instances goes before starts, three to one, so that
//! work is finished before more is begun and neither stops the other; within both, definitions take turns, and within a
//! definition's starts those who start. Never: decides what a command means.

use super::fair::{COST_MAX, Costs, Fair, Line};
use super::pace::Pace;
use super::work::{Envelope, StartWork, Work};
use crate::clock::Clock;
use crate::metrics::LaneLoad;
use engine::Command;
use model::error::codes;
use model::limits::Limits;
use model::{DefinitionId, Fault, InstanceId, Object, PartitionId, UserId};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Entries of running instances that are taken for one start.
const ONGOING_PER_START: u32 = 3;
/// Bytes of an entry besides its variables.
const ENTRY_BYTES: usize = 256;
/// Bytes that cost as much as one more command.
const BYTES_PER_COST: usize = 4 << 10;
/// Instances whose definition is remembered; the later of two with the same place stays.
const KNOWN: usize = 8_192;
/// Longest time a caller is told to wait.
const RETRY_MAX_S: u64 = 60;

/// The queue of one worker.
pub(crate) struct Lane {
    state: Mutex<State>,
    filled: Notify,
    clock: Arc<dyn Clock>,
    bounds: Bounds,
    known: Known,
}

/// What may wait in one lane.
struct Bounds {
    partition: usize,
    definition_starts: usize,
    bytes: usize,
}

struct State {
    /// To be decided again: before all others.
    again: VecDeque<Waiting>,
    /// Ends of partitions: each after everything else that waits for its partition.
    leaving: Vec<Waiting>,
    ongoing: Fair<Option<DefinitionId>, VecDeque<Waiting>>,
    starts: Fair<DefinitionId, Fair<Option<UserId>, VecDeque<Waiting>>>,
    /// Where the commands of an instance wait, and how many: what follows waits there too.
    placed: HashMap<InstanceId, (Option<DefinitionId>, u32)>,
    ongoing_since_start: u32,
    by_partition: Vec<usize>,
    bytes: usize,
    closed: bool,
    pace: Pace,
    drain: Drain,
}

struct Waiting {
    envelope: Envelope,
    bytes: usize,
}

impl Costs for Waiting {
    fn cost(&self) -> u32 {
        u32::try_from(self.bytes / BYTES_PER_COST).unwrap_or(COST_MAX).saturating_add(1).min(COST_MAX)
    }
}

impl Lane {
    /// One of `lanes` queues for `partitions` in all.
    pub(crate) fn new(partitions: usize, lanes: usize, limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            again: VecDeque::new(),
            leaving: Vec::new(),
            ongoing: Fair::default(),
            starts: Fair::default(),
            placed: HashMap::new(),
            ongoing_since_start: 0,
            by_partition: vec![0; partitions],
            bytes: 0,
            closed: false,
            pace: Pace::new(limits.round_commands, limits.commit_ms.saturating_mul(1_000)),
            drain: Drain::default(),
        };
        let bounds = Bounds {
            partition: limits.partition_queue,
            definition_starts: limits.definition_starts,
            bytes: limits.queue_bytes / lanes.max(1),
        };
        Self { state: Mutex::new(state), filled: Notify::new(), clock, bounds, known: Known::default() }
    }

    /// Queues a command; gives it back with the reason when it can not wait here.
    pub(crate) fn push(&self, envelope: Envelope) -> Result<(), Box<(Envelope, Fault)>> {
        let bytes = bytes_of(&envelope.work);
        let mut state = self.lock();
        if let Some(fault) = self.refusal(&state, &envelope, bytes) {
            drop(state);
            return Err(Box::new((envelope, fault)));
        }
        state.push(Waiting { envelope, bytes }, &self.known);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    fn refusal(&self, state: &State, envelope: &Envelope, bytes: usize) -> Option<Fault> {
        if state.closed {
            return Some(Fault::of(&codes::SHUTTING_DOWN));
        }
        if matches!(envelope.work, Work::Vacate) {
            return None;
        }
        let waiting = state.by_partition[slot(envelope.partition)];
        let message = if waiting >= self.bounds.partition {
            format!("{waiting} commands wait already; try again in a moment")
        } else if state.bytes + bytes > self.bounds.bytes && state.bytes > 0 {
            format!("{} bytes of commands wait already; try again in a moment", state.bytes)
        } else if let Work::Start(start) = &envelope.work
            && let Some(line) = state.starts.peek(start.definition)
            && line.waiting() >= self.bounds.definition_starts
        {
            format!("{} starts of {} wait already; try again in a moment", line.waiting(), start.definition)
        } else {
            return None;
        };
        Some(Fault::new(&codes::QUEUE_FULL, message).retry_after(state.drain.seconds_for(state.len())))
    }

    /// Puts commands that must be decided again before all others, keeping their order.
    pub(crate) fn push_front(&self, envelopes: Vec<Envelope>) {
        let mut state = self.lock();
        for envelope in envelopes.into_iter().rev() {
            let waiting = Waiting { bytes: bytes_of(&envelope.work), envelope };
            state.count(&waiting);
            state.again.push_front(waiting);
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Takes the commands of a round, at most `max`; waits for the first. `None` once the lane is closed and empty.
    pub(crate) async fn take(&self, max: usize) -> Option<Vec<Envelope>> {
        loop {
            let filled = self.filled.notified();
            {
                let mut state = self.lock();
                let n = state.pace.size().min(max).max(1).min(state.len());
                if n > 0 {
                    let now_us = self.clock.stopwatch_us();
                    let left = state.len() - n;
                    state.drain.took(n, left, now_us);
                }
                let mut batch: Vec<Envelope> = (0..n).filter_map(|_| state.pop()).collect();
                batch.extend(state.pop_leaving());
                if !batch.is_empty() {
                    return Some(batch);
                }
                if state.closed {
                    return None;
                }
            }
            filled.await;
        }
    }

    /// The commit of a round of so many units began at `began_us` and is over.
    pub(crate) fn committed(&self, units: usize, began_us: u64) -> u64 {
        let us = self.clock.stopwatch_us().saturating_sub(began_us);
        self.lock().pace.committed(units, us);
        us
    }

    /// An instance of this lane runs this definition: its next commands wait among those of the definition.
    pub(crate) fn learn(&self, instance: InstanceId, definition: DefinitionId) {
        self.known.learn(instance, definition);
    }

    /// Takes no more commands; those that wait are still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Whether it takes no more commands: the node stops.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// How many commands wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// What waits, and how quickly it is done.
    pub(crate) fn load(&self) -> LaneLoad {
        let state = self.lock();
        LaneLoad {
            queued: state.len() as u64,
            starts: state.starts.waiting() as u64,
            bytes: state.bytes as u64,
            round: state.pace.size() as u64,
            per_second: state.drain.per_second as u64,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn len(&self) -> usize {
        self.again.len() + self.ongoing.waiting() + self.starts.waiting()
    }

    fn count(&mut self, waiting: &Waiting) {
        self.by_partition[slot(waiting.envelope.partition)] += 1;
        self.bytes += waiting.bytes;
    }

    fn push(&mut self, waiting: Waiting, known: &Known) {
        self.count(&waiting);
        match &waiting.envelope.work {
            Work::Start(start) => {
                let StartWork { definition, started_by, .. } = **start;
                self.starts.line(definition).line(started_by).push_back(waiting);
            }
            Work::Commands { instance, .. }
            | Work::Deliver { instance, .. }
            | Work::Timer { instance, .. }
            | Work::Erase { instance } => {
                let place = self.placed.entry(*instance).or_insert_with(|| (known.of(*instance), 0));
                place.1 += 1;
                self.ongoing.line(place.0).push_back(waiting);
            }
            Work::Migrate(migrate) => {
                let instance = migrate.instance;
                let place = self.placed.entry(instance).or_insert_with(|| (known.of(instance), 0));
                place.1 += 1;
                self.ongoing.line(place.0).push_back(waiting);
            }
            Work::Tell(incident) => {
                let place = self.placed.entry(incident.instance).or_insert_with(|| (Some(incident.definition), 0));
                place.1 += 1;
                self.ongoing.line(place.0).push_back(waiting);
            }
            Work::Vacate => self.leaving.push(waiting),
        }
    }

    /// Ends of partitions for which nothing else waits.
    fn pop_leaving(&mut self) -> Vec<Envelope> {
        if self.leaving.is_empty() {
            return Vec::new();
        }
        let mut others = self.by_partition.clone();
        self.leaving.iter().for_each(|w| others[slot(w.envelope.partition)] -= 1);
        let (leaving, held): (Vec<_>, Vec<_>) = std::mem::take(&mut self.leaving)
            .into_iter()
            .partition(|waiting| others[slot(waiting.envelope.partition)] == 0);
        self.leaving = held;
        for waiting in &leaving {
            self.by_partition[slot(waiting.envelope.partition)] -= 1;
            self.bytes -= waiting.bytes;
        }
        leaving.into_iter().map(|waiting| waiting.envelope).collect()
    }

    fn pop(&mut self) -> Option<Envelope> {
        let waiting = match self.again.pop_front() {
            Some(waiting) => waiting,
            None if self.starts_turn() => {
                self.ongoing_since_start = 0;
                self.starts.pop()?
            }
            None => {
                self.ongoing_since_start += 1;
                let waiting = self.ongoing.pop()?;
                self.unplace(&waiting.envelope);
                waiting
            }
        };
        self.by_partition[slot(waiting.envelope.partition)] -= 1;
        self.bytes -= waiting.bytes;
        Some(waiting.envelope)
    }

    fn starts_turn(&self) -> bool {
        let ongoing = self.ongoing.waiting() > 0;
        !ongoing || (self.starts.waiting() > 0 && self.ongoing_since_start >= ONGOING_PER_START)
    }

    fn unplace(&mut self, envelope: &Envelope) {
        let Some(instance) = envelope.work.instance() else { return };
        if let Some(place) = self.placed.get_mut(&instance) {
            place.1 -= 1;
            if place.1 == 0 {
                self.placed.remove(&instance);
            }
        }
    }
}

/// Which definition recent instances run: a fixed table, so that it costs no more memory with more instances. A wrong
/// answer would only let a command wait in another line.
struct Known(Box<[AtomicU64]>);

impl Default for Known {
    fn default() -> Self {
        Self((0..KNOWN).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Known {
    fn place(instance: InstanceId) -> (usize, u64) {
        let mixed = (instance.0 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed >> 51) as usize % KNOWN, mixed & 0xFFFF_FFFF)
    }

    fn learn(&self, instance: InstanceId, definition: DefinitionId) {
        let Ok(definition) = u32::try_from(definition.0) else { return };
        let (place, tag) = Self::place(instance);
        self.0[place].store(tag << 32 | u64::from(definition), Ordering::Relaxed);
    }

    fn of(&self, instance: InstanceId) -> Option<DefinitionId> {
        let (place, tag) = Self::place(instance);
        let kept = self.0[place].load(Ordering::Relaxed);
        (kept != 0 && kept >> 32 == tag).then(|| DefinitionId(i64::from(kept as u32)))
    }
}

/// How quickly a lane is worked off, for telling callers when to come again.
#[derive(Debug, Default)]
struct Drain {
    per_second: f64,
    /// When the latest round was taken that left something behind.
    busy_since_us: Option<u64>,
    taken: usize,
}

impl Drain {
    /// A round of `n` was taken, `left` wait on.
    fn took(&mut self, n: usize, left: usize, now_us: u64) {
        if let Some(us) = self.busy_since_us.map(|since| now_us.saturating_sub(since)).filter(|us| *us > 0) {
            let rate = self.taken as f64 * 1e6 / us as f64;
            self.per_second = if self.per_second == 0.0 { rate } else { self.per_second * 0.9 + rate * 0.1 };
        }
        self.busy_since_us = (left > 0).then_some(now_us);
        self.taken = n;
    }

    fn seconds_for(&self, waiting: usize) -> u64 {
        let seconds = if self.per_second > 0.0 { (waiting as f64 / self.per_second).ceil() as u64 } else { 1 };
        seconds.clamp(1, RETRY_MAX_S)
    }
}

/// About how much memory an entry takes.
fn bytes_of(work: &Work) -> usize {
    let variables = |object: &Object| object.iter().map(|(k, v)| k.len() + v.size_bytes()).sum::<usize>();
    let command = |command: &Command| match command {
        Command::CompleteJob { result: values, .. }
        | Command::ThrowJobError { variables: values, .. }
        | Command::AnswerTask { values, .. }
        | Command::SetVariables { values, .. }
        | Command::DeliverMessage { variables: values, .. }
        | Command::DeliverSignal { variables: values, .. } => variables(values),
        Command::FailJob { message: text, .. } | Command::Log { text, .. } => text.len(),
        // The others are small.
        _ => 0,
    };
    ENTRY_BYTES
        + match work {
            Work::Start(start) => variables(&start.variables) + variables(&start.how.payload),
            Work::Deliver { command: one, .. } => command(one),
            Work::Commands { commands, .. } => commands.iter().map(command).sum(),
            Work::Tell(incident) => incident.details.to_string().len(),
            Work::Timer { .. } | Work::Migrate(_) | Work::Erase { .. } | Work::Vacate => 0,
        }
}

fn slot(partition: PartitionId) -> usize {
    usize::from(partition.0)
}

#[cfg(test)]
mod tests {
    use super::super::work::{Ack, How};
    use super::*;
    use crate::clock::ManualClock;
    use model::{Timestamp, Value};

    fn lane(limits: Limits) -> (Lane, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(Timestamp(0)));
        (Lane::new(4, 1, &limits, clock.clone()), clock)
    }

    fn envelope(partition: u8, work: Work) -> Envelope {
        Envelope {
            partition: PartitionId(partition),
            work,
            extra: Vec::new(),
            ack: Ack::None,
            conflicts: 0,
            trace: None,
        }
    }

    fn erase(partition: u8, instance: i64) -> Envelope {
        envelope(partition, Work::Erase { instance: InstanceId(instance) })
    }

    fn start(definition: i64, by: i64, bytes: usize) -> Envelope {
        let variables = Object::from_iter([(Arc::from("x"), Value::text("a".repeat(bytes)))]);
        let start = StartWork {
            instance: None,
            definition: DefinitionId(definition),
            document: None,
            started_by: Some(UserId(by)),
            variables,
            business_key: None,
            watch: false,
            wait_ms: 0,
            how: How::default(),
        };
        envelope(0, Work::Start(Box::new(start)))
    }

    fn ids(batch: &[Envelope]) -> Vec<i64> {
        batch.iter().filter_map(|e| e.work.instance()).map(|id| id.0).collect()
    }

    #[tokio::test]
    async fn a_full_partition_refuses_and_the_others_go_on() {
        let (lane, _) = lane(Limits { partition_queue: 2, ..Limits::default() });
        for id in [1, 2] {
            assert!(lane.push(erase(0, id)).is_ok());
        }
        let refused = lane.push(erase(0, 3)).err().unwrap();
        assert!(refused.1.is(&codes::QUEUE_FULL) && refused.1.retry_after_s() == Some(1));
        assert!(lane.push(erase(1, 4)).is_ok());
        let batch = lane.take(2).await.unwrap();
        assert_eq!(ids(&batch), [1, 2]);
        assert!(lane.push(erase(0, 5)).is_ok(), "there is room again");
        lane.push_front(batch);
        assert_eq!(ids(&lane.take(10).await.unwrap()), [1, 2, 4, 5], "what is decided again comes first");
        lane.close();
        assert!(lane.push(erase(2, 6)).err().unwrap().1.is(&codes::SHUTTING_DOWN));
        assert!(lane.take(10).await.is_none());
    }

    #[tokio::test]
    async fn bytes_and_starts_of_one_definition_are_bounded() {
        let (lane, clock) = lane(Limits { queue_bytes: 10_000, definition_starts: 3, ..Limits::default() });
        for _ in 0..3 {
            assert!(lane.push(start(1, 1, 10)).is_ok());
        }
        let full = |refused: Result<(), Box<(Envelope, Fault)>>| refused.err().unwrap().1.message;
        assert!(full(lane.push(start(1, 2, 10))).contains("starts of def_1"));
        assert!(full(lane.push(start(2, 1, 9_000))).contains("bytes"));
        assert!(lane.push(start(2, 1, 10)).is_ok() && lane.push(erase(0, 1)).is_ok());
        // Two in a second: the three that are left take two seconds.
        assert_eq!(lane.take(2).await.unwrap().len(), 2);
        clock.advance_ms(1_000);
        assert_eq!(lane.take(1).await.unwrap().len(), 1);
        assert_eq!(lane.load().per_second, 2);
        lane.take(10).await.unwrap();
        assert_eq!((lane.len(), lane.load().bytes), (0, 0));
        assert!(lane.push(start(2, 1, 50_000)).is_ok(), "one that is larger than all together still gets through");
    }

    /// Whose starts the lane takes, in rounds of `round`.
    async fn rounds(lane: &Lane, round: usize, what: impl Fn(&StartWork) -> i64) -> Vec<Vec<i64>> {
        let mut rounds = Vec::new();
        while lane.len() > 0 {
            let batch = lane.take(round).await.unwrap();
            let starts = batch.iter().filter_map(|e| if let Work::Start(s) = &e.work { Some(what(s)) } else { None });
            rounds.push(starts.collect());
        }
        rounds
    }

    #[tokio::test]
    async fn a_flood_of_one_definition_does_not_starve_another() {
        let (lane, _) = lane(Limits::default());
        for _ in 0..5_000 {
            lane.push(start(1, 1, 10)).ok().unwrap();
        }
        for _ in 0..20 {
            lane.push(start(2, 1, 10)).ok().unwrap();
        }
        let rounds = rounds(&lane, 16, |s| s.definition.0).await;
        let small: usize = rounds[..3].iter().flatten().filter(|d| **d == 2).count();
        assert_eq!(small, 20, "all of the small one are in the first three rounds of sixteen: {:?}", &rounds[..3]);
    }

    #[tokio::test]
    async fn one_starter_does_not_starve_another() {
        let (lane, _) = lane(Limits::default());
        for _ in 0..1_000 {
            lane.push(start(1, 7, 10)).ok().unwrap();
        }
        lane.push(start(1, 8, 10)).ok().unwrap();
        let rounds = rounds(&lane, 16, |s| s.started_by.unwrap().0).await;
        assert!(rounds[0].contains(&8), "{:?}", rounds[0]);
    }

    #[tokio::test]
    async fn what_runs_goes_before_what_begins_and_does_not_stop_it() {
        let (lane, _) = lane(Limits::default());
        for n in 0..12 {
            lane.push(start(1, 1, 10)).ok().unwrap();
            lane.push(erase(0, n)).ok().unwrap();
        }
        let batch = lane.take(8).await.unwrap();
        let kinds: String = batch.iter().map(|e| if e.work.instance().is_some() { 'r' } else { 's' }).collect();
        assert_eq!(kinds, "rrrsrrrs");
    }

    /// The definition becomes known between two commands of an instance; the third must not overtake the others.
    #[tokio::test]
    async fn commands_of_an_instance_keep_their_order() {
        let (lane, _) = lane(Limits::default());
        let command = |n: u8| {
            let commands = vec![Command::SetStateTitle { text: n.to_string() }];
            envelope(0, Work::Commands { instance: InstanceId(5), commands })
        };
        for n in 0..30 {
            lane.push(erase(0, 1_000 + n)).ok().unwrap();
        }
        lane.push(command(1)).ok().unwrap();
        lane.learn(InstanceId(5), DefinitionId(9));
        lane.push(command(2)).ok().unwrap();
        lane.push(command(3)).ok().unwrap();
        let taken = lane.take(100).await.unwrap();
        let order: Vec<String> = taken.iter().filter_map(|e| text_of(&e.work)).collect();
        assert_eq!(order, ["1", "2", "3"]);
        lane.push(erase(0, 1)).ok().unwrap();
        lane.push(command(4)).ok().unwrap();
        assert_eq!(lane.lock().placed[&InstanceId(5)].0, Some(DefinitionId(9)), "now it is known");
        assert_eq!(ids(&lane.take(100).await.unwrap()), [1, 5]);
        assert_eq!((lane.len(), lane.lock().placed.len()), (0, 0));
    }

    fn text_of(work: &Work) -> Option<String> {
        let Work::Commands { commands, .. } = work else { return None };
        commands.iter().find_map(|c| if let Command::SetStateTitle { text } = c { Some(text.clone()) } else { None })
    }
}
