//! `subscriptions`, `messages`, `event_starts`, `started_keys`, `mutexes`.

use crate::{
    PostgresStore,
    plan::{Kind, Plan, Table},
    sql::{Param, Tx, WriteResult, params},
};
use async_trait::async_trait;
use model::{InstanceId, PartitionId, Timestamp};
use store::{
    Conflict, Exchange, ExchangeWrite, MessageField, MessagePlace, MessageQuery, MessageRow, MutexField, MutexRow,
    Paged, Query, Result, StartQuery, StartRow, SubscriptionField, SubscriptionQuery, SubscriptionRow, Unsettled,
    columns,
    lists::{
        List,
        fields::{MESSAGES, SUBSCRIPTIONS, mutex_column},
    },
    rows::{quoted, texts_column},
};

static SUBSCRIBE: Kind = Kind {
    sql: "INSERT INTO subscriptions (partition_id, id, kind, name, key, instance_id, root_id, process_id, element_id,
    created_at) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    otherwise: None,
};
static UNSUBSCRIBE: Kind = Kind {
    sql: "DELETE FROM subscriptions s USING unnest($1, $2) AS n (partition_id, id)
    WHERE s.partition_id = n.partition_id AND s.id = n.id",
    otherwise: None,
};
const FORGET: &str = "DELETE FROM messages WHERE name = $1 AND key = $2 AND message_id = $3 AND expires_at <= $4";
const PUBLISH: &str =
    "INSERT INTO messages (partition_id, id, name, key, message_id, variables, process_id, element_id,
    state, reached, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT DO NOTHING";
const REACH: &str =
    "UPDATE messages SET reached = $4 WHERE partition_id = $1 AND id = $2 AND reached = $3 AND state < 2";
const SETTLE: &str = "DELETE FROM messages WHERE partition_id = $1 AND id = $2 AND message_id IS NULL";
const REMEMBER: &str =
    "UPDATE messages SET state = 2, variables = 'null', expires_at = $3 WHERE partition_id = $1 AND id = $2";
const EXPIRE: &str = "DELETE FROM messages WHERE (partition_id, id) IN
    (SELECT partition_id, id FROM messages WHERE expires_at < $1 AND state <> 1 ORDER BY expires_at LIMIT $2)";
const UNLIST_TIMERS: &str = "DELETE FROM timers WHERE (partition_id, id) IN
    (SELECT partition_id, id FROM event_starts WHERE process_id = $1 AND due_at IS NOT NULL)";
const UNLIST: &str = "DELETE FROM event_starts WHERE process_id = $1";
const LIST: &str = "INSERT INTO event_starts (partition_id, id, kind, name, process_id, definition_id, element,
    trigger_place, due_at, memory) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const ADVANCE: &str = "UPDATE event_starts SET due_at = $3, memory = $4 WHERE id = $1 AND due_at = $2";
const HOLD: &str = "INSERT INTO started_keys (process_id, key, instance_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const FREE: &str = "DELETE FROM started_keys WHERE instance_id = $1";
const QUEUE: &str =
    "INSERT INTO mutexes (partition_id, id, name, instance_id, run_key, held) VALUES ($1, $2, $3, $4, $5, false)";
const GRANT: &str = "UPDATE mutexes SET held = true WHERE id = $1 AND NOT held
    AND NOT EXISTS (SELECT 1 FROM mutexes h WHERE h.name = mutexes.name AND h.held)";
const RELEASE: &str = "DELETE FROM mutexes WHERE instance_id = $1 AND run_key = $2";

macro_rules! subscription {
    () => {
        concat!("SELECT ", columns!(subscription), " FROM subscriptions s WHERE ")
    };
}
macro_rules! message {
    () => {
        concat!("SELECT ", columns!(message), " FROM messages m WHERE ")
    };
}
macro_rules! start {
    () => {
        concat!("SELECT ", columns!(start), " FROM event_starts WHERE ")
    };
}

