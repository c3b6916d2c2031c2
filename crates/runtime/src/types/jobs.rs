//! Jobs of external workers and of apps.

use model::{DefinitionId, DocumentRef, InstanceId, JobId, Object, Timestamp};
use std::time::Duration;

/// An open job.
#[derive(Debug, Clone)]
pub struct JobView {
    /// Its id.
    pub id: JobId,
    /// Who can do it.
    pub job_type: String,
    /// Id of the element that waits.
    pub element_id: String,
    /// Tries left.
    pub retries: u32,
}

/// A job handed to a worker.
#[derive(Debug, Clone)]
pub struct ActivatedJob {
    /// Its id.
    pub id: JobId,
    /// What it asked for.
    pub job_type: String,
    /// The instance.
    pub instance: InstanceId,
    /// Its definition.
    pub definition: DefinitionId,
    /// The record it runs for.
    pub document: Option<DocumentRef>,
    /// Id of the element.
    pub element_id: String,
    /// Tries left.
    pub retries: u32,
    /// Until when the job is this worker's.
    pub leased_until: Timestamp,
    /// Static settings of the element.
    pub headers: Vec<(String, String)>,
    /// The mapped inputs.
    pub input: Object,
    /// The same on every hand-out of the job.
    pub idempotency_key: String,
}

/// What a worker asks for.
#[derive(Debug, Clone)]
pub struct ActivateJobs {
    /// The job type.
    pub job_type: String,
    /// How many at most.
    pub max: u32,
    /// For how long they are his.
    pub lease: Duration,
    /// How long to wait while there are none.
    pub wait: Duration,
    /// His name, for the monitor.
    pub worker: String,
}

/// A worker's report that a try failed.
#[derive(Debug, Clone, Default)]
pub struct JobFailure {
    /// Why.
    pub message: String,
    /// Tries left; one less than before when absent.
    pub retries: Option<u32>,
    /// When to offer it again; by the back-off when absent.
    pub retry_in: Option<Duration>,
}

/// A business error raised by a job.
#[derive(Debug, Clone, Default)]
pub struct JobError {
    /// The code that boundary events catch.
    pub code: String,
    /// A message for people.
    pub message: String,
    /// Variables that travel with it.
    pub variables: Object,
}

/// An app's answer to a waiting activity (`bizproc.event.send`).
#[derive(Debug, Clone)]
pub struct AppAnswer {
    /// The instance.
    pub instance: InstanceId,
    /// Id of the element, from the event token.
    pub element_id: String,
    /// The execution of the element, from the event token.
    pub event_id: String,
    /// Return values, already typed by the activity's return properties.
    pub values: Object,
    /// A line for the history; "Received application response" when empty.
    pub log: Option<String>,
}

/// What became of an app's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerOutcome {
    /// It resumed the element.
    Accepted,
    /// The element was answered before, timed out, or runs again: no effect.
    Ignored,
}
