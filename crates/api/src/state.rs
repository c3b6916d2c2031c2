//! What every handler is given.

use model::Timestamp;
use model::limits::Limits;
use platform::Platform;
use runtime::Runtime;
use std::sync::Arc;

/// What the server says of itself.
#[derive(Debug, Clone)]
pub struct ServerFacts {
    /// Its version.
    pub version: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// Whether the sample company was loaded.
    pub demo: bool,
    /// Since when it runs.
    pub started_at: Timestamp,
    /// The limits in force.
    pub limits: Limits,
}

/// What every handler is given. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    /// People, apps, documents.
    pub platform: Platform,
    /// Processes that run.
    pub runtime: Runtime,
    /// What the server says of itself.
    pub server: Arc<ServerFacts>,
}