const OF_MESSAGE: &str = concat!(
    subscription!(),
    "kind = 0 AND name = $1 AND key = $2 UNION ALL ",
    subscription!(),
    "kind = 0 AND name = $1 AND key IS NULL ORDER BY created_at, id LIMIT $3"
);
const OF_ANY_KEY: &str = concat!(subscription!(), "kind = 0 AND name = $1 ORDER BY created_at, id LIMIT $2");
const OF_SIGNAL: &str = concat!(
    subscription!(),
    "kind = 1 AND name = $1 AND ($2::bigint IS NULL OR root_id = $2) AND created_at <= $3 AND id > $4
    ORDER BY id LIMIT $5"
);
const OF_INSTANCE: &str = concat!(subscription!(), "instance_id = $1 ORDER BY id");
const PUBLISHED: &str = concat!(
    message!(),
    "m.name = $1 AND m.key = $2 AND m.state < 2 AND (m.expires_at > $3 OR m.state = 1)
    AND ($4::text IS NULL OR position($4 IN m.reached) = 0) ORDER BY m.created_at, m.id LIMIT $5"
);
const PUBLISHED_ANY: &str = concat!(
    message!(),
    "m.name = $1 AND m.state < 2 AND (m.expires_at > $2 OR m.state = 1)
    AND ($3::text IS NULL OR position($3 IN m.reached) = 0) ORDER BY m.created_at, m.id LIMIT $4"
);
const MESSAGE: &str = concat!(message!(), "m.partition_id = $1 AND m.id = $2");
/// Their time to live is over from the start: the index of what expires finds them.
const UNDELIVERED: &str = concat!(
    message!(),
    "m.expires_at <= $1 AND m.state = 1 AND (cardinality($2::bigint[]) = 0 OR m.partition_id = ANY($2))
    ORDER BY m.expires_at, m.id LIMIT $3"
);
/// The last message of a full page.
const PAGE_END: &str = "SELECT partition_id, id FROM messages WHERE (partition_id, id) > ($1, $2)
    ORDER BY partition_id, id LIMIT 1 OFFSET $3";
const UNSETTLED: &str = concat!(
    message!(),
    "(m.partition_id, m.id) > ($1, $2) AND (m.partition_id, m.id) <= ($3, $4) AND m.state = 0 AND m.expires_at > $5
    AND (cardinality($6::bigint[]) = 0 OR m.partition_id = ANY($6))
    AND (EXISTS (SELECT 1 FROM subscriptions s WHERE s.kind = 0 AND s.name = m.name AND s.key = m.key
            AND position('\"' || s.process_id || '\"' IN m.reached) = 0)
        OR EXISTS (SELECT 1 FROM subscriptions s WHERE s.kind = 0 AND s.name = m.name AND s.key IS NULL
            AND position('\"' || s.process_id || '\"' IN m.reached) = 0)
        OR EXISTS (SELECT 1 FROM event_starts e WHERE e.kind = 0 AND e.name = m.name
            AND position('\"' || e.process_id || '\"' IN m.reached) = 0))
    ORDER BY m.partition_id, m.id"
);
const EARLIEST: &str = "SELECT min(expires_at) FROM messages";
const NAMED: &str = concat!(start!(), "kind = $1 AND name = $2 ORDER BY id");
const OF_KIND: &str = concat!(start!(), "kind = $1 ORDER BY id");
const OF_PROCESS: &str = concat!(start!(), "process_id = $1 ORDER BY id");
const ONE: &str = concat!(start!(), "id = $1");
const HOLDER: &str = "SELECT instance_id FROM started_keys WHERE process_id = $1 AND key = $2";
const KEYS: &str = "SELECT key FROM started_keys WHERE instance_id = $1 ORDER BY key";
const NEXT: &str = concat!(
    "SELECT ",
    columns!(mutex),
    " FROM mutexes x WHERE x.id IN
    (SELECT min(id) FROM mutexes GROUP BY name HAVING NOT bool_or(held)) ORDER BY x.id LIMIT $1"
);
const NEXT_OF: &str = concat!(
    "SELECT ",
    columns!(mutex),
    " FROM mutexes x WHERE x.id = (SELECT min(id) FROM mutexes WHERE name = $1 HAVING NOT bool_or(held))"
);

