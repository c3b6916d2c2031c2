//! `subscriptions`, `messages`, `event_starts`, `started_keys`, `mutexes`.

use super::{
    SqliteStore,
    list::page,
    row::{at, numbers},
    tx::{Tx, WriteResult, all, first},
};
use crate::{
    Conflict, Exchange, ExchangeWrite, MessageField, MessagePlace, MessageQuery, MessageRow, MutexField, MutexRow,
    Paged, Query, Result, StartQuery, StartRow, SubscriptionField, SubscriptionQuery, SubscriptionRow, Unsettled,
    columns,
    lists::{
        List,
        fields::{MESSAGES, SUBSCRIPTIONS, mutex_column},
    },
    rows::{quoted, texts_column},
};
use async_trait::async_trait;
use model::{InstanceId, PartitionId, Timestamp};
use rusqlite::params;

const SUBSCRIBE: &str = "INSERT INTO subscriptions (partition_id, id, kind, name, key, instance_id, root_id,
    process_id, element_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const UNSUBSCRIBE: &str = "DELETE FROM subscriptions WHERE id = ?1";
/// Messages are few, and live long: who publishes one again may come when it has expired but was not yet cleared away.
const FORGET: &str = "DELETE FROM messages WHERE name = ?1 AND key = ?2 AND message_id = ?3 AND expires_at <= ?4";
const PUBLISH: &str =
    "INSERT INTO messages (partition_id, id, name, key, message_id, variables, process_id, element_id,
    state, reached, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    ON CONFLICT DO NOTHING";
const REACH: &str = "UPDATE messages SET reached = ?3 WHERE id = ?1 AND reached = ?2 AND state < 2";
const SETTLE: &str = "DELETE FROM messages WHERE id = ?1 AND message_id IS NULL";
const REMEMBER: &str = "UPDATE messages SET state = 2, variables = 'null', expires_at = ?2 WHERE id = ?1";
const EXPIRE: &str = "DELETE FROM messages WHERE id IN
    (SELECT id FROM messages WHERE expires_at < ?1 AND state <> 1 ORDER BY expires_at LIMIT ?2)";
const UNLIST_TIMERS: &str = "DELETE FROM timers WHERE id IN
    (SELECT id FROM event_starts WHERE process_id = ?1 AND due_at IS NOT NULL)";
const UNLIST: &str = "DELETE FROM event_starts WHERE process_id = ?1";
const LIST: &str = "INSERT INTO event_starts (partition_id, id, kind, name, process_id, definition_id, element,
    trigger_place, due_at, memory) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const ADVANCE: &str = "UPDATE event_starts SET due_at = ?3, memory = ?4 WHERE id = ?1 AND due_at = ?2";
const HOLD: &str = "INSERT INTO started_keys (process_id, key, instance_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const FREE: &str = "DELETE FROM started_keys WHERE instance_id = ?1";
const QUEUE: &str =
    "INSERT INTO mutexes (partition_id, id, name, instance_id, run_key, held) VALUES (?1, ?2, ?3, ?4, ?5, 0)";
const GRANT: &str = "UPDATE mutexes SET held = 1 WHERE id = ?1 AND held = 0
    AND NOT EXISTS (SELECT 1 FROM mutexes h WHERE h.name = mutexes.name AND h.held = 1)";
