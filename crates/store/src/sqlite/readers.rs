//! Reader threads: each owns a connection and runs one read at a time, so that a short read costs no thread start.

use crate::{Result, StoreError};
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, PoisonError},
};
use tokio::sync::oneshot;

type Work = Box<dyn FnOnce(&Connection) + Send>;

/// Reads that wait for a thread; more than `capacity` are refused with [`StoreError::Busy`].
pub(super) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    capacity: usize,
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
    pub(super) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), ready: Condvar::new(), capacity }
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

/// The life of a reader thread.
pub(super) fn run(connection: &Connection, queue: &Queue) {
    while let Some(work) = queue.take() {
        work(connection);
    }
}
