//! Subscriptions, published messages, starts by events, names held by one.

use super::{Database, conflict, ok, put, samples::*, some};
use crate::*;
use model::*;
use serde_json::{Value as Json, json};

fn subscription(n: i64, kind: SubscriptionKind, name: &str, key: Option<&str>) -> SubscriptionRow {
    let partition = PartitionId((n % 4) as u8);
    SubscriptionRow {
        partition,
        id: SubscriptionId(pid(n, partition.0)),
        kind,
        name: name.into(),
        key: key.map(str::to_owned),
        instance: InstanceId(pid(n % 3, partition.0)),
        root: InstanceId(pid(n % 2, 0)),
        process_id: format!("p{n}"),
        element_id: "catch".into(),
        created_at: at(100 - n),
    }
}

fn message(id: i64, name: &str, key: &str) -> MessageRow {
    MessageRow {
        partition: PartitionId((id % 2) as u8),
        id,
        name: name.into(),
        key: key.into(),
        message_id: None,
        variables: json!({"n": id}),
        process: None,
        element: None,
        state: MessageState::Kept,
        reached: Vec::new(),
        created_at: at(id),
        expires_at: at(id + 1_000),
    }
}

fn ids<T>(rows: &[T], id: impl Fn(&T) -> i64) -> Vec<i64> {
    rows.iter().map(id).collect()
}

fn write(write: ExchangeWrite) -> Unit {
    Unit::of(write)
}

pub async fn subscriptions(db: &dyn Database) {
    let store = db.open().await;
    let rows = [
        subscription(1, SubscriptionKind::Message, "paid", Some("a")),
        subscription(2, SubscriptionKind::Message, "paid", Some("a")),
        subscription(3, SubscriptionKind::Message, "paid", None),
        subscription(4, SubscriptionKind::Message, "paid", Some("b")),
        subscription(5, SubscriptionKind::Signal, "paid", None),
        subscription(6, SubscriptionKind::Signal, "paid", None),
        subscription(7, SubscriptionKind::Signal, "other", None),
    ];
    let subscribe = |row: &SubscriptionRow| ExchangeWrite::Subscribe(Box::new(row.clone()));
    put(&store, rows.iter().fold(Unit::new(), |unit, row| unit.with(subscribe(row)))).await;
    let read = async |wanted| ok(store.subscriptions(wanted).await);
    let of = |key: Option<&str>, limit| SubscriptionQuery::Message {
        name: "paid".into(),
        key: key.map(str::to_owned),
        limit,
    };
    assert_eq!(read(of(Some("a"), 10)).await, [rows[2].clone(), rows[1].clone(), rows[0].clone()], "the oldest first");
    assert_eq!(read(of(Some("a"), 1)).await, [rows[2].clone()]);
    assert_eq!(read(of(Some("c"), 10)).await, [rows[2].clone()]);
    assert_eq!(read(of(None, 10)).await.len(), 4);
    let signal = |root, until, after| SubscriptionQuery::Signal { name: "paid".into(), root, until, after, limit: 10 };
    assert_eq!(read(signal(None, at(100), 0)).await, [rows[4].clone(), rows[5].clone()]);
    assert_eq!(read(signal(Some(rows[4].root), at(100), 0)).await, [rows[4].clone()]);
    assert_eq!(read(signal(None, at(94), 0)).await, [rows[5].clone()], "opened later");
    assert_eq!(read(signal(None, at(100), rows[4].id.0)).await, [rows[5].clone()]);
    assert_eq!(read(SubscriptionQuery::Instance(rows[6].instance)).await.len(), 1);
    let close = |row: &SubscriptionRow| ExchangeWrite::Unsubscribe { partition: row.partition, id: row.id };
    put(&store, write(close(&rows[2])).with(close(&rows[2]))).await;
    assert_eq!(read(of(Some("c"), 10)).await, []);
}

fn places(partitions: &[u8]) -> Vec<PartitionId> {
    partitions.iter().map(|p| PartitionId(*p)).collect()
}

/// Kept messages that somebody may be waiting for, looked through two at a time, and in how many pages.
async fn unsettled_in_pages(store: &SharedStore, partitions: &[PartitionId]) -> (Vec<i64>, usize) {
    let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = ok(store.unsettled(partitions, at(500), after, 2).await);
        found.extend(ids(&page.rows, |m: &MessageRow| m.id));
        pages += 1;
        after = page.next;
        if after.is_none() {
            found.sort_unstable();
            return (found, pages);
        }
    }
}

