//! Nodes, leases and fences; the inbox; large values.

use super::{Database, conflict, ok, put, samples::*, some};
use crate::*;
use model::*;
use serde_json::json;

fn node(id: i64) -> NodeRow {
    let url = format!("http://10.0.0.{id}:8080");
    NodeRow { id: NodeId(id), url, version: "1.2.3".into(), started_at: at(id), beat: 1, draining: false }
}

fn take(partition: u8, owner: i64, seen: u64) -> ClusterWrite {
    ClusterWrite::Take { partition: PartitionId(partition), owner: NodeId(owner), seen }
}

fn lease(partition: u8, owner: Option<i64>, epoch: u64) -> LeaseRow {
    LeaseRow { partition: PartitionId(partition), owner: owner.map(NodeId), epoch }
}

pub async fn leases(db: &dyn Database) {
    let store = db.open().await;
    put(&store, Unit::of(ClusterWrite::Join(node(1))).with(ClusterWrite::Join(node(2)))).await;
    assert_eq!(conflict(store.commit_one(Unit::of(ClusterWrite::Join(node(1)))).await), Conflict::Node);
    put(&store, Unit::of(take(0, 1, 0)).with(take(1, 1, 0))).await;
    assert_eq!(conflict(store.commit_one(Unit::of(take(0, 2, 0))).await), Conflict::Lease);
    assert_eq!(conflict(store.commit_one(Unit::of(take(0, 2, 1))).await), Conflict::Lease, "its owner lives");
    assert_eq!(ok(store.leases().await), [lease(0, Some(1), 1), lease(1, Some(1), 1)]);

    let beat = |id, beat| ClusterWrite::Beat { id: NodeId(id), beat, draining: false };
    put(&store, Unit::of(beat(1, 2))).await;
    let expel = |beat| ClusterWrite::Expel { id: NodeId(1), beat };
    assert_eq!(conflict(store.commit_one(Unit::of(expel(1))).await), Conflict::Node, "it beat meanwhile");
    put(&store, Unit::of(expel(2)).with(take(0, 2, 1))).await;
    assert_eq!(conflict(store.commit_one(Unit::of(beat(1, 3))).await), Conflict::Node);
    assert_eq!(ok(store.leases().await), [lease(0, Some(2), 2), lease(1, Some(1), 1)]);
    assert_eq!(conflict(store.commit_one(Unit::of(take(1, 2, 7))).await), Conflict::Lease, "another epoch");

    let release = |epoch| ClusterWrite::Release { partition: PartitionId(0), owner: NodeId(2), epoch };
    assert_eq!(conflict(store.commit_one(Unit::of(release(1))).await), Conflict::Lease);
    put(&store, Unit::of(release(2))).await;
    assert_eq!(ok(store.leases().await)[0], lease(0, None, 3));
    put(&store, Unit::of(ClusterWrite::Join(node(3))).with(take(0, 3, 3))).await;
    put(&store, Unit::of(ClusterWrite::Leave { id: NodeId(2) })).await;
    let nodes: Vec<i64> = ok(store.nodes().await).iter().map(|n| n.id.0).collect();
    assert_eq!(nodes, [3]);
    assert_eq!(ok(store.nodes().await), [node(3)]);
}

pub async fn fences(db: &dyn Database) {
    let store = db.open().await;
    put(&store, Unit::of(ClusterWrite::Join(node(1))).with(take(0, 1, 0)).with(take(1, 1, 0))).await;
    let fence = |partition, epoch| Fence { partition: PartitionId(partition), epoch };
    let set = |key: &str| Unit::of(SettingWrite::Put { key: key.into(), value: 1.into() });
    put(&store, set("a").fenced(fence(0, 1))).await;
    assert_eq!(conflict(store.commit_one(set("b").fenced(fence(0, 2))).await), Conflict::Fenced);
    assert_eq!(conflict(store.commit_one(set("b").fenced(fence(9, 1))).await), Conflict::Fenced, "no such lease");

    // Together with others: the fenced one fails alone, and a lease that ends earlier in the batch has ended.
    let leave = Unit::of(ClusterWrite::Leave { id: NodeId(1) });
    let again = Unit::of(ClusterWrite::Join(node(2))).with(take(0, 2, 1));
    let units = vec![
        set("c").fenced(fence(1, 1)),
        set("d").fenced(fence(1, 4)),
        leave,
        again,
        set("e").fenced(fence(0, 1)),
        set("f").fenced(fence(0, 2)),
    ];
    let done: Vec<bool> = ok(store.commit(units).await).iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, false, true, true, false, true]);
    let keys: Vec<String> = ok(store.settings("").await).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["a", "c", "f"]);
}

pub async fn inbox_messages(db: &dyn Database) {
    let store = db.open().await;
    let mut rows = Vec::new();
    for partition in [0, 1, 0, 2] {
        let id = ok(store.next_id(IdKind::Message).await);
        let payload = json!({"n": id});
        rows.push(InboxRow {
            partition: PartitionId(partition),
            id,
            kind: "start".into(),
            payload,
            created_at: at(id),
        });
    }
    let insert = |row: &InboxRow| InboxWrite::Insert(Box::new(row.clone()));
    put(&store, rows.iter().fold(Unit::new(), |unit, row| unit.with(insert(row)))).await;
    let two = [PartitionId(0), PartitionId(2)];
    assert_eq!(ok(store.messages(&two, 0, 2).await), [rows[0].clone(), rows[2].clone()]);
    assert_eq!(ok(store.messages(&two, rows[0].id, 2).await), [rows[2].clone(), rows[3].clone()]);
    assert_eq!(ok(store.messages(&two, rows[3].id, 2).await), []);
    assert_eq!(ok(store.messages(&[], 0, 10).await), []);
    assert_eq!(ok(store.messages_waiting().await), (4, Some(rows[0].created_at)));
    let take = Unit::of(InboxWrite::Take { partition: PartitionId(0), id: rows[0].id });
    put(&store, take.clone()).await;
    assert_eq!(conflict(store.commit_one(take).await), Conflict::Message);
    assert_eq!(ok(store.messages_waiting().await).0, 3);
}

pub async fn large_values(db: &dyn Database) {
    let store = db.open().await;
    let owner = instance(1);
    let value = |hash: u8, byte: u8| ValueWrite::Put {
        partition: owner.row.partition,
        instance: owner.row.id,
        hash: [hash; 16],
        bytes: vec![byte; 100_000],
    };
    put(&store, Unit::of(InstanceWrite::Create(owner.clone())).with(value(1, 7)).with(value(255, 8))).await;
    put(&store, Unit::of(value(1, 7))).await;
    let (id, partition) = (owner.row.id, owner.row.partition);
    assert_eq!(ok(store.values(id, &[[1; 16], [9; 16]]).await), [([1; 16], vec![7; 100_000])]);
    assert_eq!(ok(store.values(id, &[[255; 16], [1; 16]]).await).len(), 2);
    assert_eq!(ok(store.values(InstanceId(5), &[[1; 16]]).await), []);
    some(store.instance(id).await);
    put(&store, Unit::of(InstanceWrite::Delete { partition, id })).await;
    assert_eq!(ok(store.values(id, &[[1; 16]]).await), []);
}
