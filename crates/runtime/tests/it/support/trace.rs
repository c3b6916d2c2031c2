//! What passed between a simulation's processes and their database: hashed, so that two runs can be compared, and
//! checked, so that nobody writes to what is not his.

use model::PartitionId;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard};
use store::{Fence, InstanceWrite, Result, Unit, UnitReceipt, Write};

/// The record of a run.
pub struct Trace {
    state: Mutex<State>,
    /// Whether the only process there can be has the database.
    alone: bool,
}

struct State {
    hash: DefaultHasher,
    faults: u32,
    units: u64,
    log: Option<Vec<String>>,
    /// Who wrote last to a partition, and under which epoch.
    writers: BTreeMap<PartitionId, (u64, usize)>,
}

/// What is remembered of a unit until it is committed.
pub struct Mark {
    fence: Option<Fence>,
    instance: Option<PartitionId>,
}

impl Trace {
    pub fn new(alone: bool, verbose: bool) -> Self {
        let log = verbose.then(Vec::new);
        let state = State { hash: DefaultHasher::new(), faults: 0, units: 0, log, writers: BTreeMap::new() };
        Self { state: Mutex::new(state), alone }
    }

    pub fn alone(&self) -> bool {
        self.alone
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Something happened.
    pub fn note(&self, node: usize, what: impl Hash + std::fmt::Debug) {
        let mut state = self.lock();
        (node, &what).hash(&mut state.hash);
        if let Some(log) = &mut state.log {
            log.push(format!("{node} {what:?}"));
        }
    }

    pub fn fault(&self) {
        self.lock().faults += 1;
    }

    /// Units on their way.
    pub fn asked(&self, node: usize, units: &[Unit]) -> Vec<Mark> {
        let mark = |unit: &Unit| Mark {
            fence: unit.fence,
            instance: unit.writes.iter().find_map(|write| match write {
                Write::Instance(InstanceWrite::Create(new)) => Some(new.row.partition),
                Write::Instance(InstanceWrite::Update(update)) => Some(update.partition),
                Write::Instance(InstanceWrite::Delete { partition, .. }) => Some(*partition),
                _ => None,
            }),
        };
        for unit in units {
            self.note(node, unit_text(unit));
        }
        units.iter().map(mark).collect()
    }

    /// Units that were written.
    pub fn committed(&self, node: usize, marks: &[Mark], results: &[Result<UnitReceipt>]) {
        for (mark, result) in marks.iter().zip(results) {
            self.note(node, result.is_ok());
            if result.is_err() {
                continue;
            }
            let mut state = self.lock();
            state.units += 1;
            if let Some(partition) = mark.instance {
                let Some(fence) = mark.fence else { continue };
                assert_eq!(fence.partition, partition, "the lease of another partition");
                let (epoch, writer) = *state.writers.entry(partition).or_insert((fence.epoch, node));
                assert!(fence.epoch >= epoch, "{partition:?}: epoch {} wrote after {epoch}", fence.epoch);
                let other = fence.epoch == epoch && writer != node;
                assert!(!other, "{partition:?}: {writer} and {node} both wrote under epoch {epoch}");
                state.writers.insert(partition, (fence.epoch, node));
            }
        }
    }

    /// The same for two runs that were the same.
    pub fn hash(&self) -> u64 {
        self.lock().hash.finish()
    }

    /// Faults that were injected, units that were written.
    pub fn counts(&self) -> (u32, u64) {
        let state = self.lock();
        (state.faults, state.units)
    }

    /// Everything that happened, when it was asked for.
    pub fn lines(&self) -> Vec<String> {
        self.lock().log.clone().unwrap_or_default()
    }
}

impl Drop for Trace {
    /// A run that failed shows what it kept.
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Ok(state) = self.state.lock()
        {
            state.log.iter().flatten().for_each(|line| println!("{line}"));
        }
    }
}

/// A unit without what is random in every process: apps' codes are.
fn unit_text(unit: &Unit) -> String {
    let mut text = format!("{:?}", unit.fence.map(|f| (f.partition.0, f.epoch)));
    for write in &unit.writes {
        text += &match write {
            Write::Instance(InstanceWrite::Create(new)) => {
                format!(" create {} {:?} {:?}", new.row.id, new.row.business_key, new.snapshot)
            }
            Write::Instance(InstanceWrite::Update(u)) => format!(" update {} {} {:?}", u.id, u.seq, u.snapshot),
            Write::Instance(InstanceWrite::Journal(row)) => format!(" journal {} {:?}", row.seq, row.at),
            Write::Instance(other) => format!(" {other:?}"),
            Write::Job(_) => " job".to_owned(),
            Write::Outbox(_) => " outbox".to_owned(),
            Write::Task(_) => " task".to_owned(),
            other => format!(" {other:?}"),
        };
    }
    text
}
