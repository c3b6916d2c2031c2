//! The schema: numbered files, applied in order, never changed afterwards.

use super::failed;
use crate::{Result, StoreError};
use rusqlite::{Connection, TransactionBehavior};

/// "RSLO": marks the file as ours.
const APPLICATION_ID: i32 = 0x5253_4c4f;

/// Every migration; a file's place is its number.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_engine.sql"),
    include_str!("../../migrations/sqlite/0002_platform.sql"),
    include_str!("../../migrations/sqlite/0003_nodes.sql"),
    include_str!("../../migrations/sqlite/0004_retention.sql"),
    include_str!("../../migrations/sqlite/0005_exchange.sql"),
    include_str!("../../migrations/sqlite/0006_suspended.sql"),
];

/// The newest schema this version knows.
pub(super) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// Applies what is missing, all of it or nothing.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    migrate_to(connection, KNOWN)
}

/// The schema's version; 0 for an empty file.
pub(super) fn version(connection: &Connection) -> Result<u32> {
    read_version(connection).map_err(|e| failed("read the schema's version", e))
}

fn read_version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Applies what is missing up to the version `wanted`.
pub(super) fn migrate_to(connection: &mut Connection, wanted: u32) -> Result<()> {
    let found = version(connection)?;
    if found.max(wanted) > KNOWN {
        return Err(StoreError::NewerSchema { found: found.max(wanted), known: KNOWN });
    }
    if found >= wanted {
        return Ok(());
    }
    let mut apply = || -> rusqlite::Result<()> {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been faster between the look and the lock.
        let found = read_version(&tx)?;
        for migration in MIGRATIONS.iter().take(wanted as usize).skip(found as usize) {
            tx.execute_batch(migration)?;
        }
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", wanted.max(found))?;
        tx.commit()
    };
    apply().map_err(|e| failed("bring the schema up to date", e))
}
