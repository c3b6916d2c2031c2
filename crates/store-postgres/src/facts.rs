//! What stands behind a URL: the server's version and settings, a pooler in between, its clock.
//!
//! Owns: the refusal of a pooler that shares connections between transactions, and the facts of [`ServerFacts`].
//! Invariant: looks only, on connections of its own, and says no setting. Never: needs more than a plain user's rights.

use crate::{
    connection::{Connector, Link, Use, failed},
    options::PostgresOptions,
};
use model::{Clock, Timestamp};
use std::{sync::Arc, time::Duration};
use store::{Result, StoreError};
use tokio::time::{Instant, timeout};
use tokio_postgres::{Client, Error, Row};

/// Rounds of both sessions. A pooler that is used by nobody else shows itself in the first; one whose connections
/// others take and give back may need more.
const ROUNDS: usize = 4;
/// The server's process that does this statement. A number alone may be another machine's too.
const BACKEND: &str = "SELECT pid::bigint, coalesce(backend_start::text, '') FROM pg_stat_activity
    WHERE pid = pg_backend_pid()";

/// What a server tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// What it calls itself.
    pub version: String,
    /// Its version as a number: 150004 is 15.4; 0: it tells none.
    pub number: u32,
    /// The encoding of the database.
    pub encoding: String,
    /// `fsync`, `full_page_writes`, `synchronous_commit` as a session without settings of its own has them.
    pub durability: [(&'static str, String); 3],
    /// Connections that people like this one may hold together.
    pub connections_max: i64,
    /// Connections that are held.
    pub connections: i64,
    /// Those among them that Ruslo holds, of all nodes.
    pub own_connections: i64,
    /// Connections that one node holds.
    pub needed: i64,
    /// Whether a pooler gives the transactions of one session several of its own connections.
    pub pooled: bool,
    /// Whether the URL says so (`pgbouncer=true`).
    pub told_pooled: bool,
    /// Whether the URL says that the pooler keeps what sessions prepare and set (`pgbouncer=false`).
    pub told_kept: bool,
    /// How far the server's clock is ahead of this machine's, in milliseconds.
    pub ahead_ms: i64,
    /// How wrong that may be: half of the time that asking took.
    pub unsure_ms: i64,
}

const FACTS: &str = "SELECT version(), coalesce(current_setting('server_version_num', true), ''),
    coalesce(current_setting('server_encoding', true), ''), coalesce(current_setting('fsync', true), ''),
    coalesce(current_setting('full_page_writes', true), ''), coalesce(current_setting('synchronous_commit', true), ''),
    coalesce(current_setting('max_connections', true), '0')::bigint
        - coalesce(current_setting('superuser_reserved_connections', true), '0')::bigint
        - coalesce(current_setting('reserved_connections', true), '0')::bigint";
const HELD: &str = "SELECT count(*), count(*) FILTER (WHERE application_name = 'ruslo') FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND datid IS NOT NULL";
const CLOCK: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

impl ServerFacts {
    /// Asks the server behind a URL. `clock` is this machine's.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when it can not be reached or does not tell.
    pub async fn of(url: &str, clock: &dyn Clock) -> Result<Self> {
        let mut options = PostgresOptions::new(url);
        let connector = Connector::new(&mut options)?;
        let (one, other) = (connector.plain().await?, connector.plain().await?);
        let told = |error| failed("ask the server for its settings", error);
        let row = first(&one, FACTS).await.map_err(told)?;
        let text = |at: usize| row.get::<_, String>(at);
        let held = first(&one, HELD).await.map_err(told)?;
        // The first question may have to look up types.
        first(&one, CLOCK).await.map_err(told)?;
        let before = clock.now();
        let at: i64 = first(&one, CLOCK).await.map_err(told)?.get(0);
        let after = clock.now();
        let writers = options.writers.unwrap_or(2);
        Ok(Self {
            version: text(0),
            number: text(1).parse().unwrap_or(0),
            encoding: text(2),
            durability: [("fsync", text(3)), ("full_page_writes", text(4)), ("synchronous_commit", text(5))],
            connections_max: row.get(6),
            // The second of this look is no lasting one.
            connections: held.get::<_, i64>(0).saturating_sub(1).max(0),
            own_connections: held.get::<_, i64>(1).saturating_sub(1).max(0),
            needed: i64::try_from(options.readers.saturating_add(writers)).unwrap_or(i64::MAX),
            pooled: shares(&one, &other, options.patience).await,
            told_pooled: !options.prepare,
            told_kept: options.prepare && !options.ask_for_pooler,
            ahead_ms: at.saturating_sub(middle(before, after)),
            unsure_ms: after.0.saturating_sub(before.0).max(0) / 2,
        })
    }
}

fn middle(before: Timestamp, after: Timestamp) -> i64 {
    before.0.saturating_add(after.0.saturating_sub(before.0) / 2)
}

async fn first(client: &Client, sql: &str) -> std::result::Result<Row, Error> {
    client.query_typed_one(sql, &[]).await
}

/// Refuses a pooler that gives each transaction another connection, unless the URL tells of it: a statement that is
/// prepared on one is unknown, or another, on the next, and settings would stay with connections of others.
pub(crate) async fn refuse_pooler(connector: &Connector, options: &PostgresOptions) -> Result<()> {
    if !options.prepare || !options.ask_for_pooler {
        return Ok(());
    }
    let one = Link::new(connector.unprepared(), Use::Write).get(Instant::now() + options.patience).await?;
    // One that can not be had now is had later, or its absence is told then.
    let Ok(other) = connector.plain().await else { return Ok(()) };
    if !shares(one.client(), &other, options.patience).await {
        return Ok(());
    }
    let source = Arc::new(std::io::Error::new(std::io::ErrorKind::Unsupported, POOLER));
    Err(StoreError::Failed { context: "work through this pooler", source })
}

const POOLER: &str = "transactions of one connection are done by several of the server's: a pooler in transaction mode \
                      (PgBouncer). Add pgbouncer=true to the database's URL, or connect past the pooler; \
                      pgbouncer=false if it keeps for each session what that prepares and sets";

/// Whether two sessions that are open at the same time have one process of the server, or one session has two. A pooler
/// that lets one of them wait for the other's connection keeps them apart.
async fn shares(one: &Client, other: &Client, patience: Duration) -> bool {
    timeout(patience, are_seen_sharing(one, other)).await.unwrap_or(false)
}

async fn are_seen_sharing(one: &Client, other: &Client) -> bool {
    let mut seen = Vec::new();
    for round in 0..ROUNDS {
        // Not in turns: a pooler may give its connections in turns too.
        let order = if round % 2 == 0 { [(0, one), (1, other)] } else { [(1, other), (0, one)] };
        for (session, client) in order {
            // A relative of PostgreSQL that does not tell is taken as it comes.
            let Ok(row) = first(client, BACKEND).await else { return false };
            seen.push((session, (row.get::<_, i64>(0), row.get::<_, String>(1))));
        }
    }
    are_shared(&seen)
}

/// Each session with a process that did its statement.
fn are_shared<B: PartialEq>(seen: &[(usize, B)]) -> bool {
    seen.iter().any(|(session, backend)| seen.iter().any(|(s, b)| (s == session) != (b == backend)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }
    }

    #[test]
    fn sessions_with_a_process_each_are_not_shared() {
        assert!(!are_shared(&[(0, "a"), (1, "b"), (0, "a"), (1, "b")]));
        assert!(are_shared(&[(0, "a"), (1, "a")]), "two have one");
        assert!(are_shared(&[(0, "a"), (1, "b"), (0, "c"), (1, "b")]), "one has two");
        assert!(are_shared(&[(0, "a"), (1, "b"), (0, "b"), (1, "a")]), "they take turns");
    }

    /// `pgbouncer.sh` tells the URL of a pooler in transaction mode, without `pgbouncer=true`.
    #[tokio::test]
    async fn a_pooler_that_the_url_does_not_tell_of_is_refused() {
        let Ok(url) = std::env::var("RUSLO_TEST_POOLER") else { return };
        let Err(StoreError::Failed { source, .. }) = crate::PostgresStore::open(PostgresOptions::new(&url)).await
        else {
            panic!("it was taken");
        };
        assert!(source.to_string().contains("Add pgbouncer=true"), "{source}");
        let facts = ServerFacts::of(&url, &Still).await.unwrap();
        assert_eq!((facts.pooled, facts.told_pooled), (true, false));
        assert!(facts.number >= 150_000 && facts.encoding == "UTF8" && facts.connections_max > 0, "{facts:?}");
        let told = format!("{url}?pgbouncer=true");
        let facts = ServerFacts::of(&told, &Still).await.unwrap();
        assert_eq!((facts.pooled, facts.told_pooled), (true, true));
        crate::PostgresStore::open(PostgresOptions::new(told)).await.unwrap();
    }
}
