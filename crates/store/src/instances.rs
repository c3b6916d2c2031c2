//! Process instances and their journals.
//!
//! Invariant: `seq` is the number of journal rows written; an update names the `seq` it read, so that a writer which
//! lost its partition can never overwrite a newer state. Snapshots and events are bytes that only their writer reads.

use crate::{Filter, Paged, Query, Result, codes::coded};
use async_trait::async_trait;
use model::{DefinitionId, DocumentRef, InstanceId, JobId, PartitionId, Timestamp, UserId};

coded! {
    /// Where an instance stands.
    InstanceState {
        /// It has tokens.
        Active = 0 "active",
        /// It ran to its end.
        Completed = 1 "completed",
        /// It ended with an error nobody caught.
        Failed = 2 "failed",
        /// A person or another process ended it.
        Canceled = 3 "canceled",
    }
}

/// An instance without its snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceRow {
    /// Its partition.
    pub partition: PartitionId,
    /// Its id.
    pub id: InstanceId,
    /// The version it runs.
    pub definition: DefinitionId,
    /// The process, the same for all versions.
    pub process_id: String,
    /// Where it stands.
    pub state: InstanceState,
    /// What it runs for.
    pub document: Option<DocumentRef>,
    /// Who started it; none: the system.
    pub started_by: Option<UserId>,
    /// A key given by the starter.
    pub business_key: Option<String>,
    /// What it tells people about its state.
    pub state_title: String,
    /// When it started.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Open incidents.
    pub incidents: u32,
    /// Journal rows written so far.
    pub seq: u64,
    /// Who called it.
    pub parent: Option<InstanceId>,
    /// Where its tree of calls began; none: it was not called.
    pub root: Option<InstanceId>,
    /// Whether nothing goes on by itself. A new instance is not; [`InstanceWrite::Suspend`] changes it.
    pub suspended: bool,
}

/// An instance as its partition loads it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredInstance {
    /// The indexed part.
    pub row: InstanceRow,
    /// The engine's state.
    pub snapshot: Vec<u8>,
}

/// The changeable part of an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceUpdate {
    /// Its partition.
    pub partition: PartitionId,
    /// Its id.
    pub id: InstanceId,
    /// The `seq` that was read; anything else in the store is a conflict.
    pub expect_seq: u64,
    /// The new `seq`.
    pub seq: u64,
    /// Where it stands.
    pub state: InstanceState,
    /// What it tells people about its state.
    pub state_title: String,
    /// When it changed.
    pub updated_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Open incidents.
    pub incidents: u32,
    /// The engine's state.
    pub snapshot: Vec<u8>,
}

/// The events of one commit of one instance.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalRow {
    /// The instance's partition.
    pub partition: PartitionId,
    /// The instance.
    pub instance: InstanceId,
    /// Its place, from 1.
    pub seq: u64,
    /// When it was committed.
    pub at: Timestamp,
    /// The events.
    pub events: Vec<u8>,
}

/// An element and what it is in the version that an instance goes on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedElement {
    /// Its id in the version before.
    pub from: String,
    /// Its id now.
    pub to: String,
    /// Its position now.
    pub key: u32,
    /// Its name now.
    pub name: String,
}

/// Changes to instances.
#[derive(Debug, Clone, PartialEq)]
pub enum InstanceWrite {
    /// A new instance; [`crate::Conflict::Instance`] when it exists.
    Create(StoredInstance),
    /// A moved instance; [`crate::Conflict::Instance`] when its `seq` is another.
    Update(InstanceUpdate),
    /// Events of this commit.
    Journal(JournalRow),
    /// The instance runs another version from now on; [`crate::Conflict::Instance`] when it is gone.
    Migrate {
        /// Its partition.
        partition: PartitionId,
        /// The instance.
        id: InstanceId,
        /// The version.
        definition: DefinitionId,
        /// Its process.
        process_id: String,
        /// The name of its process, for its open tasks.
        process_name: String,
        /// Where what waits stands now: open tasks, incidents and subscriptions are found by their element, ...
        elements: Vec<MovedElement>,
        /// ... and open jobs among these.
        jobs: Vec<JobId>,
    },
    /// The instance is suspended, or is no more; [`crate::Conflict::Instance`] when it is gone.
    Suspend {
        /// Its partition.
        partition: PartitionId,
        /// The instance.
        id: InstanceId,
        /// Whether it is.
        suspended: bool,
    },
    /// Erases the instance, its journal, tasks, calls and incidents. Its timers, jobs and outbox entries are known to
    /// the caller by id and deleted by their own writes in the same unit.
    Delete {
        /// Its partition.
        partition: PartitionId,
        /// The instance.
        id: InstanceId,
    },
}

/// What instances can be filtered and ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceField {
    /// The id; its order is the order of starts.
    Id,
    /// The partition.
    Partition,
    /// The version.
    Definition,
    /// The process.
    ProcessId,
    /// The state's code.
    State,
    /// The document's catalog.
    DocumentCatalog,
    /// The document's record.
    DocumentRecord,
    /// Who started it.
    StartedBy,
    /// The business key.
    BusinessKey,
    /// When it started.
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
    /// When it ended.
    FinishedAt,
    /// How many incidents are open.
    Incidents,
    /// Who called it.
    Parent,
    /// Where its tree of calls began.
    Root,
    /// Whether it is suspended.
    Suspended,
}

/// How many instances of a version stand somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceCount {
    /// The version.
    pub definition: DefinitionId,
    /// Where they stand.
    pub state: InstanceState,
    /// How many.
    pub instances: u64,
    /// How many of them have open incidents.
    pub with_incidents: u64,
}

/// Reading instances.
#[async_trait]
pub trait Instances {
    /// One instance without its snapshot.
    async fn instance(&self, id: InstanceId) -> Result<Option<InstanceRow>>;
    /// Instances with snapshots, in any order; unknown ids are left out.
    async fn load_instances(&self, ids: &[InstanceId]) -> Result<Vec<StoredInstance>>;
    /// A list, newest start first. Text is an id (`pi_5` or `5`) or the beginning of a business key.
    async fn instances(&self, query: Query<InstanceField>) -> Result<Paged<InstanceRow>>;
    /// How many instances match.
    async fn count_instances(&self, filter: Filter<InstanceField>) -> Result<u64>;
    /// How many instances these versions have, ordered by version and state; what there is none of is left out.
    async fn instance_counts(&self, definitions: &[DefinitionId]) -> Result<Vec<InstanceCount>>;
    /// At most `limit` journal rows with `seq > after_seq`, in order.
    async fn journal(&self, id: InstanceId, after_seq: u64, limit: u32) -> Result<Vec<JournalRow>>;
    /// For each of these partitions an id at least as great as every id in use in it (0 when none): ids made from now
    /// on must be greater. Rows deleted since are not seen, so begin at a later second than that of the last run.
    async fn greatest_ids(&self, partitions: &[PartitionId]) -> Result<Vec<i64>>;
}