pub async fn published_messages(db: &dyn Database) {
    let store = db.open().await;
    let publish = |row: &MessageRow| write(ExchangeWrite::Publish(Box::new(row.clone())));
    let throw = |row: &MessageRow| write(ExchangeWrite::Throw(Box::new(row.clone())));
    let named = |id, message_id: &str| MessageRow { message_id: Some(message_id.into()), ..message(id, "paid", "a") };
    put(&store, publish(&message(1, "paid", "a"))).await;
    put(&store, publish(&message(2, "paid", "b"))).await;
    put(&store, publish(&named(3, "x"))).await;
    assert_eq!(conflict(store.commit_one(publish(&named(4, "x"))).await), Conflict::Published);
    put(&store, throw(&named(5, "x"))).await;
    let query = |key: Option<&str>, unreached_by: Option<&str>, now| MessageQuery {
        name: "paid".into(),
        key: key.map(str::to_owned),
        unreached_by: unreached_by.map(str::to_owned),
        now: at(now),
        limit: 10,
    };
    let read = async |wanted| ids(&ok(store.published(wanted).await), |m: &MessageRow| m.id);
    assert_eq!(ok(store.published(query(Some("a"), None, 0)).await), [message(1, "paid", "a"), named(3, "x")]);
    assert_eq!(read(query(None, None, 0)).await, [1, 2, 3]);
    assert_eq!(read(query(None, None, 1_002)).await, [3], "the others have expired");

    let reach = |before: &[&str], after: &[&str]| {
        let texts = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect();
        write(ExchangeWrite::Reach { partition: PartitionId(1), id: 1, before: texts(before), after: texts(after) })
    };
    put(&store, reach(&[], &["p\"1"])).await;
    assert_eq!(conflict(store.commit_one(reach(&[], &["p2"])).await), Conflict::Reached);
    assert_eq!(read(query(Some("a"), Some("p\"1"), 0)).await, [3]);
    assert_eq!(read(query(Some("a"), Some("p"), 0)).await, [1, 3]);
    put(&store, reach(&["p\"1"], &["p\"1", "p2"])).await;
    assert_eq!(some(store.published_message(PartitionId(1), 1).await).reached, ["p\"1", "p2"]);
    let settle = |id: i64| ExchangeWrite::Settle { partition: PartitionId((id % 2) as u8), id, until: at(9_000) };
    put(&store, write(settle(1)).with(settle(3))).await;
    assert_eq!(read(query(None, None, 0)).await, [2]);
    assert_eq!(conflict(store.commit_one(reach(&["p\"1", "p2"], &[])).await), Conflict::Reached, "it is gone");
    assert_eq!(conflict(store.commit_one(publish(&named(6, "x"))).await), Conflict::Published, "its id is remembered");
    let later = MessageRow { created_at: at(9_000), expires_at: at(9_001), ..named(7, "x") };
    put(&store, publish(&later)).await;

    let once = MessageRow { state: MessageState::Once, expires_at: at(8), ..message(8, "ping", "") };
    put(&store, publish(&once)).await;
    let unsettled = async |partitions: &[u8]| unsettled_in_pages(&store, &places(partitions)).await;
    let undelivered = async |partitions: &[u8]| {
        ids(&ok(store.undelivered(&places(partitions), at(500), 10).await), |m: &MessageRow| m.id)
    };
    assert_eq!((undelivered(&[]).await, undelivered(&[1]).await, undelivered(&[0]).await), (vec![8], vec![], vec![8]));
    let (found, pages) = unsettled(&[]).await;
    assert!(found.is_empty() && pages >= 2, "nobody waits, and all were looked at: {found:?}, {pages} pages");
    let waits = subscription(9, SubscriptionKind::Message, "paid", Some("b"));
    put(&store, write(ExchangeWrite::Subscribe(Box::new(waits)))).await;
    assert_eq!((unsettled(&[]).await.0, unsettled(&[1]).await.0, unsettled(&[0]).await.0), (vec![2], vec![], vec![2]));
    let taken =
        ExchangeWrite::Reach { partition: PartitionId(0), id: 2, before: Vec::new(), after: vec!["p9".to_owned()] };
    put(&store, write(taken)).await;
    assert_eq!(unsettled(&[]).await.0, Vec::<i64>::new(), "who waits had it");
    assert_eq!(ok(store.earliest_expiry().await), Some(at(8)));
    let expired = put(&store, write(ExchangeWrite::Expire { before: at(9_500), limit: 10 })).await;
    assert_eq!(expired.removed, 2, "what is to be delivered once stays");
    assert_eq!(undelivered(&[]).await, [8]);
}

