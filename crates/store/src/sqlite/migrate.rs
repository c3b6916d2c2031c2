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
];

/// The newest schema this version knows.
pub(super) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// Applies what is missing, all of it or nothing.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let version = |c: &Connection| c.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0));
    let found = version(connection).map_err(|e| failed("read the schema's version", e))?;
    if found > KNOWN {
        return Err(StoreError::NewerSchema { found, known: KNOWN });
    }
    if found == KNOWN {
        return Ok(());
    }
    let mut apply = || -> rusqlite::Result<()> {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been faster between the look and the lock.
        let found = version(&tx)?;
        for migration in MIGRATIONS.iter().skip(found as usize) {
            tx.execute_batch(migration)?;
        }
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", KNOWN.max(found))?;
        tx.commit()
    };
    apply().map_err(|e| failed("bring the schema up to date", e))
}
