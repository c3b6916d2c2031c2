//! PostgreSQL: the conformance suite, the same answers as the embedded database, and what happens when it goes away.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod archive;
mod conformance;
mod faults;
mod same;
mod schema;
mod server;
mod sharded;
mod values;

/// The URL of a new database that a store has opened before.
fn database() -> String {
    server::filled(|url| {
        let open = store_postgres::PostgresStore::open(store_postgres::PostgresOptions::new(url));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { store::Store::close(&open.await.unwrap()).await });
    })
}
