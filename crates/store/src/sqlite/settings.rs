//! `settings`, `secrets`, `files`.

use super::{
    SqliteStore,
    row::int,
    tx::{Tx, WriteResult, all, first},
};
use crate::{FileRow, Result, SettingWrite, Settings, columns};
use async_trait::async_trait;
use model::FileId;
use rusqlite::params;
use serde_json::Value as Json;

const PUT: &str =
    "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const PUT_NEW: &str = "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING";
const DELETE: &str = "DELETE FROM settings WHERE key = ?1";
const SETTING: &str = "SELECT value FROM settings WHERE key = ?1";
const BY_PREFIX: &str = "SELECT key, value FROM settings WHERE key >= ?1 AND key < ?2 ORDER BY key";
const PUT_SECRET: &str =
    "INSERT INTO secrets (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const DELETE_SECRET: &str = "DELETE FROM secrets WHERE key = ?1";
const SECRET: &str = "SELECT value FROM secrets WHERE key = ?1";
const INSERT_FILE: &str =
    concat!("INSERT INTO files (", columns!(file), ", bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
const DELETE_FILE: &str = "DELETE FROM files WHERE id = ?1";
const FILE: &str = concat!("SELECT ", columns!(file), " FROM files WHERE id = ?1");
const FILE_BYTES: &str = "SELECT bytes FROM files WHERE id = ?1";

pub(super) fn apply(tx: &mut Tx<'_>, write: &SettingWrite) -> WriteResult {
    match write {
        SettingWrite::Put { key, value } => tx.run(PUT, params![key, value.to_string()])?,
        SettingWrite::PutNew { key, value } => tx.run(PUT_NEW, params![key, value.to_string()])?,
        SettingWrite::Delete { key } => tx.run(DELETE, [key])?,
        SettingWrite::PutSecret { key, value } => tx.run(PUT_SECRET, params![key, value])?,
        SettingWrite::DeleteSecret { key } => tx.run(DELETE_SECRET, [key])?,
        SettingWrite::InsertFile { row: f, bytes } => {
            let by = f.created_by.map(|u| u.0);
            tx.run(INSERT_FILE, params![f.id.0, f.name, f.media_type, int(f.size), f.created_at.0, by, bytes])?
        }
        SettingWrite::DeleteFile { id } => tx.run(DELETE_FILE, [id.0])?,
    };
    Ok(())
}

#[async_trait]
impl Settings for SqliteStore {
    async fn setting(&self, key: &str) -> Result<Option<Json>> {
        let key = key.to_owned();
        self.read(move |c| first(c, SETTING, [key])).await
    }

    async fn settings(&self, prefix: &str) -> Result<Vec<(String, Json)>> {
        let (from, to) = (prefix.to_owned(), format!("{prefix}\u{10FFFF}"));
        self.read(move |c| all(c, BY_PREFIX, [from, to])).await
    }

    async fn secret(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let key = key.to_owned();
        self.read(move |c| first(c, SECRET, [key])).await
    }

    async fn file(&self, id: FileId) -> Result<Option<FileRow>> {
        self.read(move |c| first(c, FILE, [id.0])).await
    }

    async fn file_bytes(&self, id: FileId) -> Result<Option<Vec<u8>>> {
        self.read(move |c| first(c, FILE_BYTES, [id.0])).await
    }
}