const RELEASE: &str = "DELETE FROM mutexes WHERE instance_id = ?1 AND run_key = ?2";

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
    "kind = 0 AND name = ?1 AND key = ?2 UNION ALL ",
    subscription!(),
    "kind = 0 AND name = ?1 AND key IS NULL ORDER BY created_at, id LIMIT ?3"
);
const OF_ANY_KEY: &str = concat!(subscription!(), "kind = 0 AND name = ?1 ORDER BY created_at, id LIMIT ?2");
const OF_SIGNAL: &str = concat!(
    subscription!(),
    "kind = 1 AND name = ?1 AND (?2 IS NULL OR root_id = ?2) AND created_at <= ?3 AND id > ?4 ORDER BY id LIMIT ?5"
);
const OF_INSTANCE: &str = concat!(subscription!(), "instance_id = ?1 ORDER BY id");
const PUBLISHED: &str = concat!(
    message!(),
    "m.name = ?1 AND m.key = ?2 AND m.state < 2 AND (m.expires_at > ?3 OR m.state = 1)
    AND (?4 IS NULL OR instr(m.reached, ?4) = 0) ORDER BY m.created_at, m.id LIMIT ?5"
);
const PUBLISHED_ANY: &str = concat!(
    message!(),
    "m.name = ?1 AND m.state < 2 AND (m.expires_at > ?2 OR m.state = 1)
    AND (?3 IS NULL OR instr(m.reached, ?3) = 0) ORDER BY m.created_at, m.id LIMIT ?4"
);
const MESSAGE: &str = concat!(message!(), "m.partition_id = ?1 AND m.id = ?2");
/// Their time to live is over from the start: the index of what expires finds them.
const UNDELIVERED: &str = concat!(
    message!(),
    "m.expires_at <= ?1 AND m.state = 1 AND (?2 = '[]' OR m.partition_id IN (SELECT value FROM json_each(?2)))
    ORDER BY m.expires_at, m.id LIMIT ?3"
);
/// The last message of a full page.
const PAGE_END: &str = "SELECT partition_id, id FROM messages WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2";
const UNSETTLED: &str = concat!(
    message!(),
    "m.id > ?1 AND m.id <= ?4 AND m.state = 0 AND m.expires_at > ?2
    AND (?3 = '[]' OR m.partition_id IN (SELECT value FROM json_each(?3)))
    AND (EXISTS (SELECT 1 FROM subscriptions s WHERE s.kind = 0 AND s.name = m.name AND s.key = m.key
            AND instr(m.reached, '\"' || s.process_id || '\"') = 0)
        OR EXISTS (SELECT 1 FROM subscriptions s WHERE s.kind = 0 AND s.name = m.name AND s.key IS NULL
            AND instr(m.reached, '\"' || s.process_id || '\"') = 0)
        OR EXISTS (SELECT 1 FROM event_starts e WHERE e.kind = 0 AND e.name = m.name
            AND instr(m.reached, '\"' || e.process_id || '\"') = 0))
    ORDER BY m.id"
);
const EARLIEST: &str = "SELECT min(expires_at) FROM messages";
const NAMED: &str = concat!(start!(), "kind = ?1 AND name = ?2 ORDER BY id");
const OF_KIND: &str = concat!(start!(), "kind = ?1 ORDER BY id");
const OF_PROCESS: &str = concat!(start!(), "process_id = ?1 ORDER BY id");
const ONE: &str = concat!(start!(), "id = ?1");
const HOLDER: &str = "SELECT instance_id FROM started_keys WHERE process_id = ?1 AND key = ?2";
const KEYS: &str = "SELECT key FROM started_keys WHERE instance_id = ?1 ORDER BY key";
const NEXT: &str = concat!(
    "SELECT ",
    columns!(mutex),
    " FROM mutexes x WHERE x.id IN
    (SELECT min(id) FROM mutexes GROUP BY name HAVING max(held) = 0) ORDER BY x.id LIMIT ?1"
);
const NEXT_OF: &str = concat!(
    "SELECT ",
    columns!(mutex),
    " FROM mutexes x WHERE x.id = (SELECT min(id) FROM mutexes WHERE name = ?1 HAVING max(held) = 0)"
);

/// The list of names that are held or waited for.
const MUTEXES: List<MutexField> = List {
    select: columns!(mutex),
    from: "mutexes x",
    text: &[],
    tie: ("x.id", "ASC"),
    column: |field| mutex_column(field, "EXISTS (SELECT 1 FROM instances i WHERE i.id = x.instance_id AND "),
};

