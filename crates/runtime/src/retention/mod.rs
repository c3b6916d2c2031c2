//! What is kept no longer: rules as data, and a loop that tidies in small steps.
//!
//! Owns: how long ended instances, logged calls, notifications and effects that were given up are kept; packing long
//! journals of ended instances into one row. Invariant: what runs is never touched; a step is one small commit, and the
//! pauses between steps are a multiple of what they took, so that tidying never has more than a twentieth of the
//! writer. Each node tidies the partitions it serves. Never: changes what a history says.
//!
//! - `preview`: what rules would do, before they are in force
//! - `rules`: the rules and how they are kept
//! - `sweep`: the loop

mod preview;
mod rules;
mod sweep;

pub use preview::{ProcessKept, RetentionPreview};
pub use rules::{Kept, RetentionRules};
pub(crate) use rules::{load, save};
pub(crate) use sweep::run;

use crate::runtime::Runtime;
use model::Fault;
use platform::{Action, Actor, Object, authorize};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// What tidying did since the start, and what it is told.
#[derive(Debug, Default)]
pub(crate) struct Tidying {
    pub(crate) purged_instances: AtomicU64,
    pub(crate) purged_entries: AtomicU64,
    pub(crate) packed_journals: AtomicU64,
    /// Ended instances over their time that are still there: as last counted, less what was removed since.
    pub(crate) backlog: AtomicU64,
    /// The rules changed: look now.
    pub(crate) changed: Notify,
}

impl Tidying {
    pub(crate) fn counts(&self) -> [u64; 4] {
        [&self.purged_instances, &self.purged_entries, &self.packed_journals, &self.backlog]
            .map(|counter| counter.load(Ordering::Relaxed))
    }
}

/// What is kept how long.
impl Runtime {
    /// The rules in force.
    pub async fn retention(&self, actor: &Actor) -> Result<RetentionRules, Fault> {
        authorize(actor, Action::View, &Object::System)?;
        load(&self.core).await
    }

    /// Changes the rules. What is over its time by the new ones begins to go at once, in small steps. `RUN-0014` when
    /// they are wrong.
    pub async fn set_retention(&self, actor: &Actor, rules: &RetentionRules) -> Result<(), Fault> {
        authorize(actor, Action::Update, &Object::System)?;
        save(&self.core, rules).await
    }

    /// What these rules would do now: process by process, and in all. Nothing is changed. `RUN-0014` when they are
    /// wrong.
    pub async fn preview_retention(&self, actor: &Actor, rules: &RetentionRules) -> Result<RetentionPreview, Fault> {
        authorize(actor, Action::View, &Object::System)?;
        preview::preview(&self.core, rules).await
    }

    /// How long ended instances of a process are kept.
    pub async fn kept(&self, process_id: &str) -> Result<Kept, Fault> {
        Ok(load(&self.core).await?.of(process_id))
    }
}
