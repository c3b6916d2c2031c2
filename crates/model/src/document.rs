//! Documents: what a process runs for.

use crate::{CatalogId, RecordId};
use serde::{Deserialize, Serialize};

/// The kind of document a definition accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DocumentType {
    /// The catalog whose records are accepted.
    pub catalog: CatalogId,
}

/// The record a process instance runs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DocumentRef {
    /// Its catalog.
    pub catalog: CatalogId,
    /// The record.
    pub record: RecordId,
}