/// The list of names that are held or waited for.
const MUTEXES: List<MutexField> = List {
    select: columns!(mutex),
    from: "mutexes x",
    text: &[],
    tie: ("x.id", "ASC"),
    column: |field| {
        let head = "EXISTS (SELECT 1 FROM instances i
                WHERE i.partition_id = x.partition_id AND i.id = x.instance_id AND ";
        mutex_column(field, head)
    },
};

pub(crate) fn plan<'u>(plan: &mut Plan<'u>, write: &'u ExchangeWrite) -> bool {
    match write {
        ExchangeWrite::Subscribe(s) => {
            let values = params![
                s.partition,
                s.id,
                s.kind.code(),
                &s.name,
                &s.key,
                s.instance,
                s.root,
                &s.process_id,
                &s.element_id,
                s.created_at
            ];
            plan.row(Table::Subscriptions, s.id.0, &SUBSCRIBE, values);
            true
        }
        ExchangeWrite::Unsubscribe { partition, id } => {
            plan.row(Table::Subscriptions, id.0, &UNSUBSCRIBE, params![*partition, *id]);
            true
        }
        _ => false,
    }
}

pub(crate) async fn apply(tx: &mut Tx<'_>, write: &ExchangeWrite) -> WriteResult {
    match write {
        // These are planned.
        ExchangeWrite::Subscribe(_) | ExchangeWrite::Unsubscribe { .. } => Ok(()),
        ExchangeWrite::Publish(m) => {
            forget(tx, m).await?;
            tx.must(PUBLISH, message_values(m), Conflict::Published).await
        }
        ExchangeWrite::Throw(m) => {
            forget(tx, m).await?;
            tx.send(PUBLISH, message_values(m)).await
        }
        ExchangeWrite::Reach { partition, id, before, after } => {
            tx.must(REACH, params![*partition, *id, texts_column(before), texts_column(after)], Conflict::Reached).await
        }
        ExchangeWrite::Settle { partition, id, until } => {
            tx.send(SETTLE, params![*partition, *id]).await?;
            tx.send(REMEMBER, params![*partition, *id, *until]).await
        }
        ExchangeWrite::Expire { before, limit } => tx.remove(EXPIRE, params![*before, *limit]).await,
        ExchangeWrite::Unlist { process_id } => {
            tx.send(UNLIST_TIMERS, params![process_id]).await?;
            tx.send(UNLIST, params![process_id]).await
        }
        ExchangeWrite::List(s) => tx.send(LIST, start_values(s)).await,
        ExchangeWrite::Advance { id, due_at, next, memory } => {
            tx.must(ADVANCE, params![*id, *due_at, *next, memory], Conflict::Reached).await
        }
        ExchangeWrite::HoldKey { process_id, key, instance } => {
            tx.must(HOLD, params![process_id, key, *instance], Conflict::Reached).await
        }
        ExchangeWrite::FreeKeys { instance } => tx.send(FREE, params![*instance]).await,
        ExchangeWrite::Queue(m) => tx.send(QUEUE, params![m.partition, m.id, &m.name, m.instance, m.key]).await,
        ExchangeWrite::Grant { id } => tx.must(GRANT, params![*id], Conflict::Reached).await,
        ExchangeWrite::Release { instance, key } => tx.send(RELEASE, params![*instance, *key]).await,
    }
}

/// A message that has expired is no double.
async fn forget(tx: &mut Tx<'_>, m: &MessageRow) -> WriteResult {
    match &m.message_id {
        None => Ok(()),
        Some(id) => tx.send(FORGET, params![&m.name, &m.key, id, m.created_at]).await,
    }
}

fn message_values(m: &MessageRow) -> Vec<Param> {
    params![
        m.partition,
        m.id,
        &m.name,
        &m.key,
        &m.message_id,
        &m.variables,
        &m.process,
        &m.element,
        m.state.code(),
        texts_column(&m.reached),
        m.created_at,
        m.expires_at
    ]
}

fn start_values(s: &StartRow) -> Vec<Param> {
    params![
        s.partition,
        s.id,
        s.kind.code(),
        &s.name,
        &s.process_id,
        s.definition,
        s.element,
        s.trigger,
        s.due_at,
        &s.memory
    ]
}

