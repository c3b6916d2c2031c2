//! The inbox: messages to partitions, written with what caused them and taken with what they cause.
//!
//! Invariant: a message is taken once. It is written in the unit of its sender, whatever partition or table that is
//! about, and taken in the unit of its receiver. Never: knows what a message asks for.

use crate::Result;
use async_trait::async_trait;
use model::{PartitionId, Timestamp};
use serde_json::Value as Json;

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxRow {
    /// Whose it is.
    pub partition: PartitionId,
    /// A plain id ([`crate::IdKind::Message`]): messages of one sender are in order.
    pub id: i64,
    /// What it asks for: `start`, `cancel`, ...
    pub kind: String,
    /// Its particulars.
    pub payload: Json,
    /// When it was written.
    pub created_at: Timestamp,
}

/// Changes to the inbox.
#[derive(Debug, Clone, PartialEq)]
pub enum InboxWrite {
    /// A new message.
    Insert(Box<InboxRow>),
    /// Takes a message; [`crate::Conflict::Message`] when it was taken before.
    Take {
        /// Whose it is.
        partition: PartitionId,
        /// Its id.
        id: i64,
    },
}

/// Reading the inbox.
#[async_trait]
pub trait Inbox {
    /// At most `limit` messages to these partitions whose ids are greater than `after`, by id.
    async fn messages(&self, partitions: &[PartitionId], after: i64, limit: u32) -> Result<Vec<InboxRow>>;
    /// How many messages wait, and since when the oldest does.
    async fn messages_waiting(&self) -> Result<(u64, Option<Timestamp>)>;
}
