//! The schema: numbered files, applied in order, never changed afterwards.
//!
//! Everything lies in the connection's current schema. Nodes that start together apply a file once: they queue for a
//! lock on the version's table in the transaction that applies, which a pooler between transactions does not disturb.

use crate::connection::failed;
use std::{sync::Arc, time::Duration};
use store::{Result, StoreError};
use tokio_postgres::Client;

/// Every migration; a file's place is its number, the same as on SQLite.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_engine.sql"),
    include_str!("../migrations/0002_platform.sql"),
    include_str!("../migrations/0003_nodes.sql"),
    include_str!("../migrations/0004_retention.sql"),
    include_str!("../migrations/0005_exchange.sql"),
    include_str!("../migrations/0006_suspended.sql"),
];

/// The newest schema this version knows.
pub(crate) const KNOWN: u32 = MIGRATIONS.len() as u32;

const EXISTS: &str = "SELECT to_regclass(quote_ident(current_schema()) || '.schema_version') IS NOT NULL";
const CREATE: &str = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL);
    LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE";
/// Nodes are in the schema since its third file.
const WITH_NODES: u32 = 3;
const BEATS: &str = "SELECT id, beat, url FROM nodes ORDER BY id";
const VERSION: &str = "SELECT coalesce(max(version), 0) FROM schema_version";

/// The schema's number; 0: there is none.
pub(crate) async fn version(client: &Client) -> Result<u32> {
    let read = async {
        let exists = client.query_typed(EXISTS, &[]).await?;
        if !exists.first().is_some_and(|row| row.get(0)) {
            return Ok(0);
        }
        let rows = client.query_typed(VERSION, &[]).await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0)))
    };
    let found: i64 = read.await.map_err(|e| failed("read the schema's version", e))?;
    u32::try_from(found).map_err(|_| StoreError::Corrupt { context: "schema_version".to_owned() })
}

/// The names of all tables that the migrations make. Others in the same schema (of extensions, of people) are not ours.
pub(crate) fn tables() -> impl Iterator<Item = &'static str> {
    let made = |line: &'static str| line.strip_prefix("CREATE TABLE ")?.split([' ', '(']).next();
    MIGRATIONS.iter().flat_map(|file| file.lines()).filter_map(made)
}

/// Refuses to change the schema under nodes of an older version: one that shows life while it is watched for so long.
pub(crate) async fn refuse_living(client: &Client, watch: Duration) -> Result<()> {
    if !(WITH_NODES..KNOWN).contains(&version(client).await?) {
        return Ok(());
    }
    let before = beats(client).await?;
    if before.is_empty() {
        return Ok(());
    }
    let (seconds, nodes) = (watch.as_secs_f64(), before.len());
    tracing::info!(seconds, nodes, "the schema is older: before it is changed the nodes in the list are watched");
    tokio::time::sleep(watch).await;
    refuse_changed(client, &before).await
}

/// Refuses when a node has shown life since it was looked at.
async fn refuse_changed(client: &Client, before: &[Beat]) -> Result<()> {
    let after = beats(client).await?;
    let alive: Vec<&str> = after.iter().filter(|node| !before.contains(node)).map(|node| node.2.as_str()).collect();
    // Who has joined since the schema became newer brought it up to date himself, after a look of his own.
    if alive.is_empty() || version(client).await? >= KNOWN {
        return Ok(());
    }
    let why = format!("nodes of an older version serve the database: stop them first: {}", alive.join(", "));
    let source = Arc::new(std::io::Error::new(std::io::ErrorKind::ResourceBusy, why));
    Err(StoreError::Failed { context: "bring the schema up to date", source })
}

/// A node's id, its beat and its address.
type Beat = (i64, i64, String);

