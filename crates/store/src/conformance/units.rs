//! Commit: atomic units, conflicts that stay alone, durability, ids.

use super::{Database, conflict, ok, put, samples::*};
use crate::*;
use model::*;
use std::collections::HashSet;

fn timer(n: i64) -> TimerWrite {
    let (id, instance) = (TimerId(pid(n, 0)), InstanceId(pid(4, 0)));
    TimerWrite::Insert(TimerRow { partition: PartitionId(0), id, due_at: at(n), instance })
}

async fn timers(store: &SharedStore) -> Vec<i64> {
    ok(store.due_timers(&[], at(1_000_000), 1_000).await).iter().map(|t| t.id.0 >> 8).collect()
}

pub async fn units_are_atomic(db: &dyn Database) {
    let store = db.open().await;
    assert_eq!(ok(store.commit(vec![]).await).len(), 0);
    put(&store, Unit::new()).await;
    put(&store, Unit::of(InstanceWrite::Create(instance(1)))).await;
    let stale = InstanceUpdate { expect_seq: 7, ..moved(&instance(1), InstanceState::Active, at(5)) };
    // The conflict comes last; what went before it in the unit is undone.
    let unit = Unit::of(setting("before", 1)).with(timer(1)).with(InstanceWrite::Update(stale.clone()));
    assert_eq!(conflict(store.commit_one(unit).await), Conflict::Instance);
    // The conflict comes first; nothing after it happens.
    let unit = Unit::of(InstanceWrite::Update(stale)).with(setting("after", 1));
    assert_eq!(conflict(store.commit_one(unit).await), Conflict::Instance);
    // A row that nobody expected to be there.
    put(&store, Unit::of(timer(2))).await;
    let unit = Unit::of(setting("before", 1)).with(timer(2));
    assert!(matches!(conflict(store.commit_one(unit).await), Conflict::Constraint(_)));
    assert_eq!(ok(store.settings("").await), vec![]);
    assert_eq!(timers(&store).await, [2]);
}

pub async fn conflicts_stay_alone(db: &dyn Database) {
    let store = db.open().await;
    put(&store, Unit::of(InstanceWrite::Create(instance(1))).with(timer(50))).await;
    let stale = InstanceUpdate { expect_seq: 7, ..moved(&instance(1), InstanceState::Active, at(5)) };
    let units = vec![
        Unit::of(timer(1)),
        Unit::of(timer(2)).with(InstanceWrite::Update(stale)),
        Unit::of(timer(3)),
        // No savepoint is expected to be needed here: the whole batch is applied again with them.
        Unit::of(timer(4)).with(timer(50)),
        Unit::of(timer(5)).with(InstanceWrite::Update(moved(&instance(1), InstanceState::Active, at(5)))),
        Unit::of(JobWrite::Insert(Box::new(job(6, "mail")))),
        Unit::of(JobWrite::Activate {
            job_type: "mail".into(),
            limit: 5,
            owner: "w".into(),
            now: at(0),
            lease_until: at(9),
        }),
    ];
    let results = ok(store.commit(units).await);
    let outcome: Vec<bool> = results.iter().map(Result::is_ok).collect();
    assert_eq!(outcome, [true, false, true, false, true, true, true]);
    assert_eq!(ok(results.into_iter().last().unwrap_or(Err(StoreError::Closed))).activated.len(), 1);
    assert_eq!(timers(&store).await, [1, 3, 5, 50]);
    assert_eq!(ok(store.instance(instance(1).row.id).await).map(|r| r.seq), Some(2));
}

pub async fn concurrency(db: &dyn Database) {
    let store = db.open().await;
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..32_i64 {
        let store = store.clone();
        callers.spawn(async move {
            for step in 0..10 {
                let new = instance(caller * 10 + step + 1);
                let id = new.row.id;
                let unit = Unit::of(InstanceWrite::Create(new.clone())).with(InstanceWrite::Journal(journal(&new, 1)));
                put(&store, unit).await;
                // What was acknowledged is seen by every later read.
                assert!(ok(store.instance(id).await).is_some());
                let twin = store.commit_one(Unit::of(InstanceWrite::Create(new.clone()))).await;
                assert_eq!(conflict(twin), Conflict::Instance);
                // Of two that read the same state one moves it.
                let update = Unit::of(InstanceWrite::Update(moved(&new, InstanceState::Active, at(1))));
                let (a, b) = tokio::join!(store.commit_one(update.clone()), store.commit_one(update));
                assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
            }
        });
    }
    while let Some(done) = callers.join_next().await {
        if let Err(error) = done {
            panic!("{error}");
        }
    }
    assert_eq!(ok(store.count_instances(Filter::default()).await), 320);
    let stats = store.stats();
    assert_eq!((stats.units, stats.conflicts), (640, 640));
    assert!(stats.commits < stats.units + stats.conflicts, "units of several callers share transactions: {stats:?}");
}

pub async fn durability(db: &dyn Database) {
    let store = db.open().await;
    put(&store, Unit::of(InstanceWrite::Create(instance(1))).with(InstanceWrite::Journal(journal(&instance(1), 1))))
        .await;
    // A commit that races with the close is either durable or refused, never acknowledged and lost.
    let racing = tokio::spawn({
        let store = store.clone();
        async move { store.commit_one(Unit::of(timer(1))).await }
    });
    tokio::task::yield_now().await;
    store.close().await;
    let acknowledged = matches!(racing.await, Ok(Ok(_)));
    assert!(matches!(store.commit_one(Unit::of(timer(2))).await, Err(StoreError::Closed)));
    assert!(matches!(store.instance(InstanceId(1)).await, Err(StoreError::Closed)));
    assert!(matches!(store.next_id(IdKind::User).await, Err(StoreError::Closed)));
    drop(store);
    let store = db.open().await;
    assert_eq!(ok(store.load_instances(&[instance(1).row.id]).await), [instance(1)]);
    assert_eq!(ok(store.journal(instance(1).row.id, 0, 9).await), [journal(&instance(1), 1)]);
    assert_eq!(timers(&store).await, if acknowledged { vec![1] } else { vec![] });
}

pub async fn ids_are_unique(db: &dyn Database) {
    let store = db.open().await;
    assert_eq!(ok(store.next_id(IdKind::Record).await), 1);
    assert_eq!(ok(store.next_id(IdKind::User).await), 1, "every kind counts for itself");
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let store = store.clone();
        callers.spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..100 {
                ids.push(ok(store.next_id(IdKind::Record).await));
            }
            assert!(ids.is_sorted(), "ids grow");
            ids
        });
    }
    let mut seen = HashSet::from([1]);
    while let Some(Ok(ids)) = callers.join_next().await {
        for id in ids {
            assert!(seen.insert(id), "{id} was given twice");
        }
    }
    assert_eq!(seen.len(), 1601);
}

pub async fn ids_survive(db: &dyn Database) {
    let mut last = 0;
    for _ in 0..3 {
        let store = db.open().await;
        for _ in 0..3 {
            let id = ok(store.next_id(IdKind::User).await);
            assert!(id > last, "{id} after {last}");
            last = id;
        }
        store.close().await;
    }
    assert_eq!(last, 9, "an orderly close gives unused ids back");
    let crashed = db.open().await;
    let last = ok(crashed.next_id(IdKind::User).await);
    // A second store opened beside the first, as after a crash that could not give ids back.
    let store = db.open().await;
    assert!(ok(store.next_id(IdKind::User).await) > last);
}
