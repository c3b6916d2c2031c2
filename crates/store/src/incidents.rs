//! What people look at when something went wrong: incidents, and the log of outgoing calls.

use crate::{Paged, Query, Result};
use async_trait::async_trait;
use model::{DefinitionId, IncidentId, InstanceId, JobId, PartitionId, Timestamp, UserId};
use serde_json::Value as Json;

/// An element that waits for a person to mend something.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentRow {
    /// Its partition.
    pub partition: PartitionId,
    /// Its id.
    pub id: IncidentId,
    /// The instance.
    pub instance: InstanceId,
    /// The version it runs.
    pub definition: DefinitionId,
    /// The element's id in the definition.
    pub element_id: String,
    /// The element, as the compiled definition numbers it.
    pub element_key: u32,
    /// The registered code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// Machine-readable particulars.
    pub details: Json,
    /// Since when.
    pub at: Timestamp,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// Who resolved it.
    pub resolved_by: Option<UserId>,
}

/// Changes to incidents.
#[derive(Debug, Clone, PartialEq)]
pub enum IncidentWrite {
    /// A new incident.
    Insert(Box<IncidentRow>),
    /// Resolved; [`crate::Conflict::Incident`] when it is not open.
    Resolve {
        /// Its partition.
        partition: PartitionId,
        /// The incident.
        id: IncidentId,
        /// When.
        at: Timestamp,
        /// By whom; none: the engine, because the element is gone.
        by: Option<UserId>,
    },
}

/// What incidents can be filtered and ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentField {
    /// The id; its order is the order in time.
    Id,
    /// Whether it is open (a boolean).
    Open,
    /// The instance.
    Instance,
    /// The version of the process.
    Definition,
    /// The element's id.
    ElementId,
    /// The registered code.
    Code,
    /// Since when.
    At,
}

/// One attempt of an outgoing call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRow {
    /// The instance's partition.
    pub partition: PartitionId,
    /// The instance.
    pub instance: InstanceId,
    /// The element's id in the definition.
    pub element_id: String,
    /// The element, as the compiled definition numbers it.
    pub element_key: u32,
    /// The job.
    pub job: Option<JobId>,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// When it began.
    pub at: Timestamp,
    /// Where to.
    pub url: String,
    /// What was sent, at most [`CALL_TEXT_BYTES`].
    pub request: String,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// What was answered, at most [`CALL_TEXT_BYTES`].
    pub response: String,
    /// How long it took.
    pub duration_ms: u64,
    /// Why there was no answer.
    pub error: Option<String>,
}

/// Bytes kept of a call's request and response each; the store cuts longer texts.
pub const CALL_TEXT_BYTES: usize = 64 << 10;

/// Changes to the log of calls.
#[derive(Debug, Clone, PartialEq)]
pub enum CallWrite {
    /// A call that was made.
    Insert(Box<CallRow>),
}

/// Reading incidents and calls.
#[async_trait]
pub trait Incidents {
    /// One incident.
    async fn incident(&self, id: IncidentId) -> Result<Option<IncidentRow>>;
    /// A list, newest first. Text looks into message and element.
    async fn incidents(&self, query: Query<IncidentField>) -> Result<Paged<IncidentRow>>;
    /// The calls of an instance, oldest first.
    async fn calls(&self, instance: InstanceId, limit: u32) -> Result<Vec<CallRow>>;
    /// The latest calls of all instances, newest first.
    async fn latest_calls(&self, limit: u32) -> Result<Vec<CallRow>>;
}