async fn beats(client: &Client) -> Result<Vec<Beat>> {
    let rows = client.query_typed(BEATS, &[]).await.map_err(|e| failed("look for nodes", e))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

/// Applies what is missing, all of it or nothing.
pub(crate) async fn migrate(client: &Client) -> Result<()> {
    migrate_to(client, KNOWN).await
}

/// Applies what is missing up to the schema `target`.
pub(crate) async fn migrate_to(client: &Client, target: u32) -> Result<()> {
    let found = version(client).await?;
    if found.max(target) > KNOWN {
        return Err(StoreError::NewerSchema { found: found.max(target), known: KNOWN });
    }
    if found >= target {
        return Ok(());
    }
    check_server(client).await?;
    let mut outcome = apply(client, target).await;
    for _ in 0..3 {
        // Two that create the version's table at the same moment meet in the system's tables.
        let Err(StoreError::Failed { source, .. }) = &outcome else { break };
        let error = source.downcast_ref::<tokio_postgres::Error>();
        let met = error.and_then(|e| e.code()).is_some_and(|c| matches!(c.code(), "23505" | "42P07" | "40P01"));
        if !met {
            break;
        }
        outcome = apply(client, target).await;
    }
    outcome
}

async fn apply(client: &Client, target: u32) -> Result<()> {
    let steps = async {
        client.batch_execute("BEGIN").await?;
        client.batch_execute(CREATE).await?;
        // Another node may have been faster between the look and the lock.
        let rows = client.query_typed(VERSION, &[]).await?;
        let found = rows.first().map_or(0, |row| row.get::<_, i64>(0));
        let found = usize::try_from(found).unwrap_or(usize::MAX);
        for migration in MIGRATIONS.iter().take(target as usize).skip(found) {
            client.batch_execute(migration).await?;
        }
        if found < target as usize {
            let set = format!("DELETE FROM schema_version; INSERT INTO schema_version (version) VALUES ({target})");
            client.batch_execute(&set).await?;
        }
        client.batch_execute("COMMIT").await
    };
    let outcome: std::result::Result<(), tokio_postgres::Error> = steps.await;
    if outcome.is_err() {
        // The transaction may be gone with its connection.
        let _ = client.batch_execute("ROLLBACK").await;
    }
    outcome.map_err(|e| failed("bring the schema up to date", e))
}

/// Refuses what this store can not work on.
async fn check_server(client: &Client) -> Result<()> {
    let ask = async |setting: &str| -> Result<String> {
        let rows = client.query_typed(&format!("SELECT current_setting('{setting}')"), &[]).await;
        let rows = rows.map_err(|e| failed("ask for a setting", e))?;
        Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
    };
    let refuse = |why: String| {
        let source = Arc::new(std::io::Error::new(std::io::ErrorKind::Unsupported, why));
        Err(StoreError::Failed { context: "work on this database", source })
    };
    let encoding = ask("server_encoding").await?;
    if !encoding.eq_ignore_ascii_case("UTF8") {
        return refuse(format!("the database is encoded in {encoding}: create it with ENCODING 'UTF8'"));
    }
    let rows = client.query_typed("SELECT version()", &[]).await.map_err(|e| failed("ask for the version", e))?;
    let text: String = rows.first().map(|row| row.get(0)).unwrap_or_default();
    let number = ask("server_version_num").await?;
    if text.starts_with("PostgreSQL") && number.parse::<u32>().is_ok_and(|n| n < 150_000) && !text.contains("-YB-") {
        return refuse(format!("PostgreSQL 15 or newer is needed, this is {text}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connection, plan_tests::server};

    const JOINS: &str = "INSERT INTO nodes (id, url, version, started_at, beat, draining)
        SELECT count(*) + 1, 'http://node', '', 0, 1, false FROM nodes";

    /// Old nodes were killed, and two new ones start together: the first is through and joins while the second watches.
    #[test]
    fn a_node_of_the_new_schema_is_no_reason_to_refuse() {
        let url = server::database();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = connection::client(&url).await.unwrap();
            migrate_to(&client, KNOWN - 1).await.unwrap();
            client.batch_execute(JOINS).await.unwrap();
            let before = beats(&client).await.unwrap();
            refuse_changed(&client, &before).await.unwrap();
            client.batch_execute(JOINS).await.unwrap();
            let refused = refuse_changed(&client, &before).await.unwrap_err();
            assert!(format!("{refused:?}").contains("http://node"), "{refused:?}");
            migrate(&client).await.unwrap();
            refuse_changed(&client, &before).await.unwrap();
        });
    }
}
