//! Group commit.
//!
//! A writer takes whatever waits (at most a batch, without waiting for more), sends it as one transaction in one round
//! trip, COMMIT included, and acknowledges after COMMIT; what is one statement is a transaction by itself. Conditional
//! statements raise an error themselves, which turns that COMMIT into a rollback; units are data, so that the batch is
//! then sent again in halves, until what is refused stands alone, and that once more in statements that can say why.
//! Invariant: a unit is applied whole or not at all, and nobody hears of a unit before it is durable. Never: sends a
//! transaction again of which nobody knows whether it was committed.

use crate::{
    apps, cluster,
    connection::{Connector, Link, Live, Use, failed, jittered},
    credentials, definitions, exchange, instances, jobs,
    options::{CommitScope, PostgresOptions},
    people,
    plan::Plan,
    queue::{Queue, Request},
    records, retention, settings, tasks,
    tx::{Tx, WriteError, WriteResult},
};
use std::{
    ops::Range,
    sync::{Arc, atomic::AtomicU64, atomic::Ordering::Relaxed},
    time::Duration,
};
use store::{Result, StoreError, Unit, UnitReceipt, Write};
use tokio::time::{Instant, timeout};

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
const UNKNOWN: &str = "say whether a transaction was committed";
const PAUSE: Duration = Duration::from_millis(4);

/// Times that a transaction is sent that others stand in the way of.
const ATTEMPTS: u32 = 10;

/// What came of a caller's units, in their order.
pub(crate) type Receipts = Vec<Result<UnitReceipt>>;

/// Counters shared by the parts of a store.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) units: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    pub(crate) statements: AtomicU64,
    pub(crate) reads: AtomicU64,
    pub(crate) largest_batch: AtomicU64,
    pub(crate) round_trips: AtomicU64,
}

/// Why a transaction did not commit.
enum Failure {
    /// Something in it is refused; without that it commits.
    Part(StoreError),
    /// Another transaction stood in the way, or the connection ended before COMMIT: nothing was changed.
    Again(StoreError),
    /// The database can not, or nobody knows.
    Refused(StoreError),
}

/// One of the writers.
pub(crate) struct Writer {
    link: Link,
    counters: Arc<Counters>,
    scope: CommitScope,
    batch_units: usize,
    patience: Duration,
    answer_timeout: Duration,
}

