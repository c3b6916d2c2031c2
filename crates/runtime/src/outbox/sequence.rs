//! The order of calls that one instance sends off to one target without waiting for them.
//!
//! Owns: which call stands behind which. Invariant: a call that stands behind another leaves after the other's end,
//! also when the other is being retried. Remembered in bounded memory while the first is here or comes again; what is
//! beyond the bounds leaves when it is due. Never: decides when a call goes.

use super::board::Ready;
use model::{InstanceId, OutboxId, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Sequences that are remembered.
const LINES_MAX: usize = 65_536;
/// Calls in memory behind one other.
const KEPT_MAX: usize = 4;
/// Calls put behind one other that are remembered.
const BEHIND_MAX: usize = 256;

/// An instance and a target.
pub(super) type Key = (InstanceId, Arc<str>);

#[derive(Default)]
pub(super) struct Sequences(HashMap<Key, Line>);

struct Line {
    first: OutboxId,
    /// When the first comes again; none: it is in memory.
    again_at: Option<Timestamp>,
    /// In memory, in order.
    kept: VecDeque<Ready>,
    /// Back in the store until these moments, in order.
    behind: VecDeque<(OutboxId, Timestamp)>,
}

/// Whether a call may go.
pub(super) enum Turn {
    /// It may.
    Free(Ready),
    /// It stands behind another, in memory.
    Kept,
    /// It stands behind another that comes again at this moment; none: soon.
    Behind(Ready, Option<Timestamp>),
}

impl Sequences {
    /// Whether a call that is due may go.
    pub(super) fn turn(&mut self, key: &Key, ready: Ready) -> Turn {
        let (id, due_at) = (ready.row.id, ready.row.due_at);
        let Some(line) = self.0.get_mut(key).filter(|line| line.first < id) else { return Turn::Free(ready) };
        match line.again_at {
            None if line.kept.len() < KEPT_MAX && line.behind.is_empty() => {
                line.kept.push_back(ready);
                Turn::Kept
            }
            None => Turn::Behind(ready, None),
            Some(at) if due_at <= at => Turn::Behind(ready, Some(at)),
            Some(_) => {
                // The first was due before this one and was not read: it was taken back.
                self.over(key, line_first(&self.0, key));
                self.turn(key, ready)
            }
        }
    }

    /// A call is in memory as the first of its sequence.
    pub(super) fn entered(&mut self, key: &Key, id: OutboxId, waits: bool) {
        self.at(key, id, None, waits);
    }

    /// A call comes again at this moment. Gives back those that were kept behind it: they are to be read again.
    pub(super) fn comes_again(&mut self, key: &Key, id: OutboxId, at: Timestamp, waits: bool) -> Vec<OutboxId> {
        self.at(key, id, Some(at), waits);
        match self.0.get_mut(key).filter(|line| line.first == id) {
            Some(line) => std::mem::take(&mut line.kept).into_iter().map(|ready| ready.row.id).collect(),
            None => Vec::new(),
        }
    }

    fn at(&mut self, key: &Key, id: OutboxId, again_at: Option<Timestamp>, waits: bool) {
        let room = self.0.len() < LINES_MAX;
        match self.0.get_mut(key) {
            Some(line) if line.first == id => line.again_at = again_at,
            Some(line) => {
                // One that stands behind was put off for longer.
                if let (Some(behind), Some(at)) = (line.behind.iter_mut().find(|b| b.0 == id), again_at) {
                    behind.1 = at;
                }
            }
            None if !waits && room => {
                let line = Line { first: id, again_at, kept: VecDeque::new(), behind: VecDeque::new() };
                self.0.insert(key.clone(), line);
            }
            None => {}
        }
    }

    /// A call was put back behind another until this moment.
    pub(super) fn put_behind(&mut self, key: &Key, id: OutboxId, at: Timestamp) {
        let Some(line) = self.0.get_mut(key) else { return };
        let room = line.behind.len() < BEHIND_MAX;
        match line.behind.iter_mut().find(|behind| behind.0 == id) {
            Some(behind) => behind.1 = at,
            None if room => {
                let place = line.behind.partition_point(|behind| behind.0 < id);
                line.behind.insert(place, (id, at));
            }
            None => {}
        }
    }

    /// A call is over. Gives the one behind it, if it is in memory; it is the first now.
    pub(super) fn over(&mut self, key: &Key, id: OutboxId) -> Option<Ready> {
        let line = self.0.get_mut(key)?;
        if line.first != id {
            line.behind.retain(|behind| behind.0 != id);
            return None;
        }
        if let Some(next) = line.kept.pop_front() {
            (line.first, line.again_at) = (next.row.id, None);
            return Some(next);
        }
        match line.behind.pop_front() {
            Some((first, at)) => (line.first, line.again_at) = (first, Some(at)),
            None => drop(self.0.remove(key)),
        }
        None
    }
}

fn line_first(lines: &HashMap<Key, Line>, key: &Key) -> OutboxId {
    lines.get(key).map_or(OutboxId(0), |line| line.first)
}