pub(super) fn apply(tx: &mut Tx<'_>, write: &ExchangeWrite) -> WriteResult {
    match write {
        ExchangeWrite::Subscribe(s) => subscribe(tx, s),
        ExchangeWrite::Unsubscribe { id, .. } => tx.run(UNSUBSCRIBE, [id.0]).map(|_| ()),
        ExchangeWrite::Publish(m) => match publish(tx, m)? {
            0 => Err(Conflict::Published.into()),
            _ => Ok(()),
        },
        ExchangeWrite::Throw(m) => publish(tx, m).map(|_| ()),
        ExchangeWrite::Reach { id, before, after, .. } => {
            tx.must(REACH, params![id, texts_column(before), texts_column(after)], Conflict::Reached)
        }
        ExchangeWrite::Settle { id, until, .. } => {
            if tx.run(SETTLE, [id])? == 0 {
                tx.run(REMEMBER, params![id, until.0])?;
            }
            Ok(())
        }
        ExchangeWrite::Expire { before, limit } => {
            let removed = tx.run(EXPIRE, params![before.0, limit])?;
            tx.receipt.removed += removed as u64;
            Ok(())
        }
        ExchangeWrite::Unlist { process_id } => {
            tx.run(UNLIST_TIMERS, [process_id])?;
            tx.run(UNLIST, [process_id]).map(|_| ())
        }
        ExchangeWrite::List(s) => list(tx, s),
        ExchangeWrite::Advance { id, due_at, next, memory } => {
            tx.must(ADVANCE, params![id, due_at.0, at(*next), memory.to_string()], Conflict::Reached)
        }
        ExchangeWrite::HoldKey { process_id, key, instance } => {
            tx.must(HOLD, params![process_id, key, instance.0], Conflict::Reached)
        }
        ExchangeWrite::FreeKeys { instance } => tx.run(FREE, [instance.0]).map(|_| ()),
        ExchangeWrite::Queue(m) => tx.run(QUEUE, params![m.partition.0, m.id, m.name, m.instance.0, m.key]).map(|_| ()),
        ExchangeWrite::Grant { id } => tx.must(GRANT, [id], Conflict::Reached),
        ExchangeWrite::Release { instance, key } => tx.run(RELEASE, params![instance.0, key]).map(|_| ()),
    }
}

/// Whether a write is expected to meet conflicts.
pub(super) fn conditional(write: &ExchangeWrite) -> bool {
    match write {
        ExchangeWrite::Publish(_)
        | ExchangeWrite::Reach { .. }
        | ExchangeWrite::Advance { .. }
        | ExchangeWrite::HoldKey { .. }
        | ExchangeWrite::Grant { .. } => true,
        ExchangeWrite::Subscribe(_)
        | ExchangeWrite::Unsubscribe { .. }
        | ExchangeWrite::Throw(_)
        | ExchangeWrite::Settle { .. }
        | ExchangeWrite::Expire { .. }
        | ExchangeWrite::Unlist { .. }
        | ExchangeWrite::List(_)
        | ExchangeWrite::FreeKeys { .. }
        | ExchangeWrite::Queue(_)
        | ExchangeWrite::Release { .. } => false,
    }
}

fn subscribe(tx: &mut Tx<'_>, s: &SubscriptionRow) -> WriteResult {
    let values = params![
        s.partition.0,
        s.id.0,
        s.kind.code(),
        s.name,
        s.key,
        s.instance.0,
        s.root.0,
        s.process_id,
        s.element_id,
        s.created_at.0
    ];
    tx.run(SUBSCRIBE, values).map(|_| ())
}

fn publish(tx: &mut Tx<'_>, m: &MessageRow) -> std::result::Result<usize, super::tx::WriteError> {
    if m.message_id.is_some() {
        tx.run(FORGET, params![m.name, m.key, m.message_id, m.created_at.0])?;
    }
    let values = params![
        m.partition.0,
        m.id,
        m.name,
        m.key,
        m.message_id,
        m.variables.to_string(),
        m.process,
        m.element,
        m.state.code(),
        texts_column(&m.reached),
        m.created_at.0,
        m.expires_at.0
    ];
    tx.run(PUBLISH, values)
}

fn list(tx: &mut Tx<'_>, s: &StartRow) -> WriteResult {
    let values = params![
        s.partition.0,
        s.id,
        s.kind.code(),
        s.name,
        s.process_id,
        s.definition.0,
        s.element,
        s.trigger,
        at(s.due_at),
        s.memory.to_string()
    ];
    tx.run(LIST, values).map(|_| ())
}

