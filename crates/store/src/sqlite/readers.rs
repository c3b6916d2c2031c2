//! Reader threads: each owns a connection and runs one read at a time, so that a short read costs no thread start.
//!
//! A read of a few rows takes less time than the two changes of threads around it: it is run by whoever asks, on one of
//! a few connections kept for that. Invariant: nobody waits for such a connection; while all are lent, reads go to the
//! threads, so that of those who ask never more than these are held up by a disk at once.

use crate::{Result, StoreError};
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::oneshot;

type Work = Box<dyn FnOnce(&Connection) + Send>;

/// Reads that wait for a thread; more than `capacity` are refused with [`StoreError::Busy`].
pub(super) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    capacity: usize,
    /// Connections that nobody reads on now.
    idle: Mutex<Vec<Connection>>,
}

#[derive(Default)]
struct State {
    work: VecDeque<Work>,
    closed: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queue")
    }
}

impl Queue {
    /// Connections in `idle` are for brief reads.
    pub(super) fn new(capacity: usize, idle: Vec<Connection>) -> Self {
        Self { state: Mutex::default(), ready: Condvar::new(), capacity, idle: Mutex::new(idle) }
    }

    /// A connection for a brief read; none while all are lent.
    pub(super) fn lend(&self) -> Option<Lent<'_>> {
        let connection = self.idle().pop()?;
        Some(Lent { queue: self, connection: Some(connection) })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `read` on a reader thread.
    pub(super) async fn run<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.closed {
                return Err(StoreError::Closed);
            }
            if state.work.len() >= self.capacity {
                return Err(StoreError::Busy);
            }
            state.work.push_back(Box::new(move |connection| {
                // A caller that gave up meanwhile needs no answer and no work.
                if !reply.is_closed() {
                    let _ = reply.send(read(connection));
                }
            }));
        }
        self.ready.notify_one();
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Takes no more reads; what was accepted still runs.
    pub(super) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.ready.notify_all();
        self.idle().clear();
    }

    pub(super) fn is_open(&self) -> bool {
        !self.state.lock().unwrap_or_else(PoisonError::into_inner).closed
    }

    fn take(&self) -> Option<Work> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(work) = state.work.pop_front() {
                return Some(work);
            }
            if state.closed {
                return None;
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A connection on loan: it comes back when the loan ends, after a panic too.
pub(super) struct Lent<'q> {
    queue: &'q Queue,
    connection: Option<Connection>,
}

impl Lent<'_> {
    /// Reads. A panic is an error here as it is for reads on the threads: whoever asked may serve others too.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let Some(connection) = &self.connection else { return Err(StoreError::Closed) };
        catch_unwind(AssertUnwindSafe(|| read(connection))).unwrap_or(Err(StoreError::Closed))
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self.queue.idle();
        // Once the store is closed it is closed like the others: closing says so before it clears those that lie idle.
        let connection = self.connection.take().filter(Connection::is_autocommit);
        if self.queue.is_open() {
            idle.extend(connection);
        }
    }
}

/// The life of a reader thread.
pub(super) fn run(connection: &Connection, queue: &Queue) {
    while let Some(work) = queue.take() {
        work(connection);
    }
}
