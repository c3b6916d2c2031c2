//! One suite for every backend: what [`crate::Store`] promises, as tests.
//!
//! A backend's tests implement [`Database`] and call [`crate::conformance_tests`]; each case runs on an empty database.
//! The suite panics on a broken promise.

#![allow(missing_docs, reason = "the cases' names say what they check")]

mod cluster;
mod engine;
mod exchange;
mod platform;
mod retention;
mod samples;
mod tasks;
mod units;

pub use cluster::{fences, inbox_messages, large_values, leases};
pub use engine::{incidents_and_calls, instances, jobs, outbox, timers};
pub use exchange::{event_starts, exchange_lists, held_names, published_messages, subscriptions, suspended_instances};
pub use platform::{apps, credentials, definitions, people, records, settings};
pub use retention::{old_entries, packing, purging};
pub use tasks::{inbox, task_changes, task_lists};
pub use units::{concurrency, conflicts_stay_alone, durability, ids_are_unique, ids_survive, units_are_atomic};

use crate::{Conflict, Result, SharedStore, StoreError, Unit, UnitReceipt};
use async_trait::async_trait;

/// A database of the backend under test.
#[async_trait]
pub trait Database: Send + Sync {
    /// Opens it; the second time after everything that the first store was given.
    async fn open(&self) -> SharedStore;
}

/// Makes a test of every case. `$make` gives a fresh [`Database`]; its value lives as long as the case.
#[macro_export]
macro_rules! conformance_tests {
    ($make:expr) => {
        $crate::conformance_tests!(
            $make;
            instances timers jobs outbox incidents_and_calls inbox task_changes task_lists people credentials apps
            definitions records settings units_are_atomic conflicts_stay_alone concurrency durability ids_are_unique
            ids_survive leases fences inbox_messages large_values purging packing
            old_entries subscriptions published_messages event_starts held_names
            exchange_lists suspended_instances
        );
    };
    ($make:expr; $($case:ident)*) => {$(
        #[test]
        fn $case() {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            let database = $make();
            runtime.expect("a runtime").block_on($crate::conformance::$case(&database));
        }
    )*};
}

/// The value of an operation that must succeed.
#[track_caller]
fn ok<T>(result: Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error:?}"),
    }
}

/// The row that must exist.
#[track_caller]
fn some<T>(result: Result<Option<T>>) -> T {
    ok(result).unwrap_or_else(|| panic!("the row is missing"))
}

/// The conflict that an operation must meet.
#[track_caller]
fn conflict(result: Result<UnitReceipt>) -> Conflict {
    match result {
        Err(StoreError::Conflict { what }) => what,
        other => panic!("not a conflict: {other:?}"),
    }
}

/// Commits one unit that must succeed.
async fn put(store: &SharedStore, unit: Unit) -> UnitReceipt {
    ok(store.commit_one(unit).await)
}
