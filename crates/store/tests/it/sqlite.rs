//! The conformance suite on SQLite.

use async_trait::async_trait;
use std::sync::Arc;
use store::{SharedStore, SqliteOptions, SqliteStore, conformance::Database};

struct Sqlite(tempfile::TempDir);

#[async_trait]
impl Database for Sqlite {
    async fn open(&self) -> SharedStore {
        let options = SqliteOptions { durable: false, readers: 2, ..SqliteOptions::default() };
        Arc::new(SqliteStore::open(self.0.path().join("ruslo.db"), options).expect("a database"))
    }
}

store::conformance_tests!(|| Sqlite(tempfile::tempdir().expect("a directory")));

/// The same promises on one thread, in memory. Its callers come one after the other: they share no transactions
/// (`concurrency`).
mod inline {
    use super::*;

    struct Inline(SqliteStore);

    #[async_trait]
    impl Database for Inline {
        async fn open(&self) -> SharedStore {
            Arc::new(self.0.open_beside().expect("another handle"))
        }
    }

    store::conformance_tests!(
        || Inline(SqliteStore::open_inline().expect("a database"));
        instances timers jobs outbox incidents_and_calls inbox task_changes task_lists people credentials apps
        definitions records settings units_are_atomic conflicts_stay_alone durability ids_are_unique ids_survive
        leases fences inbox_messages large_values purging packing old_entries
    );
}
