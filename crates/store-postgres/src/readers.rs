//! Reads: a few connections, each with several statements on the way.
//!
//! Invariant: a bounded number of reads waits, none for ever. A read that its connection's end cut off is sent again:
//! it changes nothing.

use crate::{
    connection::{Connector, Link, Live, Use, failed},
    options::PostgresOptions,
    sql::Param,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use store::{Result, StoreError};
use tokio::time::{Instant, timeout};
use tokio_postgres::{Error, Row};

/// Times that a read is sent at most.
const ATTEMPTS: usize = 4;

/// The readers' connections.
pub(crate) struct Readers {
    lanes: Vec<Lane>,
    waiting: AtomicUsize,
    capacity: usize,
    patience: Duration,
    answer_timeout: Duration,
    closed: AtomicBool,
}

struct Lane {
    link: Link,
    /// Reads on the way.
    busy: AtomicUsize,
}

/// Counts while it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Readers {
    pub(crate) fn new(connector: &Connector, options: &PostgresOptions) -> Self {
        let lane = |_| Lane { link: Link::new(connector.clone(), Use::Read), busy: AtomicUsize::new(0) };
        Self {
            lanes: (0..options.readers.max(1)).map(lane).collect(),
            waiting: AtomicUsize::new(0),
            capacity: options.queue_reads,
            patience: options.patience,
            // The server gives up first, where it was told when.
            answer_timeout: options.answer_timeout + Duration::from_secs(1),
            closed: AtomicBool::new(false),
        }
    }

    /// Runs a statement on the connection with the least to do.
    pub(crate) async fn rows(&self, sql: &str, params: Vec<Param>) -> Result<Vec<Row>> {
        if self.waiting.load(Relaxed) >= self.capacity {
            return Err(StoreError::Busy);
        }
        let _waiting = Counted::new(&self.waiting);
        let deadline = Instant::now() + self.patience;
        for _ in 1..ATTEMPTS {
            match self.attempt(sql, &params, deadline).await? {
                Ok(rows) => return Ok(rows),
                Err((live, error)) if again(&error) => {
                    live.forget();
                    tracing::debug!(%error, "a read is sent again");
                }
                Err((_, error)) => return Err(failed("read", error)),
            }
        }
        self.attempt(sql, &params, deadline).await?.map_err(|(_, error)| failed("read", error))
    }

    /// The outer error is the store's own, the inner one the connection's.
    async fn attempt(
        &self,
        sql: &str,
        params: &[Param],
        deadline: Instant,
    ) -> Result<std::result::Result<Vec<Row>, (Arc<Live>, Error)>> {
        if self.closed.load(Relaxed) {
            return Err(StoreError::Closed);
        }
        let lane = self.lanes.iter().min_by_key(|lane| lane.busy.load(Relaxed)).expect("a reader");
        let _busy = Counted::new(&lane.busy);
        let live = lane.link.get(deadline).await?;
        let answer = async { live.query(sql, params.to_vec()).await?.await };
        match timeout(self.answer_timeout, answer).await {
            Ok(Ok(rows)) => Ok(Ok(rows)),
            Ok(Err(error)) => Ok(Err((live, error))),
            Err(_) => {
                live.kill();
                Err(StoreError::Unavailable)
            }
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    /// Takes no more reads.
    pub(crate) fn close(&self) {
        self.closed.store(true, Relaxed);
    }
}

/// Whether a read may go better the next time: the connection ended, or the table was changed under a prepared
/// statement, or the server restarts.
fn again(error: &Error) -> bool {
    match error.code() {
        Some(code) => {
            let code = code.code();
            matches!(code, "26000" | "0A000" | "57P01" | "57P02" | "57P03" | "40001" | "40P01")
                || code.starts_with("08")
        }
        None => error.is_closed() || std::error::Error::source(error).is_some_and(|s| s.is::<std::io::Error>()),
    }
}
