//! What the log says of incidents: a line each, and of a storm how many more there were.
//!
//! Owns: the words, and their pace: a few lines in ten seconds, then one with the number of the others. Invariant: a
//! line is written after the commit that carries what it tells, and holds ids and registered codes only: messages,
//! particulars and variables stay in the database. Never: costs an instance without incidents anything.

use crate::core::Core;
use crate::deploy::Deployment;
use crate::partitions::session::Session;
use engine::Instance;
use model::{IncidentId, InstanceId, Timestamp};
use std::sync::{Mutex, PoisonError};
use store::IncidentRow;

/// Lines of one kind in a span.
const LINES: u32 = 20;
const SPAN_MS: i64 = 10_000;

/// One incident that a commit opened or resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) incident: IncidentId,
    pub(crate) element: String,
    pub(crate) code: String,
    pub(crate) open: bool,
}

impl Told {
    /// Of a new one. Its id is known by now.
    pub(crate) fn opened(row: &IncidentRow) -> Self {
        Self { incident: row.id, element: row.element_id.clone(), code: row.code.clone(), open: true }
    }

    /// Of one that the instance had when the unit began.
    pub(crate) fn resolved(incident: IncidentId, session: &Session, deployment: &Deployment) -> Self {
        let state = session.before.as_ref().map(|before| &before.instance);
        let known = state.and_then(|state| state.incidents().iter().find(|known| known.id == incident));
        // A unit that migrates has another definition now than the elements of before.
        let same = session.state.as_ref().map(Instance::definition) == state.map(Instance::definition);
        let run = state.zip(known).filter(|_| same).and_then(|(state, known)| state.element(known.key));
        let element = run.map_or_else(String::new, |run| deployment.definition().element(run.element).id.to_string());
        Self { incident, element, code: known.map_or_else(String::new, |known| known.code.to_string()), open: false }
    }
}

/// How much was said lately.
#[derive(Debug, Default)]
pub(crate) struct IncidentLog {
    opened: Mutex<Pace>,
    resolved: Mutex<Pace>,
}

impl IncidentLog {
    /// Tells what a commit of the session opened and resolved.
    pub(crate) fn tell(&self, now: Timestamp, session: &Session) {
        let process = session.deployment.as_ref().map_or("", |deployment| deployment.process_id.as_str());
        for told in &session.told {
            self.line(now, session.id, process, told);
        }
    }

    /// Tells of an incident that was resolved beside its instance.
    pub(crate) async fn resolved(&self, core: &Core, row: &IncidentRow) {
        let deployment = core.deployments.get(row.definition).await.ok();
        let process = deployment.as_ref().map_or("", |deployment| deployment.process_id.as_str());
        self.line(core.now(), row.instance, process, &Told { open: false, ..Told::opened(row) });
    }

    /// Says how many were left out of a span that is over. Cheap: it is asked every second.
    pub(crate) fn look(&self, now: Timestamp) {
        said_of(true, locked(&self.opened, |pace| pace.over(now)));
        said_of(false, locked(&self.resolved, |pace| pace.over(now)));
    }

    /// Says how many were left out so far: nothing comes any more.
    pub(crate) fn end(&self) {
        said_of(true, locked(&self.opened, |pace| std::mem::take(pace).left_out));
        said_of(false, locked(&self.resolved, |pace| std::mem::take(pace).left_out));
    }

    fn line(&self, now: Timestamp, instance: InstanceId, process: &str, told: &Told) {
        let Told { incident, element, code, open } = told;
        let (has_room, left_out) = locked(if *open { &self.opened } else { &self.resolved }, |pace| pace.take(now));
        said_of(*open, left_out);
        let (element, code) = (element.as_str(), code.as_str());
        if !has_room {
            return;
        }
        if *open {
            tracing::warn!(instance.id = %instance, incident.id = %incident, process, element, code,
                "an incident was opened");
        } else {
            tracing::info!(instance.id = %instance, incident.id = %incident, process, element, code,
                "an incident was resolved");
        }
    }
}

fn locked<T>(pace: &Mutex<Pace>, then: impl FnOnce(&mut Pace) -> T) -> T {
    then(&mut pace.lock().unwrap_or_else(PoisonError::into_inner))
}

fn said_of(open: bool, left_out: u64) {
    match (left_out, open) {
        (0, _) => {}
        (_, true) => tracing::warn!(left_out, "more incidents were opened than are told one by one"),
        (_, false) => tracing::info!(left_out, "more incidents were resolved than are told one by one"),
    }
}

/// The lines of one span.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pace {
    began: Timestamp,
    lines: u32,
    left_out: u64,
}

impl Pace {
    /// Whether there is room for a line, and how many were left out of the span that is over.
    fn take(&mut self, now: Timestamp) -> (bool, u64) {
        let before = self.over(now);
        let has_room = self.lines < LINES;
        if has_room {
            self.lines += 1;
        } else {
            self.left_out += 1;
        }
        (has_room, before)
    }

    /// Begins a new span when one is over, or when the clock was set back; how many were left out of the old one.
    fn over(&mut self, now: Timestamp) -> u64 {
        if self.lines == 0 || (now >= self.began && now < self.began.plus_ms(SPAN_MS)) {
            if self.lines == 0 {
                self.began = now;
            }
            return 0;
        }
        std::mem::replace(self, Self { began: now, ..Self::default() }).left_out
    }
}

#[cfg(test)]
mod tests;
