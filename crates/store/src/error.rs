//! What can go wrong at the store, as far as callers act differently on it.

use model::{Fault, error::codes};
use std::sync::Arc;

/// What a conditional write met instead of what it expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// Another writer moved the instance on, or it exists already, or it is gone.
    Instance,
    /// The task's version differs or the task is no longer open.
    Task,
    /// The job is no longer open, or leased to somebody else.
    Job,
    /// The incident is resolved already.
    Incident,
    /// A user's version differs.
    UserVersion,
    /// Another user has this login.
    LoginTaken,
    /// An app's version differs.
    AppVersion,
    /// Another app has this client id.
    ClientId,
    /// An activity or robot with this code is registered.
    ActivityCode,
    /// The authorization code was used already, or the refresh token was rotated meanwhile.
    Grant,
    /// The model's version differs.
    ModelVersion,
    /// This version of the process exists already.
    DefinitionVersion,
    /// The catalog's version differs.
    CatalogVersion,
    /// Another catalog has this key.
    CatalogKey,
    /// The record's version differs, or the record is deleted.
    RecordVersion,
    /// The partition's lease is over: another node serves it.
    Fenced,
    /// The node is not known, or lives.
    Node,
    /// The partition is not free, or not held.
    Lease,
    /// The message was taken before.
    Message,
    /// A message with this name, key and id is kept or remembered.
    Published,
    /// Others were quicker: a message reached its receiver, a name or key is held, a start went on.
    Reached,
    /// The row to change does not exist.
    Missing(&'static str),
    /// Another constraint; names the columns.
    Constraint(String),
}

/// A refused or failed operation of the store.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A conditional write met something else; the unit changed nothing.
    #[error("conflict: {what:?}")]
    Conflict {
        /// What stood in the way.
        what: Conflict,
    },
    /// Too many units wait for the writer; nothing was changed.
    #[error("too many writes wait")]
    Busy,
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// The database was not reached in the time that a request waits for it; nothing was changed.
    #[error("the database can not be reached")]
    Unavailable,
    /// The database was made by a newer version.
    #[error("the database has schema {found}, this version knows {known}")]
    NewerSchema {
        /// The schema found.
        found: u32,
        /// The newest schema this version knows.
        known: u32,
    },
    /// A stored row can not be read.
    #[error("a stored row can not be read: {context}")]
    Corrupt {
        /// Table and column.
        context: String,
    },
    /// The database could not do it; nothing was changed.
    #[error("the database could not {context}")]
    Failed {
        /// What was tried.
        context: &'static str,
        /// Why not.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// What stood in the way, if this is a conflict.
    pub fn conflict(&self) -> Option<&Conflict> {
        if let Self::Conflict { what } = self { Some(what) } else { None }
    }
}

impl From<Conflict> for StoreError {
    fn from(what: Conflict) -> Self {
        Self::Conflict { what }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Conflict { what: Conflict::LoginTaken } => &codes::LOGIN_TAKEN,
            StoreError::Conflict { what: Conflict::RecordVersion } => &codes::RECORD_CONFLICT,
            StoreError::Conflict { what: Conflict::ModelVersion } => &codes::MODEL_CONFLICT,
            StoreError::Conflict { what: Conflict::ActivityCode } => &codes::ACTIVITY_EXISTS,
            StoreError::Conflict { what: Conflict::Task } => &codes::TASK_COMPLETED,
            StoreError::Conflict { what: Conflict::Job } => &codes::JOB_NOT_FOUND,
            StoreError::Conflict { what: Conflict::Grant } => &codes::OAUTH_GRANT,
            StoreError::Conflict { what: Conflict::Published } => &codes::MESSAGE_DOUBLE,
            StoreError::Conflict { .. } => &codes::STORE_CONFLICT,
            StoreError::Busy => &codes::QUEUE_FULL,
            StoreError::Closed => &codes::SHUTTING_DOWN,
            StoreError::Unavailable => &codes::STORE_UNREACHABLE,
            StoreError::NewerSchema { .. } => &codes::STORE_NEWER_SCHEMA,
            StoreError::Corrupt { .. } => &codes::STORE_CORRUPT,
            StoreError::Failed { .. } => &codes::STORE_FAILED,
        };
        Fault::of(code).caused_by(error)
    }
}

/// The result of every read.
pub type Result<T> = std::result::Result<T, StoreError>;