pub async fn event_starts(db: &dyn Database) {
    let store = db.open().await;
    let row = |id: i64, kind, name: &str, process: &str, due_at: Option<Timestamp>| StartRow {
        partition: PartitionId(0),
        id,
        kind,
        name: name.into(),
        process_id: process.into(),
        definition: DefinitionId(id * 10),
        element: 3,
        trigger: 1,
        due_at,
        memory: Json::Null,
    };
    let rows = [
        row(1, StartKind::Message, "paid", "p", None),
        row(2, StartKind::Timer, "", "p", Some(at(5))),
        row(3, StartKind::Message, "paid", "q", None),
        row(4, StartKind::Condition, "", "q", None),
    ];
    put(&store, rows.iter().fold(Unit::new(), |u, r| u.with(ExchangeWrite::List(Box::new(r.clone()))))).await;
    let read = async |wanted| ids(&ok(store.starts(wanted).await), |s: &StartRow| s.id);
    assert_eq!(read(StartQuery::Named(StartKind::Message, "paid".into())).await, [1, 3]);
    assert_eq!(read(StartQuery::Kind(StartKind::Condition)).await, [4]);
    assert_eq!(ok(store.starts(StartQuery::One(2)).await), [rows[1].clone()]);
    let advance =
        |due, next| ExchangeWrite::Advance { id: 2, due_at: at(due), next: Some(at(next)), memory: json!({"k": 1}) };
    put(&store, write(advance(5, 6))).await;
    assert_eq!(conflict(store.commit_one(write(advance(5, 7))).await), Conflict::Reached);
    let went_on = StartRow { due_at: Some(at(6)), memory: json!({"k": 1}), ..rows[1].clone() };
    assert_eq!(ok(store.starts(StartQuery::One(2)).await), [went_on]);
    let timer = TimerRow { partition: PartitionId(0), id: TimerId(2), due_at: at(6), instance: InstanceId(0) };
    put(&store, Unit::of(TimerWrite::Insert(timer))).await;
    put(&store, write(ExchangeWrite::Unlist { process_id: "p".into() })).await;
    assert_eq!(read(StartQuery::Process("p".into())).await, [0_i64; 0]);
    assert_eq!(ok(store.due_timers(&[], at(100), 10).await), [], "its timer is gone with it");
    assert_eq!(read(StartQuery::Process("q".into())).await, [3, 4]);
}

pub async fn held_names(db: &dyn Database) {
    let store = db.open().await;
    let hold =
        |key: &str, n: i64| ExchangeWrite::HoldKey { process_id: "p".into(), key: key.into(), instance: InstanceId(n) };
    put(&store, write(hold("a", 1)).with(hold("b", 1))).await;
    assert_eq!(conflict(store.commit_one(write(hold("a", 2))).await), Conflict::Reached);
    assert_eq!(ok(store.key_holder("p", "a").await), Some(InstanceId(1)));
    assert_eq!(ok(store.keys_of(InstanceId(1)).await), ["a", "b"]);
    put(&store, write(ExchangeWrite::FreeKeys { instance: InstanceId(1) })).await;
    assert_eq!(ok(store.key_holder("p", "a").await), None);

    let row = |id: i64, name: &str| MutexRow {
        partition: PartitionId(0),
        id,
        name: name.into(),
        instance: InstanceId(id * 256),
        key: 7,
        held: false,
    };
    let queue = |id: i64, name: &str| ExchangeWrite::Queue(Box::new(row(id, name)));
    put(&store, write(queue(1, "m")).with(queue(2, "m")).with(queue(3, "n"))).await;
    assert_eq!(ok(store.next_in_queue(None, 10).await), [row(1, "m"), row(3, "n")]);
    put(&store, write(ExchangeWrite::Grant { id: 1 })).await;
    assert_eq!(conflict(store.commit_one(write(ExchangeWrite::Grant { id: 1 })).await), Conflict::Reached);
    assert_eq!(conflict(store.commit_one(write(ExchangeWrite::Grant { id: 2 })).await), Conflict::Reached, "held");
    assert_eq!(ok(store.next_in_queue(Some("m"), 10).await), []);
    assert_eq!(ok(store.next_in_queue(None, 10).await), [row(3, "n")]);
    put(&store, write(ExchangeWrite::Release { instance: InstanceId(256), key: 7 })).await;
    assert_eq!(ok(store.next_in_queue(Some("m"), 10).await), [row(2, "m")]);
    put(&store, write(ExchangeWrite::Grant { id: 2 })).await;
    let (partition, id) = (PartitionId(0), InstanceId(512));
    put(&store, Unit::of(InstanceWrite::Delete { partition, id })).await;
    assert_eq!(ok(store.next_in_queue(Some("m"), 10).await), []);
}

