//! Purging and packing.

use super::{Database, conflict, ok, put, samples::*, some};
use crate::*;
use model::*;

const ALL: [PartitionId; 4] = [PartitionId(0), PartitionId(1), PartitionId(2), PartitionId(3)];

fn ended(n: i64, definition: i64, end: i64) -> StoredInstance {
    let mut made = instance(n);
    made.row.definition = DefinitionId(definition);
    made.row.state = if n % 2 == 0 { InstanceState::Completed } else { InstanceState::Failed };
    made.row.finished_at = Some(at(end));
    made
}

async fn make(store: &SharedStore, instances: &[StoredInstance]) {
    for one in instances {
        put(store, Unit::of(InstanceWrite::Create(one.clone())).with(InstanceWrite::Journal(journal(one, 1)))).await;
    }
}

/// Ended instances go with everything of theirs and are counted; running ones stay whatever is asked.
pub async fn purging(database: &dyn Database) {
    let store = database.open().await;
    let one = DefinitionId(1);
    let all = [ended(4, 1, 40), ended(8, 1, 20), ended(12, 1, 30), ended(16, 2, 10), instance(20), ended(5, 1, 25)];
    make(&store, &all).await;
    let asked = task(1, &[5, 6]);
    put(&store, Unit::of(TaskWrite::Insert(Box::new(asked.clone())))).await;
    put(&store, Unit::of(IncidentWrite::Insert(Box::new(incident(1))))).await;
    let hash = [7; 16];
    let value = ValueWrite::Put { partition: PartitionId(0), instance: all[0].row.id, hash, bytes: vec![1; 100] };
    put(&store, Unit::of(value)).await;

    let ids = |list: &[usize]| list.iter().map(|n| all[*n].row.id).collect::<Vec<_>>();
    assert_eq!(ok(store.ended_instances(&ALL, one, at(40), 10).await), ids(&[1, 5, 2]), "by end, and not at it");
    assert_eq!(ok(store.ended_instances(&ALL, one, at(99), 2).await), ids(&[1, 5]));
    assert_eq!(ok(store.ended_instances(&ALL[..1], one, at(99), 9).await), ids(&[1, 2, 0]), "of these partitions");
    assert_eq!(ok(store.ended_instances(&[], one, at(99), 9).await), ids(&[1, 5, 2, 0]), "of all");
    assert_eq!(ok(store.count_ended(one, at(99), 100).await), 4);
    assert_eq!(ok(store.count_ended(one, at(99), 3).await), 3);

    let gone = [ids(&[0, 1, 4]), vec![InstanceId(pid(999, 0))]].concat();
    let receipt = put(&store, Unit::of(RetentionWrite::Instances { partition: PartitionId(0), ids: gone })).await;
    assert_eq!(receipt.removed, 2, "the running one and the unknown one are left out");
    assert!(ok(store.instance(all[0].row.id).await).is_none());
    assert!(ok(store.instance(all[4].row.id).await).is_some());
    assert!(ok(store.journal(all[0].row.id, 0, 9).await).is_empty());
    assert_eq!(ok(store.journal(all[4].row.id, 0, 9).await).len(), 1);
    assert!(ok(store.task(asked.task.id).await).is_none());
    assert_eq!(ok(store.inbox_count(UserId(5), &[], 9).await), 0);
    assert!(ok(store.incident(IncidentId(pid(1, 0))).await).is_none());
    assert!(ok(store.values(all[0].row.id, &[hash]).await).is_empty());

    put(&store, Unit::of(RetentionWrite::Instances { partition: PartitionId(1), ids: ids(&[5]) })).await;
    put(&store, Unit::of(RetentionWrite::Instances { partition: PartitionId(0), ids: ids(&[2]) })).await;
    let count = |state, instances| PurgedCount { definition: one, state, instances };
    let counts = ok(store.purged_counts(&[one, DefinitionId(2)]).await);
    assert_eq!(counts, [count(InstanceState::Completed, 3), count(InstanceState::Failed, 1)]);
}

