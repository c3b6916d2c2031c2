//! Moving the log into the database, off the commit path: a checkpoint in the writer would stall every caller.

use super::Counters;
use rusqlite::Connection;
use std::sync::{Condvar, Mutex, PoisonError, atomic::Ordering::Relaxed};

/// Wakes the checkpoint thread.
#[derive(Debug, Default)]
pub(super) struct Signal {
    state: Mutex<State>,
    ready: Condvar,
}

#[derive(Debug, Default)]
struct State {
    wanted: bool,
    closed: bool,
}

impl Signal {
    /// Asks for a checkpoint; several asks before it begins are one.
    pub(super) fn want(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).wanted = true;
        self.ready.notify_one();
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.ready.notify_one();
    }

    fn wait(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.closed {
                return false;
            }
            if state.wanted {
                state.wanted = false;
                return true;
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The life of the checkpoint thread.
pub(super) fn run(connection: &Connection, signal: &Signal, counters: &Counters) {
    while signal.wait() {
        if let Err(error) = checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)") {
            tracing::warn!(code = "STO-0001", %error, "the log could not be moved into the database");
        }
        counters.checkpoints.fetch_add(1, Relaxed);
    }
}

/// Runs a checkpoint; whether it reached the end of the log and nobody stood in its way.
pub(super) fn checkpoint(connection: &Connection, pragma: &str) -> rusqlite::Result<bool> {
    connection.query_row(pragma, [], |row| {
        let (busy, log, moved): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(busy == 0 && log == moved)
    })
}