pub async fn exchange_lists(db: &dyn Database) {
    let store = db.open().await;
    put(&store, Unit::of(InstanceWrite::Create(instance(5)))).await;
    let (partition, holder) = (PartitionId(1), instance(5).row.id);
    let mutex = |id, instance, name: &str| MutexRow { partition, id, name: name.into(), instance, key: 3, held: false };
    let mutexes = [mutex(1, holder, "till"), mutex(2, InstanceId(pid(9, 1)), "till"), mutex(3, holder, "door")];
    let subscriptions = [
        subscription(1, SubscriptionKind::Message, "paid", Some("a")),
        subscription(2, SubscriptionKind::Message, "paid", None),
        subscription(3, SubscriptionKind::Signal, "alarm", None),
    ];
    let only = MessageRow { process: Some("p1".into()), ..message(2, "paid", "b") };
    let once = MessageRow { state: MessageState::Once, ..message(3, "sent", "") };
    let messages = [message(1, "paid", "a"), only, once];
    let unit = subscriptions.iter().fold(Unit::new(), |u, s| u.with(ExchangeWrite::Subscribe(Box::new(s.clone()))));
    let unit = messages.iter().fold(unit, |u, m| u.with(ExchangeWrite::Publish(Box::new(m.clone()))));
    let unit = mutexes.iter().fold(unit, |u, m| u.with(ExchangeWrite::Queue(Box::new(m.clone()))));
    put(&store, unit).await;
    let page = Page { count: true, ..Page::default() };

    use {MessageField as M, MutexField as X, SubscriptionField as S};
    let read = async |filter| {
        let found = ok(store.list_subscriptions(Query { page, ..Query::new(filter) }).await);
        assert_eq!(found.total, Some(found.rows.len() as u64));
        found.rows
    };
    let [first, second, third] = subscriptions;
    assert_eq!(read(Filter::default()).await, [third.clone(), second.clone(), first.clone()], "the newest first");
    let named = Filter::eq(S::Name, "paid").and(Filter::eq(S::Kind, SubscriptionKind::Message.code()));
    assert_eq!(read(named).await, [second.clone(), first.clone()]);
    assert_eq!(read(Filter::eq(S::Key, "a")).await, [first]);
    assert_eq!(read(Filter::eq(S::Instance, third.instance)).await, [third]);
    assert_eq!(read(Filter::eq(S::ProcessId, "p2")).await, [second]);

    let read = async |filter| ids(&ok(store.list_messages(Query::new(filter)).await).rows, |m: &MessageRow| m.id);
    let kept = || Filter::is(M::State, Op::Lt, MessageState::Remembered.code());
    assert_eq!(read(kept()).await, [3, 2, 1]);
    assert_eq!(read(kept().and(Filter::is(M::ExpiresAt, Op::Gt, at(1_001)))).await, [3, 2]);
    assert_eq!(read(kept().and(Filter::eq(M::Name, "paid")).and(Filter::eq(M::Key, "a"))).await, [1]);
    assert_eq!(read(Filter::eq(M::ProcessId, "p1")).await, [2]);
    assert_eq!(read(Filter::eq(M::Id, 3_i64)).await, [3]);

    let read = async |filter| ok(store.list_mutexes(Query { page, ..Query::new(filter) }).await).rows;
    assert_eq!(read(Filter::default()).await, mutexes);
    assert_eq!(read(Filter::eq(X::Name, "till")).await, mutexes[..2]);
    assert_eq!(read(Filter::eq(X::Instance, holder)).await, [mutexes[0].clone(), mutexes[2].clone()]);
    assert_eq!(read(Filter::eq(X::ProcessId, "order")).await, [mutexes[0].clone(), mutexes[2].clone()]);
    assert_eq!(read(Filter::eq(X::ProcessId, "other")).await, []);
}

pub async fn suspended_instances(db: &dyn Database) {
    let store = db.open().await;
    let rows = [instance(1), instance(2)];
    put(&store, rows.iter().fold(Unit::new(), |u, row| u.with(InstanceWrite::Create(row.clone())))).await;
    let suspend = |row: &StoredInstance, suspended| {
        Unit::of(InstanceWrite::Suspend { partition: row.row.partition, id: row.row.id, suspended })
    };
    let read = async |is: bool| {
        let query = Query::new(Filter::eq(InstanceField::Suspended, is));
        ids(&ok(store.instances(query).await).rows, |row: &InstanceRow| row.id.0)
    };
    put(&store, suspend(&rows[0], true)).await;
    let (first, second) = (rows[0].row.id.0, rows[1].row.id.0);
    assert_eq!((read(true).await, read(false).await), (vec![first], vec![second]));
    let update = moved(&rows[0], InstanceState::Active, at(5));
    put(&store, Unit::of(InstanceWrite::Update(update))).await;
    assert!(some(store.instance(rows[0].row.id).await).suspended, "other changes leave it");
    put(&store, suspend(&rows[0], false)).await;
    assert_eq!((read(true).await, read(false).await), (vec![], vec![second, first]));
    assert_eq!(conflict(store.commit_one(suspend(&instance(3), true)).await), Conflict::Instance);
}
