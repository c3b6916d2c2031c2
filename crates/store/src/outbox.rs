//! The outbox: effects to be performed after commit, at least once, idempotent by key.

use crate::{Result, codes::coded};
use async_trait::async_trait;
use model::{InstanceId, JobId, OutboxId, PartitionId, Timestamp};
use serde_json::Value as Json;

coded! {
    /// Where an effect stands.
    OutboxState {
        /// It is to be performed.
        Pending = 0 "pending",
        /// It was given up.
        Dead = 1 "dead",
    }
}

/// An effect.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// Its partition.
    pub partition: PartitionId,
    /// Its id.
    pub id: OutboxId,
    /// Who performs it: `handler_call`, `notification`, `mail`, ...
    pub kind: String,
    /// The idempotency key sent along.
    pub key: String,
    /// The instance it comes from.
    pub instance: Option<InstanceId>,
    /// The job it serves.
    pub job: Option<JobId>,
    /// What to do.
    pub payload: Json,
    /// Not before then.
    pub due_at: Timestamp,
    /// Attempts made.
    pub attempts: u32,
    /// When it was first due.
    pub first_at: Timestamp,
    /// Where it stands.
    pub state: OutboxState,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// Changes to the outbox.
#[derive(Debug, Clone, PartialEq)]
pub enum OutboxWrite {
    /// A new effect.
    Insert(Box<OutboxRow>),
    /// Performed or no longer wanted; no matter whether it exists.
    Delete {
        /// Its partition.
        partition: PartitionId,
        /// The effect.
        id: OutboxId,
    },
    /// Failed: again later, or given up. Nothing happens when it is gone meanwhile.
    Reschedule {
        /// Its partition.
        partition: PartitionId,
        /// The effect.
        id: OutboxId,
        /// Not before then.
        due_at: Timestamp,
        /// Attempts made.
        attempts: u32,
        /// `Pending`, or `Dead` when given up.
        state: OutboxState,
        /// Why it failed.
        last_error: Option<String>,
    },
}

/// Reading the outbox.
#[async_trait]
pub trait Outbox {
    /// At most `limit` pending effects due at or before `now`, the earliest first. No partitions: all of them.
    async fn due_effects(&self, partitions: &[PartitionId], now: Timestamp, limit: u32) -> Result<Vec<OutboxRow>>;
    /// When the earliest pending effect is due.
    async fn earliest_effect(&self) -> Result<Option<Timestamp>>;
    /// One effect.
    async fn effect(&self, id: OutboxId) -> Result<Option<OutboxRow>>;
}
