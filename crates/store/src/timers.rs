//! Timers: which instances wake when.
//!
//! Never decides what a fired timer means.

use crate::Result;
use async_trait::async_trait;
use model::{InstanceId, PartitionId, TimerId, Timestamp};

/// A waiting timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerRow {
    /// Its partition.
    pub partition: PartitionId,
    /// Its id.
    pub id: TimerId,
    /// When it fires.
    pub due_at: Timestamp,
    /// The instance it wakes.
    pub instance: InstanceId,
}

/// Changes to timers.
#[derive(Debug, Clone, PartialEq)]
pub enum TimerWrite {
    /// A new timer.
    Insert(TimerRow),
    /// A fired or canceled timer; no matter whether it exists.
    Delete {
        /// Its partition.
        partition: PartitionId,
        /// The timer.
        id: TimerId,
    },
}

/// Reading timers.
#[async_trait]
pub trait Timers {
    /// At most `limit` timers due at or before `until`, the earliest first. No partitions: all of them.
    async fn due_timers(&self, partitions: &[PartitionId], until: Timestamp, limit: u32) -> Result<Vec<TimerRow>>;
    /// When the earliest timer fires.
    async fn earliest_timer(&self) -> Result<Option<Timestamp>>;
}
