//! What every handler is given.

use model::Timestamp;
use model::limits::Limits;
use platform::Platform;
use runtime::Runtime;
use std::ops::Deref;
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

/// What every handler is given. One shared value: a request passes through layers that each hold it, and on several
/// cores every count of a reference costs.
#[derive(Clone)]
pub struct ApiState(Arc<ApiParts>);

/// What an [`ApiState`] consists of.
pub struct ApiParts {
    /// People, apps, documents.
    pub platform: Platform,
    /// Processes that run.
    pub runtime: Runtime,
    /// What the server says of itself.
    pub server: ServerFacts,
}

impl ApiState {
    /// Shares its parts.
    pub fn new(parts: ApiParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for ApiState {
    type Target = ApiParts;

    fn deref(&self) -> &ApiParts {
        &self.0
    }
}