/// A packed journal is one row under the last number; what is written later follows it.
pub async fn packing(database: &dyn Database) {
    let store = database.open().await;
    let mut long = ended(4, 1, 40);
    long.row.seq = PACK_ROWS;
    make(&store, &[long.clone(), ended(8, 1, 20), instance(12)]).await;
    for seq in 2..=PACK_ROWS {
        put(&store, Unit::of(InstanceWrite::Journal(journal(&long, seq)))).await;
    }
    let (partition, id) = (long.row.partition, long.row.id);
    assert_eq!(ok(store.long_journals(&ALL, at(40), 9).await), [], "it ended then");
    let found = ok(store.long_journals(&ALL, at(41), 9).await);
    assert_eq!(found, [LongJournal { partition, instance: id, seq: PACK_ROWS }]);
    assert_eq!(ok(store.long_journals(&[PartitionId(1)], at(41), 9).await), []);

    let row = JournalRow { events: vec![1, 2, 3], ..journal(&long, PACK_ROWS) };
    let early = JournalRow { seq: PACK_ROWS - 1, ..row.clone() };
    assert_eq!(conflict(store.commit_one(Unit::of(RetentionWrite::Pack(early))).await), Conflict::Instance);
    let running = JournalRow { instance: instance(12).row.id, seq: 1, ..row.clone() };
    assert_eq!(conflict(store.commit_one(Unit::of(RetentionWrite::Pack(running))).await), Conflict::Instance);
    put(&store, Unit::of(RetentionWrite::Pack(row.clone()))).await;
    assert_eq!(ok(store.journal(id, 0, 99).await), std::slice::from_ref(&row));
    assert_eq!(ok(store.long_journals(&ALL, at(41), 9).await), []);
    assert_eq!(conflict(store.commit_one(Unit::of(RetentionWrite::Pack(row.clone()))).await), Conflict::Instance);

    // A line of history after the end: the end stays what it was.
    let mut later = moved(&long, InstanceState::Completed, at(70));
    later.state_title = "later".into();
    put(&store, Unit::of(InstanceWrite::Update(later)).with(InstanceWrite::Journal(journal(&long, PACK_ROWS + 1))))
        .await;
    assert_eq!(some(store.instance(id).await).finished_at, Some(at(40)));
    assert_eq!(ok(store.journal(id, 0, 99).await), [row, journal(&long, PACK_ROWS + 1)]);
}

/// The oldest calls, effects given up and notifications go, never more than asked.
pub async fn old_entries(database: &dyn Database) {
    let store = database.open().await;
    for n in 1..=5 {
        let call = CallRow {
            partition: PartitionId(0),
            instance: InstanceId(pid(4, 0)),
            element_id: "call".into(),
            element_key: 2,
            job: None,
            attempt: 1,
            at: at(n),
            url: "http://127.0.0.1/".into(),
            request: String::new(),
            status: None,
            response: String::new(),
            duration_ms: 1,
            error: None,
        };
        put(&store, Unit::of(CallWrite::Insert(Box::new(call)))).await;
        let state = if n == 2 { OutboxState::Pending } else { OutboxState::Dead };
        put(&store, Unit::of(OutboxWrite::Insert(Box::new(OutboxRow { state, ..effect(n, n) })))).await;
        let note = NotificationRow {
            id: NotificationId(n),
            user: UserId(1),
            text: "t".into(),
            kind: "k".into(),
            link: None,
            from_user: None,
            created_at: at(n),
            read_at: None,
        };
        put(&store, Unit::of(PeopleWrite::InsertNotification(note))).await;
    }
    let partitions = || ALL.to_vec();
    let removed = async |write: RetentionWrite| put(&store, Unit::of(write)).await.removed;
    assert_eq!(removed(RetentionWrite::Calls { partitions: partitions(), before: at(4), limit: 2 }).await, 2);
    assert_eq!(removed(RetentionWrite::Calls { partitions: partitions(), before: at(4), limit: 2 }).await, 1);
    assert_eq!(removed(RetentionWrite::Calls { partitions: partitions(), before: at(4), limit: 2 }).await, 0);
    assert_eq!(ok(store.latest_calls(9).await).len(), 2);
    assert_eq!(removed(RetentionWrite::Effects { partitions: partitions(), before: at(4), limit: 9 }).await, 2);
    assert!(ok(store.effect(effect(2, 2).id).await).is_some() && ok(store.effect(effect(4, 4).id).await).is_some());
    assert_eq!(removed(RetentionWrite::Notifications { before: at(3), limit: 9 }).await, 2);
    assert_eq!(ok(store.notifications(UserId(1), None, 9).await).len(), 3);
}
