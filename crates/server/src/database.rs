//! The configured database: opening it for work, giving its content away, taking one.
//!
//! Owns: the lock on a data directory. Invariant: at most one process owns an embedded database; an import needs a
//! database that nobody serves.

use crate::config::{Config, Database};
use anyhow::{Context, Error, Result, bail};
use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{
    SharedStore, SqliteExport, SqliteImport, SqliteOptions, SqliteStore, StoreError,
    archive::{Export, Import},
};
use store_postgres::{PostgresExport, PostgresImport, PostgresOptions, PostgresStore};

/// The embedded database's file.
pub fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("ruslo.db")
}

/// Opens the database and brings its schema up to date.
pub async fn open(config: &Config) -> Result<SharedStore> {
    let place = config.database.place(&config.data_dir);
    match &config.database {
        Database::Sqlite => {
            let file = file(&config.data_dir);
            private_file(&file).with_context(|| format!("can not make {}", file.display()))?;
            let store = SqliteStore::open(&file, SqliteOptions::default()).map_err(explained);
            Ok(Arc::new(store.with_context(|| format!("opening {place}"))?))
        }
        Database::Postgres(url) => {
            let options = PostgresOptions { watch: config.watch(), ..PostgresOptions::new(url) };
            let store = match PostgresStore::open(options).await {
                // It waited; one more try tells what for.
                Err(StoreError::Unavailable) => match PostgresExport::open(url).await {
                    Err(why) => Err(why),
                    Ok(_) => Err(StoreError::Unavailable),
                },
                other => other,
            };
            Ok(Arc::new(store.map_err(explained).with_context(|| format!("opening {place}"))?))
        }
    }
}

/// With what can be done about it, where the error alone does not say.
fn explained(error: StoreError) -> Error {
    match &error {
        StoreError::NewerSchema { .. } => Error::new(error).context(
            "a newer version wrote this database: use that version or a newer one, or restore a backup made before",
        ),
        _ => Error::new(error),
    }
}

/// Refuses a place without a database: whoever asks for its content has named another than he meant.
pub async fn must_exist(config: &Config) -> Result<()> {
    let file = file(&config.data_dir);
    let check = match &config.database {
        Database::Sqlite if !file.is_file() => bail!("there is no database {}: check --data-dir", file.display()),
        Database::Sqlite => "--data-dir",
        Database::Postgres(_) => "--database-url and its search_path",
    };
    if export(config).await?.schema() == 0 {
        bail!("nothing of Ruslo's is in {}: check {check}", config.database.place(&config.data_dir));
    }
    Ok(())
}

/// The schemas that a PostgreSQL database has and that this version works with.
pub async fn postgres_schema(url: &str) -> Result<(u32, u32)> {
    match PostgresExport::open(url).await {
        Ok(export) => Ok((export.schema(), PostgresExport::SCHEMA)),
        Err(StoreError::NewerSchema { found, known }) => Ok((found, known)),
        Err(error) => Err(error.into()),
    }
}

/// Begins to read the whole content, beside a running server or without one.
pub async fn export(config: &Config) -> Result<Box<dyn Export>> {
    let place = config.database.place(&config.data_dir);
    match &config.database {
        Database::Sqlite => {
            let file = file(&config.data_dir);
            let export = SqliteExport::open(&file).map_err(explained);
            Ok(Box::new(export.with_context(|| format!("reading {place}"))?))
        }
        Database::Postgres(url) => {
            let export = PostgresExport::open(url).await.map_err(explained);
            Ok(Box::new(export.with_context(|| format!("reading {place}"))?))
        }
    }
}

/// Makes the database ready to take a content of the schema `schema`; refused unless it is empty.
pub async fn import(config: &Config, schema: u32) -> Result<Box<dyn Import>> {
    let place = config.database.place(&config.data_dir);
    match &config.database {
        Database::Sqlite => {
            let file = file(&config.data_dir);
            private_file(&file).with_context(|| format!("can not make {}", file.display()))?;
            let import = SqliteImport::open(&file, schema).map_err(explained);
            Ok(Box::new(import.with_context(|| format!("preparing {place}"))?))
        }
        Database::Postgres(url) => {
            let import = PostgresImport::open(url, schema).await.map_err(explained);
            Ok(Box::new(import.with_context(|| format!("preparing {place}"))?))
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
    private_folder(folder).with_context(|| format!("can not make {}", folder.display()))?;
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

/// Makes the folder unless it is there. What lies in it holds secrets: only its owner may enter a new one.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Makes the file unless it is there, for its owner alone; what SQLite lays beside it gets the same rights.
///
/// One that is there is not opened: closing it would end every lock that SQLite holds on it in this process.
fn private_file(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn what_a_server_makes_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let config = Config::local(&folder.path().join("deep/data"));
        let _lock = lock(&config).unwrap();
        open(&config).await.unwrap().close().await;
        let rights = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(rights(&config.data_dir), 0o700);
        assert_eq!(rights(&file(&config.data_dir)), 0o600);
    }

    #[tokio::test]
    async fn a_place_without_a_database_is_named_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::local(&folder.path().join("misspelt"));
        let error = format!("{:#}", must_exist(&config).await.unwrap_err());
        assert!(error.contains("misspelt") && error.contains("--data-dir"), "{error}");
        assert!(!config.data_dir.exists());
        fs::create_dir(&config.data_dir).unwrap();
        File::create(file(&config.data_dir)).unwrap();
        let error = format!("{:#}", must_exist(&config).await.unwrap_err());
        assert!(error.contains("nothing of Ruslo's"), "{error}");
        open(&config).await.unwrap().close().await;
        must_exist(&config).await.unwrap();
    }
}
