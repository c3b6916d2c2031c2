//! The one writer thread: group commit.
//!
//! Takes whatever waits (at most a batch, without waiting for more), applies it in one transaction, acknowledges after
//! COMMIT. Invariant: a unit is applied whole or not at all, and nobody hears of a unit before it is durable. Units are
//! data, so that a batch that has to be rolled back because of one unit is simply applied again.

use super::{
    Counters, SqliteOptions, apps, checkpoint, cluster, credentials, definitions, exchange, failed, incidents,
    inline::Inline,
    instances, jobs, outbox, people, records, retention, settings, tasks, timers,
    tx::{Tx, WriteError, WriteResult},
};
use crate::{
    ClusterWrite, Conflict, IdKind, InboxWrite, InstanceWrite, JobWrite, LeaseRow, Result, RetentionWrite, StoreError,
    TaskWrite, Unit, UnitReceipt, Write, outbox::OutboxWrite,
};
use rusqlite::{Connection, params};
use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    sync::{Arc, Condvar, Mutex, PoisonError, atomic::AtomicU64, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::sync::oneshot;

const RESERVE: &str = "INSERT INTO sequences (kind, next) VALUES (?1, 1 + ?2)
    ON CONFLICT (kind) DO UPDATE SET next = next + ?2 RETURNING next - ?2";
const GIVE_BACK: &str = "UPDATE sequences SET next = ?2 WHERE kind = ?1 AND next = ?3";
const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
const SAVEPOINT: &str = "SAVEPOINT unit";
const RELEASE: &str = "RELEASE unit";
const ROLLBACK_TO: &str = "ROLLBACK TO unit";

type Receipts = Vec<Result<UnitReceipt>>;

enum Request {
    Commit { units: Vec<Unit>, reply: oneshot::Sender<Result<Receipts>> },
    Reserve { kind: IdKind, size: i64, reply: oneshot::Sender<Result<i64>> },
}

impl Request {
    fn units(&self) -> usize {
        match self {
            Self::Commit { units, .. } => units.len(),
            Self::Reserve { .. } => 1,
        }
    }
}

/// What waits for the writer.
pub(super) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    capacity: usize,
    inline: Option<Arc<Inline>>,
}

#[derive(Default)]
struct State {
    requests: VecDeque<Request>,
    units: usize,
    closed: bool,
    unused_ids: Vec<(IdKind, i64, i64)>,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queue")
    }
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), ready: Condvar::new(), capacity, inline: None }
    }

    /// The same, worked on by whoever adds to it.
    pub(super) fn inline(self, writer: Arc<Inline>) -> Self {
        Self { inline: Some(writer), ..self }
    }

    /// Commits units; resolves when they are durable.
    pub(super) async fn commit(&self, units: Vec<Unit>) -> Result<Receipts> {
        let (reply, answer) = oneshot::channel();
        self.push(Request::Commit { units, reply })?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Reserves `size` plain ids; the first of them.
    pub(super) async fn reserve(&self, kind: IdKind, size: i64) -> Result<i64> {
        let (reply, answer) = oneshot::channel();
        self.push(Request::Reserve { kind, size, reply })?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    fn push(&self, request: Request) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(StoreError::Closed);
        }
        if state.units >= self.capacity {
            return Err(StoreError::Busy);
        }
        state.units += request.units();
        state.requests.push_back(request);
        let first = state.requests.len() == 1;
        drop(state);
        // A writer that is at work looks again by itself.
        if first {
            self.ready.notify_one();
        }
        if let Some(writer) = &self.inline {
            writer.work(self);
        }
        Ok(())
    }

    /// Takes no more; what was accepted is still committed.
    pub(super) fn close(&self, unused_ids: Vec<(IdKind, i64, i64)>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.unused_ids.extend(unused_ids);
        drop(state);
        self.ready.notify_one();
        if let Some(writer) = &self.inline {
            writer.work(self);
        }
    }

    /// Waits for requests and takes a batch; empty when closed and drained, or when nobody else can add to it.
    fn take(&self, batch_units: usize, batch: &mut Vec<Request>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.requests.is_empty() && !state.closed && self.inline.is_none() {
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let mut units = 0;
        while let Some(request) = state.requests.front() {
            if !batch.is_empty() && units + request.units() > batch_units {
                break;
            }
            units += request.units();
            batch.extend(state.requests.pop_front());
        }
        state.units -= units;
    }

    fn unused_ids(&self) -> Vec<(IdKind, i64, i64)> {
        std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).unused_ids)
    }
}