impl Writer {
    pub(crate) fn new(
        connector: &Connector,
        options: &PostgresOptions,
        scope: CommitScope,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            link: Link::new(connector.clone(), Use::Write),
            counters,
            scope,
            batch_units: options.batch_units,
            patience: options.patience,
            answer_timeout: options.answer_timeout + Duration::from_secs(1),
        }
    }

    /// The life of a writer.
    pub(crate) async fn run(self, queue: Arc<Queue>) {
        let mut wrote = false;
        loop {
            let batch = queue.take(self.batch_units, wrote).await;
            wrote = true;
            let Some(oldest) = batch.iter().map(|request| request.since).min() else { break };
            let units: Vec<&Unit> = batch.iter().flat_map(|request| &request.units).collect();
            let receipts = self.commit(&units, oldest + self.patience).await;
            reply(batch, receipts);
            // Those just answered may have more: they get their turn before the next batch is closed.
            tokio::task::yield_now().await;
        }
    }

    /// Commits units in the order given, in as few transactions as the scope allows.
    async fn commit(&self, units: &[&Unit], deadline: Instant) -> Receipts {
        if self.scope == CommitScope::Node {
            return self.commit_together(units, deadline).await;
        }
        let mut groups: Vec<(Option<u8>, Vec<usize>)> = Vec::new();
        for (place, unit) in units.iter().enumerate() {
            let partition = unit.fence.map(|fence| fence.partition.0);
            match groups.iter_mut().find(|(p, _)| *p == partition) {
                Some((_, places)) => places.push(place),
                None => groups.push((partition, vec![place])),
            }
        }
        let mut receipts: Vec<(usize, Result<UnitReceipt>)> = Vec::with_capacity(units.len());
        for (_, places) in groups {
            let part: Vec<&Unit> = places.iter().map(|place| units[*place]).collect();
            receipts.extend(places.into_iter().zip(self.commit_together(&part, deadline).await));
        }
        receipts.sort_by_key(|(place, _)| *place);
        receipts.into_iter().map(|(_, receipt)| receipt).collect()
    }

    /// Commits units in one transaction, or in several if something among them is refused.
    async fn commit_together(&self, units: &[&Unit], deadline: Instant) -> Receipts {
        let mut receipts = Vec::with_capacity(units.len());
        // A sharded database runs a statement on one table at a time.
        let merge = self.scope == CommitScope::Node;
        let mut parts: Vec<(Range<usize>, bool)> = vec![(0..units.len(), merge)];
        let mut attempts = 0;
        // Parts are tried from the left, so that receipts come in order.
        while let Some((range, merge)) = parts.pop() {
            let part = &units[range.clone()];
            match self.attempt(part, merge, deadline).await {
                Ok(done) => receipts.extend(done.into_iter().map(Ok)),
                Err(Failure::Part(_)) if part.len() > 1 => {
                    let middle = range.start + part.len() / 2;
                    parts.push((middle..range.end, merge));
                    parts.push((range.start..middle, merge));
                }
                Err(Failure::Part(_)) if merge => parts.push((range, false)),
                Err(Failure::Again(error)) if attempts < ATTEMPTS => {
                    attempts += 1;
                    tracing::debug!(%error, attempts, "a transaction is sent again");
                    tokio::time::sleep(jittered(PAUSE * attempts)).await;
                    parts.push((range, merge));
                }
                Err(Failure::Part(error) | Failure::Again(error) | Failure::Refused(error)) => {
                    self.note(&error);
                    receipts.extend(part.iter().map(|_| Err(error.clone())));
                }
            }
        }
        receipts
    }

    fn note(&self, error: &StoreError) {
        match error {
            StoreError::Conflict { .. } => drop(self.counters.conflicts.fetch_add(1, Relaxed)),
            error => tracing::error!(code = "STO-0001", error = error as &dyn std::error::Error, "no commit"),
        }
    }

    /// Sends units as one transaction and waits for what comes of it.
    async fn attempt(
        &self,
        units: &[&Unit],
        merge: bool,
        deadline: Instant,
    ) -> std::result::Result<Vec<UnitReceipt>, Failure> {
        let live = self.link.get(deadline).await.map_err(Failure::Refused)?;
        let mut tx = Tx::new(&live);
        let Ok(outcome) = timeout(self.answer_timeout, transact(&mut tx, &live, units, merge)).await else {
            live.kill();
            let silent = std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer");
            return Err(Failure::Refused(StoreError::Failed { context: UNKNOWN, source: Arc::new(silent) }));
        };
        let counters = &self.counters;
        counters.statements.fetch_add(tx.statements, Relaxed);
        counters.round_trips.fetch_add(tx.round_trips + live.preparations.swap(0, Relaxed), Relaxed);
        outcome?;
        let committed = units.len() as u64;
        counters.commits.fetch_add(1, Relaxed);
        counters.units.fetch_add(committed, Relaxed);
        counters.largest_batch.fetch_max(committed, Relaxed);
        let mut receipts = vec![UnitReceipt::default(); units.len()];
        for (unit, jobs) in tx.activated {
            let (jobs, facts): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
            receipts[unit].activated.extend(jobs);
            receipts[unit].leased_for.extend(facts);
        }
        for (unit, rows) in tx.removed {
            receipts[unit].removed += rows;
        }
        Ok(receipts)
    }
}

