//! Settings, sealed secrets and uploaded files.

use crate::Result;
use async_trait::async_trait;
use model::{FileId, Timestamp, UserId};
use serde_json::Value as Json;

/// A file without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// The id.
    pub id: FileId,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Option<UserId>,
}

/// Changes to settings, secrets and files.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingWrite {
    /// Sets a setting.
    Put {
        /// Its key.
        key: String,
        /// Its value.
        value: Json,
    },
    /// Sets a setting that is not set; what is set stays as it is.
    PutNew {
        /// Its key.
        key: String,
        /// Its value.
        value: Json,
    },
    /// Forgets a setting.
    Delete {
        /// Its key.
        key: String,
    },
    /// Keeps a secret, sealed by the caller.
    PutSecret {
        /// Its key.
        key: String,
        /// The sealed bytes.
        value: Vec<u8>,
    },
    /// Forgets a secret.
    DeleteSecret {
        /// Its key.
        key: String,
    },
    /// A new file.
    InsertFile {
        /// The row.
        row: FileRow,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Forgets a file.
    DeleteFile {
        /// The file.
        id: FileId,
    },
}

/// Reading settings, secrets and files.
#[async_trait]
pub trait Settings {
    /// A setting.
    async fn setting(&self, key: &str) -> Result<Option<Json>>;
    /// All settings whose key starts with `prefix`, by key.
    async fn settings(&self, prefix: &str) -> Result<Vec<(String, Json)>>;
    /// A sealed secret.
    async fn secret(&self, key: &str) -> Result<Option<Vec<u8>>>;
    /// A file without its bytes.
    async fn file(&self, id: FileId) -> Result<Option<FileRow>>;
    /// A file's bytes.
    async fn file_bytes(&self, id: FileId) -> Result<Option<Vec<u8>>>;
}