#[async_trait]
impl Exchange for SqliteStore {
    async fn subscriptions(&self, wanted: SubscriptionQuery) -> Result<Vec<SubscriptionRow>> {
        self.read(move |c| match wanted {
            SubscriptionQuery::Message { name, key: Some(key), limit } => all(c, OF_MESSAGE, params![name, key, limit]),
            SubscriptionQuery::Message { name, key: None, limit } => all(c, OF_ANY_KEY, params![name, limit]),
            SubscriptionQuery::Signal { name, root, until, after, limit } => {
                let values = params![name, root.map(|r| r.0), until.0, after, limit];
                all(c, OF_SIGNAL, values)
            }
            SubscriptionQuery::Instance(id) => all(c, OF_INSTANCE, [id.0]),
        })
        .await
    }

    async fn published(&self, wanted: MessageQuery) -> Result<Vec<MessageRow>> {
        let MessageQuery { name, key, unreached_by, now, limit } = wanted;
        let process = unreached_by.map(quoted);
        self.read(move |c| match key {
            Some(key) => all(c, PUBLISHED, params![name, key, now.0, process, limit]),
            None => all(c, PUBLISHED_ANY, params![name, now.0, process, limit]),
        })
        .await
    }

    async fn published_message(&self, partition: PartitionId, id: i64) -> Result<Option<MessageRow>> {
        self.read(move |c| first(c, MESSAGE, params![partition.0, id])).await
    }

    async fn undelivered(&self, partitions: &[PartitionId], now: Timestamp, limit: u32) -> Result<Vec<MessageRow>> {
        let partitions = numbers(partitions.iter().map(|p| p.0.into()));
        self.read(move |c| all(c, UNDELIVERED, params![now.0, partitions, limit])).await
    }

    async fn unsettled(
        &self,
        partitions: &[PartitionId],
        now: Timestamp,
        after: Option<MessagePlace>,
        limit: u32,
    ) -> Result<Unsettled> {
        let partitions = numbers(partitions.iter().map(|p| p.0.into()));
        // Ids are in one order here, whatever their partition.
        let after = after.map_or(0, |(_, id)| id);
        self.read(move |c| {
            let next: Option<MessagePlace> = first(c, PAGE_END, params![after, limit.saturating_sub(1)])?;
            let end = next.map_or(i64::MAX, |(_, id)| id);
            let rows = all(c, UNSETTLED, params![after, now.0, partitions, end])?;
            Ok(Unsettled { rows, next })
        })
        .await
    }

    async fn earliest_expiry(&self) -> Result<Option<Timestamp>> {
        self.read(|c| Ok(first(c, EARLIEST, [])?.flatten())).await
    }

    async fn starts(&self, wanted: StartQuery) -> Result<Vec<StartRow>> {
        self.read(move |c| match wanted {
            StartQuery::Named(kind, name) => all(c, NAMED, params![kind.code(), name]),
            StartQuery::Kind(kind) => all(c, OF_KIND, [kind.code()]),
            StartQuery::Process(process) => all(c, OF_PROCESS, [process]),
            StartQuery::One(id) => all(c, ONE, [id]),
        })
        .await
    }

    async fn key_holder(&self, process_id: &str, key: &str) -> Result<Option<InstanceId>> {
        let (process, key) = (process_id.to_owned(), key.to_owned());
        self.read(move |c| first(c, HOLDER, params![process, key])).await
    }

    async fn keys_of(&self, instance: InstanceId) -> Result<Vec<String>> {
        self.read(move |c| all(c, KEYS, [instance.0])).await
    }

    async fn next_in_queue(&self, name: Option<&str>, limit: u32) -> Result<Vec<MutexRow>> {
        let name = name.map(str::to_owned);
        self.read(move |c| match name {
            Some(name) => all(c, NEXT_OF, [name]),
            None => all(c, NEXT, [limit]),
        })
        .await
    }

    async fn list_subscriptions(&self, query: Query<SubscriptionField>) -> Result<Paged<SubscriptionRow>> {
        self.read(move |c| page(c, &SUBSCRIPTIONS, &query, None)).await
    }

    async fn list_messages(&self, query: Query<MessageField>) -> Result<Paged<MessageRow>> {
        self.read(move |c| page(c, &MESSAGES, &query, None)).await
    }

    async fn list_mutexes(&self, query: Query<MutexField>) -> Result<Paged<MutexRow>> {
        self.read(move |c| page(c, &MUTEXES, &query, None)).await
    }
}
