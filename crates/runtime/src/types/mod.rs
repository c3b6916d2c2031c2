//! What the edges ask of the runtime and what it shows them. Plain data; the edges give it their wire shapes.

mod decisions;
mod definitions;
mod instances;
mod jobs;
mod messages;
mod operations;
mod tasks;

pub use decisions::*;
pub use definitions::*;
pub use instances::*;
pub use jobs::*;
pub use messages::*;
pub use operations::*;
pub use tasks::*;

/// Which part of a list.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// How many at most.
    pub limit: u32,
    /// How many to skip.
    pub offset: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 50, offset: 0 }
    }
}

impl From<Page> for store::Page {
    fn from(page: Page) -> Self {
        Self { limit: page.limit, offset: page.offset.into(), count: true }
    }
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
}

/// Counters for the system page and the metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Commands taken from the queues.
    pub commands: u64,
    /// Transactions.
    pub commits: u64,
    /// Instance writes in them.
    pub units: u64,
    /// Units that met a conflict and were decided again.
    pub conflicts: u64,
    /// Commands that wait now.
    pub queued: u64,
    /// Tries of outgoing calls.
    pub deliveries: u64,
    /// Timers fired.
    pub timers: u64,
    /// Partitions served here.
    pub owned: u64,
    /// Nodes that live, as far as is known.
    pub nodes: u64,
    /// Ended instances removed because they were over their time.
    pub purged_instances: u64,
    /// Calls, notifications and effects given up that were removed.
    pub purged_entries: u64,
    /// Journals packed into one row.
    pub packed_journals: u64,
    /// Ended instances over their time that are still there, as last counted.
    pub retention_backlog: u64,
}
