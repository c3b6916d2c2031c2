//! What is kept no longer: ended instances, calls, notifications, effects that were given up; and long journals that
//! become one row.
//!
//! Invariant: every write is bounded by its caller, and finds what it removes by an index. Running instances are never
//! touched. Never: decides how long anything is kept.

use crate::{InstanceState, JournalRow, Result};
use async_trait::async_trait;
use model::{DefinitionId, InstanceId, PartitionId, Timestamp};

/// Journals of fewer rows stay as they are.
pub const PACK_ROWS: u64 = 8;

/// Removing what is kept no longer. [`crate::UnitReceipt::removed`] says how many went.
#[derive(Debug, Clone, PartialEq)]
pub enum RetentionWrite {
    /// Erases instances of one partition with everything that belongs to them, and counts them as purged. Those that
    /// have not ended, or are gone, are left out.
    Instances {
        /// Their partition.
        partition: PartitionId,
        /// The instances.
        ids: Vec<InstanceId>,
    },
    /// Puts one journal row in the place of the whole journal. [`crate::Conflict::Instance`] unless the instance has
    /// ended, has written as many rows as the row's `seq` says, and was not packed before.
    Pack(JournalRow),
    /// Erases the oldest logged calls.
    Calls {
        /// Whose.
        partitions: Vec<PartitionId>,
        /// Only those made before then.
        before: Timestamp,
        /// How many at most.
        limit: u32,
    },
    /// Erases effects that were given up, the oldest first.
    Effects {
        /// Whose.
        partitions: Vec<PartitionId>,
        /// Only those that were first due before then.
        before: Timestamp,
        /// How many at most.
        limit: u32,
    },
    /// Erases the oldest notifications, read or not.
    Notifications {
        /// Only those made before then.
        before: Timestamp,
        /// How many at most.
        limit: u32,
    },
}

/// How many instances of a version were purged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurgedCount {
    /// The version.
    pub definition: DefinitionId,
    /// How they had ended.
    pub state: InstanceState,
    /// How many.
    pub instances: u64,
}

/// An ended instance with a long journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongJournal {
    /// Its partition.
    pub partition: PartitionId,
    /// The instance.
    pub instance: InstanceId,
    /// Journal rows written.
    pub seq: u64,
}

/// Finding what is kept no longer. An empty list of partitions means all.
#[async_trait]
pub trait Retention {
    /// At most `limit` instances of a version that ended before then, the earliest end first.
    async fn ended_instances(
        &self,
        partitions: &[PartitionId],
        definition: DefinitionId,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<InstanceId>>;
    /// How many instances of a version ended before then; counted up to `cap`.
    async fn count_ended(&self, definition: DefinitionId, before: Timestamp, cap: u32) -> Result<u64>;
    /// At most `limit` instances that ended before then with [`PACK_ROWS`] journal rows or more, not packed yet.
    async fn long_journals(
        &self,
        partitions: &[PartitionId],
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<LongJournal>>;
    /// How many instances of these versions were purged, by version and state; what there is none of is left out.
    async fn purged_counts(&self, definitions: &[DefinitionId]) -> Result<Vec<PurgedCount>>;
}
