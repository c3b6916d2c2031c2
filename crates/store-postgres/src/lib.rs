//! PostgreSQL, 15 and newer, behind [`store::Store`], and databases that speak like it.
//!
//! Owns: writers that commit the units of all callers together ([`writer`]) as statements over arrays ([`plan`]), a few
//! connections for reads ([`readers`]), plain ids ([`ids`]), migrations ([`migrate`]). The files named like those of
//! the SQLite store are the capabilities: SQL at the top, `plan` or `apply` for writes, the trait for reads.
//! Invariant: a commit takes one round trip and holds the leases it was decided under until it is through, so that any
//! number of nodes shares a database. Never: needs advisory locks, sequences or triggers.

mod apps;
mod archive;
mod cluster;
mod connection;
mod credentials;
mod definitions;
mod exchange;
mod facts;
mod ids;
mod incidents;
mod instances;
mod jobs;
mod json;
mod list;
mod lockstep;
mod merged;
mod migrate;
mod options;
mod outbox;
mod people;
mod plan;
#[cfg(test)]
mod plan_tests;
mod queue;
mod readers;
mod records;
mod retention;
mod scratch;
mod settings;
mod sql;
mod tasks;
mod text;
mod timers;
mod tls;
mod tx;
mod writer;

pub use archive::{PostgresExport, PostgresImport};
pub use facts::ServerFacts;
pub use options::{CommitScope, PostgresOptions};
pub use scratch::Scratch;

use async_trait::async_trait;
use connection::{Connector, Link, Use, failed};
use sql::{Param, params};
use std::sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed};
use store::{IdKind, Result, Store, StoreError, StoreExtent, StoreStats, Unit, UnitReceipt};
use tokio::{task::JoinHandle, time::Instant};
use tokio_postgres::{Client, Row};

/// A PostgreSQL database.
pub struct PostgresStore {
    queue: Arc<queue::Queue>,
    readers: readers::Readers,
    ids: ids::Allocator,
    counters: Arc<writer::Counters>,
    scope: CommitScope,
    writers: Mutex<Vec<JoinHandle<()>>>,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Connects, and brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a newer version made the schema; [`StoreError::Unavailable`] when no server
    /// answers in time; [`StoreError::Failed`] when it refuses, the URL, the server or a pooler before it can not be
    /// used, or the schema is older and nodes work with it.
    pub async fn open(options: PostgresOptions) -> Result<Self> {
        let mut options = options;
        let connector = Connector::new(&mut options)?;
        facts::refuse_pooler(&connector, &options).await?;
        let link = Link::new(connector.clone(), Use::Write);
        let live = link.get(Instant::now() + options.patience).await?;
        migrate::refuse_living(live.client(), options.watch).await?;
        migrate::migrate(live.client()).await?;
        let scope = match options.commit_scope {
            Some(scope) => scope,
            None => detect(live.client()).await?,
        };
        warn_of_loss(live.client(), options.prepare).await;
        let counters = Arc::new(writer::Counters::default());
        // On one server the second helps when the first does not keep up; shards write side by side.
        let (crowd, writers) = if scope == CommitScope::Node { (options.batch_units, 2) } else { (0, 4) };
        let writers = options.writers.unwrap_or(writers).max(1);
        let queue = Arc::new(queue::Queue::new(options.queue_units, crowd));
        let spawn = |_| {
            let writer = writer::Writer::new(&connector, &options, scope, counters.clone());
            tokio::spawn(writer.run(queue.clone()))
        };
        let writers = Mutex::new((0..writers).map(spawn).collect());
        let readers = readers::Readers::new(&connector, &options);
        Ok(Self { queue, readers, ids: ids::Allocator::default(), counters, scope, writers })
    }

    /// How much one transaction carries.
    pub fn commit_scope(&self) -> CommitScope {
        self.scope
    }

    /// Times that a writer waited for the database since the store was opened.
    pub fn round_trips(&self) -> u64 {
        self.counters.round_trips.load(Relaxed)
    }

    /// Runs a reading statement on one of the readers' connections.
    async fn read_rows(&self, sql: &str, params: Vec<Param>) -> Result<Vec<Row>> {
        self.counters.reads.fetch_add(1, Relaxed);
        self.readers.rows(sql, params).await
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.queue.close();
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn commit(&self, units: Vec<Unit>) -> Result<Vec<Result<UnitReceipt>>> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        self.queue.commit(units).await
    }

    async fn next_id(&self, kind: IdKind) -> Result<i64> {
        if self.readers.is_closed() {
            return Err(StoreError::Closed);
        }
        self.ids.next(kind, &self.readers).await
    }

    fn exclusive(&self) -> bool {
        false
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
            ..StoreStats::default()
        }
    }

    async fn extent(&self) -> Result<StoreExtent> {
        // Relatives of PostgreSQL may not tell their size.
        let bytes = self.first("SELECT pg_database_size(current_database())", params![]).await;
        let open = "SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE state = 0 LIMIT $1) AS open";
        let open_jobs = self.first(open, params![StoreExtent::JOBS_MAX]).await?;
        Ok(StoreExtent { bytes: bytes.unwrap_or_default(), open_jobs })
    }

    async fn close(&self) {
        self.queue.close();
        let writers = std::mem::take(&mut *self.writers.lock().unwrap_or_else(PoisonError::into_inner));
        for writer in writers {
            if writer.await.is_err() {
                tracing::error!(code = "STO-0001", "a writer of the store ended by a panic");
            }
        }
        self.ids.give_back(&self.readers).await;
        self.readers.close();
    }
}

/// A sharded database commits one partition at a time.
async fn detect(client: &Client) -> Result<CommitScope> {
    let ask = "SELECT version(), EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus')";
    let rows = client.query_typed(ask, &[]).await.map_err(|e| failed("ask for the version", e))?;
    let (version, citus) = rows.first().map_or((String::new(), false), |row| (row.get(0), row.get(1)));
    let sharded = citus || version.contains("-YB-") || version.contains("Yugabyte") || version.contains("Cockroach");
    Ok(if sharded { CommitScope::Partition } else { CommitScope::Node })
}

/// Says it when the server is set up to lose what it acknowledged. Sessions of our own turn the last on themselves.
async fn warn_of_loss(client: &Client, own_sessions: bool) {
    let settings = ["fsync", "full_page_writes", "synchronous_commit"];
    for setting in &settings[..if own_sessions { 2 } else { 3 }] {
        let ask = format!("SELECT current_setting('{setting}', true) = 'off'");
        if let Ok(rows) = client.query_typed(&ask, &[]).await
            && rows.first().is_some_and(|row| row.get::<_, Option<bool>>(0) == Some(true))
        {
            tracing::warn!(code = "STO-0001", setting, "is off: the server may lose what it acknowledged");
        }
    }
}
