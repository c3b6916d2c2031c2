//! The embedded database: SQLite in WAL mode with `synchronous=FULL`.
//!
//! Owns: one writer thread that commits the units of all callers together ([`writer`]), a few reader threads
//! ([`readers`]), a thread that moves the log into the database off the commit path ([`checkpoint`]), plain ids
//! ([`ids`]) and migrations ([`migrate`]). The other files are the capabilities: SQL at the top, `apply` for writes,
//! the trait for reads; [`inline`] is all of it without threads, for simulations. Partitioned ids are rowids here, see
//! `migrations/sqlite/0001_engine.sql` for why.

mod apps;
mod archive;
mod check;
mod checkpoint;
mod cluster;
mod credentials;
mod definitions;
mod exchange;
mod ids;
mod incidents;
mod inline;
mod instances;
mod jobs;
mod list;
mod migrate;
mod outbox;
mod people;
mod readers;
mod records;
mod retention;
mod row;
mod settings;
mod tasks;
mod timers;
mod tx;
mod writer;

pub use archive::{SqliteExport, SqliteImport};
pub use check::{SqliteFacts, inspect};

#[cfg(test)]
mod sqlite_tests;

use crate::{IdKind, Result, Store, StoreError, StoreExtent, StoreStats, Unit, UnitReceipt};
use async_trait::async_trait;
use rusqlite::{Connection, config::DbConfig};
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64, atomic::Ordering::Relaxed},
    thread::JoinHandle,
    time::Duration,
};

/// How an SQLite store is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Reader threads, each with its own connection.
    pub readers: usize,
    /// Connections for brief reads, which are run by whoever asks: at most so many of the caller's threads are held up
    /// by a slow disk.
    pub brief_readers: usize,
    /// Units in one transaction at most; one caller's units are never split.
    pub batch_units: usize,
    /// Units that may wait for the writer; more are refused with [`StoreError::Busy`].
    pub queue_units: usize,
    /// Reads that may wait for a reader thread; more are refused with [`StoreError::Busy`].
    pub queue_reads: usize,
    /// Whether a commit waits for the disk. Only throw-away stores say no.
    pub durable: bool,
    /// Pages (of 2 KiB) of the log after which it is moved into the database in the background.
    pub checkpoint_pages: u64,
    /// Pages (of 2 KiB) of the log after which the writer itself makes it start over.
    pub log_pages: u64,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: 3,
            brief_readers: std::thread::available_parallelism().map_or(0, |cores| cores.get() / 2).min(4),
            batch_units: 256,
            queue_units: 65_536,
            queue_reads: 16_384,
            durable: true,
            checkpoint_pages: 2_000,
            log_pages: 32_768,
        }
    }
}

impl SqliteOptions {
    /// The same bytes of log in a database whose pages are of another size.
    fn for_pages_of(self, connection: &Connection) -> Result<Self> {
        let page: i64 = connection
            .pragma_query_value(None, "page_size", |row| row.get(0))
            .map_err(|e| failed("read the size of a page", e))?;
        let scaled = |pages: u64| (pages * PAGE_BYTES.unsigned_abs() / page.unsigned_abs().max(1)).max(1);
        Ok(Self { checkpoint_pages: scaled(self.checkpoint_pages), log_pages: scaled(self.log_pages), ..self })
    }
}

/// Counters shared by the threads of a store.
#[derive(Debug, Default)]
struct Counters {
    commits: AtomicU64,
    units: AtomicU64,
    conflicts: AtomicU64,
    statements: AtomicU64,
    reads: AtomicU64,
    largest_batch: AtomicU64,
    checkpoints: AtomicU64,
    log_pages: AtomicU64,
}

/// An SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Arc<writer::Queue>,
    readers: Arc<readers::Queue>,
    checkpoint: Arc<checkpoint::Signal>,
    ids: ids::Allocator,
    counters: Arc<Counters>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    directory: Option<tempfile::TempDir>,
    inline: Option<Arc<inline::Inline>>,
}