#[async_trait]
impl Exchange for PostgresStore {
    async fn subscriptions(&self, wanted: SubscriptionQuery) -> Result<Vec<SubscriptionRow>> {
        let (sql, values) = match wanted {
            SubscriptionQuery::Message { name, key: Some(key), limit } => (OF_MESSAGE, params![name, key, limit]),
            SubscriptionQuery::Message { name, key: None, limit } => (OF_ANY_KEY, params![name, limit]),
            SubscriptionQuery::Signal { name, root, until, after, limit } => {
                (OF_SIGNAL, params![name, root, until, after, limit])
            }
            SubscriptionQuery::Instance(id) => (OF_INSTANCE, params![id]),
        };
        self.all(sql, values).await
    }

    async fn published(&self, wanted: MessageQuery) -> Result<Vec<MessageRow>> {
        let MessageQuery { name, key, unreached_by, now, limit } = wanted;
        let process = unreached_by.map(quoted);
        match key {
            Some(key) => self.all(PUBLISHED, params![name, key, now, process, limit]).await,
            None => self.all(PUBLISHED_ANY, params![name, now, process, limit]).await,
        }
    }

    async fn published_message(&self, partition: PartitionId, id: i64) -> Result<Option<MessageRow>> {
        self.first(MESSAGE, params![partition, id]).await
    }

    async fn undelivered(&self, partitions: &[PartitionId], now: Timestamp, limit: u32) -> Result<Vec<MessageRow>> {
        let partitions = Param::numbers(partitions.iter().map(|p| p.0.into()));
        self.all(UNDELIVERED, vec![now.into(), partitions, limit.into()]).await
    }

    async fn unsettled(
        &self,
        partitions: &[PartitionId],
        now: Timestamp,
        after: Option<MessagePlace>,
        limit: u32,
    ) -> Result<Unsettled> {
        let owned = Param::numbers(partitions.iter().map(|p| p.0.into()));
        let (first, id) = after.unwrap_or((PartitionId(0), 0));
        let values = params![first, id, limit.saturating_sub(1)];
        let next: Option<MessagePlace> = self.first(PAGE_END, values).await?;
        let (last, end) = next.map_or((i64::from(u8::MAX), i64::MAX), |(last, end)| (last.0.into(), end));
        let values = vec![first.into(), id.into(), last.into(), end.into(), now.into(), owned];
        Ok(Unsettled { rows: self.all(UNSETTLED, values).await?, next })
    }

    async fn earliest_expiry(&self) -> Result<Option<Timestamp>> {
        Ok(self.first(EARLIEST, vec![]).await?.flatten())
    }

    async fn starts(&self, wanted: StartQuery) -> Result<Vec<StartRow>> {
        let (sql, values) = match wanted {
            StartQuery::Named(kind, name) => (NAMED, params![kind.code(), name]),
            StartQuery::Kind(kind) => (OF_KIND, params![kind.code()]),
            StartQuery::Process(process) => (OF_PROCESS, params![process]),
            StartQuery::One(id) => (ONE, params![id]),
        };
        self.all(sql, values).await
    }

    async fn key_holder(&self, process_id: &str, key: &str) -> Result<Option<InstanceId>> {
        self.first(HOLDER, params![process_id, key]).await
    }

    async fn keys_of(&self, instance: InstanceId) -> Result<Vec<String>> {
        self.all(KEYS, params![instance]).await
    }

    async fn next_in_queue(&self, name: Option<&str>, limit: u32) -> Result<Vec<MutexRow>> {
        match name {
            Some(name) => self.all(NEXT_OF, params![name]).await,
            None => self.all(NEXT, params![limit]).await,
        }
    }

    async fn list_subscriptions(&self, query: Query<SubscriptionField>) -> Result<Paged<SubscriptionRow>> {
        self.page(&SUBSCRIPTIONS, &query, None).await
    }

    async fn list_messages(&self, query: Query<MessageField>) -> Result<Paged<MessageRow>> {
        self.page(&MESSAGES, &query, None).await
    }

    async fn list_mutexes(&self, query: Query<MutexField>) -> Result<Paged<MutexRow>> {
        self.page(&MUTEXES, &query, None).await
    }
}
