//! `settings`, `secrets`, `files`.

use crate::{
    PostgresStore,
    sql::{Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::FileId;
use serde_json::Value as Json;
use store::{FileRow, Result, SettingWrite, Settings, columns};

const PUT: &str =
    "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const PUT_NEW: &str = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
const DELETE: &str = "DELETE FROM settings WHERE key = $1";
const SETTING: &str = "SELECT value FROM settings WHERE key = $1";
pub(crate) const BY_PREFIX: &str = "SELECT key, value FROM settings WHERE key >= $1 AND key < $2 ORDER BY key";
const PUT_SECRET: &str =
    "INSERT INTO secrets (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const DELETE_SECRET: &str = "DELETE FROM secrets WHERE key = $1";
const SECRET: &str = "SELECT value FROM secrets WHERE key = $1";
const INSERT_FILE: &str =
    concat!("INSERT INTO files (", columns!(file), ", bytes) VALUES ($1, $2, $3, $4, $5, $6, $7)");
const DELETE_FILE: &str = "DELETE FROM files WHERE id = $1";
const FILE: &str = concat!("SELECT ", columns!(file), " FROM files WHERE id = $1");
const FILE_BYTES: &str = "SELECT bytes FROM files WHERE id = $1";

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &SettingWrite) -> WriteResult {
    match write {
        SettingWrite::Put { key, value } => tx.send(PUT, params![key, value]).await,
        SettingWrite::PutNew { key, value } => tx.send(PUT_NEW, params![key, value]).await,
        SettingWrite::Delete { key } => tx.send(DELETE, params![key]).await,
        SettingWrite::PutSecret { key, value } => tx.send(PUT_SECRET, params![key, value]).await,
        SettingWrite::DeleteSecret { key } => tx.send(DELETE_SECRET, params![key]).await,
        SettingWrite::InsertFile { row: f, bytes } => {
            let values = params![f.id, &f.name, &f.media_type, f.size, f.created_at, f.created_by, bytes];
            tx.send(INSERT_FILE, values).await
        }
        SettingWrite::DeleteFile { id } => tx.send(DELETE_FILE, params![*id]).await,
    }
}

#[async_trait]
impl Settings for PostgresStore {
    async fn setting(&self, key: &str) -> Result<Option<Json>> {
        self.first(SETTING, params![key]).await
    }

    async fn settings(&self, prefix: &str) -> Result<Vec<(String, Json)>> {
        let range = params![prefix, format!("{prefix}\u{10FFFF}")];
        self.all(BY_PREFIX, range).await
    }

    async fn secret(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.first(SECRET, params![key]).await
    }

    async fn file(&self, id: FileId) -> Result<Option<FileRow>> {
        self.first(FILE, params![id]).await
    }

    async fn file_bytes(&self, id: FileId) -> Result<Option<Vec<u8>>> {
        self.first(FILE_BYTES, params![id]).await
    }
}