impl SqliteStore {
    /// Opens or creates the database file at `path` and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a newer version made it; [`StoreError::Failed`] otherwise.
    pub fn open(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self> {
        let path = path.as_ref();
        let mut connection = connect(path, &options, false)?;
        migrate::migrate(&mut connection)?;
        let options = options.for_pages_of(&connection)?;
        let counters = Arc::new(Counters::default());
        let checkpoint = Arc::new(checkpoint::Signal::default());
        let writer = Arc::new(writer::Queue::new(options.queue_units));
        let idle = (0..options.brief_readers).map(|_| connect(path, &options, true)).collect::<Result<_>>()?;
        let readers = Arc::new(readers::Queue::new(options.queue_reads, idle));
        let mut threads = Vec::new();
        let worker = writer::Writer::new(connection, &options, counters.clone(), checkpoint.clone())?;
        let queue = writer.clone();
        threads.push(spawn("store-writer", move || worker.run(&queue))?);
        for _ in 0..options.readers.max(1) {
            let connection = connect(path, &options, true)?;
            let queue = readers.clone();
            threads.push(spawn("store-reader", move || readers::run(&connection, &queue))?);
        }
        let connection = connect(path, &options, false)?;
        let (signal, shared) = (checkpoint.clone(), counters.clone());
        threads.push(spawn("store-checkpoint", move || checkpoint::run(&connection, &signal, &shared))?);
        let ids = ids::Allocator::default();
        let threads = Mutex::new(threads);
        Ok(Self { writer, readers, checkpoint, ids, counters, threads, directory: None, inline: None })
    }

    /// A throw-away database that lives as long as the value. The same code as a real one, but its commits do not
    /// wait for the disk.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when there is no place for temporary files.
    pub fn open_in_memory() -> Result<Self> {
        let directory = tempfile::tempdir().map_err(|e| failed("make a temporary directory", e))?;
        let options = SqliteOptions { durable: false, readers: 2, ..SqliteOptions::default() };
        let mut store = Self::open(directory.path().join("ruslo.db"), options)?;
        store.directory = Some(directory);
        Ok(store)
    }

    /// Runs a read on a reader thread.
    async fn read<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.counters.reads.fetch_add(1, Relaxed);
        match &self.inline {
            Some(inline) if self.readers.is_open() => inline.read(read),
            Some(_) => Err(StoreError::Closed),
            None => self.readers.run(read).await,
        }
    }

    /// Runs a read whose work has a small bound (rows of a few ids, the first page of an index) at once, on the
    /// caller's own thread; on a reader thread while the connections for that are lent.
    async fn read_briefly<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        // One that never waits would not let others have the thread: many reads in a row give way like others.
        tokio::task::coop::consume_budget().await;
        let Some(lent) = self.readers.lend() else { return self.read(read).await };
        self.counters.reads.fetch_add(1, Relaxed);
        lent.read(read)
    }

    fn shut_down(&self) {
        self.writer.close(self.ids.unused());
        self.readers.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let last = threads.len().saturating_sub(1);
        for (n, thread) in threads.into_iter().enumerate() {
            // One connection must be closed after all others: it moves the rest of the log and removes it.
            if n == last {
                self.checkpoint.close();
            }
            if thread.join().is_err() {
                tracing::error!(code = "STO-0001", "a thread of the store ended by a panic");
            }
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.shut_down();
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, units: Vec<Unit>) -> Result<Vec<Result<UnitReceipt>>> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        self.writer.commit(units).await
    }

    async fn next_id(&self, kind: IdKind) -> Result<i64> {
        self.ids.next(kind, &self.writer).await
    }

    fn exclusive(&self) -> bool {
        true
    }

    fn stats(&self) -> StoreStats {
        let c = &self.counters;
        StoreStats {
            commits: c.commits.load(Relaxed),
            units: c.units.load(Relaxed),
            conflicts: c.conflicts.load(Relaxed),
            statements: c.statements.load(Relaxed),
            reads: c.reads.load(Relaxed),
            largest_batch: c.largest_batch.load(Relaxed),
            checkpoints: c.checkpoints.load(Relaxed),
            log_pages: c.log_pages.load(Relaxed),
        }
    }

    async fn extent(&self) -> Result<StoreExtent> {
        self.read(|c| {
            let size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
            let bytes = tx::first(c, size, [])?;
            let open_jobs = tx::first(c, jobs::OPEN_COUNT, [StoreExtent::JOBS_MAX])?;
            Ok(StoreExtent { bytes, open_jobs })
        })
        .await
    }

    async fn close(&self) {
        self.shut_down();
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(work).map_err(|e| failed("start a thread", e))
}

fn failed(context: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Failed { context, source: Arc::new(source) }
}

/// Bytes of a page of a new database.
///
/// A commit writes whole pages, and most of those of a small batch are the ends of indexes, in which a few dozen bytes
/// are new: pages of half SQLite's usual size take a quarter to a third off the log.
const PAGE_BYTES: i64 = 2_048;
/// KiB of pages (negative, as SQLite has it) that the writer keeps. It lives on the ends of its tables and indexes,
/// which is little. More costs: a commit that parted or joined pages of an index goes through all that is kept (SQLite
/// gives a page a number past the end for a moment, and then looks for pages past the end), with 32 MiB 10 to 15 %
/// of a service task.
const WRITER_CACHE: i64 = -4_096;
/// The same of each reader.
const READER_CACHE: i64 = -8_192;

/// Opens a connection with everything that all connections share.
fn connect(path: &Path, options: &SqliteOptions, read_only: bool) -> Result<Connection> {
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        prepare(&connection, options, read_only)?;
        Ok(connection)
    };
    open().map_err(|e| failed("open the database", e))
}

fn prepare(connection: &Connection, options: &SqliteOptions, read_only: bool) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(256);
    // A plan depends on a statement's text alone. Else SQLite prepares a cached statement with `LIMIT ?` or `x = ?`
    // again whenever other values are bound, which costs more than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if !read_only {
        // Heeded while the file is empty; a database made earlier keeps its pages.
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", if options.durable { "full" } else { "off" })?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", if read_only { READER_CACHE } else { WRITER_CACHE })?;
    if read_only {
        connection.pragma_update(None, "query_only", true)?;
    }
    list::add_functions(connection)
}
