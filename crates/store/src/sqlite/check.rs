//! Looking at a database file from outside, also while a server works on it.

use super::{SqliteOptions, connect, failed, migrate, tx::read_error};
use crate::Result;
use std::path::Path;

/// What a look at a database file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteFacts {
    /// The schema's number.
    pub schema: u32,
    /// The newest schema this version knows.
    pub known: u32,
    /// What SQLite finds broken, at most 20 lines; empty: nothing.
    pub broken: Vec<String>,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes in it that are free for new rows.
    pub free_bytes: u64,
    /// Bytes of the log that were not yet moved into the file.
    pub log_bytes: u64,
}

/// Reads the facts; `deep` reads every page and compares indexes with their tables.
///
/// # Errors
/// [`crate::StoreError::Failed`] when there is no such database.
pub fn inspect(path: &Path, deep: bool) -> Result<SqliteFacts> {
    if !path.is_file() {
        return Err(failed("open the database", std::io::Error::from(std::io::ErrorKind::NotFound)));
    }
    let connection = connect(path, &SqliteOptions::default(), true)?;
    let schema = migrate::version(&connection)?;
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let page = pragma("page_size").map_err(read_error)?;
    let pages = pragma("page_count").map_err(read_error)?;
    let free = pragma("freelist_count").map_err(read_error)?;
    let mut broken = Vec::new();
    let check = if deep { "PRAGMA integrity_check(20)" } else { "PRAGMA quick_check(20)" };
    let mut statement = connection.prepare(check).map_err(read_error)?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0)).map_err(read_error)?;
    for line in lines {
        broken.extend(Some(line.map_err(read_error)?).filter(|line| line != "ok"));
    }
    let bytes = |n: i64| u64::try_from(n.saturating_mul(page)).unwrap_or(0);
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let log_bytes = std::fs::metadata(log).map_or(0, |m| m.len());
    Ok(SqliteFacts { schema, known: migrate::KNOWN, broken, bytes: bytes(pages), free_bytes: bytes(free), log_bytes })
}
