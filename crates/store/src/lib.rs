//! Storage: everything Ruslo remembers, behind one object-safe trait.
//!
//! Owns: the rows of all tables, group commit, plain ids, migrations. Invariant: an acknowledged commit is durable and
//! visible to every later read. Never: knows what snapshots, events, forms or definitions mean; reads a clock; imports
//! the engine.
//!
//! - [`write`]: changes as data ([`Unit`] of [`Write`]s) and their receipts
//! - [`query`]: lists as data (filter, order, page)
//! - engine: [`instances`], [`tasks`], [`timers`], [`jobs`], [`outbox`], [`incidents`], [`values`]
//! - nodes: [`cluster`], [`inbox`]
//! - between instances: [`exchange`]
//! - what goes: [`retention`]
//! - platform: [`people`], [`credentials`], [`apps`], [`definitions`], [`records`], [`settings`]
//! - [`error`]: conflicts and failures
//! - what backends share: [`rows`] (how they are read), [`lists`] (how a query becomes SQL), [`ids`]
//! - [`archive`]: a whole content, for backup, restore and the way to another database
//! - [`conformance`]: what every backend promises, as tests
//!
//! Every capability file holds rows, the writes on them, and a trait of reads; [`Store`] is all of them and `commit`.
//! On a `dyn Store` the reads are called without importing their traits.

mod codes;

pub mod apps;
pub mod archive;
pub mod cluster;
pub mod conformance;
pub mod credentials;
pub mod definitions;
pub mod error;
pub mod exchange;
pub mod ids;
pub mod inbox;
pub mod incidents;
pub mod instances;
pub mod jobs;
pub mod lists;
pub mod outbox;
pub mod people;
pub mod query;
pub mod records;
pub mod retention;
pub mod rows;
pub mod settings;
pub mod sqlite;
pub mod tasks;
pub mod timers;
pub mod values;
pub mod write;

pub use apps::*;
pub use cluster::*;
pub use credentials::*;
pub use definitions::*;
pub use error::{Conflict, Result, StoreError};
pub use exchange::*;
pub use inbox::*;
pub use incidents::*;
pub use instances::*;
pub use jobs::*;
pub use outbox::*;
pub use people::*;
pub use query::{Filter, Op, Order, Page, Paged, Query, Scalar};
pub use records::*;
pub use retention::*;
pub use settings::*;
pub use sqlite::{SqliteExport, SqliteFacts, SqliteImport, SqliteOptions, SqliteStore, inspect as inspect_sqlite};
pub use tasks::*;
pub use timers::*;
pub use values::*;
pub use write::{IdKind, StoreExtent, StoreStats, Unit, UnitReceipt, Write};

use async_trait::async_trait;
use std::sync::Arc;

/// A database. Shared as [`SharedStore`].
#[async_trait]
pub trait Store:
    Instances
    + Tasks
    + Timers
    + Jobs
    + Outbox
    + Incidents
    + Values
    + Cluster
    + Inbox
    + Exchange
    + People
    + Credentials
    + Apps
    + Definitions
    + Records
    + Settings
    + Retention
    + Send
    + Sync
{
    /// Commits units, together with whatever other callers have waiting. One result per unit, in order: a conflict
    /// concerns that unit alone. The outer error means that none was committed.
    async fn commit(&self, units: Vec<Unit>) -> Result<Vec<Result<UnitReceipt>>>;

    /// Commits one unit.
    async fn commit_one(&self, unit: Unit) -> Result<UnitReceipt> {
        self.commit(vec![unit]).await?.pop().unwrap_or(Err(StoreError::Closed))
    }

    /// A new plain id: unique for ever, growing, starting at 1; a crash may leave gaps.
    async fn next_id(&self, kind: IdKind) -> Result<i64>;

    /// Whether this process is the only one that can have the database open: then no other node lives.
    fn exclusive(&self) -> bool;

    /// What was done since the store was opened.
    fn stats(&self) -> StoreStats;

    /// How large the database is and how much work waits in it. What a backend can not tell is absent.
    async fn extent(&self) -> Result<StoreExtent> {
        Ok(StoreExtent::default())
    }

    /// Waits until everything accepted is committed and releases the database. Later calls give
    /// [`StoreError::Closed`].
    async fn close(&self);
}

/// The store as everybody holds it.
pub type SharedStore = Arc<dyn Store>;
