//! The conformance suite on PostgreSQL.

use crate::database;
use async_trait::async_trait;
use std::sync::Arc;
use store::{SharedStore, conformance::Database};
use store_postgres::{PostgresOptions, PostgresStore};

struct Postgres(String);

#[async_trait]
impl Database for Postgres {
    async fn open(&self) -> SharedStore {
        Arc::new(PostgresStore::open(PostgresOptions::new(&self.0)).await.expect("a database"))
    }
}

store::conformance_tests!(|| Postgres(database()));

/// The same promises without prepared statements, as through a pooler between transactions.
mod unprepared {
    use super::*;

    struct Unprepared(String);

    #[async_trait]
    impl Database for Unprepared {
        async fn open(&self) -> SharedStore {
            let options = PostgresOptions { prepare: false, ..PostgresOptions::new(&self.0) };
            Arc::new(PostgresStore::open(options).await.expect("a database"))
        }
    }

    store::conformance_tests!(|| Unprepared(database()));
}

/// The same promises with a transaction for each partition, as on a sharded database.
mod parted {
    use super::*;
    use store_postgres::CommitScope;

    struct Parted(String);

    #[async_trait]
    impl Database for Parted {
        async fn open(&self) -> SharedStore {
            let commit_scope = Some(CommitScope::Partition);
            let options = PostgresOptions { commit_scope, ..PostgresOptions::new(&self.0) };
            Arc::new(PostgresStore::open(options).await.expect("a database"))
        }
    }

    store::conformance_tests!(
        || Parted(database());
        instances jobs units_are_atomic conflicts_stay_alone durability leases large_values
    );
}