/// What came of one request.
enum Outcome {
    Units(Receipts),
    Block(i64),
}

/// Why a batch stopped.
enum Stop {
    /// A unit failed halfway and nothing marks where it began: apply the batch again with savepoints.
    Again,
    /// The database refuses.
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

/// The writer thread's state.
pub(super) struct Writer {
    connection: Connection,
    counters: Arc<Counters>,
    checkpoint: Arc<checkpoint::Signal>,
    batch_units: usize,
    checkpoint_pages: u64,
    log_limit: u64,
    /// Pages in the log, told by SQLite after each commit.
    log_pages: Arc<AtomicU64>,
    checkpoint_at: u64,
    restart_at: u64,
    /// The leases' epochs by partition, as of the last statement; none: to be read.
    epochs: RefCell<Option<HashMap<u8, u64>>>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        options: &SqliteOptions,
        counters: Arc<Counters>,
        checkpoint: Arc<checkpoint::Signal>,
    ) -> Result<Self> {
        let mut connection = connection;
        let log_pages = Arc::new(AtomicU64::new(0));
        let pages = log_pages.clone();
        connection
            .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, n: std::ffi::c_int| {
                pages.store(u64::from(n.unsigned_abs()), Relaxed);
                Ok(())
            }))
            .map_err(|e| failed("watch the log", e))?;
        Ok(Self {
            connection,
            counters,
            checkpoint,
            batch_units: options.batch_units,
            checkpoint_pages: options.checkpoint_pages,
            log_limit: options.log_pages,
            log_pages,
            checkpoint_at: options.checkpoint_pages,
            restart_at: options.log_pages,
            epochs: RefCell::default(),
        })
    }

    /// The life of the writer thread.
    pub(super) fn run(mut self, queue: &Queue) {
        self.drain(queue);
    }

    /// Commits batch after batch until there is none.
    pub(super) fn drain(&mut self, queue: &Queue) {
        let mut batch = Vec::new();
        loop {
            queue.take(self.batch_units, &mut batch);
            if batch.is_empty() {
                break;
            }
            let outcome = self.commit(&batch);
            reply(batch.drain(..), outcome);
            self.tend_log();
        }
        for (kind, next, end) in queue.unused_ids() {
            if let Err(error) = self.connection.execute(GIVE_BACK, params![kind.code(), next, end]) {
                tracing::debug!(%error, "unused ids were not given back");
            }
        }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Commits a batch, if need be in a second attempt with a savepoint around every unit.
    fn commit(&self, batch: &[Request]) -> Result<Vec<Outcome>> {
        for careful in [false, true] {
            match self.attempt(batch, careful) {
                Ok(outcomes) => return Ok(outcomes),
                Err(Stop::Again) => self.roll_back(),
                Err(Stop::Failed(error)) => {
                    self.roll_back();
                    tracing::error!(code = "STO-0001", %error, "a transaction failed");
                    return Err(failed("commit", error));
                }
            }
        }
        Err(failed("commit", std::io::Error::other("a unit failed outside its savepoint")))
    }

    fn attempt(&self, batch: &[Request], careful: bool) -> std::result::Result<Vec<Outcome>, Stop> {
        self.control(BEGIN)?;
        let mut tx = Tx::new(&self.connection);
        let mut outcomes = Vec::with_capacity(batch.len());
        let (mut committed, mut conflicts) = (0, 0);
        for request in batch {
            outcomes.push(match request {
                Request::Reserve { kind, size, .. } => {
                    let mut statement = self.connection.prepare_cached(RESERVE)?;
                    Outcome::Block(statement.query_row(params![kind.code(), size], |row| row.get(0))?)
                }
                Request::Commit { units, .. } => {
                    let mut receipts = Vec::with_capacity(units.len());
                    for unit in units {
                        let receipt = self.apply(&mut tx, unit, careful)?;
                        *(if receipt.is_ok() { &mut committed } else { &mut conflicts }) += 1;
                        receipts.push(receipt);
                    }
                    Outcome::Units(receipts)
                }
            });
        }
        self.control(COMMIT)?;
        let counters = &self.counters;
        counters.commits.fetch_add(1, Relaxed);
        counters.units.fetch_add(committed, Relaxed);
        counters.conflicts.fetch_add(conflicts, Relaxed);
        counters.statements.fetch_add(tx.statements, Relaxed);
        counters.largest_batch.fetch_max(committed, Relaxed);
        counters.log_pages.store(self.log_pages.load(Relaxed), Relaxed);
        Ok(outcomes)
    }

    /// Applies a unit. A savepoint is needed only if something can go wrong after the first write.
    fn apply(&self, tx: &mut Tx<'_>, unit: &Unit, careful: bool) -> std::result::Result<Result<UnitReceipt>, Stop> {
        if !self.holds(unit)? {
            return Ok(Err(Conflict::Fenced.into()));
        }
        let savepoint = careful || unit.writes.iter().skip(1).any(conditional);
        if savepoint {
            self.control(SAVEPOINT)?;
        }
        let mut failure = None;
        for (place, write) in unit.writes.iter().enumerate() {
            if let Err(error) = apply(tx, write) {
                failure = Some((place, error));
                break;
            }
        }
        if std::mem::take(&mut tx.leases_changed) {
            self.epochs.take();
        }
        let Some((place, error)) = failure else {
            if savepoint {
                self.control(RELEASE)?;
            }
            return Ok(Ok(std::mem::take(&mut tx.receipt)));
        };
        tx.receipt = UnitReceipt::default();
        // Some failures (a full disk) end the whole transaction.
        if self.connection.is_autocommit() {
            return Err(match error {
                WriteError::Conflict(_) => Stop::Again,
                WriteError::Database(error) => Stop::Failed(error),
            });
        }
        if savepoint {
            self.control(ROLLBACK_TO)?;
            self.control(RELEASE)?;
        } else if place > 0 || !conditional(&unit.writes[0]) {
            return Err(Stop::Again);
        }
        match error {
            WriteError::Conflict(what) => Ok(Err(StoreError::Conflict { what })),
            // In the careful attempt a value that the database refuses harms its own unit only.
            WriteError::Database(error) if careful => Ok(Err(failed("write", error))),
            WriteError::Database(_) => Err(Stop::Again),
        }
    }

    /// Whether the lease under which a unit was decided lasts.
    fn holds(&self, unit: &Unit) -> rusqlite::Result<bool> {
        let Some(fence) = unit.fence else { return Ok(true) };
        let mut epochs = self.epochs.borrow_mut();
        if epochs.is_none() {
            let mut statement = self.connection.prepare_cached(cluster::LEASES)?;
            let leases = statement.query_map([], super::row::read)?.collect::<rusqlite::Result<Vec<LeaseRow>>>()?;
            *epochs = Some(leases.into_iter().map(|l| (l.partition.0, l.epoch)).collect());
        }
        Ok(epochs.as_ref().and_then(|e| e.get(&fence.partition.0)) == Some(&fence.epoch))
    }

    fn control(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(|_| ())
    }

    fn roll_back(&self) {
        self.epochs.take();
        if !self.connection.is_autocommit()
            && let Err(error) = self.control(ROLLBACK)
        {
            tracing::error!(code = "STO-0001", %error, "a transaction could not be rolled back");
        }
    }

    /// Keeps the log short: in the background while it grows, by starting it over when it has grown too long.
    fn tend_log(&mut self) {
        let pages = self.log_pages.load(Relaxed);
        if pages < self.checkpoint_at.saturating_sub(self.checkpoint_pages) {
            // The log started over.
            self.checkpoint_at = self.checkpoint_pages;
            self.restart_at = self.log_limit;
        }
        if pages >= self.restart_at {
            // A reader that has been at it for long keeps the log from starting over: try again a little later.
            self.restart_at = pages + self.checkpoint_pages;
            let done = self
                .connection
                .busy_timeout(Duration::from_millis(20))
                .and_then(|()| checkpoint::checkpoint(&self.connection, "PRAGMA wal_checkpoint(RESTART)"));
            if matches!(done, Ok(true)) {
                self.restart_at = self.log_limit;
                self.checkpoint_at = self.checkpoint_pages;
                self.log_pages.store(0, Relaxed);
            }
            if let Err(error) = self.connection.busy_timeout(Duration::from_secs(5)) {
                tracing::warn!(code = "STO-0001", %error, "the writer's patience could not be set");
            }
        } else if pages >= self.checkpoint_at {
            self.checkpoint_at = pages + self.checkpoint_pages;
            self.checkpoint.want();
        }
    }
}

