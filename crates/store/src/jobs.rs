//! Jobs: work offered to connectors, handlers of apps and external workers.
//!
//! Invariant: a job is given to one worker until its lease ends.

use crate::{Result, codes::coded};
use async_trait::async_trait;
use model::{DefinitionId, DocumentRef, InstanceId, JobId, PartitionId, Timestamp};
use serde_json::Value as Json;

coded! {
    /// Where a job stands.
    JobState {
        /// It waits for a worker or is with one.
        Open = 0 "open",
        /// It was done.
        Done = 1 "done",
        /// It has no retries left.
        Failed = 2 "failed",
    }
}

/// A job that is held is not handed out: its lease, or its pause before another try, is told from here on instead of
/// from 1970, so that it is known when the job is let go.
pub const HELD: Timestamp = Timestamp(1 << 53);

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRow {
    /// Its partition.
    pub partition: PartitionId,
    /// Its id.
    pub id: JobId,
    /// The instance that waits for it.
    pub instance: InstanceId,
    /// The element, as the compiled definition numbers it.
    pub element_key: u32,
    /// The element's id in the definition.
    pub element_id: String,
    /// What kind of work.
    pub job_type: String,
    /// Where it stands.
    pub state: JobState,
    /// Attempts left.
    pub retries: u32,
    /// What the worker is given.
    pub input: Json,
    /// Static particulars from the model.
    pub headers: Json,
    /// When it was made.
    pub created_at: Timestamp,
    /// Which worker has it.
    pub lease_owner: Option<String>,
    /// Until when the worker has it, or before when it is not offered again.
    pub lease_until: Option<Timestamp>,
    /// The event id that an app's handler answers with.
    pub event_id: Option<String>,
}

/// What the instance of a leased job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeasedFor {
    /// The instance.
    pub instance: InstanceId,
    /// Its definition.
    pub definition: DefinitionId,
    /// The record it runs for.
    pub document: Option<DocumentRef>,
}

/// Changes to jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum JobWrite {
    /// A new job.
    Insert(Box<JobRow>),
    /// Leases open jobs of a type to a worker, the oldest first; they come back in
    /// [`crate::UnitReceipt::activated`]. A job whose last lease ended without an answer has one attempt less; one with
    /// none left comes back too, for the caller to give up.
    Activate {
        /// The type.
        job_type: String,
        /// At most so many.
        limit: u32,
        /// The worker.
        owner: String,
        /// The present.
        now: Timestamp,
        /// When the lease ends.
        lease_until: Timestamp,
    },
    /// Ends an open job; [`crate::Conflict::Job`] when it is not open.
    Close {
        /// Its partition.
        partition: PartitionId,
        /// The job.
        id: JobId,
        /// `Done` or `Failed`.
        state: JobState,
    },
    /// Offers an open job again; [`crate::Conflict::Job`] when it is not open.
    Retry {
        /// Its partition.
        partition: PartitionId,
        /// The job.
        id: JobId,
        /// Attempts left.
        retries: u32,
        /// Not before then; none: at once.
        not_before: Option<Timestamp>,
    },
    /// A longer lease for its worker; [`crate::Conflict::Job`] when it is not with this worker.
    Extend {
        /// Its partition.
        partition: PartitionId,
        /// The job.
        id: JobId,
        /// The worker.
        owner: String,
        /// When the lease ends.
        lease_until: Timestamp,
    },
    /// Keeps an open job from being handed out (see [`HELD`]) or lets it go: it is with its worker then as long as his
    /// lease lasts, also when it was made longer meanwhile. No matter whether it is there, or is held already.
    Hold {
        /// Its partition.
        partition: PartitionId,
        /// The job.
        id: JobId,
        /// Whether it is held from now on.
        held: bool,
    },
    /// Makes a failed job open again with so many attempts, at once; [`crate::Conflict::Missing`] when it is gone.
    Reopen {
        /// Its partition.
        partition: PartitionId,
        /// The job.
        id: JobId,
        /// Attempts left.
        retries: u32,
    },
    /// Forgets a job; no matter whether it exists.
    Delete {
        /// Its partition.
        partition: PartitionId,
        /// The job.
        id: JobId,
    },
}

/// Reading jobs.
#[async_trait]
pub trait Jobs {
    /// One job.
    async fn job(&self, id: JobId) -> Result<Option<JobRow>>;
    /// The job that answers to an event id.
    async fn job_by_event(&self, event_id: &str) -> Result<Option<JobRow>>;
    /// Jobs of a type that could be leased at `now`, the oldest first, without leasing them; of these partitions, of
    /// all when none is named.
    async fn open_jobs(
        &self,
        partitions: &[PartitionId],
        job_type: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<JobRow>>;
}