/// BEGIN, the units, COMMIT, and the answers. One statement needs neither, and commits before it is answered.
async fn transact(tx: &mut Tx<'_>, live: &Live, units: &[&Unit], merge: bool) -> std::result::Result<(), Failure> {
    let plan = Plan::of(units.iter().copied().enumerate());
    let bracketed = !(merge && plan.is_one());
    if bracketed {
        tx.control(BEGIN);
    }
    match plan.send(tx, merge).await {
        Ok(()) => {
            if bracketed {
                tx.control(COMMIT);
            }
            tx.flush().await.map_err(|error| failure(error, live, true, tx.failed_last))
        }
        Err(error) => {
            if bracketed {
                tx.control(ROLLBACK);
            }
            // Whatever else failed followed from the first failure.
            let _ = tx.flush().await;
            Err(failure(error, live, false, false))
        }
    }
}

/// What a failure means. Unless it is COMMIT's own or there is no answer, nothing was committed.
fn failure(error: WriteError, live: &Live, commit_sent: bool, commits_own: bool) -> Failure {
    let error = match error {
        WriteError::Conflict(what) => return Failure::Part(what.into()),
        WriteError::Read(error) => return Failure::Refused(error),
        WriteError::Database(error) => error,
    };
    let Some(code) = error.code().map(|code| code.code().to_owned()) else {
        return match commit_sent {
            true => Failure::Refused(failed(UNKNOWN, error)),
            false => Failure::Again(failed("write", error)),
        };
    };
    match (code.as_str(), &code[..2]) {
        // CockroachDB's word for a COMMIT that may have been done.
        ("40003", _) => Failure::Refused(failed(UNKNOWN, error)),
        (_, "40") => Failure::Again(failed("commit", error)),
        ("26000" | "0A000", _) => {
            live.forget();
            Failure::Again(failed("write", error))
        }
        ("57P01" | "57P02" | "57P03", _) | (_, "08") if commits_own => Failure::Refused(failed(UNKNOWN, error)),
        ("57P01" | "57P02" | "57P03", _) | (_, "08") => Failure::Again(failed("write", error)),
        ("25006" | "55P03", _) | (_, "53" | "57" | "58" | "XX" | "F0") => Failure::Refused(failed("commit", error)),
        _ => Failure::Part(failed("write", error)),
    }
}

/// Answers the callers. Where none of a caller's units came to a decision, none was committed.
fn reply(batch: Vec<Request>, receipts: Receipts) {
    let mut receipts = receipts.into_iter();
    for request in batch {
        let mut own: Receipts = receipts.by_ref().take(request.units.len()).collect();
        let undecided = |r: &Result<UnitReceipt>| matches!(r, Err(e) if e.conflict().is_none());
        let answer = match own.pop() {
            Some(Err(error)) if error.conflict().is_none() && own.iter().all(undecided) && !own.is_empty() => {
                Err(error)
            }
            last => {
                own.extend(last);
                Ok(own)
            }
        };
        // A caller that gave up has dropped its end; its units are committed all the same.
        drop(request.reply.send(answer));
    }
}

/// Writes that go one by one.
pub(crate) async fn apply(tx: &mut Tx<'_>, write: &Write) -> WriteResult {
    match write {
        Write::Instance(write) => instances::apply(tx, write).await,
        Write::Task(write) => tasks::apply(tx, write).await,
        Write::Job(write) => jobs::apply(tx, write).await,
        Write::Cluster(write) => cluster::apply(tx, write).await,
        Write::Retention(write) => retention::apply(tx, write).await,
        Write::People(write) => people::apply(tx, write).await,
        Write::Credential(write) => credentials::apply(tx, write).await,
        Write::App(write) => apps::apply(tx, write).await,
        Write::Definition(write) => definitions::apply(tx, write).await,
        Write::Record(write) => records::apply(tx, write).await,
        Write::Setting(write) => settings::apply(tx, write).await,
        Write::Exchange(write) => exchange::apply(tx, write).await,
        // These are planned.
        Write::Timer(_)
        | Write::Outbox(_)
        | Write::Incident(_)
        | Write::Call(_)
        | Write::Value(_)
        | Write::Inbox(_) => Ok(()),
    }
}