fn reply(batch: impl Iterator<Item = Request>, outcome: Result<Vec<Outcome>>) {
    // A caller that gave up has dropped its end; its units are committed all the same.
    match outcome {
        Ok(outcomes) => {
            for (request, outcome) in batch.zip(outcomes) {
                match (request, outcome) {
                    (Request::Commit { reply, .. }, Outcome::Units(receipts)) => drop(reply.send(Ok(receipts))),
                    (Request::Reserve { reply, .. }, Outcome::Block(first)) => drop(reply.send(Ok(first))),
                    (Request::Commit { .. }, Outcome::Block(_)) | (Request::Reserve { .. }, Outcome::Units(_)) => {
                        unreachable!("outcomes are made in the order of requests")
                    }
                }
            }
        }
        Err(error) => {
            for request in batch {
                match request {
                    Request::Commit { reply, .. } => drop(reply.send(Err(error.clone()))),
                    Request::Reserve { reply, .. } => drop(reply.send(Err(error.clone()))),
                }
            }
        }
    }
}

/// Whether a write is expected to meet conflicts. Such a write meets them in its first statement, so that it has
/// changed nothing then.
fn conditional(write: &Write) -> bool {
    match write {
        Write::Instance(write) => !matches!(write, InstanceWrite::Journal(_) | InstanceWrite::Delete { .. }),
        Write::Task(TaskWrite::Insert(_)) => false,
        Write::Task(TaskWrite::Close(close)) => close.expect_version.is_some(),
        Write::Task(_) => true,
        Write::Job(write) => {
            !matches!(write, JobWrite::Insert(_) | JobWrite::Activate { .. } | JobWrite::Delete { .. })
        }
        Write::Outbox(OutboxWrite::Insert(_) | OutboxWrite::Delete { .. } | OutboxWrite::Reschedule { .. }) => false,
        Write::Timer(_) | Write::Call(_) | Write::Setting(_) | Write::Value(_) => false,
        Write::Cluster(ClusterWrite::Leave { .. }) | Write::Inbox(InboxWrite::Insert(_)) => false,
        Write::Retention(write) => matches!(write, RetentionWrite::Pack(_)),
        Write::Exchange(write) => exchange::conditional(write),
        Write::Incident(_)
        | Write::People(_)
        | Write::Credential(_)
        | Write::App(_)
        | Write::Definition(_)
        | Write::Record(_)
        | Write::Cluster(_)
        | Write::Inbox(_) => true,
    }
}

fn apply(tx: &mut Tx<'_>, write: &Write) -> WriteResult {
    match write {
        Write::Instance(write) => instances::apply(tx, write),
        Write::Task(write) => tasks::apply(tx, write),
        Write::Timer(write) => timers::apply(tx, write),
        Write::Job(write) => jobs::apply(tx, write),
        Write::Outbox(write) => outbox::apply(tx, write),
        Write::Incident(write) => incidents::apply(tx, write),
        Write::Call(write) => incidents::apply_call(tx, write),
        Write::Value(write) => cluster::apply_value(tx, write),
        Write::Cluster(write) => cluster::apply(tx, write),
        Write::Inbox(write) => cluster::apply_message(tx, write),
        Write::Exchange(write) => exchange::apply(tx, write),
        Write::People(write) => people::apply(tx, write),
        Write::Credential(write) => credentials::apply(tx, write),
        Write::App(write) => apps::apply(tx, write),
        Write::Definition(write) => definitions::apply(tx, write),
        Write::Record(write) => records::apply(tx, write),
        Write::Setting(write) => settings::apply(tx, write),
        Write::Retention(write) => retention::apply(tx, write),
    }
}
