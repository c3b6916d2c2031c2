//! The configured database: opening it for work, giving its content away, taking one.
//!
//! Owns: the lock on a data directory. Invariant: at most one process owns an embedded database; an import needs a
//! database that nobody serves.

use crate::config::{Config, Database};
use anyhow::{Context, Result, bail};
use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{
    SharedStore, SqliteExport, SqliteImport, SqliteOptions, SqliteStore,
    archive::{Export, Import},
};
use store_postgres::{PostgresExport, PostgresImport, PostgresOptions, PostgresStore};

/// The embedded database's file.
pub fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("ruslo.db")
}

/// Opens the database and brings its schema up to date.
pub async fn open(config: &Config) -> Result<SharedStore> {
    match &config.database {
        Database::Sqlite => {
            let file = file(&config.data_dir);
            let store = SqliteStore::open(&file, SqliteOptions::default());
            Ok(Arc::new(store.with_context(|| format!("opening the database {}", file.display()))?))
        }
        Database::Postgres(url) => {
            let store = PostgresStore::open(PostgresOptions::new(url)).await;
            Ok(Arc::new(store.context("opening the PostgreSQL database")?))
        }
    }
}

/// Begins to read the whole content, beside a running server or without one.
pub async fn export(config: &Config) -> Result<Box<dyn Export>> {
    match &config.database {
        Database::Sqlite => {
            let file = file(&config.data_dir);
            let export = SqliteExport::open(&file);
            Ok(Box::new(export.with_context(|| format!("reading the database {}", file.display()))?))
        }
        Database::Postgres(url) => {
            let export = PostgresExport::open(url).await;
            Ok(Box::new(export.context("reading the PostgreSQL database")?))
        }
    }
}

/// Makes the database ready to take a content of the schema `schema`; refused unless it is empty.
pub async fn import(config: &Config, schema: u32) -> Result<Box<dyn Import>> {
    match &config.database {
        Database::Sqlite => {
            let file = file(&config.data_dir);
            let import = SqliteImport::open(&file, schema);
            Ok(Box::new(import.with_context(|| format!("preparing the database {}", file.display()))?))
        }
        Database::Postgres(url) => {
            let import = PostgresImport::open(url, schema).await;
            Ok(Box::new(import.context("preparing the PostgreSQL database")?))
        }
    }
}

/// Holds an embedded database for this process. PostgreSQL needs no lock: it serves any number of nodes.
pub fn lock(config: &Config) -> Result<Option<File>> {
    match (try_lock(config)?, &config.database) {
        (Some(lock), _) => Ok(Some(lock)),
        (None, Database::Postgres(_)) => Ok(None),
        (None, Database::Sqlite) => {
            let folder = config.data_dir.display();
            bail!("another process runs on {folder}: stop it first, or choose another --data-dir")
        }
    }
}

/// The lock, or none when another process has it or none is needed.
pub fn try_lock(config: &Config) -> Result<Option<File>> {
    if config.database != Database::Sqlite {
        return Ok(None);
    }
    let folder = &config.data_dir;
    fs::create_dir_all(folder).with_context(|| format!("can not make {}", folder.display()))?;
    let path = folder.join("ruslo.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("can not open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("can not lock {}", path.display())),
    }
}
