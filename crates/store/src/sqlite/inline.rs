//! A database in memory on the caller's own thread: for simulations and fast tests.
//!
//! The same SQL, the same writer and the same migrations as a real one, but no threads and no files: a call does its
//! work before its future is polled again, so that a run repeats from its seed. Invariant: every call sees what every
//! call before it committed. Never: used to keep anything.

use super::{Counters, SqliteOptions, SqliteStore, checkpoint, failed, ids, migrate, prepare, readers, writer};
use crate::{Result, StoreError};
use rusqlite::{Connection, backup::Backup};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Pages copied at once when a database is copied; more than any test's database has.
const COPY_PAGES: i32 = 100_000;

/// The one connection, with the writer that owns it.
pub(super) struct Inline(Mutex<writer::Writer>);

impl std::fmt::Debug for Inline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inline")
    }
}

impl Inline {
    fn lock(&self) -> MutexGuard<'_, writer::Writer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits what waits in the queue.
    pub(super) fn work(&self, queue: &writer::Queue) {
        self.lock().drain(queue);
    }

    /// Reads.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        read(self.lock().connection())
    }
}

impl SqliteStore {
    /// An empty database in memory that works on the calling thread alone. It lives as long as its last handle.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when SQLite refuses.
    pub fn open_inline() -> Result<Self> {
        let mut connection = memory()?;
        migrate::migrate(&mut connection)?;
        inline(connection)
    }

    /// Another handle on the same inline database, as another process would have one: with ids of its own.
    ///
    /// # Errors
    /// [`StoreError::Closed`] when this is no inline database.
    pub fn open_beside(&self) -> Result<Self> {
        let shared = self.inline.clone().ok_or(StoreError::Closed)?;
        Ok(handle(shared, self.counters.clone()))
    }

    /// An inline database with the present content of this one.
    ///
    /// # Errors
    /// [`StoreError::Closed`] when this is no inline database; [`StoreError::Failed`] when SQLite refuses.
    pub fn copy_inline(&self) -> Result<Self> {
        let source = self.inline.as_ref().ok_or(StoreError::Closed)?.lock();
        let mut connection = memory()?;
        let copied = Backup::new(source.connection(), &mut connection)
            .and_then(|backup| backup.run_to_completion(COPY_PAGES, Duration::ZERO, None));
        copied.map_err(|e| failed("copy the database", e))?;
        inline(connection)
    }
}

fn memory() -> Result<Connection> {
    let opened = Connection::open_in_memory().and_then(|connection| {
        prepare(&connection, &SqliteOptions { durable: false, ..SqliteOptions::default() }, false)?;
        Ok(connection)
    });
    opened.map_err(|e| failed("open the database", e))
}

fn inline(connection: Connection) -> Result<SqliteStore> {
    let counters = Arc::new(Counters::default());
    let options = SqliteOptions::default();
    let signal = Arc::new(checkpoint::Signal::default());
    let writer = writer::Writer::new(connection, &options, counters.clone(), signal)?;
    Ok(handle(Arc::new(Inline(Mutex::new(writer))), counters))
}

fn handle(inline: Arc<Inline>, counters: Arc<Counters>) -> SqliteStore {
    SqliteStore {
        writer: Arc::new(writer::Queue::new(SqliteOptions::default().queue_units).inline(inline.clone())),
        readers: Arc::new(readers::Queue::new(SqliteOptions::default().queue_reads, Vec::new())),
        checkpoint: Arc::new(checkpoint::Signal::default()),
        ids: ids::Allocator::default(),
        counters,
        threads: Mutex::default(),
        directory: None,
        inline: Some(inline),
    }
}
